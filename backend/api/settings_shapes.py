"""What the settings' HTTP door says and hears, as types: `widget/src/settings/api.ts` is written
from these (`make protocol`)."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

import msgspec

from backend.domain.account_config import (
    Employee,
    Group,
    Line,
    NumberKind,
    Role,
    ScenarioConfig,
    TalkDevice,
    Team,
    VirtualNumber,
)
from backend.services.account_patch import Patch


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What all answers are."""


class MyNumber(Answer, frozen=True, kw_only=True):
    kind: NumberKind
    label: str
    endpoint: str


class Me(Answer, frozen=True, kw_only=True):
    """Who asks and what they may do. `no_phone`: why they may not phone, `calls_off` or `no_line`;
    '' when they may. `device`: where they talk, of `devices`. `workday_offered`: the CRM's working
    day can set the status here, and does for whoever has `workday_import`; `workday_mixed` when
    they changed it here as well lately. `numbers` ring in this order."""

    employee_id: str
    name: str
    role: Role
    may_see: bool
    may_change: bool
    no_phone: str
    crm: str | None = None
    timezone: str = ""
    slug: str = ""
    version: str = ""
    extension: str | None = None
    device: TalkDevice = "phone"
    devices: tuple[TalkDevice, ...] = ()
    workday_offered: bool = False
    workday_import: bool = True
    workday_mixed: bool = False
    numbers: tuple[MyNumber, ...] = ()


class AreaAnswer(Answer, frozen=True, kw_only=True):
    """One area of settings. `warnings` are sentences in the asker's language."""

    area: str
    version: str
    value: dict[str, Any]
    warnings: tuple[str, ...] = ()


class AreasAnswer(Answer, frozen=True, kw_only=True):
    areas: tuple[AreaAnswer, ...]


class EmployeeItem(Answer, frozen=True, kw_only=True):
    """`owned_by_crm`: the fields that are changed in the CRM."""

    version: str
    value: Employee
    owned_by_crm: tuple[str, ...] = ()


class GroupItem(Answer, frozen=True, kw_only=True):
    version: str
    value: Group


class LineItem(Answer, frozen=True, kw_only=True):
    """How calls leave a switch; changed by whoever runs the server."""

    version: str
    value: Line


class ScenarioItem(Answer, frozen=True, kw_only=True):
    version: str
    value: ScenarioConfig


class VirtualNumberItem(Answer, frozen=True, kw_only=True):
    version: str
    value: VirtualNumber


class TeamItem(Answer, frozen=True, kw_only=True):
    version: str
    value: Team


class SyncRemark(Answer, frozen=True, kw_only=True):
    """Somebody of the CRM who was left out, or came in otherwise than they are there.
    `text` says why, in the asker's language."""

    reason: str
    name: str
    url: str
    left_out: bool
    text: str


class SyncAnswer(Answer, frozen=True, kw_only=True):
    """The newest reading of the CRM's people. `text` says how it went."""

    state: str
    asked_by: str
    started_at: datetime
    finished_at: datetime | None
    counts: dict[str, int]
    remarks: tuple[SyncRemark, ...]
    text: str


class BindingAnswer(Answer, frozen=True, kw_only=True):
    """Something of ours over there. `lost`: how often it was found gone and bound anew."""

    name: str
    state: str
    detail: str
    lost: int
    checked_at: datetime
    since: datetime


class ConnectionAnswer(Answer, frozen=True, kw_only=True):
    """The CRM. `state`: `none`, `off` (switched off here), else the connection's own. `reconnect`:
    where an administrator gives access again, while it is lost and the CRM has a page for it.
    `acting`: whose access is used, where it is not that of who connected."""

    crm: str | None
    on: bool
    state: str
    text: str
    address: str | None = None
    connected_by: str | None = None
    connected_at: datetime | None = None
    acting: str | None = None
    renewed_at: datetime | None = None
    bindings: tuple[BindingAnswer, ...] = ()
    reconnect: str | None = None
    sync: SyncAnswer | None = None


class EmployeesAnswer(Answer, frozen=True, kw_only=True):
    items: tuple[EmployeeItem, ...]
    sync: SyncAnswer | None = None


