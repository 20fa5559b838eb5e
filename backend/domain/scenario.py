"""What happens to a call to a virtual number: steps that ring people, then an end.

A step names whom to ring (`Step`) or has the CRM name him (`ManagerStep`). Whatever comes of a
step but an answer leads to the next one.

Also which of an employee's devices may ring: his status decides, for every device at once (W7).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from backend.errors import BadRequest
from protocol.vocabulary import AgentStatus, EmployeeId, HangupCause

DeviceKind = Literal["desk", "mobile", "sip", "browser"]
"""`browser`: the employee's own line in a tab (`domain.browser_line`); no stored number is one."""
Mode = Literal["parallel", "in_turn"]
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


AnyStep = Step | ManagerStep


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """`final` is what the caller hears when all steps are spent."""

    name: str
    steps: tuple[AnyStep, ...]
    final: Literal["busy", "no_answer"] = "no_answer"

    @property
    def final_cause(self) -> HangupCause:
        return HangupCause.BUSY if self.final == "busy" else HangupCause.NO_ANSWER


def parse_scenario(name: str, steps: Iterable[Mapping[str, Any]], final: str) -> Scenario:
    """The scenario kept as data. Raises BadRequest naming the step that cannot be meant."""
    parsed = tuple(_step(number, raw) for number, raw in enumerate(steps, 1))
    if not parsed or len(parsed) > MAX_STEPS:
        raise BadRequest(f"a scenario has 1 to {MAX_STEPS} steps, not {len(parsed)}")
    if final not in ("busy", "no_answer"):
        raise BadRequest(f"final is busy or no_answer, not {final!r}")
    return Scenario(name=name, steps=parsed, final="busy" if final == "busy" else "no_answer")


def _step(number: int, raw: Mapping[str, Any]) -> AnyStep:
    if "manager" in raw:
        return _manager(number, raw)
    _known(number, raw, {"employees", "group", "mode", "timeout_s", "devices", "ring_busy"})
    employees, group = raw.get("employees", ()), raw.get("group")
    mode = raw.get("mode", "parallel")
    ring_busy = raw.get("ring_busy")
    if not isinstance(employees, list | tuple) or not all(
        isinstance(e, str) and e for e in employees
    ):
        raise _wrong(number, "step_employees", "employees is a list of ids")
    if group is not None and (not isinstance(group, str) or not group):
        raise _wrong(number, "step_group", "group is an id")
    if not employees and group is None:
        raise _wrong(number, "step_rings_nobody", "rings nobody")
    if mode not in ("parallel", "in_turn"):
        raise _wrong(number, "step_mode", f"mode is parallel or in_turn, not {mode!r}")
    if ring_busy is not None and not isinstance(ring_busy, bool):
        raise _wrong(number, "step_ring_busy", "ring_busy is true or false")
    return Step(
        employees=tuple(EmployeeId(employee) for employee in employees),
        group=group,
        mode=mode,
        timeout_s=_timeout(number, raw),
        devices=_devices(number, raw),
        ring_busy=ring_busy,
    )


def _manager(number: int, raw: Mapping[str, Any]) -> ManagerStep:
    """`{"manager": {…}}`, all of it optional."""
    _known(number, raw, {"manager"})
    asked = raw["manager"]
    if not isinstance(asked, Mapping):
        raise _wrong(number, "step_manager", "manager is an object, {} at least")
    names = {"wait_s", "check_status", "source", "timeout_s", "devices", "ring_busy"}
    _known(number, asked, names)
    wait_s, source = asked.get("wait_s"), asked.get("source")
    check_status, ring_busy = asked.get("check_status"), asked.get("ring_busy", False)
    waits = {"least": MIN_WAIT_S, "most": MAX_WAIT_S}
    if wait_s is not None:
        if isinstance(wait_s, bool) or not isinstance(wait_s, int | float):
            raise _wrong(number, "step_wait", "wait_s is seconds", **waits)
        if not MIN_WAIT_S <= wait_s <= MAX_WAIT_S:
            said = f"wait_s is {MIN_WAIT_S} to {MAX_WAIT_S:g}"
            raise _wrong(number, "step_wait", said, **waits)
    if check_status is not None and not isinstance(check_status, bool):
        raise _wrong(number, "step_check_status", "check_status is true or false")
    if source not in (None, "contact", "deal"):
        raise _wrong(number, "step_source", f"source is contact or deal, not {source!r}")
    if not isinstance(ring_busy, bool):
        raise _wrong(number, "step_ring_busy", "ring_busy is true or false")
    return ManagerStep(
        wait_s=None if wait_s is None else float(wait_s),
        check_status=check_status,
        source=source,
        timeout_s=_timeout(number, asked),
        devices=_devices(number, asked),
        ring_busy=ring_busy,
    )


def _wrong(number: int, why: str, said: str, **data: Any) -> BadRequest:
    """`why` is the code of the sentence people read (`services.settings_texts`)."""
    return BadRequest(f"step {number}: {said}", why=why, **data)


def _known(number: int, raw: Mapping[str, Any], names: set[str]) -> None:
    unknown = set(raw) - names
    if unknown:
        listed = ", ".join(sorted(map(str, unknown)))
        known = ", ".join(sorted(names))
        raise _wrong(number, "step_unknown_field", f"unknown {listed}", names=listed, known=known)


def _timeout(number: int, raw: Mapping[str, Any]) -> int:
    timeout_s = raw.get("timeout_s", 30)
    limits = {"least": MIN_SHARE_S, "most": MAX_TIMEOUT_S}
    if isinstance(timeout_s, bool) or not isinstance(timeout_s, int):
        raise _wrong(number, "step_timeout", "timeout_s is whole seconds", **limits)
    if not MIN_SHARE_S <= timeout_s <= MAX_TIMEOUT_S:
        said = f"timeout_s is {MIN_SHARE_S} to {MAX_TIMEOUT_S}"
        raise _wrong(number, "step_timeout", said, **limits)
    return timeout_s


def _devices(number: int, raw: Mapping[str, Any]) -> Literal["in_order", "all"]:
    devices = raw.get("devices", "in_order")
    if devices not in ("in_order", "all"):
        raise _wrong(number, "step_devices", f"devices is in_order or all, not {devices!r}")
    return "all" if devices == "all" else "in_order"


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
