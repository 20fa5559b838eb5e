"""The portal's own card follows the call, whatever the portal answers."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import pytest

from backend.connectors.crm.bitrix24.telephony import status_code
from backend.errors import CrmRejected, CrmUnavailable
from backend.services.contacts import PhoneIndex
from backend.services.portal_calls import (
    CARD_LEAVES_S,
    CARD_LOADS_S,
    KEPT_S,
    PortalCalls,
)
from backend.services.ports import IndexedPhone
from backend.services.ports.portal_calls import FinishedInPortal, PortalCall
from protocol.pushes import RecordRef
from protocol.vocabulary import (
    AccountId,
    CallId,
    CallState,
    CrmTrouble,
    Direction,
    EmployeeId,
    HangupCause,
    Outcome,
    RecordKind,
)

ACCOUNT, CALL = AccountId("acc"), CallId("call")
ANNA, ILYA = EmployeeId("1"), EmployeeId("2")
AT = datetime(2026, 3, 2, 9, tzinfo=UTC)


@dataclass
class Shape:
    """What the portal's cards read of a call."""

    state: CallState = CallState.RINGING
    people: frozenset[EmployeeId] = frozenset({ANNA, ILYA})
    direction: Direction = Direction.INBOUND
    account_id: AccountId = ACCOUNT
    call_id: CallId = CALL
    number: str = "+79161234501"
    dialed: str = "+78001000000"
    callback: bool = False
    started_at: datetime = AT
    placed_by: EmployeeId | None = None
    outcome: Outcome | None = None

    def concerned(self) -> frozenset[EmployeeId]:
        return self.people


class Sleeps:
    """Time that passes when told."""

    def __init__(self) -> None:
        self.asleep: list[tuple[float, asyncio.Event]] = []

    async def __call__(self, seconds: float) -> None:
        event = asyncio.Event()
        self.asleep.append((seconds, event))
        await event.wait()

    def wake(self, seconds: float) -> None:
        for slept, event in self.asleep:
            if slept == seconds:
                event.set()
        self.asleep = [one for one in self.asleep if one[0] != seconds]


@dataclass
class Portal:
    registered: list[str] = field(default_factory=list)
    """Numbers on the cards."""
    said: list[tuple[Any, ...]] = field(default_factory=list)
    refusals: int = 0
    asked: int = 0
    says_no: bool = False
    closed_with: str = ""
    """What an earlier try had closed the call with."""
    fallback: str | None = None

    async def _say(self, *what: Any) -> None:
        await asyncio.sleep(0)
        self.asked += 1
        if self.says_no:
            raise CrmRejected("no")
        if self.refusals:
            self.refusals -= 1
            raise CrmUnavailable("busy")
        self.said.append(what)

    async def register(self, call: PortalCall, user_id: str) -> str:
        await self._say("register", user_id)
        self.registered.append(call.number)
        return f"portal-{call.call_id}"

    async def show(self, portal_call_id: str, user_ids: Any) -> None:
        await self._say("show", sorted(user_ids))

    async def hide(self, portal_call_id: str, user_ids: Any) -> None:
        await self._say("hide", sorted(user_ids))

    async def finish(
        self,
        portal_call_id: str,
        user_id: str,
        *,
        talk_s: int,
        status: str,
        cause: HangupCause | None,
    ) -> FinishedInPortal:
        await self._say("finish", user_id, talk_s, status)
        return FinishedInPortal(status=self.closed_with or status, activity_id="77")

    async def amend(self, activity_id: str, user_id: str, *, talk_s: int) -> None:
        await self._say("amend", activity_id, user_id, talk_s)

    async def fallback_user(self, number: str) -> str | None:
        return self.fallback


