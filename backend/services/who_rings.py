"""Who would ring now: a scenario walked through without a call, each step with its reason.

It decides by the same rules that ring people (`domain.scenario`, `services.calls.ringing`), at any
instant the calendar is asked about; statuses and talks are those of now.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal, Protocol
from zoneinfo import ZoneInfo

from backend.domain.scenario import (
    AnyStep,
    CallbackStep,
    EndStep,
    ExternalStep,
    HoursStep,
    ManagerStep,
    MessageStep,
    Scenario,
    Step,
    VoicemailStep,
    may_ring,
)
from backend.errors import BadRequest
from backend.services.routing import AccountRoute, EmployeeRoute
from protocol.vocabulary import AccountId, EmployeeId

Busy = Literal["free", "ringing", "talking"]
_NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Now:
    """What is known of people beside their settings; empty where nothing tells."""

    busy: Mapping[EmployeeId, Busy] = field(default_factory=dict)
    unready: frozenset[EmployeeId] = frozenset()
    """Whose browser is not proven ready."""
    last_talks: Mapping[EmployeeId, datetime] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One thing that would happen, or why it would not. `step` is its place from 1; 0 is the
    scenario's end. `code` names the sentence (`services.who_rings_texts`)."""

    step: int
    code: str
    rings: bool = False
    employee_id: EmployeeId | None = None
    data: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """What a call would meet. `scenario` is None where nothing would ring."""

    account: AccountRoute
    scenario: Scenario | None


class WhoRingsSource(Protocol):
    async def of_number(self, account_id: AccountId, number: str) -> Planned | None:
        """None: the account has no such virtual number."""

    async def of_scenario(self, account_id: AccountId, scenario_id: str) -> Planned | None:
        """By its id, on the account's first line. None: no such scenario."""

    async def now(self, account_id: AccountId) -> Now:
        """Who talks and whose browser is not ready, as colleagues are told; nothing without a
        bus that others share."""


def who_rings(account: AccountRoute, scenario: Scenario, at: datetime, now: Now) -> list[Line]:
    """Every step a call that nobody answers would come to, in order."""
    return list(_Walk(account, scenario, at, now).lines())


class _Walk:
    def __init__(self, account: AccountRoute, scenario: Scenario, at: datetime, now: Now) -> None:
        self._account = account
        self._scenario = scenario
        self._at = at
        self._now = now

    def lines(self) -> Iterator[Line]:
        place, steps = 0, self._scenario.steps
        while place < len(steps):
            step, shown = steps[place], place + 1
            place += 1
            if isinstance(step, EndStep):
                yield Line(step=self._shown(shown), code=f"end_{step.final}")
                return
            if isinstance(step, HoursStep):
                if self._account.open_at(step.hours, self._at):
                    yield Line(step=shown, code="hours_open")
                elif step.closed_at is None:
                    yield Line(step=shown, code="hours_closed_end")
                    return
                else:
                    yield Line(step=shown, code="hours_closed")
                    place = step.closed_at
                continue
            yield from self._one(shown, step)
        yield Line(step=0, code=f"end_{self._scenario.final}")

    def _shown(self, place: int) -> int:
        """The end that stands behind a scenario's own steps is no step of anybody's."""
        own = self._scenario.own
        return 0 if own is not None and place > own else place

    def _one(self, shown: int, step: AnyStep) -> Iterator[Line]:
        match step:
            case Step():
                yield from self._people(shown, step)
            case ManagerStep():
                yield Line(step=shown, code="manager")
            case ExternalStep(number=number, timeout_s=timeout_s):
                data = {"number": number, "timeout_s": timeout_s}
                on = self._account.trunk is not None
                yield Line(
                    step=shown, code="external" if on else "external_off", rings=on, data=data
                )
            case MessageStep(sound=sound):
                yield Line(step=shown, code="message", data={"sound": sound})
            case VoicemailStep(max_s=max_s):
                yield Line(step=shown, code="voicemail", data={"max_s": max_s})
            case CallbackStep():
                yield Line(step=shown, code="callback")

    def _people(self, shown: int, step: Step) -> Iterator[Line]:
        people = list(step.people(self._account.groups))
        if step.mode == "longest_idle":
            people.sort(key=lambda who: self._now.last_talks.get(who, _NEVER))
        yield Line(step=shown, code=f"ring_{step.mode}", data={"timeout_s": step.timeout_s})
        if not people:
            yield Line(step=shown, code="nobody")
        for employee_id in people:
            yield self._person(shown, step, employee_id)

    def _person(self, shown: int, step: Step, employee_id: EmployeeId) -> Line:
        route = self._account.employees.get(employee_id)
        data: dict[str, Any] = {"name": employee_id if route is None else route.name}

        def no(code: str, **more: Any) -> Line:
            return Line(step=shown, code=code, employee_id=employee_id, data=data | more)

        if route is None:
            return no("person_gone")
        if not route.calls_enabled:
            return no("person_calls_off")
        if not route.devices:
            return no("person_no_device")
        devices = may_ring(route.status, route.devices)
        if not devices:
            return no("person_status", status=route.status.value)
        if self._now.busy.get(employee_id) == "talking" and not step.rings_busy:
            return no("person_talks")
        if route.on_list:
            return no("person_on_list")
        return self._rings(shown, step, route, employee_id)

    def _rings(self, shown: int, step: Step, route: EmployeeRoute, employee_id: EmployeeId) -> Line:
        devices = may_ring(route.status, route.devices)
        others = [device for device in devices if device.kind != "browser"]
        if employee_id in self._now.unready and others:
            devices = tuple(others)
        labels = [device.label or device.endpoint for device in devices]
        joint = ", " if step.devices == "all" else " → "
        return Line(
            step=shown,
            code="person_rings",
            rings=True,
            employee_id=employee_id,
            data={"name": route.name, "devices": joint.join(labels)},
        )


def instant(text: str, timezone: str, now: datetime) -> datetime:
    """What somebody wrote for an instant, on the account's clock where he names no zone; `now`
    when he wrote nothing. Raises BadRequest."""
    if not text.strip():
        return now
    try:
        at = datetime.fromisoformat(text.strip())
    except ValueError:
        raise BadRequest("not a time: write 2026-11-04T10:00", why="bad_time") from None
    return at if at.tzinfo is not None else at.replace(tzinfo=ZoneInfo(timezone))
