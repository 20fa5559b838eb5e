"""An operator is lost in the middle of a talk: the customer never is."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest

from backend.domain.account_settings import AllSettings, SoundsSettings
from backend.domain.scenario import Device, Step
from backend.domain.tab_phone import TabPhone
from backend.errors import NotFound, SwitchRefused
from backend.services.ports import CallbackWanted, SoundOver, TabPresence
from backend.services.routing import AccountRoute
from protocol.commands import Dial, HangUpCall
from protocol.pushes import Dialed
from protocol.vocabulary import (
    CallbackReason,
    CallId,
    CommandId,
    HangupCause,
    Microphone,
)
from tests.fakes import idle
from tests.unit.services.stage import (
    ACC,
    ANNA,
    BORIS,
    CUSTOMER,
    NUMBER,
    Stage,
    account,
    device,
    employee,
    playing,
    running,
)
from tests.unit.services.test_calls_adoption import leg, live

pytestmark = pytest.mark.feature("T")

C1 = CallId("c1")
A1, A2, B1 = "agent-anna-1", "agent-anna-2", "agent-boris-1"
TAB = Device(priority=1, kind="browser", endpoint="PJSIP/demo-b101", label="Browser")
NOTICE = "one-moment"


def office(*, tab: bool = True) -> AccountRoute:
    """Anna talks in her browser and has a desk phone too; Boris is of her group."""
    own = (TAB, device("101", 2)) if tab else (device("101"),)
    people = (employee(ANNA, "101", *own), employee(BORIS, "102"))
    route = account(Step(employees=(ANNA,), timeout_s=20), people=people)
    return replace(route, groups={"sales": (ANNA, BORIS)})


@asynccontextmanager
async def talking(stage: Stage) -> AsyncIterator[Stage]:
    """Anna has taken the call; her page is ready."""
    stage.ready.add(ANNA)
    async with playing(stage):
        await stage.arrives()
        await stage.leg(A1, "up")
        await stage.leg(CUSTOMER, "up")
        assert stage.last(ANNA)["state"] == "talking"
        stage.switch.rung.clear()
        stage.switch.orders.clear()
        yield stage


async def notice_over(stage: Stage) -> None:
    at = stage.now()
    stage.switch.emit(SoundOver(call_id=C1, leg_id=CUSTOMER, kind="played", at=at))
    await idle()


async def end(stage: Stage) -> Any:
    await stage.gone(CUSTOMER)
    await stage.wait(3)
    return stage.journal.finished[C1]


async def test_a_reloaded_page_has_its_talk_back_by_itself() -> None:
    async with talking(Stage(office(), notice=NOTICE)) as stage:
        stage.ready.discard(ANNA)
        await stage.gone(A1, "normal")
        assert stage.switch.said("play") == [(CUSTOMER, NOTICE)]
        assert (stage.last(ANNA)["state"], stage.last(ANNA)["rescue"]) == ("held", "returning")
        await notice_over(stage)
        assert stage.switch.said("hold") == [(C1, CUSTOMER, True)]
        await stage.wait(2)
        assert stage.switch.rung == [], "the page is not back yet"
        stage.ready.add(ANNA)
        await stage.wait(0.5)
        [order] = stage.switch.rung
        assert (order.endpoint, order.auto_answer) == ("PJSIP/demo-b101", True)
        assert order.headers["X-Dozvon-Rescue"] == "1"
        assert [p["act"] for p in stage.seen[ANNA] if p["type"] == "phone.asked"] == ["answer"]
        await stage.leg(A2, "up")
        assert stage.switch.said("connect") == [(C1, (CUSTOMER, A2))]
        assert stage.switch.said("hold")[-1] == (C1, CUSTOMER, False)
        card = stage.last(ANNA)
        assert (card["state"], card["rescue"], card["transfer"]) == ("talking", None, None)
        kept = await end(stage)
        assert (kept.outcome, kept.answered_by, kept.wanted) == ("answered", ANNA, None)


async def test_the_account_s_own_notice_comes_before_the_server_s() -> None:
    chosen = AllSettings(sounds=SoundsSettings(rescue_notice="uploads/s1"))
    route = replace(office(), settings=chosen, sounds={"uploads/s1": "http://ours.test/a.wav"})
    async with talking(Stage(route, notice=NOTICE)) as stage:
        stage.ready.discard(ANNA)
        await stage.gone(A1, "normal")
        assert stage.switch.said("play") == [(CUSTOMER, "http://ours.test/a.wav")]


async def test_a_page_that_does_not_come_back_leaves_it_to_the_other_devices() -> None:
    async with talking(Stage(office())) as stage:
        stage.ready.discard(ANNA)
        await stage.gone(A1, "normal")
        assert stage.switch.said("hold") == [(C1, CUSTOMER, True)], "no notice: music at once"
        await stage.wait(6.5)
        assert [(o.endpoint, o.auto_answer) for o in stage.switch.rung] == [("PJSIP/101", True)]
        await stage.leg(A2, "up")
        assert stage.last(ANNA)["state"] == "talking"


async def test_then_colleagues_are_rung_and_the_operator_with_them() -> None:
    async with talking(Stage(office())) as stage:
        stage.ready.discard(ANNA)
        await stage.gone(A1, "normal")
        await stage.wait(6.5)
        await stage.gone(A2, "no_answer")
        await idle()
        assert stage.switch.endpoints()[1:] == ["PJSIP/101", "PJSIP/102"]
        assert stage.last(BORIS)["rescue"] == "seeking"
        await stage.leg(B1, "up")
        assert stage.switch.said("connect")[-1] == (C1, (CUSTOMER, B1))
        kept = await end(stage)
        assert (kept.outcome, kept.answered_by, kept.wanted) == ("answered", ANNA, None)


async def test_a_rescued_operator_who_hangs_up_on_silence_is_followed_by_his_colleagues() -> None:
    async with talking(Stage(office(tab=False))) as stage:
        await stage.gone(A1, "lost_contact")
        stage.switch.errors["connect"] = NotFound("gone")
        await stage.leg(A2, "up")
        stage.switch.errors.clear()
        stage.switch.orders.clear()
        await stage.gone(A2, "normal")
        assert stage.last(BORIS)["rescue"] == "seeking"
        assert [order.endpoint for order in stage.switch.rung[1:]] == ["PJSIP/101", "PJSIP/102"]
        assert stage.switch.said("hold") == [(C1, CUSTOMER, True)]
        await stage.leg(B1, "up")
        assert stage.switch.said("connect")[-1] == (C1, (CUSTOMER, B1))
        kept = await end(stage)
        assert (kept.outcome, kept.last_talked_by, kept.wanted) == ("answered", BORIS, None)


async def test_at_last_the_customer_is_called_back() -> None:
    async with talking(Stage(office())) as stage:
        stage.ready.discard(ANNA)
        await stage.gone(A1, "normal")
        await stage.wait(6.5)
        await stage.gone(A2, "no_answer")
        await stage.gone("agent-anna-3", "no_answer")
        await stage.gone(B1, "rejected")
        assert (CUSTOMER, HangupCause.NORMAL) in stage.switch.said("hang_up")
        kept = await end(stage)
        assert (kept.outcome, kept.wanted) == (
            "answered",
            CallbackWanted(reason=CallbackReason.LOST),
        )
        assert ANNA in kept.wanted_by


async def test_a_customer_who_gives_up_is_called_back_unless_both_left_at_once() -> None:
    for waited, wanted in ((1, None), (10, CallbackWanted(reason=CallbackReason.LOST))):
        async with talking(Stage(office())) as stage:
            stage.ready.discard(ANNA)
            await stage.gone(A1, "normal")
            await stage.wait(waited)
            kept = await end(stage)
            assert kept.wanted == wanted
            assert stage.switch.said("connect") == []


@pytest.mark.parametrize(
    ("cause", "lost"), [("normal", False), ("lost_contact", True), ("failure", True)]
)
async def test_a_telephone_that_hangs_up_means_it_and_one_that_breaks_does_not(
    cause: str, lost: bool
) -> None:
    async with talking(Stage(office(tab=False))) as stage:
        await stage.gone(A1, cause)
        assert (stage.last(ANNA)["rescue"] == "returning") is lost
        assert stage.switch.endpoints() == (["PJSIP/101"] if lost else [])


async def test_who_hangs_up_by_command_is_not_lost() -> None:
    async with talking(Stage(office())) as stage:
        await stage.owner.handle(ACC, ANNA, HangUpCall(id=CommandId("hang-up-01"), call_id=C1))
        await stage.gone(A1, "normal")
        await stage.gone(CUSTOMER)
        assert stage.last(ANNA)["state"] == "ended"
        assert stage.switch.rung == []


async def test_the_operator_ends_a_rescue_from_another_tab() -> None:
    async with talking(Stage(office())) as stage:
        stage.ready.discard(ANNA)
        await stage.gone(A1, "normal")
        assert "hangup" in stage.last(ANNA)["actions"]
        await stage.owner.handle(ACC, ANNA, HangUpCall(id=CommandId("hang-up-02"), call_id=C1))
        assert (CUSTOMER, HangupCause.NORMAL) in stage.switch.said("hang_up")
        kept = await end(stage)
        assert kept.outcome == "answered"


async def test_a_refused_notice_is_no_silence() -> None:
    stage = Stage(office(), notice=NOTICE)
    stage.switch.errors["play"] = SwitchRefused("no such sound")
    async with talking(stage):
        await stage.gone(A1, "normal")
        assert stage.switch.said("hold") == [(C1, CUSTOMER, True)]


async def test_back_before_the_notice_is_over_there_is_no_music_on_top() -> None:
    async with talking(Stage(office(), notice=NOTICE)) as stage:
        await stage.gone(A1, "normal")
        await stage.leg(A2, "up")
        assert stage.switch.said("connect") == [(C1, (CUSTOMER, A2))]
        await notice_over(stage)
        assert stage.switch.said("hold") == []


async def test_lost_again_it_is_rescued_again() -> None:
    async with talking(Stage(office())) as stage:
        await stage.gone(A1, "normal")
        await stage.wait(0.25)
        await stage.leg(A2, "up")
        await stage.gone(A2, "normal")
        assert stage.last(ANNA)["rescue"] == "returning"
        await stage.wait(0.25)
        await stage.leg("agent-anna-3", "up")
        assert stage.last(ANNA)["state"] == "talking"


async def test_a_killed_worker_s_rescue_goes_on() -> None:
    async with talking(Stage(office())) as stage:
        stage.ready.discard(ANNA)
        await stage.gone(A1, "normal")
    stage.ready.add(ANNA)
    stage.new_owner()
    async with running(stage):
        await stage.connected(live(leg(CUSTOMER, "up")))
        assert stage.switch.said("hold") == [(C1, CUSTOMER, True)]
        await stage.wait(0.25)
        assert stage.switch.endpoints() == ["PJSIP/demo-b101"]
        await stage.leg(A2, "up")
        assert (await stage.cards(ANNA))[0]["state"] == "talking"


async def test_an_operator_lost_while_no_worker_looked_is_brought_back() -> None:
    async with talking(Stage(office(tab=False))) as stage:
        pass
    stage.new_owner()
    async with running(stage):
        await stage.connected(live(leg(CUSTOMER, "up")))
        assert stage.switch.said("hold") == [(C1, CUSTOMER, True)]
        assert stage.switch.endpoints() == ["PJSIP/101"]
        await stage.leg(A2, "up")
        [card] = await stage.cards(ANNA)
        assert card["state"] == "talking"


async def tab(stage: Stage, **phone: bool) -> None:
    """Anna's one tab, as its process last heard of it; gone without a word about its phone."""
    proved = TabPhone(microphone=Microphone.GRANTED, connected=True, **phone) if phone else None
    seen = TabPresence(
        session="s1", tab="t1", visible=True, sound=True, since=stage.now(), phone=proved
    )
    if phone:
        await stage.bus.mark_present(ACC, ANNA, seen, ttl_s=600)
    else:
        await stage.bus.mark_gone(ACC, ANNA, "s1")