@dataclass
class Store:
    ids: dict[CallId, str] = field(default_factory=dict)
    closed: dict[CallId, FinishedInPortal] = field(default_factory=dict)
    reasons: list[tuple[CrmTrouble, bool]] = field(default_factory=list)
    claimed: dict[CallId, str] = field(default_factory=dict)
    asked: dict[CallId, RecordRef] = field(default_factory=dict)

    async def claim(self, account_id: AccountId, call_id: CallId, user: str) -> str:
        return self.claimed.setdefault(call_id, user)

    async def remember(self, account_id: AccountId, call_id: CallId, portal_call_id: str) -> None:
        self.ids[call_id] = portal_call_id

    async def portal_id(self, account_id: AccountId, call_id: CallId) -> str | None:
        await asyncio.sleep(0)
        return self.ids.get(call_id)

    async def asked_record(self, account_id: AccountId, call_id: CallId) -> RecordRef | None:
        return self.asked.get(call_id)

    async def our_id(self, account_id: AccountId, portal_call_id: str) -> CallId | None:
        return next((k for k, v in self.ids.items() if v == portal_call_id), None)

    async def mark_finished(
        self, account_id: AccountId, call_id: CallId, finished: FinishedInPortal
    ) -> None:
        self.closed[call_id] = finished

    async def finished(self, account_id: AccountId, call_id: CallId) -> FinishedInPortal | None:
        return self.closed.get(call_id)

    async def not_written(
        self,
        account_id: AccountId,
        call_id: CallId,
        trouble: CrmTrouble,
        said: str | None = None,
        *,
        final: bool,
    ) -> None:
        self.reasons.append((trouble, final))


def calls(
    portal: Portal,
    store: Store | None = None,
    extension: Callable[[EmployeeId], str | None] = lambda _employee: None,
    sleep: Callable[[float], Awaitable[None]] = lambda _s: asyncio.sleep(0),
) -> PortalCalls:
    return PortalCalls(
        portals=lambda _account: portal,
        crm_user=lambda _account, employee: employee,
        store=store or Store(),
        status_code=status_code,
        extension=lambda _account, employee: extension(employee),
        sleep=sleep,
    )


async def settle() -> None:
    for _ in range(60):
        await asyncio.sleep(0)


def change(kept: PortalCalls, **what: Any) -> None:
    kept.call_changed(Shape(**what))  # type: ignore[arg-type]


@pytest.mark.feature("B4")
async def test_parallel_ringing_shows_all_and_answering_hides_the_others() -> None:
    portal = Portal()
    kept = calls(portal)
    change(kept)
    await settle()
    change(kept, state=CallState.TALKING, people=frozenset({ANNA}))
    await settle()
    change(kept, state=CallState.ENDED, people=frozenset())
    await settle()
    assert portal.said == [
        ("register", "1"),
        ("show", ["1", "2"]),
        ("hide", ["2"]),
        ("hide", ["1"]),
    ]
    await kept.aclose()


async def test_a_busy_portal_is_asked_again_until_the_card_is_right() -> None:
    portal = Portal(refusals=3)
    kept = calls(portal)
    change(kept)
    await settle()
    assert portal.said == [("register", "1"), ("show", ["1", "2"])]
    portal.refusals = 2
    change(kept, state=CallState.ENDED)
    await settle()
    assert portal.said[-1] == ("hide", ["1", "2"])
    await kept.aclose()


async def test_a_portal_that_says_no_is_asked_again_only_when_the_call_changes() -> None:
    portal = Portal(says_no=True)
    kept = calls(portal)
    change(kept)
    for _ in range(5):
        await settle()
    assert portal.asked == 1
    change(kept, people=frozenset({ILYA}))
    await settle()
    assert portal.asked == 2
    portal.says_no = False
    change(kept, state=CallState.TALKING, people=frozenset({ANNA}))
    await settle()
    assert portal.said == [("register", "1"), ("show", ["1"])]
    change(kept, state=CallState.ENDED)
    await settle()
    assert not kept.follows(CALL)
    await kept.aclose()


