"""What in a configuration cannot be meant, each with where it stands and a code.

The sentences people read are made from the codes (`services.settings_texts`).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from backend.domain.account_config import (
    AccountConfig,
    Employee,
    Kind,
    Line,
    OwnNumber,
    ScenarioConfig,
    key_of,
)
from backend.domain.phone_number import canonical, known_region, parse
from backend.domain.scenario import MAX_STEPS
from backend.domain.scenario_reading import SOUND_NAME, group_of, leads_to, parse_scenario
from backend.domain.sounds import NOTICE_MS, upload_of
from backend.domain.working_hours import parse_hours
from backend.errors import BadRequest

_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_SLUG = re.compile(r"[a-z0-9-]{1,40}")
_EXTENSION = re.compile(r"[0-9]{2,5}")
"""As `phone_number.dialable` has it."""
_ENDPOINT = re.compile(r"[A-Za-z][A-Za-z0-9]{1,19}/[A-Za-z0-9_.@+{}:-]{1,120}")
"""Technology and resource, as an Asterisk endpoint is written."""
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+")
_ORIGIN = re.compile(r"https?://[a-z0-9-]+(\.[a-z0-9-]+)*(:[0-9]{1,5})?")
"""As browsers write `Origin`: small letters, no path; names outside of ASCII as punycode."""
MAX_NAME = 200
MAX_ORIGINS = 50
MAX_NUMBERS = 10


class Fault(msgspec.Struct, frozen=True, kw_only=True):
    """`field` is the way inside the item, `numbers[0].endpoint`; '' is the item as a whole."""

    kind: Kind
    key: str
    field: str
    code: str
    data: dict[str, Any] = {}

    @property
    def identity(self) -> tuple[str, str, str, str, str]:
        """The same fault before and after a change is no fault of the change."""
        return (self.kind, self.key, self.field, self.code, repr(sorted(self.data.items())))


def faults(config: AccountConfig) -> list[Fault]:
    """All of them, in the order of the configuration."""
    return [
        *_account(config),
        *_settings(config),
        *(f for line in config.lines for f in _line(config, line)),
        *_people(config),
        *_groups(config),
        *(f for scenario in config.scenarios for f in _scenario(config, scenario)),
        *_virtual_numbers(config),
        *_teams(config),
        *_doubles(config),
    ]


def foreign_endpoints(
    config: AccountConfig, before: AccountConfig, *, own_cloud: str = ""
) -> list[Fault]:
    """Endpoints an account may not give itself: it shares the switch with others.

    Its own are those it has already, those named after it (`PJSIP/<slug>-101`) and, for a mobile,
    plain public numbers. Where all its calls come over a cloud of its own, the connection
    `own_cloud`, nobody shares that cloud's lines.
    """
    alone = bool(before.lines) and all(line.switch == own_cloud for line in before.lines)
    had = {number.endpoint for e in before.employees for number in e.numbers}
    # By the name it had: whoever changes it at the same time does not get another's phones.
    prefix = f"{before.slug}-"
    return [
        Fault(
            kind="employee",
            key=employee.id,
            field=f"numbers[{place}].endpoint",
            code="endpoint_foreign",
            data={"example": f"PJSIP/{prefix}{employee.extension or '101'}"},
        )
        for employee in config.employees
        for place, number in enumerate(employee.numbers)
        if number.endpoint not in had
        and not _is_phone(number, config.region)
        and not _named_after(number.endpoint, prefix)
        and not (alone and number.endpoint.startswith("UIS/"))
    ]


def _named_after(endpoint: str, prefix: str) -> bool:
    """One word after the name: `sever-2-101` is of the account `sever-2`, not of `sever`."""
    technology, _, resource = endpoint.partition("/")
    return technology == "PJSIP" and (
        resource.startswith(prefix) and resource.removeprefix(prefix).isalnum()
    )


def _is_phone(number: OwnNumber, region: str) -> bool:
    return (
        number.kind == "mobile"
        and "/" not in number.endpoint
        and parse(number.endpoint, region=region) is not None
    )


def _account(config: AccountConfig) -> Iterator[Fault]:
    def fault(field: str, code: str, **data: Any) -> Fault:
        return Fault(kind="account", key=config.id, field=field, code=code, data=data)

    if not _ID.fullmatch(config.id):
        yield fault("id", "bad_id")
    if not _SLUG.fullmatch(config.slug):
        yield fault("slug", "bad_slug")
    if not 1 <= len(config.name.strip()) <= MAX_NAME:
        yield fault("name", "bad_name", most=MAX_NAME)
    if not known_region(config.region):
        yield fault("region", "bad_region")
    try:
        ZoneInfo(config.timezone)
    except (ValueError, OSError, KeyError):
        yield fault("timezone", "bad_timezone")


def _settings(config: AccountConfig) -> Iterator[Fault]:
    def fault(key: str, field: str, code: str, **data: Any) -> Fault:
        return Fault(kind="settings", key=key, field=field, code=code, data=data)

    chosen = config.settings
    try:
        parse_hours(chosen.hours.week, chosen.hours.days)
    except BadRequest as error:
        code = str(error.data["why"])
        yield Fault(kind="settings", key="hours", field="week", code=code, data=error.data)
    caller_id = chosen.outgoing.default_caller_id
    if caller_id is not None and caller_id not in _own(config):
        yield fault("outgoing", "default_caller_id", "caller_id_unknown", number=caller_id)
    if chosen.outgoing.override_caller_id and caller_id is None:
        yield fault("outgoing", "override_caller_id", "override_without_number")
    if chosen.crm.call_tracking and not chosen.crm.callback_form:
        yield fault("crm", "call_tracking", "tracking_without_callback")
    notice = chosen.sounds.rescue_notice
    if notice is not None:
        upload = upload_of(notice)
        if upload is None and not SOUND_NAME.fullmatch(notice):
            yield fault("sounds", "rescue_notice", "step_sound")
        elif upload is not None and upload not in config.sounds:
            yield fault("sounds", "rescue_notice", "sound_unknown")
        elif upload is not None and config.sounds[upload] > NOTICE_MS:
            yield fault("sounds", "rescue_notice", "notice_too_long", most=NOTICE_MS // 1000)
    origins = chosen.call_tracking.origins
    if len(origins) > MAX_ORIGINS:
        yield fault("call_tracking", "origins", "too_many_origins", most=MAX_ORIGINS)
    for place, origin in enumerate(origins):
        if not _ORIGIN.fullmatch(origin):
            yield fault("call_tracking", f"origins[{place}]", "bad_origin", origin=origin)


def _own(config: AccountConfig) -> set[str]:
    """The account's numbers in E.164."""
    return {canonical(n.number, region=config.region) for n in config.virtual_numbers}


