"""What somebody wants to be different: only what is written changes, the rest stays.

Both doors make these: an item of `dozvon apply`'s file, the body of an HTTP request. Text that may
be missing is cleared by `""` (TOML has no null) or null.
"""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from backend.domain.account_config import NumberKind, Role, TalkDevice

MaybeText = str | None | UnsetType


class Patch(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    """What all patches are."""


class NumberPatch(Patch, frozen=True, kw_only=True):
    """A whole number: lists of numbers are replaced. Without `priority` its place counts."""

    kind: NumberKind
    endpoint: str
    label: str = ""
    priority: int | UnsetType = UNSET
    auto_answer: bool = False
    active: bool = True


class EmployeePatch(Patch, frozen=True, kw_only=True):
    """Found by `id`, or by `email` where no id is given."""

    id: str | UnsetType = UNSET
    name: str | UnsetType = UNSET
    email: MaybeText = UNSET
    position: MaybeText = UNSET
    department: MaybeText = UNSET
    crm_user_id: MaybeText = UNSET
    active: bool | UnsetType = UNSET
    role: Role | UnsetType = UNSET
    role_by_hand: bool | UnsetType = UNSET
    extension: MaybeText = UNSET
    calls_enabled: bool | UnsetType = UNSET
    caller_id: MaybeText = UNSET
    caller_id_choice: bool | UnsetType = UNSET
    workday_import: bool | UnsetType = UNSET
    workday_write: bool | UnsetType = UNSET
    device: TalkDevice | UnsetType = UNSET
    numbers: tuple[NumberPatch, ...] | UnsetType = UNSET


class OwnPatch(Patch, frozen=True, kw_only=True):
    """What everybody may choose of their own. `workday_import`: whether the CRM's working day sets
    one's status."""

    device: TalkDevice | UnsetType = UNSET
    workday_import: bool | UnsetType = UNSET


class GroupPatch(Patch, frozen=True, kw_only=True):
    """`members` are ids or e-mails of employees, in ringing order."""

    id: str
    name: str | UnsetType = UNSET
    extension: MaybeText = UNSET
    members: tuple[str, ...] | UnsetType = UNSET


class LinePatch(Patch, frozen=True, kw_only=True):
    switch: str
    endpoint: str | UnsetType = UNSET
    caller_id: MaybeText = UNSET


class ScenarioPatch(Patch, frozen=True, kw_only=True):
    """`steps` are replaced whole; their employees are ids or e-mails."""

    id: str
    name: str | UnsetType = UNSET
    steps: tuple[dict[str, Any], ...] | UnsetType = UNSET
    final: str | UnsetType = UNSET


class VirtualNumberPatch(Patch, frozen=True, kw_only=True):
    """`switch` may be left out where the account has one line only."""

    number: str
    name: str | UnsetType = UNSET
    switch: str | UnsetType = UNSET
    scenario: MaybeText = UNSET
    crm_line: bool | UnsetType = UNSET
    label: str | UnsetType = UNSET
    pool: bool | UnsetType = UNSET
    site: str | UnsetType = UNSET
    source: str | UnsetType = UNSET
    medium: str | UnsetType = UNSET
    campaign: str | UnsetType = UNSET


class TeamPatch(Patch, frozen=True, kw_only=True):
    """`members` and `heads` are ids or e-mails of employees."""

    id: str
    name: str | UnsetType = UNSET
    crm_id: MaybeText = UNSET
    members: tuple[str, ...] | UnsetType = UNSET
    heads: tuple[str, ...] | UnsetType = UNSET


class AccountPatch(Patch, frozen=True, kw_only=True):
    """An account found by `id`, or by `slug`. A list that is not written is left alone."""

    id: str | UnsetType = UNSET
    slug: str | UnsetType = UNSET
    name: str | UnsetType = UNSET
    region: str | UnsetType = UNSET
    timezone: str | UnsetType = UNSET
    settings: dict[str, dict[str, Any]] | UnsetType = UNSET
    lines: tuple[LinePatch, ...] | UnsetType = UNSET
    employees: tuple[EmployeePatch, ...] | UnsetType = UNSET
    groups: tuple[GroupPatch, ...] | UnsetType = UNSET
    scenarios: tuple[ScenarioPatch, ...] | UnsetType = UNSET
    virtual_numbers: tuple[VirtualNumberPatch, ...] | UnsetType = UNSET
    teams: tuple[TeamPatch, ...] | UnsetType = UNSET


PATCHES: dict[str, type[Patch]] = {
    "lines": LinePatch,
    "employees": EmployeePatch,
    "groups": GroupPatch,
    "scenarios": ScenarioPatch,
    "virtual_numbers": VirtualNumberPatch,
    "teams": TeamPatch,
}
"""Field of an account → what its items are."""


def given(patch: Patch) -> dict[str, Any]:
    """The fields that are written, `""` of a text that may be missing read as none."""
    fields = {name: getattr(patch, name) for name in patch.__struct_fields__}
    return {
        name: None if value == "" and name in _MAY_BE_MISSING else value
        for name, value in fields.items()
        if value is not UNSET
    }


_MAY_BE_MISSING = frozenset(
    {
        "caller_id", "crm_id", "crm_user_id", "default_caller_id", "department", "email",
        "extension", "position", "scenario",
    }
)  # fmt: skip


def settings_given(fields: dict[str, Any]) -> dict[str, Any]:
    """An area's fields, as `given` reads those of an item."""
    return {
        name: None if value == "" and name in _MAY_BE_MISSING else value
        for name, value in fields.items()
    }