@pytest.mark.feature("W15")
@pytest.mark.feature("B4")
async def test_a_call_between_employees_has_a_card_at_the_one_called_and_is_never_closed() -> None:
    portal, store = Portal(), Store()
    kept = calls(portal, store, extension={ANNA: "101"}.get)
    change(kept, direction=Direction.INTERNAL, number="102", placed_by=ANNA)
    await settle()
    assert portal.registered == ["101"]
    assert portal.said == [("register", "2"), ("show", ["2"])]
    over: dict[str, Any] = {"state": CallState.ENDED, "outcome": Outcome.ANSWERED}
    change(kept, direction=Direction.INTERNAL, placed_by=ANNA, **over)
    await settle()
    assert portal.said[2:] == [("hide", ["2"])]
    how: dict[str, Any] = {"outcome": Outcome.ANSWERED, "cause": HangupCause.NORMAL, "talk_s": 7}
    call = replace(_portal_call(), direction=Direction.INTERNAL)
    await kept.finish(call, [ANNA], **how)
    assert portal.said[3:] == []
    await kept.aclose()


@pytest.mark.feature("W15")
async def test_a_colleague_clicked_in_the_portal_is_not_registered_again() -> None:
    portal, store = Portal(), Store(ids={CALL: "clicked"})
    kept = calls(portal, store, extension={ANNA: "101"}.get)
    change(kept, direction=Direction.INTERNAL, number="102", placed_by=ANNA)
    await settle()
    over: dict[str, Any] = {"state": CallState.ENDED, "outcome": Outcome.ANSWERED}
    change(kept, direction=Direction.INTERNAL, placed_by=ANNA, **over)
    await settle()
    assert portal.said == [("show", ["1", "2"]), ("hide", ["1", "2"])]
    await kept.aclose()


async def test_a_caller_without_an_extension_has_no_card() -> None:
    portal = Portal()
    kept = calls(portal)
    change(kept, direction=Direction.INTERNAL, number="102", placed_by=ANNA)
    await settle()
    assert portal.said == []
    await kept.aclose()


@pytest.mark.feature("B4")
async def test_calls_of_one_number_are_registered_one_after_another() -> None:
    # The portal looks for a call it knows and adds a new one without a lock between.
    class Watched(Portal):
        most = 0

        def __init__(self) -> None:
            super().__init__()
            self.at_once: dict[str, int] = {}

        async def register(self, call: PortalCall, user_id: str) -> str:
            self.at_once[call.number] = self.at_once.get(call.number, 0) + 1
            self.most = max(self.most, self.at_once[call.number])
            for _ in range(5):
                await asyncio.sleep(0)
            self.at_once[call.number] -= 1
            return await super().register(call, user_id)

    portal = Watched()
    kept = calls(portal)
    for number in range(6):
        change(kept, call_id=CallId(f"call-{number}"))
    await settle()
    await settle()
    assert [what for what, *_ in portal.said].count("register") == 6
    assert portal.most == 1
    assert kept._turns == {}
    await kept.aclose()


@pytest.mark.feature("B4")
async def test_where_an_ended_calls_card_may_stay_the_next_is_offered_twice() -> None:
    # The tab in the card of a call that reached nobody keeps it, and a browser draws one.
    portal, sleeps = Portal(), Sleeps()
    kept = calls(portal, sleep=sleeps)
    out: dict[str, Any] = {"direction": Direction.OUTBOUND, "people": frozenset({ANNA})}
    change(kept, **out)
    await settle()
    change(kept, **out, state=CallState.ENDED, outcome=Outcome.LOST)
    await settle()
    sleeps.wake(CARD_LOADS_S)
    await settle()
    sleeps.wake(CARD_LEAVES_S)
    assert portal.said[-1] == ("hide", ["1"])
    second = CallId("second")
    change(kept, call_id=second)
    await settle()
    assert portal.said[-1] == ("show", ["1", "2"])
    sleeps.wake(CARD_LEAVES_S)
    await settle()
    assert portal.said[-1] == ("show", ["1"])
    shows = len(portal.said)
    sleeps.wake(KEPT_S)
    change(kept, call_id=CallId("third"))
    await settle()
    assert portal.said[shows:] == [("register", "1"), ("show", ["1", "2"])]
    await settle()
    assert not sleeps.asleep
    await kept.aclose()


