"""The switches of the switch in words, so that one page can draw them for every sandbox."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal

import msgspec

if TYPE_CHECKING:
    from backend.sandbox.ari.switch import Switch

Kind = Literal[
    "drop",
    "double",
    "delay",
    "cut",
    "rest_error",
    "rest_slow",
    "voice_out",
    "voice_in",
    "sip_refuse",
    "sip_cut",
    "forget",
    "clear",
]


class Fault(msgspec.Struct, forbid_unknown_fields=True):
    """`event` and `path` choose what is spoilt; `count` says how often, 0 until it is ended."""

    kind: Kind
    event: str = "*"
    path: str = ""
    method: str = "*"
    count: int = 1
    seconds: float = 2.0
    status: int | None = None
    """500 where a request fails, 403 where a registration is refused, unless said."""
    share: int = 20
    """Of 100 packets of sound, how many are lost."""
    app: str | None = None


@dataclass(frozen=True)
class Param:
    """One value a switch takes, as a page draws it; `kind` is count, flag, seconds or text."""

    name: str
    kind: str
    title_ru: str
    title_en: str
    default: Any


_EVENT = Param("event", "text", "Тип события (*: любое)", "Event type (*: any)", "*")
_PATH = Param("path", "text", "Путь содержит", "Path contains", "")
_COUNT = Param("count", "count", "Сколько раз (0: пока не снимут)", "How often (0: for good)", 1)
_SECONDS = Param("seconds", "seconds", "Секунды", "Seconds", 2.0)
_STATUS = Param("status", "count", "Код ответа", "Status", 500)
_REFUSAL = Param("status", "count", "Код ответа", "Status", 403)
_SHARE = Param("share", "count", "Из ста пакетов", "Packets of a hundred", 20)
_NOW = Param("value", "flag", "Выполнить сейчас", "Do it now", default=False)

_ROWS: tuple[tuple[str, str, str, tuple[Param, ...]], ...] = (
    ("drop", "Терять события", "Lose events", (_EVENT, _COUNT)),
    ("double", "Присылать события дважды", "Deliver events twice", (_EVENT, _COUNT)),
    ("delay", "Задерживать события", "Delay events", (_SECONDS, _EVENT, _COUNT)),
    ("rest_slow", "Отвечать медленно", "Answer slowly", (_SECONDS, _PATH, _COUNT)),
    ("rest_error", "Отвечать ошибкой", "Answer with an error", (_STATUS, _PATH, _COUNT)),
    ("cut", "Оборвать соединения", "Cut the connections", (_NOW,)),
    ("voice_out", "Терять звук к сотруднику", "Lose sound on its way to the employee", (_SHARE,)),
    ("voice_in", "Терять звук от сотрудника", "Lose sound coming from the employee", (_SHARE,)),
    (
        "sip_refuse",
        "Не регистрировать браузеры",
        "Refuse browsers' registrations",
        (_REFUSAL, _COUNT),
    ),
    ("sip_cut", "Оборвать линии браузеров", "Cut the browsers' lines", (_NOW,)),
    ("forget", "Перезапустить станцию", "Restart the switch", (_NOW,)),
)


def described(switch: Switch) -> list[dict[str, Any]]:
    """Every switch with its words, its parameters and its present value.

    The value is the list of what is armed under the name, None when nothing is or when the switch
    is a deed done at once.
    """
    return [
        {
            "name": name,
            "title_ru": title_ru,
            "title_en": title_en,
            "group": "fault",
            "params": [asdict(param) for param in params],
            "value": [asdict(rule) for rule in switch.faults.armed(name)] or None,
        }
        for name, title_ru, title_en, params in _ROWS
    ]


def switch_on(switch: Switch, body: dict[str, Any]) -> None:
    """Set what `body` names: `{name: {param: value}}`, true for the defaults, null or false to end.

    Also one fault spelt out: `{"kind": …, "event": …}`, which is added to what is armed.
    Raises ValueError for an unknown name, TypeError and ValueError for nonsense; nothing is set
    then.
    """
    if "kind" in body:
        _add(switch, _fault(body))
        return
    known = {row[0] for row in _ROWS}
    ready: list[tuple[str, Fault | None]] = []
    for name, value in body.items():
        if name not in known:
            raise ValueError(f"unknown switch {name!r}")
        if not isinstance(value, (dict, bool, type(None))):
            raise TypeError(f"{name} takes an object of parameters, true, false or null")
        given = value if isinstance(value, dict) else {}
        on = isinstance(value, dict) or value is True
        ready.append((name, _fault({**given, "kind": name}) if on else None))
    for name, fault in ready:
        switch.faults.remove(name)
        if fault is not None:
            _add(switch, fault)


def _fault(body: dict[str, Any]) -> Fault:
    fault = msgspec.convert(body, Fault)
    status = 500 if fault.status is None else fault.status
    if fault.count < 0 or fault.seconds < 0 or not 400 <= status < 600:
        raise ValueError("count and seconds are not negative, status is an error's: 400 to 599")
    if not 0 < fault.share <= 100:
        raise ValueError("share is of a hundred packets: 1 to 100")
    return fault


def _add(switch: Switch, fault: Fault) -> None:
    faults, count = switch.faults, fault.count or None
    match fault.kind:
        case "drop":
            faults.drop(fault.event, count)
        case "double":
            faults.double(fault.event, count)
        case "delay":
            faults.delay(fault.seconds, fault.event, count)
        case "rest_error":
            faults.fail_rest(
                fault.path, count=count, status=fault.status or 500, method=fault.method
            )
        case "rest_slow":
            faults.slow_rest(fault.seconds, fault.path, count=count, method=fault.method)
        case "voice_out" | "voice_in":
            faults.lose_sound(fault.kind, fault.share)
        case "sip_refuse":
            faults.refuse_registrations(fault.status or 403, count)
        case "sip_cut":
            switch.cut_lines()
        case "cut":
            switch.cut_sockets(fault.app)
        case "forget":
            switch.forget()
        case "clear":
            faults.clear()
