"""Random histories of a portal's administrators: no refresh token is ever spent twice, and the
account acts for as long as anybody who let us in still may."""

from __future__ import annotations

import asyncio
import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from os import urandom

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.errors import CrmAuthExpired
from backend.kit.secrets_box import SecretsBox
from backend.services.portal_install import Launch, PortalUser
from backend.services.ports import Grant
from backend.store.crm_connections import CrmConnection, CrmConnectionStore
from backend.store.crm_grants import CrmGrantStore
from backend.store.database import Database
from backend.store.gateways.grants import SqlGrants
from backend.store.gateways.portal_install import SqlPortalInstalls
from protocol.vocabulary import AccountId, CrmKind
from tests.integration.conftest import ALPHA

AT = datetime(2030, 1, 1, tzinfo=UTC)
KIND = CrmKind.BITRIX24
USERS = ("1", "2", "3")
STEPS = 30


class Portal:
    """Pairs `access:<user>:<n>`, `refresh:<user>:<n>`; a refresh token works once."""

    def __init__(self) -> None:
        self.dismissed: set[str] = set()
        self.spent: list[str] = []
        self._issued = 0

    def issue(self, user: str) -> tuple[str, str]:
        self._issued += 1
        return f"access:{user}:{self._issued}", f"refresh:{user}:{self._issued}"

    def user(self, grant: Grant) -> str:
        return grant.refresh_token.split(":")[1]

    async def exchange(self, grant: Grant) -> Grant:
        user = self.user(grant)
        await asyncio.sleep(0)
        if user in self.dismissed:
            raise CrmAuthExpired("invalid_grant")
        self.spent.append(grant.refresh_token)
        access, refresh = self.issue(user)
        return replace(grant, access_token=access, refresh_token=refresh, expires_at=AT)


async def _nothing(_tx: AsyncConnection, _what: AccountId | str) -> None:
    return


class World:
    def __init__(self, database: Database) -> None:
        self.database = database
        self.secrets = SecretsBox({"k1": urandom(32)})
        self.portal = Portal()
        self.processes = [SqlGrants(database, self.secrets, ALPHA, KIND) for _ in range(3)]
        self.store = SqlPortalInstalls(database, self.secrets, _nothing, _nothing)
        self._minutes = 0

    async def connect(self) -> None:
        access, refresh = self.portal.issue("1")
        async with self.database.begin(ALPHA) as tx:
            await CrmConnectionStore(tx, self.secrets).save(
                CrmConnection(
                    account_id=ALPHA,
                    kind=KIND,
                    external_id="member",
                    base_url="https://p.bitrix24.ru",
                    host="p.bitrix24.ru",
                    access_token=access,
                    refresh_token=refresh,
                    grant_user_id="1",
                    expires_at=AT,
                    settings={
                        "api_url": "https://p.bitrix24.ru/rest/",
                        "auth_url": "https://oauth.bitrix.info/rest/",
                    },
                )
            )

    async def opens(self, user: str) -> None:
        """An administrator opens the application."""
        access, refresh = self.portal.issue(user)
        self._minutes += 1
        at = AT + timedelta(minutes=self._minutes)
        await self.store.administrator(
            ALPHA,
            Launch(access_token=access, refresh_token=refresh, expires_at=at, member_id="member"),
            PortalUser(
                client_id="app",
                member_id="member",
                user_id=user,
                name=user,
                is_admin=True,
                page_url="https://p.bitrix24.ru",
                api_url="https://p.bitrix24.ru/rest/",
                auth_url="https://oauth.bitrix.info/rest/",
                scope="crm",
            ),
            at,
        )

    async def may_act(self) -> bool:
        """Whether the pairs we have include one of somebody who still may."""
        async with self.database.begin(ALPHA) as tx:
            found = await CrmConnectionStore(tx, self.secrets).find(ALPHA, KIND)
            reserves = await CrmGrantStore(tx, self.secrets).newest_first(ALPHA, KIND)
        assert found is not None
        users = {found.grant_user_id, *(grant.crm_user_id for grant in reserves)}
        return found.state == "ok" and bool(users - self.portal.dismissed)

    async def refreshed_everywhere(self) -> list[str | None]:
        """The token is out of date in every process at once; whose it is afterwards."""

        async def one(grants: SqlGrants) -> str | None:
            exchanged = False

            async def exchange(old: Grant) -> Grant:
                nonlocal exchanged
                exchanged = True
                return await self.portal.exchange(old)

            try:
                grant = await grants.current()
                grant = await grants.refreshed(grant, exchange)
                # What another process brought earlier is refused like our own was.
                while self.portal.user(grant) in self.portal.dismissed and not exchanged:
                    grant = await grants.refreshed(grant, exchange)
            except CrmAuthExpired:
                return None
            return self.portal.user(grant)

        return await asyncio.gather(*(one(grants) for grants in self.processes))


@pytest.mark.parametrize("seed", range(8))
async def test_administrators_come_and_go(database: Database, seed: int) -> None:
    world, dice = World(database), random.Random(seed)
    await world.connect()
    for _ in range(STEPS):
        what = dice.choice(("opens", "dismiss", "return", "refresh", "refresh"))
        user = dice.choice(USERS)
        if what == "opens" and user not in world.portal.dismissed:
            await world.opens(user)
            assert await world.may_act()
        elif what == "dismiss":
            world.portal.dismissed.add(user)
        elif what == "return":
            world.portal.dismissed.discard(user)
        elif what == "refresh":
            expected = await world.may_act()
            whose = await world.refreshed_everywhere()
            assert [user is not None for user in whose] == [expected] * 3
            assert not set(filter(None, whose)) & world.portal.dismissed
    assert len(world.portal.spent) == len(set(world.portal.spent))
