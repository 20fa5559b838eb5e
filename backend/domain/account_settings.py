"""What an account chooses for itself, one record per area. Every field has a default, so an
account that never chose works, and one written before a field existed reads as its default.

The areas are read whole (`AccountSettingsStore.get`, `AccountRoute.settings`) and written through
one service (`services.account_settings`), whichever door a change came in by.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal, TypeVar

import msgspec
from msgspec import Meta

from backend.domain.working_hours import WEEKDAYS

AreaName = Literal[
    "crm",
    "outgoing",
    "recording",
    "people",
    "workday",
    "hours",
    "personal_manager",
    "call_tracking",
    "sounds",
    "board",
]


class Area(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What all areas are."""


class CrmSettings(Area, frozen=True, kw_only=True):
    """What takes place in the CRM.

    `on`: off means no card, no look-up and nothing written; calls themselves go on, and scenario
    steps that ask the CRM give up at once. `call_tracking`: virtual numbers marked `crm_line` are
    sent as sources, which Bitrix24 allows only while `callback_form` is on.
    `unknown_to_unsorted`: amoCRM is told of calls whose number it does not know. `callback_tasks`:
    whoever is to be called back is a task there, too.
    """

    on: bool = True
    callback_form: bool = False
    call_tracking: bool = False
    unknown_to_unsorted: bool = True
    callback_tasks: bool = True


class OutgoingSettings(Area, frozen=True, kw_only=True):
    """Calls that begin with a click.

    `default_caller_id`: one of the account's virtual numbers, shown to the called party when the
    employee has no registered line. `override_caller_id`: always show that one, whatever a line
    or an employee has. `last_used`: in place of the default the number this customer was in touch
    with last, unless it is a toll-free one. `two_stage`: without the softphone, ring the employee's
    own number first.
    `ring_order` and `ring_s`: how the employee's numbers are rung, and for how long each.
    """

    click_to_call: bool = True
    default_caller_id: str | None = None
    override_caller_id: bool = False
    last_used: bool = True
    two_stage: bool = True
    ring_order: Literal["in_order", "all"] = "in_order"
    ring_s: Annotated[int, Meta(ge=5, le=120)] = 25


class RecordingSettings(Area, frozen=True, kw_only=True):
    """`announce`: callers are told before they are recorded. `to_crm`: CRMs get what was recorded,
    a copy or a link; the history plays it either way. `keep_days`: how long audio stays.
    `pause_limit_s`: a pause an employee asked for, for the digits of a card, ends by itself then.
    """

    on: bool = True
    announce: bool = False
    to_crm: bool = True
    keep_days: Annotated[int, Meta(ge=1, le=3650)] = 365
    pause_limit_s: Annotated[int, Meta(ge=10, le=600)] = 120


class PeopleSettings(Area, frozen=True, kw_only=True):
    """Who comes from the CRM.

    `skip_departments` are the CRM's ids; `skip_external` leaves out partners and clients who were
    let into the CRM. `admins_rule`: the CRM's administrators become administrators here, unless
    somebody set their role by hand.
    """

    sync: bool = True
    skip_departments: tuple[str, ...] = ()
    skip_external: bool = True
    admins_rule: bool = True


class WorkdaySettings(Area, frozen=True, kw_only=True):
    """The CRM's working day and our status. Both are for those employees who have them on, too.

    Off by default: where nobody opens a working day, importing it would silence every phone.
    """

    import_on: bool = False
    write_on: bool = False


class HoursSettings(Area, frozen=True, kw_only=True):
    """When the account works, for scenario steps that ask it (`domain.working_hours`).

    `week`: hours by weekday, `mon` to `sun`; one that is missing is closed. `days`: dates that
    differ, `2026-11-04` or each year's `01-01`; without hours they are closed. The clock is that of
    the account's time zone.
    """

    week: dict[str, tuple[str, ...]] = msgspec.field(
        default_factory=lambda: dict.fromkeys(WEEKDAYS[:5], ("09:00-18:00",))
    )
    days: dict[str, tuple[str, ...]] = msgspec.field(default_factory=dict)


class SoundsSettings(Area, frozen=True, kw_only=True):
    """What people outside hear from us.

    `rescue_notice`: what a customer whose operator was lost is told before the music; an uploaded
    sound (`uploads/…`) or one of the switch's, null is what the server has (`rescue_notice`).
    """

    rescue_notice: str | None = None


