"""Steps of a scenario that ring nobody of ours, and people rung by how long they have been idle."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from backend.domain.account_settings import AllSettings, HoursSettings
from backend.domain.scenario import (
    AnyStep,
    CallbackStep,
    EndStep,
    ExternalStep,
    HoursStep,
    MessageStep,
    Scenario,
    Step,
    VoicemailStep,
    linked,
)
from backend.errors import SwitchRefused
from backend.services.ports import CallbackWanted, SoundOver
from backend.services.routing import AccountRoute
from protocol.vocabulary import AccountId, CallbackReason, CallId, EmployeeId, HangupCause
from tests.fakes import idle
from tests.unit.services.stage import (
    ANNA,
    BORIS,
    CUSTOMER,
    START,
    VERA,
    Stage,
    account,
    playing,
    running,
)
from tests.unit.services.test_calls_adoption import leg, live

pytestmark = pytest.mark.feature("T")
SALES = Step(employees=(ANNA,), timeout_s=20)
C1 = CallId("c1")
BOSS = "+74957770000"


def switched(*steps: AnyStep, night: tuple[AnyStep, ...] = (), **hours: Any) -> AccountRoute:
    """The account with these steps, a night scenario and hours of its own."""
    found = linked({"day": Scenario(name="Sales", steps=steps),
                    "night": Scenario(name="Night", steps=night, final="busy")})  # fmt: skip
    route = account(*steps)
    [number] = route.virtual_numbers
    return replace(
        route,
        virtual_numbers=(replace(number, scenario=found["day"]),),
        settings=AllSettings(hours=HoursSettings(**hours)) if hours else route.settings,
        timezone="UTC",
        groups={"sales": (ANNA, BORIS)},
    )


async def over(stage: Stage, kind: str = "played") -> None:
    """The switch says that the sound, or the caller's message, is over."""
    event = SoundOver(call_id=C1, leg_id=CUSTOMER, kind="played", at=stage.now())
    stage.switch.emit(event if kind == "played" else replace(event, kind="recorded"))
    await idle()


async def test_within_working_hours_the_scenario_goes_on() -> None:
    route = switched(HoursStep(closed="night"), SALES, night=(CallbackStep(),),
                     week={"mon": ("08:00-10:00",)})  # fmt: skip
    async with playing(Stage(route)) as stage:
        await stage.arrives()
        assert stage.switch.endpoints() == ["PJSIP/101"]


async def test_outside_of_them_it_goes_on_with_the_other_scenario() -> None:
    route = switched(HoursStep(closed="night"), SALES, week={"mon": ("10:00-18:00",)},
                     night=(MessageStep(sound="closed"), Step(employees=(VERA,))))  # fmt: skip
    async with playing(Stage(route)) as stage:
        await stage.arrives()
        assert stage.switch.rung == []
        await over(stage)
        assert stage.switch.endpoints() == ["PJSIP/103"]
        await stage.gone("agent-vera-1", "rejected")
        kept = await ended(stage)
        assert (kept.outcome, kept.cause) == ("lost", HangupCause.BUSY)


async def test_without_another_scenario_it_ends_outside_of_them() -> None:
    async with playing(Stage(switched(HoursStep(), SALES, week={"tue": ("00:00-24:00",)}))) as s:
        await s.arrives()
        assert s.switch.rung == []
        assert (await ended(s)).cause is HangupCause.NO_ANSWER


async def ended(stage: Stage) -> Any:
    await stage.gone(CUSTOMER, "normal")
    await stage.wait(3)
    return stage.journal.finished[C1]


