"""Several tabs of one operator: which one's silence means something, and what a reload costs."""

from __future__ import annotations

import pytest

from backend.domain.scenario import Step
from backend.domain.tab_phone import TabPhone
from backend.errors import SwitchRefused, SwitchUnavailable
from backend.services.ports import TabPresence
from backend.services.routing import EmployeeRoute
from protocol.commands import HoldCall
from protocol.transfers import CancelTransfer, MuteCall, TransferCall
from protocol.vocabulary import CommandId, HangupCause, Microphone
from tests.unit.services.stage import (
    ACC,
    ANNA,
    BORIS,
    CUSTOMER,
    Stage,
    account,
    device,
    employee,
    playing,
    running,
)
from tests.unit.services.test_calls_adoption import leg, live
from tests.unit.services.test_calls_rescue import A1, A2, B1, C1, TAB, office, talking

pytestmark = pytest.mark.feature("T")

A3 = "agent-anna-3"
LINE = TAB.endpoint


def anna(*, desk: bool = False) -> EmployeeRoute:
    return employee(ANNA, "101", TAB, *((device("101", 2),) if desk else ()))


async def opens(
    stage: Stage, name: str, *, registered: bool = False, talking: bool = False, taken: int = 0
) -> None:
    """This tab is there and proved so much."""
    phone = TabPhone(
        microphone=Microphone.GRANTED,
        connected=True,
        registered=registered,
        talking=talking,
        taken=taken,
    )
    tab = TabPresence(
        session=f"s-{name}", tab=name, visible=True, sound=True, since=stage.now(), phone=phone
    )
    await stage.bus.mark_present(ACC, ANNA, tab, ttl_s=600)


async def closes(stage: Stage, name: str) -> None:
    await stage.bus.mark_gone(ACC, ANNA, f"s-{name}")


async def two_tabs(stage: Stage) -> None:
    """Anna talks in the first; the second one is open beside it."""
    await opens(stage, "one", registered=True, talking=True, taken=1)
    await opens(stage, "two")
    await stage.wait(3)


async def test_a_tab_beside_the_talk_does_not_end_it_when_the_talk_s_socket_breaks() -> None:
    async with talking(Stage(office())) as stage:
        await two_tabs(stage)
        stage.ready.discard(ANNA)
        await closes(stage, "one")
        await stage.wait(1)
        await opens(stage, "two", registered=True, taken=2)
        stage.ready.add(ANNA)
        await stage.wait(2)
        await opens(stage, "one", registered=True, talking=True, taken=3)
        await stage.wait(30)
        assert stage.last(ANNA)["rescue"] is None
        assert stage.switch.said("hang_up") == []


async def test_nor_when_the_sockets_of_both_broke_and_the_talk_s_is_the_later_one() -> None:
    async with talking(Stage(office())) as stage:
        await two_tabs(stage)
        stage.ready.discard(ANNA)
        await closes(stage, "one")
        await closes(stage, "two")
        await stage.wait(1)
        await opens(stage, "two", registered=True, taken=2)
        await stage.wait(2)
        await opens(stage, "one", registered=True, talking=True, taken=3)
        stage.ready.add(ANNA)
        await stage.wait(30)
        assert stage.switch.said("hang_up") == []


async def test_the_talk_s_own_tab_that_is_back_without_a_voice_is_believed() -> None:
    async with talking(Stage(office())) as stage:
        await two_tabs(stage)
        stage.ready.discard(ANNA)
        await closes(stage, "one")
        await stage.wait(1)
        await opens(stage, "one", registered=True, taken=2)
        await stage.wait(1)
        assert (A1, HangupCause.LOST_CONTACT) in stage.switch.said("hang_up")


async def test_when_nobody_is_back_the_switch_is_asked_whoever_else_is_there() -> None:
    async with talking(Stage(office())) as stage:
        await two_tabs(stage)
        stage.ready.discard(ANNA)
        await closes(stage, "one")
        await stage.wait(4)
        assert stage.switch.said("hang_up") == []
        stage.switch.offline.add(LINE)
        await stage.wait(3)
        assert stage.last(ANNA)["rescue"] == "returning"


# ── a page that goes while it rings ──


async def test_a_page_that_is_reloaded_while_it_rings_rings_again() -> None:
    stage = Stage(account(Step(employees=(ANNA,), timeout_s=20), people=(anna(),)))
    stage.ready.add(ANNA)
    async with playing(stage):
        await stage.arrives()
        await stage.leg(A1, "ringing")
        stage.ready.discard(ANNA)
        await stage.gone(A1, "no_answer")
        assert stage.last(ANNA)["state"] == "ringing"
        await stage.wait(2)
        assert stage.switch.endpoints() == [LINE]
        stage.ready.add(ANNA)
        await stage.wait(0.5)
        assert stage.switch.endpoints() == [LINE, LINE]
        await stage.leg(A2, "ringing")
        await stage.leg(A2, "up")
        assert stage.last(ANNA)["state"] == "talking"


