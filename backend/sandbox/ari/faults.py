"""Things that go wrong on purpose: lost, doubled and late events, failing and slow requests, and
what browsers suffer: lost sound and refused registrations."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Callable

EventFault = Literal["drop", "double", "delay"]
SoundFault = Literal["voice_out", "voice_in"]
"""On its way to the browser, and from it."""


@dataclass
class EventRule:
    """Applies to the next `left` deliveries of `type` (`*` = any); None: until it is ended."""

    kind: EventFault
    type: str
    left: int | None
    seconds: float = 0.0


@dataclass
class RestRule:
    """Applies to the next `left` requests whose path contains `path` (method `*` = any).

    `left` None: to all of them until it is ended.
    `status` 0 means: only wait `seconds`, then answer as usual.
    """

    method: str
    path: str
    left: int | None
    status: int = 0
    seconds: float = 0.0


@dataclass
class SoundRule:
    """`share` of 100 packets are lost until it is ended."""

    kind: SoundFault
    share: int
    debt: int = 0
    """What is owed of the next loss, in hundredths of a packet: losses come evenly."""


@dataclass
class RegisterRule:
    """The next `left` registrations are answered with `status`; None: until it is ended."""

    status: int
    left: int | None


class Faults:
    """The faults armed now. Each is used up by the event or request it spoils, as often as its
    `count` says; None is for good."""

    def __init__(self, changed: Callable[[], None]) -> None:
        self.events: list[EventRule] = []
        self.rest: list[RestRule] = []
        self.sound: list[SoundRule] = []
        self.register: list[RegisterRule] = []
        self._changed = changed

    def drop(self, type_: str = "*", count: int | None = 1) -> None:
        self._arm(EventRule("drop", type_, count))

    def double(self, type_: str = "*", count: int | None = 1) -> None:
        self._arm(EventRule("double", type_, count))

    def delay(self, seconds: float, type_: str = "*", count: int | None = 1) -> None:
        """Deliver late; events that come meanwhile overtake the late ones."""
        self._arm(EventRule("delay", type_, count, seconds))

    def fail_rest(
        self, path: str = "", *, count: int | None = 1, status: int = 500, method: str = "*"
    ) -> None:
        """Answer with `status` before anything is done."""
        self.rest.append(RestRule(method, path, count, status=status))
        self._changed()

    def slow_rest(
        self, seconds: float, path: str = "", *, count: int | None = 1, method: str = "*"
    ) -> None:
        self.rest.append(RestRule(method, path, count, seconds=seconds))
        self._changed()

    def lose_sound(self, kind: SoundFault, share: int) -> None:
        self.sound = [rule for rule in self.sound if rule.kind != kind]
        self.sound.append(SoundRule(kind, share))
        self._changed()

    def refuse_registrations(self, status: int, count: int | None) -> None:
        self.register.append(RegisterRule(status, count))
        self._changed()

    def armed(self, name: str) -> list[EventRule | RestRule | SoundRule | RegisterRule]:
        """What is armed under a name: a kind of event or sound fault, `rest_error`, `rest_slow`
        or `sip_refuse`."""
        return [
            *(rule for rule in self.events if rule.kind == name),
            *(rule for rule in self.rest if _rest_kind(rule) == name),
            *(rule for rule in self.sound if rule.kind == name),
            *(self.register if name == "sip_refuse" else ()),
        ]

    def remove(self, name: str) -> None:
        """End everything `armed` tells of the name."""
        self.events = [rule for rule in self.events if rule.kind != name]
        self.rest = [rule for rule in self.rest if _rest_kind(rule) != name]
        self.sound = [rule for rule in self.sound if rule.kind != name]
        if name == "sip_refuse":
            self.register.clear()
        self._changed()

    def clear(self) -> None:
        self.events.clear()
        self.rest.clear()
        self.sound.clear()
        self.register.clear()
        self._changed()

    def deliveries(self, type_: str) -> list[float]:
        """Delays in seconds of each copy to send of one event: `[0.0]` is the healthy answer."""
        for rule in self.events:
            if rule.type in ("*", type_):
                self._use_event(rule)
                if rule.kind == "drop":
                    return []
                return [0.0, 0.0] if rule.kind == "double" else [rule.seconds]
        return [0.0]

    def answer(self, method: str, path: str) -> tuple[float, int]:
        """Seconds to wait before, and status to answer instead of, handling (0 = handle it)."""
        seconds, status = 0.0, 0
        for rule in tuple(self.rest):
            if rule.method not in ("*", method) or rule.path not in path:
                continue
            if rule.status and status:
                continue  # one failure per request: the next rule waits for the next one
            if _used_up(rule):
                self.rest.remove(rule)
            seconds += rule.seconds
            status = status or rule.status
            self._changed()
        return seconds, status

    def loses(self, kind: SoundFault) -> bool:
        """Whether this packet of sound is lost."""
        for rule in self.sound:
            if rule.kind == kind:
                rule.debt += rule.share
                if rule.debt >= 100:
                    rule.debt -= 100
                    return True
        return False

    def registration(self) -> int:
        """What a registration is answered with instead of being looked at; 0: nothing."""
        for rule in tuple(self.register):
            if _used_up(rule):
                self.register.remove(rule)
            self._changed()
            return rule.status
        return 0

    def json(self) -> dict[str, Any]:
        return {
            "events": [asdict(rule) for rule in self.events],
            "rest": [asdict(rule) for rule in self.rest],
        }

    def _arm(self, rule: EventRule) -> None:
        self.events.append(rule)
        self._changed()

    def _use_event(self, rule: EventRule) -> None:
        if _used_up(rule):
            self.events.remove(rule)
        self._changed()


def _used_up(rule: EventRule | RestRule | RegisterRule) -> bool:
    """Count one use; whether it was the last."""
    if rule.left is None:
        return False
    rule.left -= 1
    return rule.left <= 0


def _rest_kind(rule: RestRule) -> str:
    return "rest_error" if rule.status else "rest_slow"