class PersonalManagerSettings(Area, frozen=True, kw_only=True):
    """Whom a scenario's manager step asks for.

    `source`: the responsible user of the contact or of its active deal. `check_seen_today`: only
    somebody who was in the CRM today. `wait_s`: how long the CRM's answer is waited for where a
    step does not say.
    """

    source: Literal["contact", "deal"] = "contact"
    check_seen_today: bool = False
    wait_s: Annotated[float, Meta(ge=0.2, le=15)] = 2.0


class CallTrackingSettings(Area, frozen=True, kw_only=True):
    """Visitors of the account's sites and the numbers they are shown.

    `visits`: pages and numbers are taken in, and cards show the caller's way. `shown_min`: how long
    a number of the pool stays a visitor's after the last page they saw. `keep_days`: how long
    anything of a visitor stays, their way on a kept call included. `origins`: sites whose pages may
    ask for numbers, exactly as a browser names them (`https://example.org`).
    """

    visits: bool = False
    shown_min: Annotated[int, Meta(ge=5, le=1440)] = 30
    keep_days: Annotated[int, Meta(ge=1, le=400)] = 90
    origins: tuple[str, ...] = ()


class BoardSettings(Area, frozen=True, kw_only=True):
    """The supervisors' board.

    `monitoring`: supervisors may listen to talks; off by default, since the law of many places
    wants people told of it first. `tell_operators`: whoever is listened to sees it at once.
    `waiting_s`, `break_min`, `lost_percent`: what turns red, 0 nothing. `answer_s`: an answer
    counts as in time within this; 0: every answer does. `keep_days`: how far one can look back.
    """

    monitoring: bool = False
    tell_operators: bool = True
    waiting_s: Annotated[int, Meta(ge=0, le=3600)] = 60
    answer_s: Annotated[int, Meta(ge=0, le=600)] = 20
    break_min: Annotated[int, Meta(ge=0, le=600)] = 20
    lost_percent: Annotated[int, Meta(ge=0, le=100)] = 10
    keep_days: Annotated[int, Meta(ge=1, le=60)] = 7


class AllSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Every area of one account."""

    crm: CrmSettings = CrmSettings()
    outgoing: OutgoingSettings = OutgoingSettings()
    recording: RecordingSettings = RecordingSettings()
    people: PeopleSettings = PeopleSettings()
    workday: WorkdaySettings = WorkdaySettings()
    hours: HoursSettings = msgspec.field(default_factory=HoursSettings)
    personal_manager: PersonalManagerSettings = PersonalManagerSettings()
    call_tracking: CallTrackingSettings = CallTrackingSettings()
    sounds: SoundsSettings = SoundsSettings()
    board: BoardSettings = BoardSettings()


AREAS: Final[dict[AreaName, type[Area]]] = {
    "crm": CrmSettings,
    "outgoing": OutgoingSettings,
    "recording": RecordingSettings,
    "people": PeopleSettings,
    "workday": WorkdaySettings,
    "hours": HoursSettings,
    "personal_manager": PersonalManagerSettings,
    "call_tracking": CallTrackingSettings,
    "sounds": SoundsSettings,
    "board": BoardSettings,
}
_NAMES: Final[dict[type[Area], AreaName]] = {kind: name for name, kind in AREAS.items()}

A = TypeVar("A", bound=Area)


def area_name(kind: type[Area]) -> AreaName:
    return _NAMES[kind]


def kept(kind: type[A], data: dict[str, Any]) -> A:
    """The area as it was kept.

    A field a newer release wrote is left alone, and one that no longer can be meant reads as its
    default: settings that cannot be read must not stop calls.
    """
    known: dict[str, Any] = {}
    for name in kind.__struct_fields__:
        if name not in data:
            continue
        try:
            msgspec.convert({name: data[name]}, kind)
        except msgspec.ValidationError:
            continue
        known[name] = data[name]
    return msgspec.convert(known, kind)


def all_kept(rows: Mapping[str, dict[str, Any]]) -> AllSettings:
    """Every area from what was kept of it, by area; those that were not are defaults."""

    def area(kind: type[A]) -> A:
        return kept(kind, rows.get(area_name(kind), {}))

    return AllSettings(
        crm=area(CrmSettings),
        outgoing=area(OutgoingSettings),
        recording=area(RecordingSettings),
        people=area(PeopleSettings),
        workday=area(WorkdaySettings),
        hours=area(HoursSettings),
        personal_manager=area(PersonalManagerSettings),
        call_tracking=area(CallTrackingSettings),
        sounds=area(SoundsSettings),
        board=area(BoardSettings),
    )
