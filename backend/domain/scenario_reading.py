"""Scenarios as they are kept and written: data, read into steps or refused with the place.

Each step is a table. One that rings people has `employees` or `group`; any other is named by its
only field: `{"manager": {…}}`, `{"message": {"sound": "…"}}`, `{"hangup": "busy"}`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Literal

from backend.domain.phone_number import canonical, parse
from backend.domain.scenario import (
    MAX_STEPS,
    MAX_TIMEOUT_S,
    MAX_WAIT_S,
    MIN_SHARE_S,
    MIN_WAIT_S,
    AnyStep,
    CallbackStep,
    Ending,
    EndStep,
    ExternalStep,
    HoursStep,
    ManagerStep,
    MessageStep,
    Scenario,
    Step,
    VoicemailStep,
)
from backend.domain.working_hours import parse_hours
from backend.errors import BadRequest
from protocol.vocabulary import EmployeeId

MIN_SPEECH_S, MAX_SPEECH_S = 5, 600
"""Shorter is a cough; longer is a forgotten handset that fills the disk."""
SOUND_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}(?:/[A-Za-z0-9_-]{1,64}){0,3}")
"""A name below the switch's folder of sounds, never a way out of it."""
_FINALS: dict[str, Ending] = {"busy": "busy", "no_answer": "no_answer", "normal": "normal"}


def parse_scenario(name: str, steps: Iterable[Mapping[str, Any]], final: str) -> Scenario:
    """The scenario kept as data. Raises BadRequest naming the step that cannot be meant."""
    parsed = tuple(_step(number, raw) for number, raw in enumerate(steps, 1))
    if not parsed or len(parsed) > MAX_STEPS:
        raise BadRequest(f"a scenario has 1 to {MAX_STEPS} steps, not {len(parsed)}")
    if final not in ("busy", "no_answer"):
        raise BadRequest(f"final is busy or no_answer, not {final!r}")
    return Scenario(name=name, steps=parsed, final=_FINALS[final])


def leads_to(raw: Mapping[str, Any]) -> str | None:
    """The scenario a step may go on with, as it is kept."""
    hours = raw.get("hours")
    closed = hours.get("closed") if isinstance(hours, Mapping) else None
    return closed if isinstance(closed, str) else None


def group_of(raw: Mapping[str, Any]) -> tuple[str, str] | None:
    """Where in a step as it is kept a group is named, and which."""
    if isinstance(raw.get("group"), str):
        return "group", raw["group"]
    for kind in ("voicemail", "callback"):
        inside = raw.get(kind)
        if isinstance(inside, Mapping) and isinstance(inside.get("group"), str):
            return f"{kind}.group", inside["group"]
    return None


def _step(number: int, raw: Mapping[str, Any]) -> AnyStep:
    for kind, read in _KINDS.items():
        if kind in raw:
            _known(number, raw, {kind})
            return read(number, raw[kind])
    return _people(number, raw)


def _people(number: int, raw: Mapping[str, Any]) -> Step:
    _known(number, raw, {"employees", "group", "mode", "timeout_s", "devices", "ring_busy"})
    employees, group = raw.get("employees", ()), raw.get("group")
    mode = raw.get("mode", "parallel")
    ring_busy = raw.get("ring_busy")
    if not isinstance(employees, list | tuple) or not all(
        isinstance(e, str) and e for e in employees
    ):
        raise _wrong(number, "step_employees", "employees is a list of ids")
    _group(number, group)
    if not employees and group is None:
        raise _wrong(number, "step_rings_nobody", "rings nobody")
    if mode not in ("parallel", "in_turn", "longest_idle"):
        said = f"mode is parallel, in_turn or longest_idle, not {mode!r}"
        raise _wrong(number, "step_mode", said)
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


def _manager(number: int, asked: Any) -> ManagerStep:
    """`{"manager": {…}}`, all of it optional."""
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