async def test_a_page_that_crashed_is_found_out_by_its_sockets() -> None:
    async with talking(Stage(office())) as stage:
        await tab(stage, registered=True, talking=True)
        await stage.wait(30)
        assert stage.last(ANNA)["rescue"] is None
        stage.ready.discard(ANNA)
        await tab(stage)
        await stage.wait(3)
        assert stage.last(ANNA)["rescue"] is None, "perhaps only a proxy restarts"
        stage.switch.offline.add("PJSIP/demo-b101")
        await stage.wait(4)
        assert stage.last(ANNA)["rescue"] == "returning"
        assert (A1, HangupCause.LOST_CONTACT) in stage.switch.said("hang_up")


async def test_a_bus_that_refuses_for_a_moment_does_not_end_the_watch() -> None:
    async with talking(Stage(office())) as stage:
        await tab(stage, registered=True, talking=True)
        present = stage.bus.present

        async def refuse(*_: object) -> Any:
            raise RuntimeError("LOADING the data set is in memory")

        stage.bus.present = refuse  # type: ignore[assignment, method-assign]
        await stage.wait(3)
        stage.ready.discard(ANNA)
        await stage.wait(6)
        assert stage.last(ANNA)["rescue"] is None, "the line is still there"
        stage.bus.present = present  # type: ignore[method-assign]
        await tab(stage)
        stage.switch.offline.add("PJSIP/demo-b101")
        await stage.wait(6)
        assert stage.last(ANNA)["rescue"] == "returning"


