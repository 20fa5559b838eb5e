"""What happens in the busy hour. Together the scenes send every command and cause every push."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Any

from msgspec.structs import replace as replace_settings

from backend.domain.account_settings import BoardSettings
from backend.domain.browser_line import browser_device, browser_username
from backend.domain.scenario import MessageStep, Scenario, Step
from backend.services.ports import Capabilities
from backend.services.ports.asked import AskedCall
from backend.services.ports.callbacks import CallbackTask
from backend.services.refused_calls import RefusedCalls
from protocol.dialer_words import AttemptOutcome
from protocol.vocabulary import (
    AccountId,
    CallbackReason,
    CallId,
    CrmKind,
    EmployeeId,
    HangupCause,
    LegId,
    LegState,
    RefusalReason,
)
from tests.contract.house_board import HEAD
from tests.contract.house_hour import KNOWN, PEOPLE, SHARED, UNKNOWN, Hour, PipedTab
from tests.fakes import idle
from tests.unit.services.stage import ACC, ANNA, BORIS, CUSTOMER, VERA

Scene = Callable[[Hour], Awaitable[None]]


async def answered_in_the_tab(hour: Hour) -> None:
    anna = hour.tabs[ANNA]
    call = await hour.calls()
    await anna.ask("call.answer", call_id=call)
    await hour.wait(3)
    assert anna.cards()[call]["state"] == "talking"
    assert call not in hour.tabs[BORIS].cards()
    await anna.ask("call.hold", call_id=call, on=True)
    await hour.wait(20)
    await anna.ask("call.hold", call_id=call, on=False)
    await anna.ask("call.pause_recording", call_id=call, on=True)
    assert anna.cards()[call]["recording"]["paused_at"] is not None
    await anna.ask("call.pause_recording", call_id=call, on=False)
    await anna.ask("call.hangup", call_id=call)
    await hour.wait(3)
    assert anna.cards()[call]["outcome"] == "answered"
    await anna.ask("history.list", limit=5)
    await anna.ask("call.dismiss", call_id=call)
    assert call not in anna.cards()


async def declined_by_both_then_by_the_next(hour: Hour) -> None:
    call = await hour.calls(UNKNOWN)
    await hour.tabs[ANNA].ask("call.decline", call_id=call)
    await hour.tabs[ANNA].ask("call.answer", call_id=call, refused="not_found")
    await hour.tabs[BORIS].ask("call.decline", call_id=call)
    await idle(120)
    await hour.picks_up(call, VERA)
    assert hour.tabs[VERA].cards()[call]["state"] == "talking"
    await hour.wait(15)
    await hour.leaves(call, VERA)
    await hour.wait(70)
    assert call not in hour.tabs[VERA].cards()


async def abandoned(hour: Hour) -> None:
    call = await hour.calls()
    await hour.wait(5)
    await hour.leaves(call)
    await hour.wait(3)
    assert call not in hour.tabs[ANNA].cards()


async def nobody_answers(hour: Hour) -> None:
    call = await hour.calls(SHARED)
    await hour.wait(40)
    await hour.leaves(call)
    await hour.wait(5)
    assert hour.journal.finished[call].outcome == "lost"


async def one_of_several_is_chosen(hour: Hour) -> None:
    call = await hour.calls(SHARED)
    await hour.picks_up(call, BORIS)
    boris = hour.tabs[BORIS]
    contact = [f for f in boris.frames if f["type"] == "contact.changed"][-1]
    record = contact["matches"][-1]["record"]
    await boris.ask("contact.choose", call_id=call, kind=record["kind"], record_id=record["id"])
    await boris.ask("contact.choose", call_id=call, kind="lead", record_id="9", refused="not_found")
    await hour.leaves(call)
    await hour.wait(3)


async def the_crm_is_down_for_a_while(hour: Hour) -> None:
    hour.crm.down = True
    call = await hour.calls("+79165550000")
    await hour.picks_up(call, ANNA)
    hour.crm.down = False
    await hour.tabs[ANNA].ask("contact.retry", call_id=call)
    await hour.wait(2)
    await hour.leaves(call)
    await hour.wait(3)


async def dialled(hour: Hour) -> None:
    anna = hour.tabs[ANNA]
    call = (await anna.ask("call.dial", target=KNOWN))["call_id"]
    await idle(120)
    if hour.switch.legs[call, CUSTOMER].state is not LegState.UP:
        # Its network speaks first.
        hour.switch.speaks(call, CUSTOMER)
        await idle(60)
        hour.switch.moved(call, CUSTOMER, LegState.UP)
    await idle(120)
    assert anna.cards()[call]["state"] == "talking"
    await anna.ask("call.dial", target=UNKNOWN, refused="wrong_state")
    await hour.wait(30)
    hour.switch.gone(call, CUSTOMER, HangupCause.NORMAL)
    await hour.wait(3)


async def a_colleague_is_called(hour: Hour) -> None:
    call = (await hour.tabs[VERA].ask("call.dial", target="102"))["call_id"]
    await idle(120)
    await hour.picks_up(call, BORIS)
    await hour.wait(5)
    await hour.leaves(call, BORIS)
    await hour.wait(3)


async def passed_on_and_talked_over(hour: Hour) -> None:
    anna, boris, vera = (hour.tabs[who] for who in (ANNA, BORIS, VERA))
    call = await hour.calls()
    await hour.picks_up(call, ANNA)
    await anna.ask("call.mute", call_id=call, on=True)
    await anna.ask("call.mute", call_id=call, on=False)
    await anna.ask("call.dtmf", call_id=call, digits="12#")
    # Talked over, then all three, then the first one leaves.
    await anna.ask("call.transfer", call_id=call, kind="attended", employee_id=BORIS, note="VIP")
    await idle(120)
    await boris.ask("call.answer", call_id=call)
    await idle(120)
    await anna.ask("call.hold", call_id=call, on=False)
    await anna.ask("call.merge", call_id=call)
    await anna.ask("call.leave", call_id=call)
    await idle(120)
    assert boris.cards()[call]["state"] == "talking"
    # Declined: back to who sent it. Called back by its sender. Taken at last.
    await boris.ask("call.transfer", call_id=call, kind="blind", number="103")
    await idle(120)
    await vera.ask("call.decline", call_id=call)
    await idle(120)
    await boris.ask("call.answer", call_id=call)
    await idle(120)
    assert boris.cards()[call]["transfer"]["reason"] == "declined"
    await boris.ask("call.transfer", call_id=call, kind="attended", employee_id=VERA)
    await boris.ask("call.transfer_cancel", call_id=call)
    await idle(120)
    await boris.ask("call.transfer", call_id=call, kind="attended", employee_id=VERA)
    await vera.ask("call.answer", call_id=call)
    await idle(120)
    await boris.ask("call.transfer_complete", call_id=call)
    await idle(120)
    assert vera.cards()[call]["state"] == "talking"
    assert call not in boris.cards()
    await hour.leaves(call)
    await hour.wait(3)


async def a_transfer_is_taken_over(hour: Hour) -> None:
    call = await hour.calls()
    await hour.picks_up(call, ANNA)
    await hour.tabs[ANNA].ask("call.transfer", call_id=call, kind="blind", employee_id=VERA)
    await idle(120)
    await hour.own()
    await idle(120)
    await hour.picks_up(call, VERA)
    assert hour.tabs[VERA].cards()[call]["state"] == "talking"
    await hour.leaves(call, VERA)
    await hour.wait(3)


async def two_at_once(hour: Hour) -> None:
    first = await hour.calls(KNOWN)
    second = await hour.calls(UNKNOWN)
    await hour.picks_up(first, ANNA)
    await hour.picks_up(second, BORIS)
    await hour.leaves(second)
    await hour.leaves(first)
    await hour.wait(3)


async def statuses_change(hour: Hour) -> None:
    boris = hour.tabs[BORIS]
    await boris.ask("status.set", status="break", reason="обед")
    call = await hour.calls()
    assert call not in boris.cards()
    await hour.leaves(call)
    await boris.ask("status.set", status="available")
    await hour.wait(3)


async def tabs_come_and_go(hour: Hour) -> None:
    another = await hour.sign_in(VERA)
    await another.ask("tab.report", visible=True, sound=True)
    await hour.tabs[VERA].ask("tab.report", visible=False, sound=False)
    await another.ask("session.renew")
    await another.ask("stream.subscribe", stream="colleagues")
    await another.ask("stream.unsubscribe", stream="colleagues")
    await another.ask("stream.unsubscribe", stream="me", refused="not_allowed")
    await another.close()
    await hour.wait(30)
    await hour.tabs[VERA].ask("tab.report", visible=True, sound=True)


async def everybody_leaves_and_one_returns(hour: Hour) -> None:
    await hour.tabs[BORIS].close()
    await hour.wait(40)
    hour.tabs[BORIS] = await hour.sign_in(BORIS)


async def staff_changes(hour: Hour) -> None:
    await hour.staff(ANNA, BORIS)
    await idle()
    await hour.staff(*PEOPLE)


async def the_switch_is_away_for_a_while(hour: Hour) -> None:
    call = await hour.calls()
    await hour.picks_up(call, ANNA)
    await hour.disconnected()
    await hour.wait(4)
    hour.switch.connect_again()
    await idle(120)
    assert hour.tabs[ANNA].cards()[call]["state"] == "talking"
    await hour.leaves(call)
    await hour.wait(3)


async def another_worker_takes_over(hour: Hour) -> None:
    talk = await hour.calls()
    await hour.picks_up(talk, ANNA)
    rings = await hour.calls(UNKNOWN)
    await hour.own()
    await idle(120)
    assert hour.tabs[ANNA].cards()[talk]["state"] == "talking"
    await hour.picks_up(rings, BORIS)
    await hour.leaves(talk)
    await hour.leaves(rings)
    await hour.wait(3)


@dataclass
class _Refused:
    """One refused click, as the table keeps it."""

    call: AskedCall

    async def find(self, account_id: AccountId, crm: str, external_id: str) -> AskedCall | None:
        return self.call

    async def of_call(self, account_id: AccountId, call_id: CallId) -> AskedCall | None:
        return self.call


async def a_click_in_the_crm_is_refused(hour: Hour) -> None:
    call = AskedCall(
        account_id=ACC,
        crm=CrmKind.BITRIX24,
        external_id="externalCall.1",
        kind="click",
        call_id=CallId("asked-1"),
        crm_call_id="externalCall.1",
        crm_user_id="7",
        employee_id=ANNA,
        number=KNOWN,
        line="",
        record_kind=None,
        record_id=None,
        asked_at=hour.clock.now(),
        state="refused",
        reason=RefusalReason.NO_CALLER_ID.value,
    )
    refused = RefusedCalls(
        asked=_Refused(call),
        portals=lambda _: None,
        accounts=lambda _: None,
        bus=hour.bus,
        clock=hour.clock,
    )
    await refused.tell(ACC, call.crm.value, call.external_id)
    await idle()
    assert hour.tabs[ANNA].frames[-1]["type"] == "notice.raised"


async def a_choice_of_outgoing_numbers_is_given_and_taken(hour: Hour) -> None:
    route = hour.routing.account(ACC)
    assert route is not None
    people = dict(route.employees)
    people[ANNA] = replace(people[ANNA], caller_id_choice=True)
    for told in (replace(route, employees=people), route):
        await hour.outgoing.tell(told)
        await idle()
        frame = hour.tabs[ANNA].frames[-1]
        assert frame["type"] == "outgoing.changed"
        assert (frame["numbers"] == []) is (told is route)


async def a_browser_becomes_the_phone(hour: Hour) -> None:
    route = hour.routing.account(ACC)
    assert route is not None
    vera = route.employees[VERA]
    only_browser = replace(vera, devices=(browser_device("acc", VERA, vera.extension),))
    in_browser = replace(route, employees={**route.employees, VERA: only_browser})
    hour.routing.replace(in_browser)
    await hour.devices.tell(in_browser)
    tab = hour.tabs[VERA]
    await tab.ask("phone.register", refused="wrong_state")
    call = await _offered_to_vera(hour)
    assert [f["number"] for f in tab.frames if f["type"] == "phone.passed"][-1:] == [KNOWN]
    await hour.leaves(call)
    await hour.wait(3)
    await tab.ask("phone.report", microphone="granted")
    assert (await tab.ask("phone.register"))["username"] == f"acc-bx{_short(VERA)}"
    await tab.ask("phone.report", microphone="granted", connected=True, registered=True)
    assert hour.ready_lines.is_ready(ACC, VERA)
    call = await _offered_to_vera(hour)
    await tab.ask("call.answer", call_id=call)
    asked = [f for f in tab.frames if f["type"] == "phone.asked"][-1]
    assert (asked["call_id"], asked["act"]) == (call, "answer")
    await hour.picks_up(call, VERA)
    await _moves_to_another_tab(hour, call)
    await hour.leaves(call)
    await hour.wait(3)
    await tab.ask("phone.take")
    await tab.ask("phone.release")
    assert not hour.ready_lines.is_ready(ACC, VERA)
    hour.routing.replace(route)
    await hour.devices.tell(route)


async def _moves_to_another_tab(hour: Hour, call: CallId) -> None:
    """Vera's voice goes on on another leg, then its next move fails: her card says why."""
    tab = hour.tabs[VERA]
    [old] = _legs_of(hour, call)
    moving = asyncio.create_task(tab.ask("call.move_voice", call_id=call, leg_id=old))
    await idle(120)
    [new] = [leg for leg in _legs_of(hour, call) if leg != old]
    await tab.ask("call.take_voice", call_id=call, leg_id=new)
    await moving
    assert _legs_of(hour, call) == [new]
    again = tab.ask("call.move_voice", refused="wrong_state", call_id=call, leg_id=new)
    moving = asyncio.create_task(again)
    await idle(120)
    await hour.wait(9)
    await moving
    assert tab.cards()[call]["voice_stayed"] == "no_sound"