async def test_a_message_is_played_to_the_answered_caller_before_the_next_step() -> None:
    async with playing(Stage(account(MessageStep(sound="hello"), SALES))) as stage:
        await stage.arrives()
        told = [order[0] for order in stage.switch.orders]
        assert told.index("answer") < told.index("play")
        assert stage.switch.said("play") == [(CUSTOMER, "hello")]
        assert stage.switch.rung == []
        await over(stage)
        assert stage.switch.endpoints() == ["PJSIP/101"]
        assert len(stage.switch.said("indicate_ringing")) == 2, "his line would be silent"
        await stage.leg("agent-anna-1", "up")
        assert stage.last(ANNA)["state"] == "talking"


async def test_an_uploaded_sound_is_played_from_its_address() -> None:
    route = account(MessageStep(sound="uploads/s1"), MessageStep(sound="uploads/gone"), SALES)
    route = replace(route, sounds={"uploads/s1": "http://ours.test/sounds/abc.wav"})
    async with playing(Stage(route)) as stage:
        await stage.arrives()
        await over(stage)
        assert stage.switch.said("play") == [
            (CUSTOMER, "http://ours.test/sounds/abc.wav"),
            (CUSTOMER, "uploads/gone"),
        ]


async def test_a_message_the_switch_does_not_have_or_never_ends_holds_nobody_up() -> None:
    stage = Stage(account(MessageStep(sound="gone"), MessageStep(sound="long"), SALES))
    stage.switch.errors["play"] = SwitchRefused("no such sound")
    async with playing(stage):
        await stage.arrives()
        assert stage.switch.endpoints() == ["PJSIP/101"]
    stage = Stage(account(MessageStep(sound="long"), SALES))
    async with playing(stage):
        await stage.arrives()
        await stage.wait(119)
        assert stage.switch.rung == []
        await stage.wait(2)
        assert stage.switch.endpoints() == ["PJSIP/101"]


async def test_who_hangs_up_during_a_message_was_lost_and_nobody_rings() -> None:
    async with playing(Stage(account(MessageStep(sound="hello"), SALES))) as stage:
        await stage.arrives()
        await stage.leg(CUSTOMER, "up")
        assert (await ended(stage)).outcome == "lost"
        await over(stage)
        assert stage.switch.rung == []


async def test_a_number_outside_rings_for_its_time_and_its_answer_is_nobody_s_of_ours() -> None:
    async with playing(Stage(account(ExternalStep(number=BOSS, timeout_s=15), SALES))) as stage:
        await stage.arrives()
        [order] = stage.switch.rung
        assert (order.endpoint, order.timeout_s) == ("PJSIP/74957770000@trunk", 15)
        assert order.caller_number == "+74951112233"
        await stage.leg("guest-1", "up")
        assert stage.switch.said("connect") == [(C1, (CUSTOMER, "guest-1"))]
        await stage.wait(20)
        assert stage.switch.endpoints() == ["PJSIP/74957770000@trunk"]
        kept = await ended(stage)
        assert (kept.outcome, kept.answered_by) == ("answered", None)


@pytest.mark.parametrize("how", ["busy", "late", "refused"])
async def test_a_number_outside_that_does_not_answer_leads_on(how: str) -> None:
    stage = Stage(account(ExternalStep(number=BOSS, timeout_s=15), SALES))
    if how == "refused":
        stage.switch.errors["PJSIP/74957770000@trunk"] = SwitchRefused("no")
    async with playing(stage):
        await stage.arrives()
        if how == "busy":
            await stage.gone("guest-1", "busy")
        elif how == "late":
            await stage.wait(16)
            assert ("guest-1", HangupCause.NO_ANSWER) in stage.switch.said("hang_up")
        assert stage.switch.endpoints()[-1] == "PJSIP/101"
        await stage.leg("agent-anna-1", "up")
        assert stage.last(ANNA)["state"] == "talking"


async def test_the_account_s_own_caller_is_not_rung_outside() -> None:
    async with playing(Stage(account(ExternalStep(number="+79161234567"), SALES))) as stage:
        await stage.arrives()
        assert stage.switch.endpoints() == ["PJSIP/101"]