def _line(config: AccountConfig, line: Line) -> Iterator[Fault]:
    def fault(field: str, code: str, **data: Any) -> Fault:
        return Fault(kind="line", key=line.switch, field=field, code=code, data=data)

    if not _ENDPOINT.fullmatch(line.endpoint):
        yield fault("endpoint", "bad_endpoint", example="PJSIP/{digits}@trunk")
    elif "{number}" not in line.endpoint and "{digits}" not in line.endpoint:
        yield fault("endpoint", "line_without_number")
    if line.caller_id is not None and parse(line.caller_id, region=config.region) is None:
        yield fault("caller_id", "bad_number", number=line.caller_id)


def _people(config: AccountConfig) -> Iterator[Fault]:
    own = _own(config)
    for employee in config.employees:
        yield from _employee(config, employee, own)


def _employee(config: AccountConfig, employee: Employee, own: set[str]) -> Iterator[Fault]:
    def fault(field: str, code: str, **data: Any) -> Fault:
        return Fault(kind="employee", key=employee.id, field=field, code=code, data=data)

    if not _ID.fullmatch(employee.id):
        yield fault("id", "bad_id")
    if not 1 <= len(employee.name.strip()) <= MAX_NAME:
        yield fault("name", "bad_name", most=MAX_NAME)
    if employee.email is not None and not _EMAIL.fullmatch(employee.email):
        yield fault("email", "bad_email")
    if employee.extension is not None and not _EXTENSION.fullmatch(employee.extension):
        yield fault("extension", "bad_extension")
    if employee.caller_id is not None and employee.caller_id not in own:
        yield fault("caller_id", "caller_id_unknown", number=employee.caller_id)
    for name in ("email", "position", "department", "crm_user_id"):
        if len(getattr(employee, name) or "") > MAX_NAME:
            yield fault(name, "too_long", most=MAX_NAME)
    if len(employee.numbers) > MAX_NUMBERS:
        yield fault("numbers", "too_many_numbers", most=MAX_NUMBERS)
    seen: set[int] = set()
    for place, number in enumerate(employee.numbers):
        way = f"numbers[{place}]"
        if number.priority in seen:
            yield fault(f"{way}.priority", "double_priority", priority=number.priority)
        seen.add(number.priority)
        if not 1 <= number.priority <= 99:
            yield fault(f"{way}.priority", "bad_priority")
        if not _is_phone(number, config.region) and not _ENDPOINT.fullmatch(number.endpoint):
            code = "bad_mobile" if number.kind == "mobile" else "bad_endpoint"
            yield fault(f"{way}.endpoint", code, example=f"PJSIP/{config.slug}-101")
        elif "/" not in number.endpoint and not config.lines:
            yield fault(f"{way}.endpoint", "mobile_without_line")
        if len(number.label) > MAX_NAME:
            yield fault(f"{way}.label", "too_long", most=MAX_NAME)