@pytest.mark.feature("B4")
async def test_a_call_that_fails_at_once_keeps_its_card_until_the_tab_in_it_could_ask() -> None:
    # Called again from the card of the first try, which is still up when the second one fails.
    portal, sleeps = Portal(), Sleeps()
    kept = calls(portal, sleep=sleeps)
    out: dict[str, Any] = {"direction": Direction.OUTBOUND, "people": frozenset({ANNA})}
    over: dict[str, Any] = {"state": CallState.ENDED, "outcome": Outcome.FAILED}
    change(kept, **out)
    await settle()
    change(kept, **out, **over)
    await settle()
    assert portal.said[-1] == ("show", ["1"])
    again = CallId("again")
    change(kept, call_id=again, **out)
    await settle()
    change(kept, call_id=again, **out, **over)
    await settle()
    shows = portal.said.count(("show", ["1"]))
    sleeps.wake(CARD_LEAVES_S)
    await settle()
    assert portal.said.count(("show", ["1"])) == shows + 1
    assert ("hide", ["1"]) not in portal.said
    sleeps.wake(CARD_LOADS_S)
    await settle()
    assert portal.said.count(("hide", ["1"])) == 2
    assert not kept.follows(again)
    await kept.aclose()


def _portal_call() -> PortalCall:
    return PortalCall(
        account_id=ACCOUNT, call_id=CALL, direction=Direction.INBOUND,
        number="+79161234501", line="", started_at=AT,
    )  # fmt: skip


async def test_a_call_is_finished_once_and_registered_first_when_it_never_was() -> None:
    portal, store = Portal(), Store()
    kept = calls(portal, store)
    how: dict[str, Any] = {"outcome": Outcome.ANSWERED, "cause": HangupCause.NORMAL, "talk_s": 7}
    portal.refusals = 1
    with pytest.raises(CrmUnavailable):
        await kept.finish(_portal_call(), [ANNA], **how)
    await kept.finish(_portal_call(), [ANNA], **how)
    await kept.finish(_portal_call(), [ANNA], **how)
    assert portal.said == [("register", "1"), ("finish", "1", 7, "200")]


@pytest.mark.feature("B20")
async def test_a_call_falls_to_the_first_of_its_people_whom_the_portal_knows() -> None:
    portal, store = Portal(), Store()
    kept = PortalCalls(
        portals=lambda _account: portal,
        crm_user=lambda _account, employee: {ILYA: "2"}.get(employee),
        store=store,
        status_code=status_code,
    )
    how: dict[str, Any] = {"outcome": Outcome.ANSWERED, "cause": HangupCause.NORMAL, "talk_s": 7}
    with pytest.raises(CrmRejected):
        await kept.finish(_portal_call(), [ANNA], **how)
    assert portal.said == []
    assert store.reasons == [(CrmTrouble.NOBODY_KNOWN, True)], "an answer, not a try to repeat"
    await kept.finish(_portal_call(), [ANNA, ILYA], **how)
    assert portal.said == [("register", "2"), ("finish", "2", 7, "200")]


async def test_an_answer_that_never_came_back_leaves_no_second_call_in_the_portal() -> None:
    # The portal tells calls apart by user: it kept the call, its answer was lost, and the job of
    # another process registered it once more for who had talked.
    class Deaf(Portal):
        async def register(self, call: PortalCall, user_id: str) -> str:
            await super().register(call, user_id)
            raise CrmUnavailable("timed out")

    store = Store()
    deaf = calls(Deaf(), store)
    change(deaf)
    await settle()
    await deaf.aclose()
    portal = Portal()
    elsewhere = calls(portal, store)
    how: dict[str, Any] = {"outcome": Outcome.ANSWERED, "cause": HangupCause.NORMAL, "talk_s": 7}
    await elsewhere.finish(_portal_call(), [ILYA], **how)
    assert portal.said == [("register", "1"), ("finish", "2", 7, "200")]


async def test_ringing_and_finishing_at_once_register_one_call() -> None:
    portal, store = Portal(), Store()
    kept = calls(portal, store)
    change(kept)
    how: dict[str, Any] = {"outcome": Outcome.LOST, "cause": None, "talk_s": 0}
    await asyncio.gather(kept.finish(_portal_call(), [ILYA], **how), settle())
    assert [said[0] for said in portal.said].count("register") == 1
    assert ("finish", "2", 0, "304") in portal.said
    await kept.aclose()


