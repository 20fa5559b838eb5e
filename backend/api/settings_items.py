"""The account's items over HTTP: employees, groups, scenarios, virtual numbers, teams, lines.

    GET, POST             /api/v1/<items>
    GET, PATCH, DELETE    /api/v1/<items>/{key}

Virtual numbers and lines are made by whoever runs the server: a switch is shared, and an account
must not take a number that will be somebody else's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from backend.api.answers import json_answer
from backend.api.settings import sync_answer
from backend.api.settings_door import (
    Asker,
    OfOne,
    SettingsDoor,
    json_body,
    missing,
    require_version,
)
from backend.api.settings_shapes import (
    Answer,
    EmployeeItem,
    EmployeesAnswer,
    GroupItem,
    GroupsAnswer,
    LineItem,
    LinesAnswer,
    ScenarioItem,
    ScenariosAnswer,
    TeamItem,
    TeamsAnswer,
    VirtualNumberItem,
    VirtualNumbersAnswer,
)
from backend.domain.account_config import AccountConfig, Employee, Item, Kind, key_of
from backend.domain.account_faults import Fault
from backend.domain.phone_number import canonical
from backend.errors import NotAllowed
from backend.kit.ids import new_id
from backend.services.account_merge import OWNED_BY_CRM, Merged, merged, without
from backend.services.account_patch import PATCHES, AccountPatch
from backend.services.account_plan import version_of
from backend.services.account_settings import AccountSettings, Invalid
from backend.services.account_shapes import what_is_wrong
from backend.services.settings_view import SettingsViews


@dataclass(frozen=True, slots=True, kw_only=True)
class _Items:
    """One list of the account. `closed` are fields whoever runs the server changes."""

    path: str
    field: str
    kind: Kind
    key: str
    item: type[Answer]
    answer: type[Answer]
    made_here: bool = True
    closed: tuple[str, ...] = ()


_ALL = (
    _Items(path="employees", field="employees", kind="employee", key="id",
           item=EmployeeItem, answer=EmployeesAnswer),
    _Items(path="groups", field="groups", kind="group", key="id",
           item=GroupItem, answer=GroupsAnswer),
    _Items(path="scenarios", field="scenarios", kind="scenario", key="id",
           item=ScenarioItem, answer=ScenariosAnswer),
    _Items(path="teams", field="teams", kind="team", key="id",
           item=TeamItem, answer=TeamsAnswer),
    _Items(path="virtual-numbers", field="virtual_numbers", kind="virtual_number", key="number",
           item=VirtualNumberItem, answer=VirtualNumbersAnswer, made_here=False,
           closed=("switch",)),
    _Items(path="lines", field="lines", kind="line", key="switch",
           item=LineItem, answer=LinesAnswer, made_here=False, closed=("endpoint", "caller_id")),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class SettingsItemsApi:
    settings: AccountSettings
    views: SettingsViews
    door: SettingsDoor

    def routes(self) -> list[Route]:
        found = []
        for items in _ALL:
            one = _ItemsApi(self.settings, self.views, items)
            path = f"/api/v1/{items.path}"
            found += [
                Route(path, self.door.readers(one.all), methods=["GET"]),
                Route(path, self.door.writers(one.make), methods=["POST"]),
                Route(f"{path}/{{key}}", self.door.readers(one.one), methods=["GET"]),
                Route(f"{path}/{{key}}", self.door.writers(one.change), methods=["PATCH"]),
                Route(f"{path}/{{key}}", self.door.writers(one.remove), methods=["DELETE"]),
            ]
        return found


@dataclass(frozen=True, slots=True)
class _ItemsApi:
    _settings: AccountSettings
    _views: SettingsViews
    _items: _Items

    async def all(self, _request: Request, asker: Asker) -> Response:
        account_id = asker.identity.account_id
        config = await self._settings.read(account_id)
        more: dict[str, Any] = {}
        if self._items.answer is EmployeesAnswer:
            report = await self._views.last_sync(account_id)
            more["sync"] = sync_answer(report, asker.language)
        found = tuple(self._item(item) for item in getattr(config, self._items.field))
        return json_answer(self._items.answer(items=found, **more))

    async def one(self, request: Request, asker: Asker) -> Response:
        config = await self._settings.read(asker.identity.account_id)
        return self._answered(config, self._key(request, config))

    async def make(self, request: Request, asker: Asker) -> Response:
        if not self._items.made_here:
            raise NotAllowed(why="operator_only")
        body = await json_body(request)
        body.setdefault("id", new_id())
        patch = self._patch(body)
        key = str(body["id"])

        def edit(before: AccountConfig | None) -> Merged:
            if before is None:
                raise missing()
            if self._found(before, key) is not None:
                raise Invalid([self._fault(key, "id", "id_taken", id=key)])
            return self._checked(before, merged(before, patch, new_id=new_id))

        config = await self._change(asker, edit, key)
        response = self._answered(config, key)
        response.status_code = 201
        response.headers["Location"] = f"/api/v1/{self._items.path}/{quote(key)}"
        return response

    async def change(self, request: Request, asker: Asker) -> Response:
        body = await json_body(request)
        keys: list[str] = []

        def edit(before: AccountConfig | None) -> Merged:
            if before is None:
                raise missing()
            key = self._key(request, before)
            keys.append(key)
            found = self._found(before, key)
            if found is None:
                raise missing()
            require_version(request, version_of(found))
            closed = [name for name in self._items.closed if name in body]
            if self._items.key in body and body[self._items.key] != key:
                closed.append(self._items.key)
            if closed:
                raise Invalid([self._fault(key, name, "operator_only") for name in closed])
            patch = self._patch({**body, self._items.key: key})
            return self._checked(before, merged(before, patch, new_id=new_id))

        config = await self._change(asker, edit, request.path_params["key"], keys)
        return self._answered(config, keys[0])

    async def remove(self, request: Request, asker: Asker) -> Response:
        """Employees stop working here; their calls stay. Those of the CRM leave over there."""
        if not self._items.made_here:
            raise NotAllowed(why="operator_only")
        key = request.path_params["key"]

        def edit(before: AccountConfig | None) -> Merged:
            found = None if before is None else self._found(before, key)
            if before is None or found is None:
                raise missing()
            require_version(request, version_of(found))
            if isinstance(found, Employee) and found.crm_user_id is not None:
                raise Invalid([self._fault(key, "", "pruned_linked")])
            return self._checked(before, Merged(config=without(before, self._items.kind, key)))

        await self._change(asker, edit, key)
        return Response(status_code=204)

    # ── parts ──

    async def _change(
        self, asker: Asker, edit: Any, key: str, keys: list[str] | None = None
    ) -> AccountConfig:
        try:
            config, _ = await self._settings.change(asker.identity.account_id, edit, who=asker.who)
        except Invalid as error:
            raise OfOne(error, self._items.kind, keys[0] if keys else key) from error
        return config

    def _patch(self, body: dict[str, Any]) -> AccountPatch:
        kind = PATCHES[self._items.field]
        key = str(body.get(self._items.key, ""))
        wrong = what_is_wrong(body, kind)
        if wrong:
            raise Invalid([self._fault(key, w.field, w.code, **w.data) for w in wrong])
        lists: dict[str, Any] = {self._items.field: (msgspec.convert(body, kind),)}
        return AccountPatch(**lists)

    def _checked(self, before: AccountConfig, after: Merged) -> Merged:
        """What only this door minds: fields of the CRM are refused rather than left alone, and an
        account keeps somebody who can change it."""
        faults = [*after.faults, *after.kept]
        was, now = _administrators(before), _administrators(after.config)
        if was and not now:
            (key, *_) = sorted(was)
            faults.append(Fault(kind="employee", key=key, field="role", code="last_administrator"))
        return Merged(config=after.config, places=after.places, faults=tuple(faults))

    def _key(self, request: Request, config: AccountConfig) -> str:
        key = str(request.path_params["key"])
        numbers = self._items.kind == "virtual_number"
        return canonical(key, region=config.region) if numbers else key

    def _found(self, config: AccountConfig, key: str) -> Item | None:
        items: tuple[Item, ...] = getattr(config, self._items.field)
        return next((item for item in items if key_of(item, config.region) == key), None)

    def _fault(self, key: str, field: str, code: str, **data: Any) -> Fault:
        return Fault(kind=self._items.kind, key=key, field=field, code=code, data=data)

    def _item(self, item: Item) -> Answer:
        more: dict[str, Any] = {}
        if isinstance(item, Employee) and item.crm_user_id is not None:
            more["owned_by_crm"] = OWNED_BY_CRM
        return self._items.item(version=version_of(item), value=item, **more)

    def _answered(self, config: AccountConfig, key: str) -> Response:
        found = self._found(config, key)
        if found is None:
            raise missing()
        response = json_answer(self._item(found))
        response.headers["ETag"] = f'"{version_of(found)}"'
        return response


def _administrators(config: AccountConfig) -> set[str]:
    return {e.id for e in config.employees if e.active and e.role == "administrator"}