def _external(number: int, asked: Any) -> ExternalStep:
    table = _table(number, "external", asked, {"number", "timeout_s"})
    given = table.get("number")
    if not isinstance(given, str) or not given.startswith("+") or parse(given) is None:
        raise _wrong(number, "step_external", "number is a phone number from its plus on")
    return ExternalStep(number=canonical(given), timeout_s=_timeout(number, table))


def _hours(number: int, asked: Any) -> HoursStep:
    table = _table(number, "hours", asked, {"week", "days", "timezone", "closed"})
    closed = table.get("closed")
    if closed is not None and (not isinstance(closed, str) or not closed):
        raise _wrong(number, "step_closed", "closed is the id of a scenario")
    hours = None
    if "week" in table:
        try:
            hours = parse_hours(table["week"], table.get("days"), table.get("timezone"))
        except BadRequest as error:
            raise BadRequest(f"step {number}: {error}", **error.data) from None
    elif "days" in table or "timezone" in table:
        raise _wrong(number, "step_hours_week", "days and timezone want a week of their own")
    return HoursStep(hours=hours, closed=closed)


def _message(number: int, asked: Any) -> MessageStep:
    sound = _table(number, "message", asked, {"sound"}).get("sound")
    if not isinstance(sound, str) or not SOUND_NAME.fullmatch(sound):
        raise _wrong(number, "step_sound", "sound is a name of the switch's")
    return MessageStep(sound=sound)


def _voicemail(number: int, asked: Any) -> VoicemailStep:
    table = _table(number, "voicemail", asked, {"max_s", "group"})
    max_s = table.get("max_s", 120)
    limits = {"least": MIN_SPEECH_S, "most": MAX_SPEECH_S}
    if isinstance(max_s, bool) or not isinstance(max_s, int):
        raise _wrong(number, "step_speech", "max_s is whole seconds", **limits)
    if not MIN_SPEECH_S <= max_s <= MAX_SPEECH_S:
        said = f"max_s is {MIN_SPEECH_S} to {MAX_SPEECH_S}"
        raise _wrong(number, "step_speech", said, **limits)
    return VoicemailStep(max_s=max_s, group=_group(number, table.get("group")))


def _callback(number: int, asked: Any) -> CallbackStep:
    table = _table(number, "callback", asked, {"group"})
    return CallbackStep(group=_group(number, table.get("group")))


def _hangup(number: int, asked: Any) -> EndStep:
    final = _FINALS.get(asked) if isinstance(asked, str) else None
    if final is None:
        raise _wrong(number, "step_hangup", "hangup is busy, no_answer or normal")
    return EndStep(final=final)


_KINDS: dict[str, Callable[[int, Any], AnyStep]] = {
    "manager": _manager,
    "external": _external,
    "hours": _hours,
    "message": _message,
    "voicemail": _voicemail,
    "callback": _callback,
    "hangup": _hangup,
}


def _wrong(number: int, why: str, said: str, **data: Any) -> BadRequest:
    """`why` is the code of the sentence people read (`services.settings_texts`)."""
    return BadRequest(f"step {number}: {said}", why=why, **data)


def _table(number: int, kind: str, asked: Any, names: set[str]) -> Mapping[str, Any]:
    if not isinstance(asked, Mapping):
        raise _wrong(number, "step_table", f"{kind} is an object", kind=kind)
    _known(number, asked, names)
    return asked


def _known(number: int, raw: Mapping[str, Any], names: set[str]) -> None:
    unknown = set(raw) - names
    if unknown:
        listed = ", ".join(sorted(map(str, unknown)))
        known = ", ".join(sorted(names))
        raise _wrong(number, "step_unknown_field", f"unknown {listed}", names=listed, known=known)


def _group(number: int, group: Any) -> str | None:
    if group is not None and (not isinstance(group, str) or not group):
        raise _wrong(number, "step_group", "group is an id")
    return group


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