def _legs_of(hour: Hour, call: CallId) -> list[LegId]:
    return [leg for c, leg in hour.switch.legs if c == call and f"-{VERA}-" in leg]


def _short(who: EmployeeId) -> str:
    return browser_username("", who, None).removeprefix("-bx")


async def _offered_to_vera(hour: Hour) -> CallId:
    """The first step's people decline: the next is hers."""
    call = await hour.calls(KNOWN)
    for who in (ANNA, BORIS):
        await hour.tabs[who].ask("call.decline", call_id=call)
    await idle(120)
    return call


async def a_customer_waits_to_be_called_back(hour: Hour) -> None:
    call = CallId(f"waits-{next(hour.numbers)}")
    hour.wanted.tasks.append(
        CallbackTask(
            call_id=call,
            number=KNOWN,
            name=None,
            virtual_number=None,
            reason=CallbackReason.VOICEMAIL,
            employees=(ANNA, BORIS),
            created_at=hour.clock.now(),
        )
    )
    await hour.callbacks.tell(ACC)
    await idle()
    frame = hour.tabs[BORIS].frames[-1]
    assert (frame["type"], frame["items"][0]["call_id"]) == ("callbacks.changed", call)
    await hour.tabs[VERA].ask("callback.done", call_id=call, refused="not_found")
    await hour.tabs[ANNA].ask("callback.done", call_id=call)
    await hour.callbacks.tell(ACC, (ANNA, BORIS))
    await idle()
    assert hour.tabs[BORIS].frames[-1]["items"] == []