async def test_sockets_that_broke_alone_cost_no_talk() -> None:
    async with talking(Stage(office())) as stage:
        stage.ready.discard(ANNA)
        await tab(stage)
        await stage.wait(3)
        await tab(stage, registered=True, talking=True)
        stage.ready.add(ANNA)
        await stage.wait(30)
        assert stage.last(ANNA)["rescue"] is None
        assert stage.switch.said("hang_up") == []


async def test_a_page_opened_anew_without_the_voice_has_its_talk_back() -> None:
    async with talking(Stage(office())) as stage:
        stage.ready.discard(ANNA)
        await tab(stage)
        await stage.wait(2)
        await tab(stage, registered=True, talking=False)
        stage.ready.add(ANNA)
        await stage.wait(2)
        assert [order.endpoint for order in stage.switch.rung] == ["PJSIP/demo-b101"]
        await stage.leg(A2, "up")
        assert stage.last(ANNA)["state"] == "talking"


async def test_a_call_the_operator_placed_is_rescued_as_well() -> None:
    stage = Stage(office())
    stage.ready.add(ANNA)
    async with playing(stage):
        dial = Dial(id=CommandId("rescue-dial-1"), target=NUMBER)
        found = await stage.owner.handle(ACC, ANNA, dial)
        assert isinstance(found, Dialed)
        call = found.call_id
        await stage.leg(A1, "up", call=call)
        await stage.leg(CUSTOMER, "up", call=call)
        stage.switch.rung.clear()
        await stage.gone(A1, "normal", call=call)
        await stage.wait(0.5)
        assert stage.switch.endpoints() == ["PJSIP/demo-b101"]
        await stage.leg(A2, "up", call=call)
        assert stage.switch.said("connect")[-1] == (call, (A2, CUSTOMER))
        card = stage.last(ANNA)
        assert (card["state"], card["direction"]) == ("talking", "outbound")
        await stage.gone(CUSTOMER, call=call)
        await stage.wait(3)
        kept = stage.journal.finished[call]
        assert (kept.outcome, kept.wanted) == ("answered", None)