def _groups(config: AccountConfig) -> Iterator[Fault]:
    known = {employee.id for employee in config.employees}
    for group in config.groups:
        item: dict[str, Any] = {"kind": "group", "key": group.id}
        if not _ID.fullmatch(group.id):
            yield Fault(**item, field="id", code="bad_id")
        if not 1 <= len(group.name.strip()) <= MAX_NAME:
            yield Fault(**item, field="name", code="bad_name", data={"most": MAX_NAME})
        if group.extension is not None and not _EXTENSION.fullmatch(group.extension):
            yield Fault(**item, field="extension", code="bad_extension")
        yield from _known(item, "members", group.members, known)


def _known(
    item: Mapping[str, Any], field: str, ids: tuple[str, ...], known: set[str]
) -> Iterator[Fault]:
    for place, employee_id in enumerate(ids):
        if employee_id not in known:
            way = f"{field}[{place}]"
            yield Fault(**item, field=way, code="unknown_employee", data={"id": employee_id})
    for employee_id, times in Counter(ids).items():
        if times > 1:
            yield Fault(**item, field=field, code="double_member", data={"id": employee_id})


def _scenario(config: AccountConfig, scenario: ScenarioConfig) -> Iterator[Fault]:
    def fault(field: str, code: str, **data: Any) -> Fault:
        return Fault(kind="scenario", key=scenario.id, field=field, code=code, data=data)

    if not _ID.fullmatch(scenario.id):
        yield fault("id", "bad_id")
    if not 1 <= len(scenario.name.strip()) <= MAX_NAME:
        yield fault("name", "bad_name", most=MAX_NAME)
    if not 1 <= len(scenario.steps) <= MAX_STEPS:
        yield fault("steps", "scenario_steps", most=MAX_STEPS)
    if scenario.final not in ("busy", "no_answer"):
        yield fault("final", "scenario_final")
    people = {employee.id for employee in config.employees}
    groups = {group.id for group in config.groups}
    others = {other.id: other for other in config.scenarios}
    spoken = False
    for place, raw in enumerate(scenario.steps):
        way = f"steps[{place}]"
        try:
            parse_scenario(scenario.name, [raw], "no_answer")
        except BadRequest as error:
            said = str(error).removeprefix("step 1: ")
            yield fault(way, str(error.data.get("why", "bad_step")), **{**error.data, "said": said})
            continue
        for number, employee_id in enumerate(raw.get("employees", ())):
            if employee_id not in people:
                yield fault(f"{way}.employees[{number}]", "unknown_employee", id=employee_id)
        if (named := group_of(raw)) is not None and named[1] not in groups:
            yield fault(f"{way}.{named[0]}", "unknown_group", id=named[1])
        if (closed := leads_to(raw)) is not None:
            if closed not in others:
                yield fault(f"{way}.hours.closed", "unknown_scenario", id=closed)
            elif _leads_back(scenario.id, closed, others):
                yield fault(f"{way}.hours.closed", "scenario_circle", id=others[closed].name)
        if "external" in raw and not config.lines:
            yield fault(f"{way}.external", "external_without_line")
        if spoken and not raw.keys() & {"message", "callback", "hangup", "hours"}:
            yield fault(way, "step_after_voicemail")
        spoken = spoken or "voicemail" in raw
        sound = raw["message"]["sound"] if "message" in raw else ""
        if sound.startswith("dozvon/") and not sound.startswith(f"dozvon/{config.slug}/"):
            yield fault(f"{way}.message.sound", "sound_foreign", example=f"dozvon/{config.slug}/hi")
        upload = upload_of(sound)
        if upload is not None and upload not in config.sounds:
            yield fault(f"{way}.message.sound", "sound_unknown")