async def a_message_is_heard_before_anybody_rings(hour: Hour) -> None:
    route = hour.routing.account(ACC)
    assert route is not None
    [number] = route.virtual_numbers
    greeting = Scenario(
        name="Sales", steps=(MessageStep(sound="hello"), Step(employees=(ANNA,), timeout_s=20))
    )
    hour.routing.replace(replace(route, virtual_numbers=(replace(number, scenario=greeting),)))
    call = await hour.calls(KNOWN)
    await idle(120)
    await hour.picks_up(call, ANNA)
    assert hour.tabs[ANNA].cards()[call]["state"] == "talking"
    hour.routing.replace(route)
    await hour.leaves(call)
    await hour.wait(3)


async def somebody_dials_on_the_telephone(hour: Hour) -> None:
    call = CallId(f"call-{next(hour.numbers):04d}")
    hour.switch.placed(call, LegId("agent-boris-77009"), KNOWN, "+74951112233")
    await idle(120)
    hour.switch.moved(call, CUSTOMER, LegState.UP)
    await idle(120)
    assert hour.tabs[BORIS].cards()[call]["state"] == "talking"
    await hour.leaves(call)
    await hour.wait(3)


async def a_broken_telephone_costs_no_customer(hour: Hour) -> None:
    call = await hour.calls(KNOWN)
    await hour.picks_up(call, ANNA)
    hour.switch.gone(call, LegId("agent-anna-1"), HangupCause.LOST_CONTACT)
    await idle(240)
    card = hour.tabs[ANNA].cards()[call]
    assert (card["state"], card["rescue"]) == ("talking", None), "it picked up by itself"
    await hour.leaves(call)
    await hour.wait(3)
    assert hour.journal.finished[call].wanted is None


