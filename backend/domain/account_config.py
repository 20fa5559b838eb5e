"""An account's whole configuration as one value: what both doors of the settings read and write.

Ids are the account's own words. Whatever names somebody or something else (`members`, `scenario`,
the employees of a step) does it by id.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, Literal

import msgspec

from backend.domain.account_settings import AllSettings
from backend.domain.phone_number import canonical

Role = Literal["operator", "supervisor", "administrator"]
NumberKind = Literal["desk", "mobile", "sip"]
TalkDevice = Literal["phone", "browser"]
"""Where an employee talks: a telephone or softphone, or the browser's tab (B21, W13)."""
OFFERED_DEVICES: Final[tuple[TalkDevice, ...]] = ("phone", "browser")
"""What may be chosen. In the browser the person's numbers stay: they ring when no tab can."""
Kind = Literal[
    "account", "settings", "line", "employee", "group", "scenario", "virtual_number", "team"
]


class OwnNumber(msgspec.Struct, frozen=True, kw_only=True):
    """One thing of an employee's that can ring; the lowest `priority` is tried first.

    `endpoint` is in the switch's own words (`PJSIP/anna`); a mobile may also be a plain number,
    which is dialled through the account's line.
    """

    kind: NumberKind
    endpoint: str
    label: str = ""
    priority: int = 1
    auto_answer: bool = False
    active: bool = True


class Employee(msgspec.Struct, frozen=True, kw_only=True):
    """A person. Of whoever has a `crm_user_id` the CRM owns name, e-mail, position, department
    and whether they still work here."""

    id: str
    name: str
    email: str | None = None
    position: str | None = None
    department: str | None = None
    crm_user_id: str | None = None
    active: bool = True
    role: Role = "operator"
    role_by_hand: bool = False
    extension: str | None = None
    calls_enabled: bool = True
    caller_id: str | None = None
    caller_id_choice: bool = False
    workday_import: bool = True
    workday_write: bool = False
    device: TalkDevice = "phone"
    numbers: tuple[OwnNumber, ...] = ()


class Group(msgspec.Struct, frozen=True, kw_only=True):
    """`members` in ringing order."""

    id: str
    name: str
    extension: str | None = None
    members: tuple[str, ...] = ()


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """How calls leave a switch: `{number}` or `{digits}` in `endpoint` stand for the number."""

    switch: str
    endpoint: str
    caller_id: str | None = None


class ScenarioConfig(msgspec.Struct, frozen=True, kw_only=True):
    """`steps` as `domain.scenario` reads them."""

    id: str
    name: str
    steps: tuple[dict[str, Any], ...] = ()
    final: str = "no_answer"


class VirtualNumber(msgspec.Struct, frozen=True, kw_only=True):
    """A number callers dial. `crm_line`: told to the CRM as a line of ours.

    For call tracking: `pool` lends it to visitors of sites, one at a time; `site`, `source`,
    `medium` and `campaign` are what it stands for where no visitor was shown it, '' nothing.
    """

    number: str
    name: str = ""
    switch: str
    scenario: str | None = None
    crm_line: bool = False
    label: str = ""
    pool: bool = False
    site: str = ""
    source: str = ""
    medium: str = ""
    campaign: str = ""


TRACKING: Final = ("pool", "site", "source", "medium", "campaign")
"""Fields of a virtual number that are for call tracking."""


class Team(msgspec.Struct, frozen=True, kw_only=True):
    """Who is led by whom. `crm_id`: the department it was imported from."""

    id: str
    name: str
    crm_id: str | None = None
    members: tuple[str, ...] = ()
    heads: tuple[str, ...] = ()


class AccountConfig(msgspec.Struct, frozen=True, kw_only=True):
    """Everything an account can be told to be."""

    id: str
    slug: str
    name: str
    region: str = "RU"
    timezone: str = "Europe/Moscow"
    settings: AllSettings = AllSettings()
    lines: tuple[Line, ...] = ()
    employees: tuple[Employee, ...] = ()
    groups: tuple[Group, ...] = ()
    scenarios: tuple[ScenarioConfig, ...] = ()
    virtual_numbers: tuple[VirtualNumber, ...] = ()
    teams: tuple[Team, ...] = ()
    sounds: dict[str, int] = msgspec.field(default_factory=dict)
    """Milliseconds of each uploaded sound, by id; uploaded and removed elsewhere."""


Item = Employee | Group | Line | ScenarioConfig | VirtualNumber | Team
LISTS: dict[str, Kind] = {
    "lines": "line",
    "employees": "employee",
    "groups": "group",
    "scenarios": "scenario",
    "virtual_numbers": "virtual_number",
    "teams": "team",
}
"""Field of `AccountConfig` → what its items are, in the order they can be written."""


def key_of(item: Item, region: str) -> str:
    """What an item is found by, however its number is spelled."""
    if isinstance(item, Line):
        return item.switch
    if isinstance(item, VirtualNumber):
        return canonical(item.number, region=region)
    return item.id


def items(config: AccountConfig) -> Iterator[tuple[Kind, str, Item]]:
    """Every item with its kind and key."""
    for field, kind in LISTS.items():
        for item in getattr(config, field):
            yield kind, key_of(item, config.region), item