@pytest.mark.feature("B20")
async def test_a_call_that_rang_for_nobody_is_its_customers_responsibles() -> None:
    portal, store = Portal(fallback="9"), Store()
    kept = calls(portal, store)
    how: dict[str, Any] = {"outcome": Outcome.LOST, "cause": HangupCause.NO_ANSWER, "talk_s": 0}
    await kept.finish(_portal_call(), [], **how)
    assert portal.said == [("register", "9"), ("finish", "9", 0, "304")]


async def test_a_call_told_as_missed_is_corrected_once_when_it_was_answered() -> None:
    portal, store = Portal(), Store()
    kept = calls(portal, store)
    lost: dict[str, Any] = {"outcome": Outcome.LOST, "cause": HangupCause.NO_ANSWER, "talk_s": 0}
    answered: dict[str, Any] = {
        "outcome": Outcome.ANSWERED, "cause": HangupCause.NORMAL, "talk_s": 7,
    }  # fmt: skip
    await kept.finish(_portal_call(), [ANNA], **lost)
    for _ in range(2):
        await kept.finish(_portal_call(), [ANNA], **answered)
    await kept.finish(_portal_call(), [ANNA], **lost)
    assert portal.said == [
        ("register", "1"),
        ("finish", "1", 0, "304"),
        ("amend", "77", "1", 7),
    ]


@pytest.mark.feature("B9")
async def test_a_call_is_with_the_record_it_is_known_to_belong_to() -> None:
    record, seen = RecordRef(kind=RecordKind.COMPANY, id="7"), []

    class Registrar(Portal):
        async def register(self, call: PortalCall, user_id: str) -> str:
            seen.append(call.record)
            return await super().register(call, user_id)

    kept = PortalCalls(
        portals=lambda _account: Registrar(),
        crm_user=lambda _account, employee: employee,
        store=Store(),
        record_of=lambda _account, number: {"+79161234501": record}.get(number),
        status_code=status_code,
    )
    how: dict[str, Any] = {"outcome": Outcome.LOST, "cause": HangupCause.NO_ANSWER, "talk_s": 0}
    await kept.finish(_portal_call(), [ANNA], **how)
    assert seen == [record]


@pytest.mark.feature("B9")
def test_contact_before_company_before_lead_and_no_guess_among_several() -> None:
    def known(*records: tuple[str, str]) -> RecordRef | None:
        index = PhoneIndex()
        rows = [
            IndexedPhone(
                e164="+7", kind=kind, record_id=record_id, name="", responsible_crm_id=None
            )
            for kind, record_id in records
        ]
        index.replace(ACCOUNT, rows)
        return index.sole(ACCOUNT, "+7")

    lead, company, contact = ("lead", "1"), ("company", "2"), ("contact", "3")
    assert known(lead, company, contact) == RecordRef(kind=RecordKind.CONTACT, id="3")
    assert known(lead, company) == RecordRef(kind=RecordKind.COMPANY, id="2")
    assert known(lead) == RecordRef(kind=RecordKind.LEAD, id="1")
    assert known(contact, ("contact", "4"), lead) is None
    assert known() is None


async def test_a_withheld_number_is_nothing_for_the_portal() -> None:
    portal, store = Portal(), Store()
    kept = calls(portal, store)
    change(kept, number="")
    await settle()
    how: dict[str, Any] = {"outcome": Outcome.ANSWERED, "cause": HangupCause.NORMAL, "talk_s": 7}
    await kept.finish(replace(_portal_call(), number=""), [ANNA], **how)
    assert portal.said == []
    assert store.reasons == [(CrmTrouble.WITHHELD, True)]
    await kept.aclose()


async def test_a_lost_answer_does_not_hide_what_the_portal_was_told_first() -> None:
    # The job that said "missed" got through, its answer did not; the next one knows better.
    portal, store = Portal(closed_with="304"), Store()
    kept = calls(portal, store)
    await kept.finish(
        _portal_call(), [ANNA], outcome=Outcome.ANSWERED, cause=HangupCause.NORMAL, talk_s=7
    )
    assert portal.said[-1] == ("amend", "77", "1", 7)