async def nothing_happens(hour: Hour) -> None:
    """Long enough for the log of a stream to be forgotten: whoever comes back gets a snapshot."""
    await hour.wait(620)


async def history_of_another_epoch(hour: Hour) -> None:
    for key in hour.keys:
        await hour.bus.reset(key)
    await idle()


async def a_list_is_worked_through(hour: Hour) -> None:
    """Every word of the dialer's, in an order a day may have."""
    anna, room = hour.tabs[ANNA], hour.dialer
    # Presence gathers those who come by the machine's own clock.
    async with asyncio.timeout(5):
        while not await hour.bus.present(ACC, ANNA):  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    work = await room.load(f"list-{next(hour.numbers)}")
    mine = {"list_id": work.id}
    assert len((await anna.ask("dialer.lists"))["lists"]) == 1
    rows = (await anna.ask("dialer.items", **mine))["items"]
    await anna.ask("dialer.move", item_id=rows[3]["id"], before=rows[0]["id"], **mine)
    await anna.ask("dialer.remove", item_id=rows[2]["id"], **mine)
    checked = await anna.ask("dialer.refresh", **mine)
    assert checked["counts"] == {"loaded": 4, "waiting": 3, "in_hand": 0, "done": 0, "excluded": 1}
    await hour.tabs[BORIS].ask("dialer.start", refused="not_found", **mine)
    await anna.ask("dialer.start", blend=True, **mine)
    await anna.ask("dialer.blend", on=False)
    await room.look()
    await anna.ask("dialer.skip", **_hand(anna))
    await room.look()
    await anna.ask("dialer.dial", **_hand(anna))
    await anna.ask("dialer.dial", refused="wrong_state", **_hand(anna))
    await room.over(AttemptOutcome.BUSY)
    await room.look()
    await anna.ask("dialer.typing", **_hand(anna))
    await anna.ask("dialer.dispose", disposition="machine", note="Tone only", **_hand(anna))
    await anna.ask("dialer.dispose", disposition="refused", **_hand(anna))
    await anna.ask("dialer.next", **_hand(anna))
    await room.look()
    await anna.ask("dialer.stop")
    await anna.ask("dialer.repeat", outcomes=["busy"], **mine)
    await anna.ask("dialer.reset", **mine)
    await room.look()
    assert _dialer(anna)["current"] is None


