"""What goes into a store comes out of it, and rules kept in SQL hold."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from os import urandom

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from backend.kit.secrets_box import SecretsBox, SecretUnreadable
from backend.services.contacts.sync import Doubt
from backend.services.ports import IndexedPhone
from backend.store.accounts import AccountStore
from backend.store.calls import CallStore, CrmCall
from backend.store.commands import CommandStore
from backend.store.contact_choices import SqlContactChoices
from backend.store.crm_connections import CrmConnection, CrmConnectionStore
from backend.store.database import Database
from backend.store.employees import Employee, EmployeeNumber, EmployeeStore, Group
from backend.store.gateways import SqlPortalCalls
from backend.store.gateways.phone_index import SqlPhoneIndex
from backend.store.inbox import InboxStore
from backend.store.phone_index import PhoneIndexStore
from backend.store.routing import RoutingStore, StoredScenario, Trunk, VirtualNumber
from backend.store.sessions import SessionStore, StoredSession
from backend.store.statuses import StatusStore, StoredStatus
from backend.store.switches import SwitchConnection, SwitchStore
from backend.store.tables import sessions
from protocol.pushes import RecordRef
from protocol.vocabulary import (
    AgentStatus,
    CallId,
    CommandId,
    CrmKind,
    EmployeeId,
    RecordKind,
    SessionId,
    StatusSource,
)
from tests.integration.conftest import ALPHA, BETA
from tests.integration.store.test_call_journal import AT, finished

ANNA, BORIS = EmployeeId("e1"), EmployeeId("e2")
BOX = SecretsBox({"k1": urandom(32)})
PEOPLE = (
    Employee(id=ANNA, name="Анна", extension="101", crm_user_id="7"),
    Employee(id=BORIS, name="Борис", extension="102"),
)


def _connection(**changes: object) -> CrmConnection:
    base = CrmConnection(
        account_id=ALPHA,
        kind=CrmKind.BITRIX24,
        external_id="member-1",
        base_url="https://portal.example",
        host="portal.example",
        client_secret="s3cret",
        access_token="access-1",
        refresh_token="refresh-1",
        settings={"auth_url": "https://oauth.example"},
    )
    return replace(base, **changes)  # type: ignore[arg-type]


async def test_routing_loads_everything_of_one_account(database: Database) -> None:
    numbers = tuple(
        EmployeeNumber(employee_id=ANNA, priority=n, kind="desk", endpoint=f"PJSIP/10{n}", label="")
        for n in (2, 1)
    )
    switch = SwitchConnection(
        id="main", kind="asterisk", url="http://s", app="a", credentials="u:p"
    )
    async with database.begin(ALPHA, resolving=True) as tx:
        await SwitchStore(tx, BOX).save(switch)
        people, routing = EmployeeStore(tx), RoutingStore(tx)
        await people.save(ALPHA, PEOPLE)
        await people.replace_numbers(ALPHA, ANNA, numbers)
        await people.save_group(ALPHA, Group(id="g", name="Sales", members=(BORIS, ANNA)))
        scenario = StoredScenario(id="s", name="Main", steps=[{"group": "g"}])
        await routing.save_scenario(ALPHA, scenario)
        number = VirtualNumber(
            number="+74950000001", name="Shop", connection_id="main", scenario_id="s"
        )
        await routing.save_virtual_number(ALPHA, number)
        trunk = Trunk(connection_id="main", trunk_endpoint="PJSIP/{number}@trunk")
        await routing.save_trunk(ALPHA, trunk)
    async with database.begin(ALPHA) as tx:
        found = await RoutingStore(tx).load(ALPHA)
    assert found is not None
    assert found.employees == PEOPLE
    assert found.numbers == {ANNA: (numbers[1], numbers[0])}
    assert [group.members for group in found.groups] == [(BORIS, ANNA)]
    assert (found.virtual_numbers, found.scenarios, found.trunks) == (
        (number,),
        (scenario,),
        (trunk,),
    )
    async with database.begin_resolving() as tx:
        assert await RoutingStore(tx).account_of("main", "+74950000001") == ALPHA
        assert await SwitchStore(tx, BOX).all() == [switch]
        assert await SwitchStore(tx, BOX).accounts_of("main") == [ALPHA]
        assert await SwitchStore(tx, BOX).served() == [("main", ALPHA)]
        assert await AccountStore(tx).by_slug("beta") is not None
    async with database.begin(BETA) as tx:
        with pytest.raises(IntegrityError):
            await RoutingStore(tx).save_virtual_number(BETA, number)


async def test_an_employee_who_left_gives_the_extension_back(database: Database) -> None:
    async with database.begin(ALPHA) as tx:
        people = EmployeeStore(tx)
        await people.save(ALPHA, PEOPLE)
        await people.deactivate(ALPHA, [ANNA])
        await people.save(ALPHA, [replace(PEOPLE[1], extension="101")])
        assert await people.all(ALPHA) == [replace(PEOPLE[1], extension="101")]
        assert await people.by_crm_user(ALPHA, "7") is None


async def test_a_status_version_is_written_by_one_only(database: Database) -> None:
    first = StoredStatus(
        employee_id=ANNA, status=AgentStatus.BREAK, source=StatusSource.PERSON, reason=None,
        since=AT, version=1,
    )  # fmt: skip
    async with database.begin(ALPHA) as tx:
        await EmployeeStore(tx).save(ALPHA, PEOPLE)
        store = StatusStore(tx)
        assert await store.save(ALPHA, first)
        assert not await store.save(ALPHA, replace(first, status=AgentStatus.AWAY))
        second = replace(first, status=AgentStatus.AVAILABLE, version=2)
        assert await store.save(ALPHA, second)
        assert await store.all(ALPHA) == {ANNA: second}
        logged = (await tx.execute(text("select status from status_log order by seq"))).scalars()
        assert logged.all() == ["break", "available"]


async def test_sessions_are_found_by_hash_and_a_revoked_one_is_not_renewed(
    database: Database,
) -> None:
    session = StoredSession(
        id=SessionId("s1"), account_id=ALPHA, employee_id=ANNA, crm_kind=CrmKind.AMOCRM,
        token_hash=b"h1", created_at=AT, expires_at=AT + timedelta(hours=12),
    )  # fmt: skip
    async with database.begin(ALPHA) as tx:
        await EmployeeStore(tx).save(ALPHA, PEOPLE)
        await SessionStore(tx).add(session)
    async with database.begin_resolving() as tx:
        found = await SessionStore(tx).by_token(b"h1")
        assert found == session
        assert found.valid(AT)
    async with database.begin(ALPHA) as tx:
        store = SessionStore(tx)
        assert await store.renew(SessionId("s1"), token_hash=b"h2", expires_at=session.expires_at)
        assert await store.revoke_employee(ANNA, at=AT) == ["s1"]
        later = AT + timedelta(days=1)
        assert not await store.renew(SessionId("s1"), token_hash=b"h3", expires_at=later)
        revoked = await store.by_token(b"h2")
        assert revoked is not None
        assert not revoked.valid(AT)


async def test_the_first_claim_of_a_portals_call_holds_until_its_id_is_known(
    database: Database,
) -> None:
    ours = SqlPortalCalls(database)
    call = CallId("c1")
    claims = await asyncio.gather(*(ours.claim(ALPHA, call, str(n)) for n in range(4)))
    assert len(set(claims)) == 1
    assert await ours.portal_id(ALPHA, call) is None
    assert await ours.claim(BETA, call, "9") == "9"
    await ours.remember(ALPHA, call, "portal-1")
    assert await ours.claim(ALPHA, call, "7") == "7"
    assert await ours.portal_id(ALPHA, call) == "portal-1"
    assert await ours.our_id(ALPHA, "portal-1") == call


@pytest.mark.parametrize("way", ["save", "deactivate"])
async def test_who_no_longer_works_here_is_signed_out(database: Database, way: str) -> None:
    now = datetime.now(UTC)
    async with database.begin(ALPHA) as tx:
        people = EmployeeStore(tx)
        await people.save(ALPHA, PEOPLE)
        for n, person in enumerate(PEOPLE):
            await SessionStore(tx).add(
                StoredSession(
                    id=SessionId(f"s{n}"), account_id=ALPHA, employee_id=person.id,
                    crm_kind=CrmKind.AMOCRM, token_hash=f"h{n}".encode(),
                    created_at=now, expires_at=now + timedelta(hours=12),
                )
            )  # fmt: skip
        await people.save(ALPHA, [replace(PEOPLE[1], position="Manager")])
        if way == "save":
            await people.save(ALPHA, [replace(PEOPLE[0], active=False)])
        else:
            await people.deactivate(ALPHA, [PEOPLE[0].id])
        signed_out = await tx.execute(
            select(sessions.c.id).where(sessions.c.revoked_at.is_not(None))
        )
        assert signed_out.scalars().all() == ["s0"]


async def test_crm_secrets_are_sealed_and_refreshed_by_the_fastest(database: Database) -> None:
    async with database.begin(ALPHA) as tx:
        store = CrmConnectionStore(tx, BOX)
        await store.save(_connection())
        held = await store.find(ALPHA, CrmKind.BITRIX24)
        assert held == _connection()
        soon = datetime.now(UTC)
        assert await store.save_tokens(held, access="a2", refresh="r2", expires_at=soon)
        assert not await store.save_tokens(held, access="a3", refresh="r3", expires_at=soon)
        raw = (await tx.execute(text("select access_token from crm_connections"))).scalar_one()
        assert b"a2" not in bytes(raw)[-20:]
    async with database.begin_resolving() as tx:
        found = await CrmConnectionStore(tx, BOX).by_external_id(CrmKind.BITRIX24, "member-1")
        assert found is not None
        assert (found.access_token, found.version) == ("a2", 2)
    async with database.begin(BETA) as tx:
        with pytest.raises(IntegrityError):
            await CrmConnectionStore(tx, BOX).save(_connection(account_id=BETA))


async def test_a_secret_moved_into_another_accounts_row_does_not_open(database: Database) -> None:
    async with database.begin_many([ALPHA, BETA]) as tx:
        store = CrmConnectionStore(tx, BOX)
        await store.save(_connection())
        await store.save(_connection(account_id=BETA, external_id="member-2"))
        await tx.execute(
            text(
                "update crm_connections set access_token ="
                " (select access_token from crm_connections where account_id = 'alpha')"
                " where account_id = 'beta'"
            )
        )
        with pytest.raises(SecretUnreadable):
            await store.find(BETA, CrmKind.BITRIX24)
        assert await store.find(ALPHA, CrmKind.BITRIX24) is not None


async def test_history_pages_back_without_gaps_or_repeats(database: Database) -> None:
    async with database.begin(ALPHA) as tx:
        await EmployeeStore(tx).save(ALPHA, PEOPLE)
        store = CallStore(tx)
        for n in range(7):
            # Two calls of each second: the id breaks the tie.
            call = replace(finished(f"c{n}"), started_at=AT + timedelta(seconds=n // 2))
            await store.finish(call)
        await store.finish(replace(finished("other"), answered_by=BORIS, legs=()))
        seen: list[str] = []
        before = None
        while True:
            page, before = await store.history(ALPHA, ANNA, before=before, limit=3)
            assert all(row.mine and row.answered_by_name == "Анна" for row in page)
            seen += [row.call.call_id for row in page]
            if before is None:
                break
        assert seen == [f"c{n}" for n in range(6, -1, -1)]
        everybody, _ = await store.history(ALPHA, None, limit=100)
        assert len(everybody) == 8


async def test_a_crm_call_keeps_the_id_it_once_got(database: Database) -> None:
    call = CrmCall(
        call_id=CallId("c1"), crm_kind="bitrix24", external_call_id="X-1", state="registered"
    )
    async with database.begin(ALPHA) as tx:
        store = CallStore(tx)
        await store.save_crm_call(ALPHA, call)
        await store.save_crm_call(ALPHA, replace(call, external_call_id=None, state="finished"))
        expected = replace(call, state="finished")
        assert await store.crm_call(ALPHA, CallId("c1"), "bitrix24") == expected
        assert await store.by_external_call(ALPHA, "bitrix24", "X-1") == expected


async def test_the_phone_index_is_replaced_whole_and_walked_in_pages(database: Database) -> None:
    def phone(n: int) -> IndexedPhone:
        return IndexedPhone(
            e164=f"+7999{n:07}", kind="contact", record_id=str(n), name=f"N{n}",
            responsible_crm_id=None, updated_at=AT,
        )  # fmt: skip

    async with database.begin(ALPHA) as tx:
        store = PhoneIndexStore(tx)
        await store.replace(ALPHA, CrmKind.AMOCRM, [phone(9999)])
        everyone = [phone(n) for n in range(2345)]
        assert await store.replace(ALPHA, CrmKind.AMOCRM, [*everyone, phone(2344)]) == 2345
        walked = [row async for row in store.walk(ALPHA, page_size=1000)]
        assert walked == everyone
        assert await store.find(ALPHA, phone(7).e164) == [phone(7)]
        await store.forget_record(ALPHA, CrmKind.AMOCRM, "contact", "7")
        assert await store.find(ALPHA, phone(7).e164) == []


async def test_a_doubt_stays_until_a_reading_is_believed(database: Database) -> None:
    disk, kind = SqlPhoneIndex(database), CrmKind.AMOCRM
    assert await disk.doubt(ALPHA, kind) is None
    for doubt in (Doubt(AT, 3), Doubt(AT + timedelta(hours=1), 2)):
        await disk.save_doubt(ALPHA, kind, doubt)
        assert await disk.doubt(ALPHA, kind) == doubt
    assert await disk.doubt(BETA, kind) is None
    await disk.replace(ALPHA, CrmKind.BITRIX24, [])
    assert await disk.doubt(ALPHA, kind) == doubt
    await disk.replace(ALPHA, kind, [])
    assert await disk.doubt(ALPHA, kind) is None


async def test_the_last_choice_counts(database: Database) -> None:
    choices = SqlContactChoices(database)
    assert await choices.chosen(ALPHA, "+79990000001") is None
    for record_id in ("1", "2"):
        record = RecordRef(kind=RecordKind.CONTACT, id=record_id)
        await choices.choose(
            ALPHA, "+79990000001", record, ANNA, call_id=CallId("c1"), url=f"/c/{record_id}"
        )
    assert await choices.chosen(ALPHA, "+79990000001") == record
    assert await choices.chosen(BETA, "+79990000001") is None


async def test_a_choice_made_after_the_end_corrects_the_history(database: Database) -> None:
    async with database.begin(ALPHA) as tx:
        await EmployeeStore(tx).save(ALPHA, PEOPLE)
        await CallStore(tx).finish(finished("c1"))
    record = RecordRef(kind=RecordKind.COMPANY, id="77")
    await SqlContactChoices(database).choose(
        ALPHA, "+79990000001", record, ANNA, call_id=CallId("c1"), url="/company/77"
    )
    async with database.begin(ALPHA) as tx:
        (row,), _ = await CallStore(tx).history(ALPHA, None, limit=10)
    kept = (row.call.record_kind, row.call.record_id, row.call.record_url)
    assert kept == ("company", "77", "/company/77")


async def test_a_command_is_claimed_once_and_its_answer_kept(database: Database) -> None:
    async with database.begin(ALPHA) as tx:
        store, command = CommandStore(tx), CommandId("cmd-1")
        assert await store.result(ALPHA, command) == (False, None)
        assert await store.begin(ALPHA, command)
        assert not await store.begin(ALPHA, command)
        assert await store.result(ALPHA, command) == (True, None)
        await store.save(ALPHA, command, {"call_id": "c1"})
        assert await store.result(ALPHA, command) == (True, {"call_id": "c1"})


async def test_a_webhook_delivered_twice_is_handled_once(database: Database) -> None:
    async with database.begin(ALPHA) as tx:
        store = InboxStore(tx)
        number = await store.put(ALPHA, source="amocrm", external_id="h1", body={"a": 1})
        assert number is not None
        assert await store.put(ALPHA, source="amocrm", external_id="h1", body={"a": 1}) is None
        received = await store.take(ALPHA, number)
        assert received is not None
        assert received.body == {"a": 1}
        await store.done(ALPHA, number)
        assert await store.take(ALPHA, number) is None
