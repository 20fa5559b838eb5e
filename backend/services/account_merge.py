"""A configuration after a patch. Pure: nothing is read or written here."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, TypeVar

import msgspec
from msgspec import UNSET

from backend.domain.account_config import (
    AccountConfig,
    Employee,
    Group,
    Item,
    Kind,
    Line,
    OwnNumber,
    ScenarioConfig,
    Team,
    VirtualNumber,
    key_of,
)
from backend.domain.account_faults import Fault
from backend.domain.account_settings import AREAS, AllSettings
from backend.domain.phone_number import canonical
from backend.services.account_patch import (
    AccountPatch,
    EmployeePatch,
    LinePatch,
    NumberPatch,
    Patch,
    VirtualNumberPatch,
    given,
    settings_given,
)
from backend.services.account_shapes import what_is_wrong

OWNED_BY_CRM = ("name", "email", "position", "department", "active", "crm_user_id")
"""Of an employee who is linked to a CRM user."""

T = TypeVar("T", bound=Item)


@dataclass(frozen=True, slots=True, kw_only=True)
class Merged:
    """`places`: where in the patch an item was written. `kept`: what was asked and left as it is,
    because the CRM owns it. `faults`: what could not even be merged."""

    config: AccountConfig
    places: dict[tuple[Kind, str], int] = field(default_factory=dict)
    kept: tuple[Fault, ...] = ()
    faults: tuple[Fault, ...] = ()


def merged(
    before: AccountConfig | None,
    patch: AccountPatch,
    *,
    prune: bool = False,
    new_id: Callable[[], str],
) -> Merged:
    """`before` None makes a new account. `prune` removes what the patch's lists do not name;
    people stop working here instead, and those who come from the CRM stay."""
    return _Merge(before or _new(patch, new_id), patch, prune, new_id).run()


def _new(patch: AccountPatch, new_id: Callable[[], str]) -> AccountConfig:
    slug = patch.slug or patch.id or ""
    name = patch.name or slug
    return AccountConfig(id=patch.id or slug or new_id(), slug=slug, name=name)


class _Merge:
    def __init__(
        self, before: AccountConfig, patch: AccountPatch, prune: bool, new_id: Callable[[], str]
    ) -> None:
        self._before = before
        self._patch = patch
        self._prune = prune
        self._new_id = new_id
        self._region = patch.region if patch.region is not UNSET else before.region
        self._places: dict[tuple[Kind, str], int] = {}
        self._kept: list[Fault] = []
        self._faults: list[Fault] = []

    def run(self) -> Merged:
        before, patch = self._before, self._patch
        plain = {
            k: v for k, v in given(patch).items() if k in ("slug", "name", "region", "timezone")
        }
        lines = self._list("line", before.lines, patch.lines, self._line)
        employees = self._list("employee", before.employees, patch.employees, self._employee)
        ids = _by_mail(employees)
        scenario = self._with_people(ScenarioConfig, ids)
        config = msgspec.structs.replace(
            before,
            **plain,
            settings=self._settings(before.settings),
            lines=lines,
            employees=employees,
            groups=self._list("group", before.groups, patch.groups, self._with_people(Group, ids)),
            scenarios=self._list("scenario", before.scenarios, patch.scenarios, scenario),
            virtual_numbers=self._list(
                "virtual_number",
                before.virtual_numbers,
                patch.virtual_numbers,
                lambda found, wanted: self._virtual_number(found, wanted, lines),
            ),
            teams=self._list("team", before.teams, patch.teams, self._with_people(Team, ids)),
        )
        return Merged(
            config=config,
            places=self._places,
            kept=tuple(self._kept),
            faults=tuple(self._faults),
        )

    def _fault(self, kind: Kind, key: str, field: str, code: str, **data: Any) -> None:
        self._faults.append(Fault(kind=kind, key=key, field=field, code=code, data=data))

    def _list(
        self,
        kind: Kind,
        before: tuple[T, ...],
        patches: tuple[Patch, ...] | msgspec.UnsetType,
        make: Callable[[T | None, Any], T | None],
    ) -> tuple[T, ...]:
        """Items in their old order, new ones after them."""
        if isinstance(patches, msgspec.UnsetType):
            return before
        items: dict[str, T] = {key_of(item, self._region): item for item in before}
        for place, patch in enumerate(patches):
            found = self._found(kind, items, patch)
            item = make(found, patch)
            if item is None:
                continue
            key = key_of(item, self._region)
            if (kind, key) in self._places:
                self._fault(kind, key, "", "double_item", id=key)
            self._places[kind, key] = place
            items[key] = item
        if self._prune:
            items = {
                key: left
                for key, item in items.items()
                if (left := item if (kind, key) in self._places else self._pruned(item)) is not None
            }
        return tuple(items.values())

    def _found(self, kind: Kind, items: dict[str, T], patch: Patch) -> T | None:
        if isinstance(patch, EmployeePatch):
            if patch.id is not UNSET:
                return items.get(patch.id)
            mail = (patch.email or "").casefold() if patch.email is not UNSET else ""
            for item in items.values():
                if isinstance(item, Employee) and mail and (item.email or "").casefold() == mail:
                    return item
            return None
        if isinstance(patch, VirtualNumberPatch):
            return items.get(canonical(patch.number, region=self._region))
        return items.get(patch.switch if isinstance(patch, LinePatch) else getattr(patch, "id", ""))

    def _pruned(self, item: T) -> T | None:
        if not isinstance(item, Employee):
            return None
        if not item.active:
            return item
        if item.crm_user_id is not None:
            self._kept.append(Fault(kind="employee", key=item.id, field="", code="pruned_linked"))
            return item
        return msgspec.structs.replace(item, active=False, extension=None)

    # ── one item ──

    def _employee(self, found: Employee | None, patch: EmployeePatch) -> Employee | None:
        fields = given(patch)
        if found is None:
            fields["id"] = fields.get("id") or self._new_id()
            fields.setdefault("name", fields.get("email") or "")
        elif found.crm_user_id is not None:
            for name in OWNED_BY_CRM:
                if name in fields and fields.pop(name) != getattr(found, name):
                    self._kept.append(
                        Fault(kind="employee", key=found.id, field=name, code="owned_by_crm")
                    )
        if fields.get("caller_id"):
            fields["caller_id"] = canonical(fields["caller_id"], region=self._region)
        if "numbers" in fields:
            numbers = [self._number(place, n) for place, n in enumerate(fields["numbers"], 1)]
            fields["numbers"] = tuple(sorted(numbers, key=lambda number: number.priority))
        chosen = "role" in fields and (found is None or fields["role"] != found.role)
        if chosen:
            fields.setdefault("role_by_hand", True)
        if fields.get("active") is False:
            fields["extension"] = None
        if found is None:
            return Employee(**fields)
        return msgspec.structs.replace(found, **{**fields, "id": found.id})

    def _number(self, place: int, patch: NumberPatch) -> OwnNumber:
        endpoint = patch.endpoint.strip()
        if patch.kind == "mobile" and "/" not in endpoint:
            endpoint = canonical(endpoint, region=self._region)
        return OwnNumber(
            kind=patch.kind,
            endpoint=endpoint,
            label=patch.label,
            priority=place if patch.priority is UNSET else patch.priority,
            auto_answer=patch.auto_answer,
            active=patch.active,
        )

    def _line(self, found: Line | None, patch: LinePatch) -> Line | None:
        fields = given(patch)
        if fields.get("caller_id"):
            fields["caller_id"] = canonical(fields["caller_id"], region=self._region)
        if found is not None:
            return msgspec.structs.replace(found, **fields)
        if "endpoint" not in fields:
            self._fault("line", patch.switch, "endpoint", "missing", name="endpoint")
            return None
        return Line(**fields)

    def _virtual_number(
        self, found: VirtualNumber | None, patch: VirtualNumberPatch, lines: tuple[Line, ...]
    ) -> VirtualNumber | None:
        fields = given(patch)
        fields["number"] = canonical(patch.number, region=self._region)
        if found is not None:
            return msgspec.structs.replace(found, **fields)
        if "switch" not in fields:
            if len(lines) != 1:
                self._fault("virtual_number", fields["number"], "switch", "missing", name="switch")
                return None
            fields["switch"] = lines[0].switch
        return VirtualNumber(**fields)

    def _with_people(
        self, kind: type[T], ids: dict[str, str]
    ) -> Callable[[T | None, Any], T | None]:
        """Items that name employees: by id, or by e-mail."""

        def make(found: T | None, patch: Patch) -> T | None:
            fields = given(patch)
            for name in ("members", "heads"):
                if name in fields:
                    fields[name] = tuple(ids.get(who.casefold(), who) for who in fields[name])
            if "steps" in fields:
                fields["steps"] = tuple(_step(raw, ids) for raw in fields["steps"])
            if found is not None:
                return _in_order(msgspec.structs.replace(found, **fields))
            fields.setdefault("name", fields["id"])
            return _in_order(kind(**fields))

        return make

    def _settings(self, before: AllSettings) -> AllSettings:
        changed: dict[str, Any] = {}
        areas = {} if self._patch.settings is UNSET else self._patch.settings
        for name, fields in areas.items():
            if name not in AREAS:
                known = ", ".join(AREAS)
                self._fault("settings", name, "", "unknown_area", name=name, known=known)
                continue
            wanted = settings_given(fields)
            if isinstance(number := wanted.get("default_caller_id"), str):
                wanted["default_caller_id"] = canonical(number, region=self._region)
            kind = AREAS[name]
            old = msgspec.to_builtins(getattr(before, name))
            for field_name, value in wanted.items():
                for wrong in what_is_wrong({field_name: value}, kind):
                    self._fault("settings", name, wrong.field, wrong.code, **wrong.data)
                    break
                else:
                    old[field_name] = value
            changed[name] = msgspec.convert(old, kind)
        return msgspec.structs.replace(before, **changed)


def _in_order(item: T) -> T:
    """A team's people have no order, and who leads is no mere member."""
    if not isinstance(item, Team):
        return item
    return msgspec.structs.replace(
        item,
        members=tuple(sorted(set(item.members) - set(item.heads))),
        heads=tuple(sorted(set(item.heads))),
    )


def _by_mail(employees: Iterable[Employee]) -> dict[str, str]:
    """Id by e-mail; of several with one address, who works here."""
    people = sorted(employees, key=lambda employee: employee.active)
    return {e.email.casefold(): e.id for e in people if e.email}


def _step(raw: dict[str, Any], ids: dict[str, str]) -> dict[str, Any]:
    people = raw.get("employees")
    if not isinstance(people, list | tuple):
        return raw
    return {
        **raw,
        "employees": [ids.get(w.casefold(), w) if isinstance(w, str) else w for w in people],
    }


def without(config: AccountConfig, kind: Kind, key: str) -> AccountConfig:
    """The configuration less one item; a person stops working here instead."""
    if kind == "employee":
        people = tuple(
            msgspec.structs.replace(e, active=False, extension=None) if e.id == key else e
            for e in config.employees
        )
        return msgspec.structs.replace(config, employees=people)
    field_name = {"group": "groups", "scenario": "scenarios", "team": "teams",
                  "virtual_number": "virtual_numbers", "line": "lines"}[kind]  # fmt: skip
    left = tuple(i for i in getattr(config, field_name) if key_of(i, config.region) != key)
    return msgspec.structs.replace(config, **{field_name: left})
