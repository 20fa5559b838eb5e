"""What happens to a call to a virtual number: steps, then an end.

A step rings people it names (`Step`), whom the CRM names (`ManagerStep`) or a number outside
(`ExternalStep`), says something, asks the clock, takes a message or a wish to be called back.
Whatever comes of a step but an answer or an end leads to the next one.

Also which of an employee's devices may ring: his status decides, for every device at once (W7).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from backend.domain.working_hours import WorkingHours
from protocol.vocabulary import AgentStatus, EmployeeId, HangupCause

DeviceKind = Literal["desk", "mobile", "sip", "browser"]
"""`browser`: the employee's own line in a tab (`domain.browser_line`); no stored number is one."""
Mode = Literal["parallel", "in_turn", "longest_idle"]
"""All at once; in their order; or whoever has not talked for longest first."""
Ending = Literal["busy", "no_answer", "normal"]
"""How a call ends: what its caller's own exchange makes of it. `normal` after it was answered, by a
message or by a tone to speak after."""
ManagerSource = Literal["contact", "deal"]
"""Whose responsible user is the manager: the contact's, or its active deal's (amoCRM)."""

MAX_STEPS = 20
MAX_TIMEOUT_S = 600
MIN_WAIT_S, MAX_WAIT_S = 0.2, 15.0
"""A CRM answers in no less than some tenths of a second; no caller should wait longer for it."""
MIN_SHARE_S = 5
"""A device gets at least this long: a mobile network alone takes some seconds to ring."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """One number of an employee. `endpoint` is in the switch's own words."""

    priority: int
    kind: DeviceKind
    endpoint: str
    label: str
    auto_answer: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """Ring these for `timeout_s` (in turn: each of them), then go on.

    `devices`: an employee's numbers ring one after another by priority, or all together.
    `ring_busy`: whether somebody who talks is offered a second caller; by default in parallel only,
    since in turn it would spend the caller's patience on a person who cannot come.
    """

    employees: tuple[EmployeeId, ...] = ()
    group: str | None = None
    mode: Mode = "parallel"
    timeout_s: int = 30
    devices: Literal["in_order", "all"] = "in_order"
    ring_busy: bool | None = None

    @property
    def rings_busy(self) -> bool:
        return self.mode == "parallel" if self.ring_busy is None else self.ring_busy

    def people(self, groups: Mapping[str, tuple[EmployeeId, ...]]) -> tuple[EmployeeId, ...]:
        """Whom to ring, each once; a group that is gone has nobody."""
        members = groups.get(self.group, ()) if self.group is not None else ()
        return tuple(dict.fromkeys((*self.employees, *members)))


@dataclass(frozen=True, slots=True, kw_only=True)
class ManagerStep:
    """Ring whoever is responsible for the caller in the CRM, then go on (B13, A11).

    `wait_s`: how long the CRM is waited for while the caller hears ringing. `check_status`:
    only a manager who was in the CRM today; his status here then does not count, except that he
    left work. None: as the account has it (`PersonalManagerSettings`). The step stays in the
    scenario while the CRM is not connected and gives up at once.
    """

    wait_s: float | None = None
    check_status: bool | None = None
    source: ManagerSource | None = None
    timeout_s: int = 30
    devices: Literal["in_order", "all"] = "in_order"
    ring_busy: bool = False

    @property
    def rings_busy(self) -> bool:
        return self.ring_busy


@dataclass(frozen=True, slots=True, kw_only=True)
class ExternalStep:
    """Ring a number outside, through the account's line, for `timeout_s`. Who answers there is
    nobody of ours."""

    number: str
    timeout_s: int = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class HoursStep:
    """Go on in working hours; outside them with the steps of scenario `closed`, or end without one.

    `hours`: None is the account's own calendar. `closed_at` is filled in by `linked`: where the
    other scenario's steps begin in this one's, None when the call is to end.
    """

    hours: WorkingHours | None = None
    closed: str | None = None
    closed_at: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageStep:
    """Play `sound`, by the switch's name for it, to the caller, who is answered for that."""

    sound: str


@dataclass(frozen=True, slots=True, kw_only=True)
class VoicemailStep:
    """Record what the caller says after the tone, `max_s` at most. `group` is told of it; without
    one those the call rang."""

    max_s: int = 120
    group: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackStep:
    """Keep that the caller is to be called back, for `group` or those the call rang."""

    group: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EndStep:
    """`appended`: it stands where a scenario's own steps are spent (`linked`), and an engine that
    routes by itself goes on there. Any other end is one somebody asked for."""

    final: Ending
    appended: bool = False


PeopleStep = Step | ManagerStep
"""Steps that ring employees."""
AnyStep = (
    Step
    | ManagerStep
    | ExternalStep
    | HoursStep
    | MessageStep
    | VoicemailStep
    | CallbackStep
    | EndStep
)

_CAUSES: Mapping[Ending, HangupCause] = {
    "busy": HangupCause.BUSY,
    "no_answer": HangupCause.NO_ANSWER,
    "normal": HangupCause.NORMAL,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """`final` is what the caller hears when all steps are spent. `own` of the steps are its own;
    those after them are other scenarios' it may go on with (`linked`)."""

    name: str
    steps: tuple[AnyStep, ...]
    final: Ending = "no_answer"
    own: int | None = None

    @property
    def final_cause(self) -> HangupCause:
        return cause_of(self.final)


def cause_of(final: Ending) -> HangupCause:
    return _CAUSES[final]


def linked(scenarios: Mapping[str, Scenario]) -> dict[str, Scenario]:
    """Each scenario with the steps of those it may go on with behind its own, so that a place in
    it stays one number. Two that lead to each other in a circle end where it would close."""
    return {key: _linked(key, scenarios) for key in scenarios}


def _linked(first: str, scenarios: Mapping[str, Scenario]) -> Scenario:
    steps: list[AnyStep] = []
    begins: dict[str, int] = {}

    def place(key: str, above: frozenset[str]) -> int:
        if key in begins:
            return begins[key]
        begins[key] = at = len(steps)
        own = scenarios[key]
        steps.extend((*own.steps, EndStep(final=own.final, appended=True)))
        for index, step in enumerate(own.steps, at):
            if not isinstance(step, HoursStep) or step.closed is None:
                continue
            if step.closed in scenarios and step.closed not in above:
                to = place(step.closed, above | {step.closed})
                steps[index] = replace(step, closed_at=to)
        return at

    place(first, frozenset({first}))
    return replace(scenarios[first], steps=tuple(steps), own=len(scenarios[first].steps))


def may_ring(status: AgentStatus, devices: Iterable[Device]) -> tuple[Device, ...]:
    """Which devices a call may ring, by priority. Away keeps the mobile, the rest is silence."""
    if status is AgentStatus.AVAILABLE:
        allowed = list(devices)
    elif status is AgentStatus.AWAY:
        allowed = [device for device in devices if device.kind == "mobile"]
    else:
        allowed = []
    return tuple(sorted(allowed, key=lambda device: (device.priority, device.endpoint)))


def share_s(timeout_s: float, devices: int) -> float:
    """How long one of several devices rings when they ring one after another."""
    return timeout_s if devices <= 1 else max(MIN_SHARE_S, timeout_s / devices)
