"""`services.own_cloud.Clouds`: an account's own connection in SQL, and a look at the cloud."""

from __future__ import annotations

from backend.bootstrap import uis, uis_check
from backend.bootstrap.foundation import Foundation
from backend.services.own_cloud import (
    SUBJECT,
    CloudLook,
    CloudPhone,
    LookLine,
    OwnCloud,
)
from backend.services.routing import ROUTING_TOPIC
from backend.services.settings_texts import Language
from backend.store.account_settings import AccountSettingsStore
from backend.store.gateways.account_config import SqlAccountConfigs
from backend.store.switches import OWNER, SwitchConnection, SwitchStore
from backend.telephony.uis.directory import Directory
from backend.telephony.uis.texts import text
from protocol.vocabulary import AccountId

_PREFIX = "own-"
"""Of the ids of connections that accounts made themselves."""


class SqlClouds:
    def __init__(self, base: Foundation) -> None:
        self._base = base

    async def find(self, account_id: AccountId) -> OwnCloud | None:
        found = await self._connection(account_id)
        return None if found is None else _own(found)

    async def _connection(self, account_id: AccountId) -> SwitchConnection | None:
        own = [
            one
            for one in await self._connections()
            if one.kind == uis.KIND and one.settings.get(OWNER) == account_id
        ]
        return own[0] if own else None

    async def _connections(self) -> list[SwitchConnection]:
        async with self._base.database.begin_resolving() as tx:
            return await SwitchStore(tx, self._base.secrets).all()

    async def in_use(self, account_id: AccountId, cloud: OwnCloud | None) -> bool:
        clouds = {one.id for one in await self._connections() if one.kind == uis.KIND}
        async with self._base.database.begin_resolving() as tx:
            served = await SwitchStore(tx, self._base.secrets).served()
        used = {connection for connection, account in served if account == account_id}
        return cloud.id in used if cloud is not None else bool(clouds & used)

    async def save(self, account_id: AccountId, cloud: OwnCloud, *, who: str) -> OwnCloud:
        before = await self._connection(account_id)
        kept = {} if before is None else before.settings
        said = {
            OWNER: str(account_id),
            uis.HOLD: cloud.hold,
            uis.RECORDING: "" if cloud.recording == "cloud" else cloud.recording,
        }
        changed = SwitchConnection(
            id=f"{_PREFIX}{account_id}" if before is None else before.id,
            kind=uis.KIND,
            url=cloud.address,
            app="",
            credentials=uis.credentials(cloud.secret, cloud.key),
            settings={k: v for k, v in (kept | said).items() if v},
        )
        async with self._base.database.begin_resolving() as tx:
            await SwitchStore(tx, self._base.secrets).save(changed)
        async with self._base.database.begin(account_id) as tx:
            await AccountSettingsStore(tx).log(
                account_id,
                who=who,
                subject=SUBJECT,
                before=None if before is None else _told(before),
                after=_told(changed),
            )
        await self._base.bus.wake(ROUTING_TOPIC, account_id.encode())
        return _own(changed)

    async def look(self, account_id: AccountId, cloud: OwnCloud, language: Language) -> CloudLook:
        connection = await self._connection(account_id)
        if connection is None:
            return CloudLook(lines=())
        config = await SqlAccountConfigs(self._base.database).read(account_id)
        there = uis_check.on_connection(connection.id, [] if config is None else [config])
        told = await uis_check.look(self._base, connection, there)
        lines = [
            LookLine(weight=one.weight, code=one.code, text=text(one.code, language, **one.data))
            for one in told.found
        ]
        if told.directory is None:
            return CloudLook(lines=lines)
        return CloudLook(
            lines=lines,
            phones=_phones(told.directory),
            numbers=[
                (f"+{number.number}", number.name, number.working)
                for number in told.directory.numbers
            ],
        )


def _own(connection: SwitchConnection) -> OwnCloud:
    secret, _, key = connection.credentials.partition(":")
    return OwnCloud(
        id=connection.id,
        address=connection.url,
        key=key,
        secret=secret,
        hold=str(connection.settings.get(uis.HOLD) or ""),
        recording="dozvon" if uis.by_command(connection) else "cloud",
    )


def _told(connection: SwitchConnection) -> dict[str, str]:
    """For the log: what is secret has no place there."""
    cloud = _own(connection)
    return {"address": cloud.address, "hold": cloud.hold, "recording": cloud.recording}


def _phones(directory: Directory) -> list[CloudPhone]:
    found = []
    for employee in directory.employees:
        for phone in employee.phones:
            line = directory.lines.get(phone.number)
            found.append(
                CloudPhone(
                    name=employee.name,
                    number=phone.number,
                    endpoint=f"UIS/{employee.id}:{phone.number}",
                    active=phone.active,
                    registered=None if line is None else line.registered,
                )
            )
    return found
