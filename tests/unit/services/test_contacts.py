"""One question per number, honest states, answers that come late."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any, Literal

import pytest

from backend.domain.phone_number import PhoneNumber
from backend.errors import CrmAuthExpired, CrmUnavailable, NotFound
from backend.kit.clock import ManualClock
from backend.services.contacts import Contacts, PhoneIndex, PhoneIndexSync
from backend.services.contacts.sync import STALLED_S, Doubt
from backend.services.ports import IndexedPhone, Publication
from protocol.pushes import ContactMatch, RecordRef
from protocol.vocabulary import AccountId, CallId, CrmKind, EmployeeId, RecordKind

ACCOUNT, ANNA, ILYA = AccountId("acc"), EmployeeId("anna"), EmployeeId("ilya")
CALL, NUMBER = CallId("call"), "+79161234501"


def match(record_id: str = "1") -> ContactMatch:
    record = RecordRef(kind=RecordKind.CONTACT, id=record_id)
    return ContactMatch(
        record=record,
        name=f"Person {record_id}",
        company=None,
        url=f"http://crm/{record_id}",
        responsible=None,
        deals=[],
        activities=[],
    )


class Source:
    kind: Literal["amocrm", "bitrix24"] = "amocrm"

    def __init__(self) -> None:
        self.asked = 0
        self.answer: list[ContactMatch] | Exception = [match()]
        self.gate = asyncio.Event()
        self.gate.set()
        self.phones: list[IndexedPhone] | Exception = []

    async def find_by_phone(self, number: PhoneNumber) -> list[ContactMatch]:
        self.asked += 1
        await self.gate.wait()
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    def create_url(self, number: PhoneNumber) -> str | None:
        return f"http://crm/new?{number.digits}"

    async def walk_phones(self) -> AsyncIterator[IndexedPhone]:
        if isinstance(self.phones, Exception):
            yield phone(0)
            raise self.phones
        for row in self.phones:
            yield row


class Told:
    """A bus that remembers."""

    def __init__(self) -> None:
        self.all: list[Publication] = []

    async def publish(self, publications: Sequence[Publication]) -> None:
        self.all += publications

    def pushes(self, name: str, key: str = "") -> list[Any]:
        return [p.push for p in self.all if type(p.push).__name__ == name and key in p.key]


class Choices:
    def __init__(self) -> None:
        self.rows: dict[str, RecordRef] = {}

    async def chosen(self, account_id: AccountId, e164: str) -> RecordRef | None:
        return self.rows.get(e164)

    async def choose(
        self,
        account_id: AccountId,
        e164: str,
        record: RecordRef,
        by: EmployeeId,
        *,
        call_id: CallId,
        url: str,
    ) -> None:
        self.rows[e164] = record


class Stage:
    def __init__(self, timeout_s: float = 5.0) -> None:
        self.source, self.bus, self.clock = Source(), Told(), ManualClock()
        self.index = PhoneIndex()
        self.contacts = Contacts(
            index=self.index,
            sources=lambda _account: self.source,
            choices=Choices(),
            bus=self.bus,  # type: ignore[arg-type]
            clock=self.clock,
            timeout_s=timeout_s,
            named=lambda call_id, name: self.named.append((call_id, name)),
        )
        self.named: list[tuple[CallId, str]] = []

    async def settle(self) -> None:
        await self.clock.advance(0)
        await self.clock.advance(0)

    def states(self) -> list[str]:
        return [push.lookup.value for push in self.bus.pushes("ContactChanged", ANNA)]


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    made = Stage()
    yield made
    await made.contacts.aclose()


async def test_a_hundred_calls_of_one_number_are_one_question(stage: Stage) -> None:
    stage.source.gate.clear()
    for n in range(100):
        stage.contacts.look_up(ACCOUNT, CallId(f"call-{n}"), "8 (916) 123-45-01", [ANNA])
    await stage.settle()
    stage.source.gate.set()
    await stage.settle()
    assert stage.source.asked == 1
    assert stage.states().count("found") == 100


@pytest.mark.feature("W3")
async def test_looking_is_said_first_and_versions_grow(stage: Stage) -> None:
    stage.contacts.look_up(ACCOUNT, CALL, NUMBER, [ANNA])
    await stage.settle()
    assert stage.states() == ["looking", "found"]
    versions = [push.version for push in stage.bus.pushes("ContactChanged")]
    assert versions == sorted(set(versions))
    assert stage.contacts.record_of(CALL) == (match().record, "http://crm/1")
    known = stage.contacts.known(ACCOUNT, "89161234501")
    assert known is not None
    assert known.name == "Person 1"


@pytest.mark.feature("W4")
async def test_nobody_is_not_found_with_an_address_to_create(stage: Stage) -> None:
    stage.source.answer = []
    stage.contacts.look_up(ACCOUNT, CALL, NUMBER, [ANNA])
    await stage.settle()
    assert stage.states() == ["looking", "not_found"]
    assert stage.bus.pushes("ContactChanged")[-1].create_url


@pytest.mark.feature("W3")
async def test_a_late_answer_still_patches_the_card() -> None:
    stage = Stage(timeout_s=0.01)
    stage.source.gate.clear()
    stage.contacts.look_up(ACCOUNT, CALL, NUMBER, [ANNA])
    async with asyncio.timeout(5):
        while "unavailable" not in stage.states():  # noqa: ASYNC110
            await asyncio.sleep(0.005)  # the deadline of a look-up runs on the loop's own time
    assert [push.state for push in stage.bus.pushes("CrmChanged")] == ["slow"]
    stage.source.gate.set()
    await stage.settle()
    assert stage.states() == ["looking", "unavailable", "found"]
    await stage.contacts.aclose()


@pytest.mark.feature("W3")
async def test_failures_are_unavailable_and_the_account_hears_of_it(stage: Stage) -> None:
    for n, error in enumerate((CrmUnavailable("no"), CrmUnavailable("no"), KeyError("result"))):
        stage.source.answer = error
        stage.contacts.look_up(ACCOUNT, CallId(f"call-{n}"), NUMBER, [ANNA])
        await stage.settle()
    assert stage.states() == ["looking", "unavailable"] * 3
    stage.contacts.look_up(ACCOUNT, CALL, NUMBER, [ANNA])
    await stage.settle()
    assert stage.source.asked == 3
    stage.source.answer = [match()]
    await stage.contacts.retry(ACCOUNT, CALL)
    await stage.settle()
    assert stage.states()[-1] == "found"
    assert [push.state for push in stage.bus.pushes("CrmChanged")] == ["down", "ok"]


async def test_a_lost_grant_says_who_has_to_act(stage: Stage) -> None:
    stage.source.answer = CrmAuthExpired("revoked")
    stage.contacts.look_up(ACCOUNT, CALL, NUMBER, [ANNA])
    await stage.settle()
    assert stage.states()[-1] == "unavailable"
    assert [push.state for push in stage.bus.pushes("CrmChanged")] == ["auth_expired"]


async def test_a_lost_connection_is_told_without_anybody_being_looked_up(stage: Stage) -> None:
    for lost in (False, True, True, False):
        await stage.contacts.connection_is(ACCOUNT, lost=lost)
    assert [push.state for push in stage.bus.pushes("CrmChanged")] == ["auth_expired", "ok"]
    # What a look-up found out is not taken back by a connection that never said so.
    stage.source.answer = CrmAuthExpired("revoked")
    stage.contacts.look_up(ACCOUNT, CALL, NUMBER, [ANNA])
    await stage.settle()
    await stage.contacts.connection_is(ACCOUNT, lost=False)
    assert [push.state for push in stage.bus.pushes("CrmChanged")][2:] == ["auth_expired"]


async def test_the_choice_among_several_is_remembered(stage: Stage) -> None:
    stage.source.answer = [match("1"), match("2")]
    stage.contacts.look_up(ACCOUNT, CALL, NUMBER, [ANNA])
    await stage.settle()
    assert stage.bus.pushes("ContactChanged")[-1].chosen is None
    await stage.contacts.choose(ACCOUNT, CALL, match("2").record, ANNA)
    with pytest.raises(NotFound):
        await stage.contacts.choose(ACCOUNT, CALL, match("3").record, ANNA)
    with pytest.raises(NotFound):
        await stage.contacts.choose(AccountId("other"), CALL, match("2").record, ANNA)
    assert stage.named == [(CALL, "Person 2")]
    stage.contacts.look_up(ACCOUNT, CallId("next"), NUMBER, [ANNA])
    await stage.settle()
    assert stage.bus.pushes("ContactChanged")[-1].chosen == match("2").record
    assert stage.named[-1] == (CallId("next"), "Person 2")
    assert stage.contacts.known(ACCOUNT, NUMBER) is None  # two share the number: which is a guess


async def test_who_leaves_is_told_and_the_rest_are_told_anew(stage: Stage) -> None:
    stage.contacts.look_up(ACCOUNT, CALL, NUMBER, [ANNA, ILYA])
    await stage.settle()
    stage.contacts.forget(CALL, [ILYA])
    await stage.settle()
    assert len(stage.bus.pushes("ContactRemoved", ILYA)) == 1
    stage.bus.all.clear()
    await stage.contacts.republish()
    assert len(stage.bus.pushes("ContactChanged", ANNA)) == 1
    assert stage.bus.pushes("ContactChanged", ILYA) == []
    stage.contacts.forget(CALL, [ANNA])
    assert stage.contacts.record_of(CALL) is None


def phone(n: int) -> IndexedPhone:
    return IndexedPhone(
        e164=f"+7916123{n:04}", kind="contact", record_id=str(n), name=f"P{n}",
        responsible_crm_id=None,
    )  # fmt: skip


class Disk:
    def __init__(self) -> None:
        self.rows: list[IndexedPhone] = []
        self.doubted: Doubt | None = None

    async def walk(self, account_id: AccountId, kind: CrmKind) -> AsyncIterator[IndexedPhone]:
        for row in self.rows:
            yield row

    async def count(self, account_id: AccountId, kind: CrmKind) -> int:
        return len(self.rows)

    async def replace(
        self, account_id: AccountId, kind: CrmKind, phones: Sequence[IndexedPhone]
    ) -> None:
        self.rows, self.doubted = list(phones), None

    async def doubt(self, account_id: AccountId, kind: CrmKind) -> Doubt | None:
        return self.doubted

    async def save_doubt(self, account_id: AccountId, kind: CrmKind, doubt: Doubt) -> None:
        self.doubted = doubt


async def test_a_poor_or_broken_reading_never_wipes_the_index() -> None:
    source, disk, index, clock = Source(), Disk(), PhoneIndex(), ManualClock()
    sync = PhoneIndexSync(
        index=index, store=disk, sources=lambda _a: source, accounts=lambda: [ACCOUNT], clock=clock
    )
    source.phones = [phone(n) for n in range(10)]
    assert await sync.synchronise(ACCOUNT)
    for poor in ([], [phone(n) for n in range(4)], CrmUnavailable("half-way")):
        source.phones = poor
        assert not await sync.synchronise(ACCOUNT)
        assert len(disk.rows) == 10
        assert index.find(ACCOUNT, phone(9).e164)
    source.phones = [phone(n) for n in range(6)]
    assert await sync.synchronise(ACCOUNT)
    assert not index.find(ACCOUNT, phone(9).e164)


async def test_the_index_is_loaded_from_disk_first_and_read_again_when_due() -> None:
    source, disk, index, clock = Source(), Disk(), PhoneIndex(), ManualClock()
    disk.rows = [phone(1)]
    source.phones = CrmUnavailable("down")
    sync = PhoneIndexSync(
        index=index, store=disk, sources=lambda _a: source, accounts=lambda: [ACCOUNT], clock=clock
    )
    running = asyncio.create_task(sync.run())
    await clock.advance(1)
    assert index.find(ACCOUNT, phone(1).e164)
    source.phones = [phone(1), phone(2)]
    await clock.advance(300)
    assert index.find(ACCOUNT, phone(2).e164)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_a_crm_that_was_cleared_out_is_believed_after_an_hour() -> None:
    source, disk, index, clock = Source(), Disk(), PhoneIndex(), ManualClock()
    sync = PhoneIndexSync(
        index=index, store=disk, sources=lambda _a: source, accounts=lambda: [ACCOUNT], clock=clock
    )
    source.phones = [phone(n) for n in range(100)]
    assert await sync.synchronise(ACCOUNT)
    few = [phone(n) for n in range(20)]
    for phones, minutes in (
        (few, 30),  # doubted
        (few[:10], 30),  # it crumbles: doubted anew
        (few, 30),
        (CrmUnavailable("down"), 29),  # says nothing either way
        (few, 1),
    ):
        source.phones = phones
        assert not await sync.synchronise(ACCOUNT), minutes
        assert len(disk.rows) == 100
        await clock.advance(minutes * 60)
    source.phones = few[:19]  # people go on working
    assert await sync.synchronise(ACCOUNT)
    assert len(disk.rows) == 19
    assert not index.find(ACCOUNT, phone(50).e164)


async def test_a_doubt_outlives_the_process_that_had_it() -> None:
    """Workers restarted every half hour would never believe that people did clear out."""
    source, disk, clock = Source(), Disk(), ManualClock()
    disk.rows = [phone(n) for n in range(100)]
    source.phones = [phone(n) for n in range(20)]
    for _ in range(2):
        restarted = PhoneIndexSync(
            index=PhoneIndex(),
            store=disk,
            sources=lambda _a: source,
            accounts=lambda: [ACCOUNT],
            clock=clock,
        )
        assert not await restarted.synchronise(ACCOUNT)
        await clock.advance(1800)
    assert await restarted.synchronise(ACCOUNT)
    assert len(disk.rows) == 20


async def test_a_crm_that_shows_no_number_at_all_is_believed_after_a_day() -> None:
    source, disk, index, clock = Source(), Disk(), PhoneIndex(), ManualClock()
    disk.rows = [phone(1)]
    sync = PhoneIndexSync(
        index=index, store=disk, sources=lambda _a: source, accounts=lambda: [ACCOUNT], clock=clock
    )
    for _ in range(24):
        assert not await sync.synchronise(ACCOUNT)
        await clock.advance(3600)
    assert await sync.synchronise(ACCOUNT)
    assert disk.rows == []


async def test_a_doubted_reading_is_not_repeated_every_other_minute() -> None:
    """A whole reading costs minutes of a portal's budget."""
    source, disk, clock = Source(), Disk(), ManualClock()
    disk.rows = [phone(n) for n in range(10)]
    source.phones = [phone(1)]
    sync = PhoneIndexSync(
        index=PhoneIndex(),
        store=disk,
        sources=lambda _a: source,
        accounts=lambda: [ACCOUNT],
        clock=clock,
    )
    running = asyncio.create_task(sync.run())
    await clock.advance(1)
    source.phones = [phone(n) for n in range(9)]
    await clock.advance(1700)
    assert len(disk.rows) == 10
    await clock.advance(200)
    assert len(disk.rows) == 9
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


class Stuck(Source):
    """A CRM that blocks us: it brings a row and then lets us wait."""

    def __init__(self) -> None:
        super().__init__()
        self.readings = 0
        self.ended = 0

    async def walk_phones(self) -> AsyncIterator[IndexedPhone]:
        self.readings += 1
        try:
            yield phone(0)
            await asyncio.Event().wait()
        finally:
            self.ended += 1


async def test_a_crm_that_lets_us_wait_delays_nobody_else() -> None:
    clock, index, disk = ManualClock(), PhoneIndex(), Disk()
    stuck, good, other = Stuck(), Source(), AccountId("other")
    good.phones = [phone(7)]
    crms: dict[AccountId, Source] = {ACCOUNT: stuck, other: good}
    sync = PhoneIndexSync(
        index=index, store=disk, sources=crms.get, accounts=lambda: list(crms), clock=clock
    )
    running = asyncio.create_task(sync.run())
    await clock.advance(1)
    assert index.find(other, phone(7).e164)
    # Given up, for its slot is others' too, and tried again later.
    await clock.advance(2 * STALLED_S)
    assert (stuck.readings, stuck.ended) == (1, 1)
    await clock.advance(300)
    assert stuck.readings == 2
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert stuck.ended == 2