async def test_a_voicemail_is_recorded_and_asks_for_a_call_back() -> None:
    route = switched(VoicemailStep(max_s=60, group="sales"), EndStep(final="normal"))
    async with playing(Stage(route)) as stage:
        await stage.arrives()
        assert stage.switch.said("take_message") == [(CUSTOMER, "dozvon-demo-c1-message", 60)]
        await stage.leg(CUSTOMER, "up")
        await over(stage, "recorded")
        assert (CUSTOMER, HangupCause.NORMAL) in stage.switch.said("hang_up")
        kept = await ended(stage)
        assert (kept.outcome, kept.recording) == ("lost", "dozvon-demo-c1-message")
        assert kept.wanted == CallbackWanted(reason=CallbackReason.VOICEMAIL, group="sales")
        assert kept.wanted_by == (ANNA, BORIS)


async def test_a_voicemail_ended_by_hanging_up_is_kept_all_the_same() -> None:
    async with playing(Stage(account(VoicemailStep()))) as stage:
        await stage.arrives()
        kept = await ended(stage)
        assert kept.recording == "dozvon-demo-c1-message"
        assert stage.switch.said("stop_recording") == [("dozvon-demo-c1-message",)]


async def test_a_promised_call_back_is_kept_unless_somebody_answers_after_all() -> None:
    steps = (Step(employees=(BORIS,), timeout_s=5), CallbackStep(), SALES)
    async with playing(Stage(account(*steps))) as stage:
        await stage.arrives()
        await stage.gone("agent-boris-1", "no_answer")
        kept = await ended(stage)
        assert kept.wanted == CallbackWanted(reason=CallbackReason.ASKED)
        assert set(kept.wanted_by) == {ANNA, BORIS}
    async with playing(Stage(account(*steps))) as stage:
        await stage.arrives()
        await stage.gone("agent-boris-1", "no_answer")
        await stage.leg("agent-anna-1", "up")
        assert (await ended(stage)).wanted is None


async def test_a_new_owner_goes_on_in_the_step_its_forerunner_was_in() -> None:
    route = switched(HoursStep(closed="night"), SALES, week={}, night=(CallbackStep(),
                     MessageStep(sound="closed"), ExternalStep(number=BOSS)))  # fmt: skip
    stage = Stage(route)
    async with playing(stage):
        await stage.arrives()
        assert stage.switch.said("play") == [(CUSTOMER, "closed")]
    stage.new_owner()
    async with running(stage):
        await stage.connected(live(leg(CUSTOMER, "up")))
        assert stage.switch.said("play") == [(CUSTOMER, "closed")], "it may not have been heard"
        await over(stage)
        assert stage.switch.endpoints() == ["PJSIP/74957770000@trunk"]
    stage.new_owner()
    async with running(stage):
        await stage.connected(live(leg(CUSTOMER, "up"), leg("guest-1", "ringing")))
        assert stage.switch.rung == []
        await stage.leg("guest-1", "up")
        assert stage.switch.said("connect") == [(C1, (CUSTOMER, "guest-1"))]


class Talks:
    async def read(self, account_id: AccountId) -> Mapping[EmployeeId, datetime]:
        return {ANNA: START - timedelta(minutes=1), BORIS: START - timedelta(hours=1)}


async def test_whoever_has_not_talked_for_longest_is_rung_first() -> None:
    step = Step(employees=(ANNA, BORIS, VERA), mode="longest_idle", timeout_s=10)
    stage = Stage(account(step), talks=Talks())
    async with playing(stage):
        await stage.arrives()
        assert stage.switch.endpoints() == ["PJSIP/103"], "Vera never talked"
        await stage.leg("agent-vera-1", "up")
        await ended(stage)
        stage.switch.rung.clear()
        await stage.arrives("c2")
        for _ in range(3):
            await stage.wait(11)
        assert stage.switch.endpoints() == ["PJSIP/102", "PJSIP/101", "PJSIP/103"]
