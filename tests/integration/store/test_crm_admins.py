"""A portal's administrators are administrators here from their own sign-on on (B2, W16)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from sqlalchemy import update

from backend.bus.memory import MemoryBus
from backend.connectors.crm.bitrix24 import Bitrix24People
from backend.connectors.crm.provers import Bitrix24Prover
from backend.domain.account_settings import PeopleSettings
from backend.kit.secrets_box import SecretsBox, new_key, parse_key_ring
from backend.services.crm_admins import ASK_EVERY_S, CrmAdmins
from backend.services.employee_sync import EmployeeSync
from backend.services.ports import PeopleSource
from backend.services.sessions import Sessions
from backend.services.sign_on import SignOn
from backend.store.account_settings import AccountSettingsStore
from backend.store.crm_connections import CrmConnection, CrmConnectionStore
from backend.store.database import Database
from backend.store.employees import Employee, EmployeeNumber, EmployeeStore
from backend.store.gateways import SqlDirectory, SqlSessions
from backend.store.gateways.crm_admins import SqlAdminRoles
from backend.store.gateways.people import SqlPeople
from backend.store.tables import employees
from protocol.vocabulary import AccountId, CrmKind
from tests.connectors.rigs import PORTAL, PortalRig, portal_rig
from tests.integration.conftest import ALPHA

ORIGIN = "https://app.test"
KIND = CrmKind.BITRIX24
GRANTED, OTHER = 1, 2
"""Who installed the application, and somebody else."""


class Office:
    def __init__(self, database: Database, rig: PortalRig) -> None:
        self.database = database
        self.rig = rig
        self.bus = MemoryBus(rig.clock)
        self.secrets = SecretsBox(parse_key_ring(f"k1:{new_key()}"))
        self.sync = EmployeeSync(
            sources=self._source, book=SqlPeople(database), bus=self.bus, clock=rig.clock
        )
        self.admins = CrmAdmins(SqlAdminRoles(database), self.bus)
        self.directory = SqlDirectory(database, self.secrets, rig.clock)
        self.sign_on = SignOn(
            self.directory,
            Sessions(SqlSessions(database, ORIGIN), self.bus, rig.clock),
            [Bitrix24Prover(rig.http)],
            ORIGIN,
            admins=self.admins,
        )

    async def _source(self, _account: AccountId) -> PeopleSource:
        return Bitrix24People(self.rig.source.client, PORTAL)

    async def connect(self) -> None:
        config = self.rig.portal.config
        async with self.database.begin(ALPHA) as tx:
            await CrmConnectionStore(tx, self.secrets).save(
                CrmConnection(
                    account_id=ALPHA,
                    kind=KIND,
                    external_id=config.member_id,
                    base_url=PORTAL,
                    host="portal.test",
                    client_id=config.application.client_id,
                    settings={"auth_url": config.server_endpoint},
                )
            )

    async def synchronised(self) -> None:
        running = asyncio.create_task(self.sync.run(ALPHA, asked_by="test"))
        async with asyncio.timeout(20):
            while not running.done():
                await self.rig.clock.advance(0.2)
                await asyncio.wait([running], timeout=0.005)
        await running

    async def employee(self, user: int) -> Employee:
        async with self.database.begin(ALPHA) as tx:
            found = await EmployeeStore(tx).all(ALPHA)
        return next(person for person in found if person.crm_user_id == str(user))

    async def give_line(self, user: int) -> None:
        employee_id = (await self.employee(user)).id
        number = EmployeeNumber(
            employee_id=employee_id, priority=1, kind="sip", endpoint=f"PJSIP/{user}", label="SIP"
        )
        async with self.database.begin(ALPHA) as tx:
            await EmployeeStore(tx).replace_numbers(ALPHA, employee_id, [number])

    async def opens(self, user: int, *, settings: bool = False) -> str:
        """The role the session of a page begins with."""
        token = self.rig.portal.tokens.issue(user).access_token
        hint = self.rig.portal.config.member_id
        _, identity = await self.sign_on.open(KIND, token, hint=hint, settings=settings)
        return identity.role

    async def role(self, user: int) -> str:
        """Once what was begun beside the sign-on is over."""
        await self.admins._tasks.settled()
        return (await self.employee(user)).role

    def administers(self, user: int, *, yes: bool) -> None:
        users = self.rig.portal.users
        users[user] = replace(users[user], is_admin=yes)

    async def later(self) -> None:
        await self.rig.clock.advance(ASK_EVERY_S + 1)

    def profiles(self) -> int:
        return len(self.rig.portal.log.rows("profile"))


@pytest.fixture
async def office(database: Database) -> AsyncIterator[Office]:
    async with portal_rig() as rig:
        made = Office(database, rig)
        await made.connect()
        await made.synchronised()
        for user in (GRANTED, OTHER):
            await made.give_line(user)
        made.administers(OTHER, yes=True)
        yield made
        await made.admins.aclose()
        await made.directory.aclose()


@pytest.mark.feature("W16")
async def test_an_administrators_own_page_makes_him_one(office: Office) -> None:
    assert (await office.employee(GRANTED)).role == "administrator", "of him the portal says so"
    assert (await office.employee(OTHER)).role != "administrator"
    asked = office.profiles()
    await office.opens(OTHER)
    assert await office.role(OTHER) == "administrator"
    assert (await office.employee(OTHER)).is_supervisor
    await office.opens(OTHER)
    await office.role(OTHER)
    assert office.profiles() == asked + 1
    await office.synchronised()
    assert await office.role(OTHER) == "administrator", "a list that does not say takes nothing"


@pytest.mark.feature("B2")
async def test_the_page_of_settings_opens_for_him_at_once(office: Office) -> None:
    assert await office.opens(OTHER, settings=True) == "administrator"


async def test_who_administers_no_more_is_none_here_at_his_next_page(office: Office) -> None:
    await office.opens(OTHER)
    assert await office.role(OTHER) == "administrator"
    office.administers(OTHER, yes=False)
    await office.later()
    await office.opens(OTHER)
    assert await office.role(OTHER) == "operator"
    await office.synchronised()
    assert await office.role(OTHER) != "administrator"


@pytest.mark.parametrize("by_hand", ["operator", "administrator"])
async def test_a_role_somebody_chose_stays(office: Office, by_hand: str) -> None:
    async with office.database.begin(ALPHA) as tx:
        await tx.execute(
            update(employees)
            .where(employees.c.crm_user_id == str(OTHER))
            .values(role=by_hand, role_by_hand=True)
        )
    office.administers(OTHER, yes=by_hand == "operator")
    await office.opens(OTHER)
    assert await office.role(OTHER) == by_hand


async def test_an_account_that_does_not_want_it_is_left_alone(office: Office) -> None:
    async with office.database.begin(ALPHA) as tx:
        await AccountSettingsStore(tx).save(ALPHA, PeopleSettings(admins_rule=False), by="test")
    await office.opens(OTHER)
    assert await office.role(OTHER) != "administrator"


async def test_a_portal_that_is_slow_to_say_keeps_nobody_from_the_phone(office: Office) -> None:
    office.rig.portal.faults.blocked_methods = {"profile"}
    await office.opens(OTHER)
    assert await office.role(OTHER) != "administrator"