async def a_supervisor_listens_and_helps(hour: Hour) -> None:
    before = hour.routing.account(ACC)
    assert before is not None
    board = BoardSettings(monitoring=True)
    staff = {who: route for who, route in before.employees.items() if who != VERA}
    hour.routing.replace(replace(before, settings=replace_settings(before.settings, board=board)))
    hour.switch.capabilities = Capabilities(watch=frozenset(("listen", "whisper")))
    call = await hour.calls()
    await hour.picks_up(call, ANNA)
    hour.board.watches.state = "ringing"
    await hour.board.asks.watch(HEAD, call, ANNA, "listen")
    hour.board.watches.state = "up"
    await hour.wait(2)
    anna = hour.tabs[ANNA]
    assert _newest(anna, "monitored.changed")["mode"] == "listen"
    await anna.ask("hand.raise", reason="A discount?", call_id=call)
    await hour.board.hands.answer(ACC, ANNA, VERA, "Vera", done=False)
    await hour.wait(1)
    assert _newest(anna, "hand.changed")["answered_by"] == "Vera"
    await anna.ask("hand.lower")
    await hour.board.asks.stop(HEAD, call)
    await hour.wait(1)
    assert _newest(anna, "monitored.changed")["mode"] is None
    await hour.leaves(call)
    hour.routing.replace(replace(before, employees=staff))
    await hour.board.keeper.reload()
    await hour.wait(1)
    hour.routing.replace(before)
    await hour.board.keeper.reload()
    hour.switch.capabilities = Capabilities()
    await hour.wait(1)


def _newest(tab: PipedTab, tag: str) -> dict[str, Any]:
    return next(frame for frame in reversed(tab.frames) if frame["type"] == tag)


def _dialer(tab: PipedTab) -> dict[str, Any]:
    return next(f for f in reversed(tab.frames) if f["type"] == "dialer.changed")


def _hand(tab: PipedTab) -> dict[str, Any]:
    item = _dialer(tab)["in_hand"]["item"]
    return {"item_id": item["id"], "fence": item["fence"]}


ONCE: tuple[Scene, ...] = (
    a_list_is_worked_through,
    answered_in_the_tab,
    declined_by_both_then_by_the_next,
    abandoned,
    nobody_answers,
    one_of_several_is_chosen,
    the_crm_is_down_for_a_while,
    dialled,
    a_colleague_is_called,
    passed_on_and_talked_over,
    a_transfer_is_taken_over,
    two_at_once,
    statuses_change,
    tabs_come_and_go,
    everybody_leaves_and_one_returns,
    staff_changes,
    the_switch_is_away_for_a_while,
    another_worker_takes_over,
    a_click_in_the_crm_is_refused,
    a_choice_of_outgoing_numbers_is_given_and_taken,
    a_browser_becomes_the_phone,
    a_customer_waits_to_be_called_back,
    a_message_is_heard_before_anybody_rings,
    somebody_dials_on_the_telephone,
    a_broken_telephone_costs_no_customer,
    a_supervisor_listens_and_helps,
)
SELDOM: tuple[Scene, ...] = (nothing_happens, history_of_another_epoch)
