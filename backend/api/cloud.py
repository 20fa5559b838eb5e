"""The account's own cloud over the settings' door.

GET, PATCH    /api/v1/cloud
POST          /api/v1/cloud/check
"""

from __future__ import annotations

from dataclasses import dataclass

import msgspec
from msgspec import UNSET
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from backend.api.answers import json_answer
from backend.api.cloud_shapes import (
    CloudAnswer,
    CloudCheckAnswer,
    CloudFinding,
    CloudNumberItem,
    CloudPatch,
    CloudPhoneItem,
    CloudValue,
)
from backend.api.settings_door import Asker, OfOne, SettingsDoor, json_body, require_version
from backend.domain.account_faults import Fault
from backend.services.account_plan import version_of
from backend.services.account_settings import Invalid
from backend.services.account_shapes import what_is_wrong
from backend.services.own_cloud import SUBJECT, OwnCloud, OwnClouds, Wish


@dataclass(frozen=True, slots=True)
class CloudApi:
    clouds: OwnClouds
    door: SettingsDoor
    server: str
    """Our address, as the cloud reaches it."""

    def routes(self) -> list[Route]:
        path = "/api/v1/cloud"
        return [
            Route(path, self.door.readers(self.told), methods=["GET"]),
            Route(path, self.door.writers(self.change), methods=["PATCH"]),
            Route(f"{path}/check", self.door.writers(self.check), methods=["POST"]),
        ]

    async def told(self, _request: Request, asker: Asker) -> Response:
        return await self._answer(asker)

    async def change(self, request: Request, asker: Asker) -> Response:
        body = await json_body(request)
        if wrong := what_is_wrong(body, CloudPatch):
            faults = [
                Fault(kind="settings", key=SUBJECT, field=w.field, code=w.code, data=w.data)
                for w in wrong
            ]
            raise OfOne(Invalid(faults), "settings", SUBJECT)
        patch = msgspec.convert(body, CloudPatch)
        account_id = asker.identity.account_id
        before, _ = await self.clouds.find(account_id)
        require_version(request, version_of(_value(before)))
        wish = Wish(
            **{
                name: value
                for name in patch.__struct_fields__
                if (value := getattr(patch, name)) is not UNSET
            }
        )
        try:
            await self.clouds.save(account_id, wish, who=asker.who)
        except Invalid as error:
            raise OfOne(error, "settings", SUBJECT) from error
        return await self._answer(asker)

    async def check(self, _request: Request, asker: Asker) -> Response:
        look = await self.clouds.look(asker.identity.account_id, asker.language)
        return json_answer(
            CloudCheckAnswer(
                findings=tuple(
                    CloudFinding(weight=line.weight, code=line.code, text=line.text)
                    for line in look.lines
                ),
                phones=tuple(
                    CloudPhoneItem(
                        name=phone.name,
                        number=phone.number,
                        endpoint=phone.endpoint,
                        active=phone.active,
                        registered=phone.registered,
                    )
                    for phone in look.phones
                ),
                numbers=tuple(
                    CloudNumberItem(number=number, name=name, working=working)
                    for number, name, working in look.numbers
                ),
            )
        )

    async def _answer(self, asker: Asker) -> Response:
        cloud, in_use = await self.clouds.find(asker.identity.account_id)
        value = _value(cloud)
        door = ""
        if cloud is not None and asker.role == "administrator":
            door = f"{self.server}/uis/{cloud.secret}"
        answer = CloudAnswer(
            state="own" if cloud is not None else "server" if in_use else "none",
            version=version_of(value),
            value=value,
            addresses=self.clouds.addresses(cloud),
            key_set=cloud is not None and bool(cloud.key),
            in_use=in_use,
            events_url=f"{door}/events" if door else "",
            route_url=f"{door}/route" if door else "",
        )
        response = json_answer(answer)
        response.headers["ETag"] = f'"{answer.version}"'
        return response


def _value(cloud: OwnCloud | None) -> CloudValue:
    if cloud is None:
        return CloudValue()
    return CloudValue(address=cloud.address, hold=cloud.hold, recording=cloud.recording)