async def test_meanwhile_the_person_s_telephone_rings() -> None:
    stage = Stage(account(Step(employees=(ANNA,), timeout_s=20), people=(anna(desk=True),)))
    stage.ready.add(ANNA)
    async with playing(stage):
        await stage.arrives()
        await stage.leg(A1, "ringing")
        stage.ready.discard(ANNA)
        await stage.gone(A1, "unreachable")
        assert stage.switch.endpoints() == [LINE, "PJSIP/101"]
        stage.ready.add(ANNA)
        await stage.wait(0.5)
        assert stage.switch.endpoints() == [LINE, "PJSIP/101", LINE]
        await stage.leg(A3, "up")
        assert (A2, HangupCause.ANSWERED_ELSEWHERE) in stage.switch.said("hang_up")


async def test_a_page_that_stays_away_lets_the_scenario_go_on() -> None:
    people = (anna(), employee(BORIS, "102"))
    steps = (Step(employees=(ANNA,), timeout_s=20), Step(employees=(BORIS,), timeout_s=20))
    stage = Stage(account(*steps, people=people))
    stage.ready.add(ANNA)
    async with playing(stage):
        await stage.arrives()
        await stage.leg(A1, "ringing")
        stage.ready.discard(ANNA)
        await stage.gone(A1, "no_answer")
        assert stage.switch.endpoints() == [LINE]
        await stage.wait(6.5)
        assert stage.switch.endpoints() == [LINE, "PJSIP/102"]
        await stage.leg(B1, "up")
        assert stage.last(BORIS)["state"] == "talking"


@pytest.mark.parametrize(("cause", "rang"), [("rejected", True), ("unreachable", False)])
async def test_a_declined_call_or_a_line_nobody_is_on_is_not_waited_for(
    cause: str, rang: bool
) -> None:
    people = (anna(), employee(BORIS, "102"))
    steps = (Step(employees=(ANNA,), timeout_s=20), Step(employees=(BORIS,), timeout_s=20))
    stage = Stage(account(*steps, people=people))
    stage.ready.add(ANNA)
    async with playing(stage):
        await stage.arrives()
        if rang:
            await stage.leg(A1, "ringing")
        await stage.gone(A1, cause)
        assert stage.switch.endpoints() == [LINE, "PJSIP/102"]


async def test_a_caller_who_gives_up_meanwhile_rings_nobody() -> None:
    stage = Stage(account(Step(employees=(ANNA,), timeout_s=20), people=(anna(),)))
    stage.ready.add(ANNA)
    async with playing(stage):
        await stage.arrives()
        await stage.leg(A1, "ringing")
        await stage.gone(A1, "no_answer")
        await stage.gone(CUSTOMER)
        await stage.wait(3)
        assert stage.switch.endpoints() == [LINE]
        assert stage.last(ANNA)["reason"] == "abandoned"


# ── the talk is as he left it ──


async def comes_back(stage: Stage) -> None:
    """Anna's page is reloaded, and picks up by itself."""
    stage.ready.discard(ANNA)
    await stage.gone(A1, "normal")
    await stage.wait(1)
    stage.ready.add(ANNA)
    await stage.wait(0.5)
    await stage.leg(A2, "up")


def orders(stage: Stage, *names: str) -> list[tuple[object, ...]]:
    return [order for order in stage.switch.orders if order[0] in names]


async def mutes(stage: Stage) -> None:
    await stage.owner.handle(ACC, ANNA, MuteCall(id=CommandId("mute-00001"), call_id=C1, on=True))


async def holds(stage: Stage) -> None:
    await stage.owner.handle(ACC, ANNA, HoldCall(id=CommandId("hold-00001"), call_id=C1, on=True))
    stage.switch.orders.clear()


async def test_who_was_muted_is_muted_before_anybody_hears_him_again() -> None:
    async with talking(Stage(office())) as stage:
        await mutes(stage)
        await comes_back(stage)
        assert stage.last(ANNA)["muted"] is True
        assert orders(stage, "mute", "connect")[1:] == [
            ("mute", A2, True),
            ("connect", C1, (CUSTOMER, A2)),
        ]