def _leads_back(start: str, at: str, others: Mapping[str, ScenarioConfig]) -> bool:
    """Whether scenario `at` comes to `start` by steps that go on elsewhere."""
    seen, waiting = {at}, [at]
    while waiting:
        current = waiting.pop()
        if current == start:
            return True
        found = others.get(current)
        for raw in () if found is None else found.steps:
            further = leads_to(raw)
            if further is not None and further not in seen:
                seen.add(further)
                waiting.append(further)
    return False


def _virtual_numbers(config: AccountConfig) -> Iterator[Fault]:
    scenarios = {scenario.id for scenario in config.scenarios}
    switches = {line.switch for line in config.lines}
    for number in config.virtual_numbers:
        item: dict[str, Any] = {"kind": "virtual_number", "key": key_of(number, config.region)}
        if parse(number.number, region=config.region) is None:
            yield Fault(**item, field="number", code="bad_number", data={"number": number.number})
        if len(number.name) > MAX_NAME:
            yield Fault(**item, field="name", code="too_long", data={"most": MAX_NAME})
        if len(number.label) > MAX_NAME:
            yield Fault(**item, field="label", code="too_long", data={"most": MAX_NAME})
        for field in ("site", "source", "medium", "campaign"):
            if len(getattr(number, field)) > MAX_NAME:
                yield Fault(**item, field=field, code="too_long", data={"most": MAX_NAME})
        if number.scenario is not None and number.scenario not in scenarios:
            data = {"id": number.scenario}
            yield Fault(**item, field="scenario", code="unknown_scenario", data=data)
        if number.switch not in switches:
            data = {"id": number.switch}
            yield Fault(**item, field="switch", code="switch_without_line", data=data)


def _teams(config: AccountConfig) -> Iterator[Fault]:
    known = {employee.id for employee in config.employees}
    for team in config.teams:
        item: dict[str, Any] = {"kind": "team", "key": team.id}
        if not _ID.fullmatch(team.id):
            yield Fault(**item, field="id", code="bad_id")
        if not 1 <= len(team.name.strip()) <= MAX_NAME:
            yield Fault(**item, field="name", code="bad_name", data={"most": MAX_NAME})
        yield from _known(item, "members", team.members, known)
        yield from _known(item, "heads", team.heads, known)


def _doubles(config: AccountConfig) -> Iterator[Fault]:
    """What only one of the account may have. The second one is told whom it clashes with."""
    taken: dict[str, str] = {}
    mails: dict[str, str] = {}
    users: dict[str, str] = {}

    def clash(kind: Kind, key: str, field: str, code: str, other: str) -> Fault:
        return Fault(kind=kind, key=key, field=field, code=code, data={"other": other})

    for employee in config.employees:
        mail = (employee.email or "").casefold()
        if mail and employee.active:
            if mail in mails:
                yield clash("employee", employee.id, "email", "double_email", mails[mail])
            mails.setdefault(mail, employee.id)
        if employee.crm_user_id:
            if employee.crm_user_id in users:
                other = users[employee.crm_user_id]
                yield clash("employee", employee.id, "crm_user_id", "double_crm_user", other)
            users.setdefault(employee.crm_user_id, employee.id)
        if employee.extension:
            if employee.extension in taken:
                other = taken[employee.extension]
                yield clash("employee", employee.id, "extension", "double_extension", other)
            taken.setdefault(employee.extension, employee.name)
    for group in config.groups:
        if group.extension:
            if group.extension in taken:
                other = taken[group.extension]
                yield clash("group", group.id, "extension", "double_extension", other)
            taken.setdefault(group.extension, group.name)
