"""Who asks, and what everybody may choose for themselves: the profile's page (B21).

GET, PATCH    /api/v1/me
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from backend.api.answers import json_answer
from backend.api.settings_door import (
    Asker,
    OfOne,
    SettingsDoor,
    json_body,
    missing,
    require_version,
)
from backend.api.settings_shapes import Me, MyNumber
from backend.domain.account_config import OFFERED_DEVICES, AccountConfig, Employee
from backend.domain.account_faults import Fault
from backend.kit.ids import new_id
from backend.services.account_merge import Merged, merged
from backend.services.account_patch import AccountPatch, EmployeePatch, OwnPatch
from backend.services.account_plan import version_of
from backend.services.account_settings import AccountSettings, Invalid
from backend.services.account_shapes import what_is_wrong
from backend.services.settings_view import BOTH_WITHIN, SettingsViews
from protocol.vocabulary import CrmKind


@dataclass(frozen=True, slots=True)
class MeApi:
    settings: AccountSettings
    views: SettingsViews
    door: SettingsDoor

    def routes(self) -> list[Route]:
        return [
            Route("/api/v1/me", self.door.anybody(self.me), methods=["GET"]),
            Route("/api/v1/me", self.door.anybody(self.change), methods=["PATCH"]),
        ]

    async def me(self, _request: Request, asker: Asker) -> Response:
        config = await self.settings.read(asker.identity.account_id)
        return await self._answered(config, asker)

    async def change(self, request: Request, asker: Asker) -> Response:
        """What is one's own business; the rest is an administrator's."""
        key = asker.identity.employee_id
        body = await json_body(request)
        if wrong := what_is_wrong(body, OwnPatch):
            faults = [
                Fault(kind="employee", key=key, field=w.field, code=w.code, data=w.data)
                for w in wrong
            ]
            raise OfOne(Invalid(faults), "employee", key)
        patch = AccountPatch(employees=(msgspec.convert({**body, "id": key}, EmployeePatch),))

        def edit(before: AccountConfig | None) -> Merged:
            mine = None if before is None else _mine(before, key)
            if before is None or mine is None:
                raise missing()
            require_version(request, version_of(mine))
            return merged(before, patch, new_id=new_id)

        try:
            config, _ = await self.settings.change(asker.identity.account_id, edit, who=asker.who)
        except Invalid as error:
            raise OfOne(error, "employee", key) from error
        return await self._answered(config, asker)

    async def _answered(self, config: AccountConfig, asker: Asker) -> Response:
        identity = asker.identity
        mine = _mine(config, identity.employee_id)
        if mine is None:
            raise missing()
        numbers = sorted((n for n in mine.numbers if n.active), key=lambda n: n.priority)
        day = config.settings.workday.import_on and identity.crm is CrmKind.BITRIX24
        mixed = False
        if day and mine.workday_import:
            since = datetime.now(UTC) - BOTH_WITHIN
            found = await self.views.statuses_from_both(identity.account_id, since=since)
            mixed = identity.employee_id in found
        answer = Me(
            employee_id=identity.employee_id,
            name=identity.name,
            role=asker.role,
            may_see=asker.role != "operator",
            may_change=asker.role == "administrator",
            no_phone=identity.no_phone,
            crm=None if identity.crm is None else identity.crm.value,
            timezone=config.timezone,
            slug=config.slug,
            version=version_of(mine),
            extension=mine.extension,
            device=mine.device,
            devices=OFFERED_DEVICES,
            workday_offered=day,
            workday_import=mine.workday_import,
            workday_mixed=mixed,
            numbers=tuple(
                MyNumber(kind=n.kind, label=n.label, endpoint=n.endpoint) for n in numbers
            ),
        )
        response = json_answer(answer)
        response.headers["ETag"] = f'"{answer.version}"'
        return response


def _mine(config: AccountConfig, key: str) -> Employee | None:
    return next((employee for employee in config.employees if employee.id == key), None)