async def test_lost_again_before_the_switch_muted_him_he_is_muted_once_more() -> None:
    async with talking(Stage(office())) as stage:
        await mutes(stage)
        stage.switch.errors["mute"] = SwitchUnavailable("slow")
        await comes_back(stage)
        assert stage.last(ANNA)["muted"] is True
        await stage.gone(A2, "normal")
        del stage.switch.errors["mute"]
        await stage.wait(0.5)
        await stage.leg(A3, "up")
        assert stage.last(ANNA)["muted"] is True
        assert ("mute", A3, True) in stage.switch.orders


async def test_a_refused_mute_leaves_no_customer_alone() -> None:
    async with talking(Stage(office())) as stage:
        await mutes(stage)
        stage.switch.errors["mute"] = SwitchRefused("not now")
        await comes_back(stage)
        assert stage.switch.said("connect") == [(C1, (CUSTOMER, A2))]
        assert stage.last(ANNA)["muted"] is False


async def test_who_was_on_hold_stays_there_until_the_operator_s_word() -> None:
    async with talking(Stage(office(), notice="one-moment")) as stage:
        await holds(stage)
        await comes_back(stage)
        assert stage.last(ANNA)["state"] == "held"
        assert orders(stage, "hold", "play", "connect") == [("connect", C1, (A2,))]
        await stage.owner.handle(
            ACC, ANNA, HoldCall(id=CommandId("hold-00002"), call_id=C1, on=False)
        )
        assert stage.switch.said("hold") == [(C1, CUSTOMER, False)]
        assert stage.last(ANNA)["state"] == "talking"


async def test_whoever_it_is_passed_on_to_then_hears_him() -> None:
    async with talking(Stage(office())) as stage:
        await holds(stage)
        await comes_back(stage)
        stage.switch.orders.clear()
        wish = TransferCall(id=CommandId("pass-00001"), call_id=C1, kind="blind", employee_id=BORIS)
        await stage.owner.handle(ACC, ANNA, wish)
        await stage.leg(B1, "up")
        assert orders(stage, "connect", "hold") == [
            ("connect", C1, (CUSTOMER, B1)),
            ("hold", C1, CUSTOMER, False),
        ]


async def test_a_transfer_called_off_is_his_word() -> None:
    async with talking(Stage(office())) as stage:
        await holds(stage)
        await comes_back(stage)
        stage.switch.orders.clear()
        wish = TransferCall(
            id=CommandId("pass-00002"), call_id=C1, kind="attended", employee_id=BORIS
        )
        await stage.owner.handle(ACC, ANNA, wish)
        off = CancelTransfer(id=CommandId("pass-00003"), call_id=C1)
        await stage.owner.handle(ACC, ANNA, off)
        await stage.wait(0)
        assert stage.switch.said("hold") == [(C1, CUSTOMER, False)]
        assert stage.last(ANNA)["state"] == "talking"


async def test_a_held_talk_that_is_back_holds_no_other() -> None:
    own = employee(ANNA, "101", TAB)
    stage = Stage(account(Step(employees=(ANNA,), timeout_s=20, ring_busy=True), people=(own,)))
    async with talking(stage):
        await holds(stage)
        await stage.arrives("c2", "+79160000002")
        await stage.leg(A1, "up", call="c2")
        await stage.leg(CUSTOMER, "up", call="c2")
        stage.ready.discard(ANNA)
        await stage.gone(A1, "normal", call="c2")
        await stage.gone(A1, "normal")
        stage.ready.add(ANNA)
        await stage.wait(0.5)
        await stage.leg(A2, "up", call="c2")
        await stage.leg(A2, "up")
        states = {card["call_id"]: card["state"] for card in await stage.cards(ANNA)}
        assert states == {"c1": "held", "c2": "talking"}


async def test_a_colleague_who_takes_over_is_heard_and_hears() -> None:
    async with talking(Stage(office())) as stage:
        await mutes(stage)
        await holds(stage)
        stage.ready.discard(ANNA)
        await stage.gone(A1, "normal")
        await stage.wait(6.5)
        await stage.gone(A2, "no_answer")
        await stage.leg(B1, "up")
        assert orders(stage, "mute", "connect", "hold") == [
            ("connect", C1, (CUSTOMER, B1)),
            ("hold", C1, CUSTOMER, False),
        ]
        assert stage.last(BORIS)["state"] == "talking"


async def test_a_new_owner_knows_how_he_left_it() -> None:
    async with talking(Stage(office())) as stage:
        await mutes(stage)
        await holds(stage)
        stage.ready.discard(ANNA)
        await stage.gone(A1, "normal")
    stage.ready.add(ANNA)
    stage.new_owner()
    async with running(stage):
        await stage.connected(live(leg(CUSTOMER, "up"), held=True))
        await stage.wait(0.5)
        await stage.leg(A2, "up")
        assert orders(stage, "mute", "connect", "hold") == [
            ("mute", A2, True),
            ("connect", C1, (A2,)),
        ]