class GroupsAnswer(Answer, frozen=True, kw_only=True):
    items: tuple[GroupItem, ...]


class LinesAnswer(Answer, frozen=True, kw_only=True):
    items: tuple[LineItem, ...]


class ScenariosAnswer(Answer, frozen=True, kw_only=True):
    items: tuple[ScenarioItem, ...]


class VirtualNumbersAnswer(Answer, frozen=True, kw_only=True):
    items: tuple[VirtualNumberItem, ...]


class TeamsAnswer(Answer, frozen=True, kw_only=True):
    items: tuple[TeamItem, ...]


class VisitKeyItem(Answer, frozen=True, kw_only=True):
    """A key of call tracking. `key` is its text: always of a site's, of a server's only in the
    answer that issues it."""

    id: str
    kind: Literal["server", "site"]
    name: str
    key: str | None
    created_at: datetime
    created_by: str


class VisitKeysAnswer(Answer, frozen=True, kw_only=True):
    """`server`: our address; `script`: what a site's pages load."""

    items: tuple[VisitKeyItem, ...]
    server: str
    script: str


class VisitKeyPatch(Patch, frozen=True, kw_only=True):
    """What is sent to have a key issued."""

    kind: Literal["server", "site"]
    name: str = ""


class LogLine(Answer, frozen=True, kw_only=True):
    """One change. `before` null: it was made; `after` null: it was removed."""

    at: datetime
    who: str
    subject: str
    before: dict[str, Any] | None
    after: dict[str, Any] | None


class LogAnswer(Answer, frozen=True, kw_only=True):
    items: tuple[LogLine, ...]


class FaultAnswer(Answer, frozen=True, kw_only=True):
    """`path` is the way inside what was sent; `message` in the asker's language."""

    path: str
    code: str
    message: str


class ErrorBody(Answer, frozen=True, kw_only=True):
    """`data` may have `faults` (a list of FaultAnswer), `why` and `version`."""

    code: str
    message: str
    data: dict[str, Any]


class ErrorAnswer(Answer, frozen=True, kw_only=True):
    error: ErrorBody


Asked = Literal["queued"]


class SyncAsked(Answer, frozen=True, kw_only=True):
    """A reading of the CRM's people, or a look at what is bound there, is queued; `GET /connection`
    tells what became of it."""

    state: Asked


class WhoRingsLine(Answer, frozen=True, kw_only=True):
    """One thing that would happen. `step` is its place in the scenario from 1, 0 its end; `rings`:
    somebody's phone would ring by it."""

    step: int
    code: str
    rings: bool
    employee_id: str | None
    text: str


class SoundItem(Answer, frozen=True, kw_only=True):
    """An uploaded sound. `sound` is what a step or a setting names it by."""

    id: str
    sound: str
    name: str
    ms: int
    url: str
    created_at: datetime
    created_by: str


class SoundsAnswer(Answer, frozen=True, kw_only=True):
    """`most_s`, `most_mb`: how long a sound may be, and how large its file."""

    items: tuple[SoundItem, ...]
    most_s: int
    most_mb: int


class WhoRingsAnswer(Answer, frozen=True, kw_only=True):
    """What a call that nobody answers would meet at `at`, in order. No lines: nothing would ring,
    the number has no scenario."""

    at: datetime
    lines: tuple[WhoRingsLine, ...]


ANSWERS: tuple[type[Answer], ...] = (
    Me, MyNumber, AreaAnswer, AreasAnswer, EmployeeItem, GroupItem, LineItem, ScenarioItem,
    VirtualNumberItem, TeamItem, SyncRemark, SyncAnswer, BindingAnswer, ConnectionAnswer,
    EmployeesAnswer, GroupsAnswer, LinesAnswer, ScenariosAnswer, VirtualNumbersAnswer,
    TeamsAnswer, VisitKeyItem, VisitKeysAnswer, SoundItem, SoundsAnswer, LogLine, LogAnswer,
    FaultAnswer, ErrorBody, ErrorAnswer, SyncAsked, WhoRingsLine, WhoRingsAnswer,
)  # fmt: skip
