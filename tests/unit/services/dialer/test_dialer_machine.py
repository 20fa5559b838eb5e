"""Workers die, orders and answers get lost, tabs close, operators press: whatever the order, what
was loaded is all there, nobody is dialled twice and nobody left out (R5, P26, M4)."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import Coroutine
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from structlog.testing import capture_logs

from backend.errors import AppError, NoDevice
from backend.services.dialer.engine import Engine
from backend.services.ports.dialer import WorkList
from protocol.dialer import DialItem, NextItem, SkipItem, StartList, StopList, TypeOn
from protocol.dialer_words import AttemptOutcome, ItemPhase, RunState
from protocol.vocabulary import EmployeeId, RefusalReason
from tests.dialer_house import ANNA, BORIS, NUMBERS, VERA, House, with_rules

PEOPLE = (ANNA, BORIS, VERA)
LOADED = 6
OVER = (AttemptOutcome.REACHED, AttemptOutcome.BUSY, AttemptOutcome.OPERATOR_AWAY)
who = st.sampled_from(PEOPLE)


class DialerMachine(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self._loop = asyncio.new_event_loop()
        self._logs = contextlib.ExitStack()
        self._logs.enter_context(capture_logs())
        self.house = House()
        self.work: WorkList
        self.workers: list[Engine] = [self.house.worker(), self.house.worker()]
        self.away: set[str] = set()
        """Calls whose operator's own phone did not pick up: nobody was dialled."""

    def do(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self._loop.run_until_complete(work)

    @initialize(wrap_up_s=st.sampled_from([0, 20]), preview_s=st.sampled_from([0, 7]))
    def load(self, wrap_up_s: int, preview_s: int) -> None:
        rules = with_rules(wrap_up_s=wrap_up_s, preview_s=preview_s)
        self.work, _ = self.do(self.house.load(NUMBERS[:LOADED], team=True, rules=rules))
        for employee in PEOPLE:
            self.do(self.house.arrives(employee))
            self.try_to(employee, StartList, list_id=self.work.id)

    def try_to(self, employee: EmployeeId, kind: Any, **fields: Any) -> None:
        with contextlib.suppress(AppError):
            self.do(self.house.ask(employee, kind, **fields))

    # ── the clock's side ──

    @rule(worker=st.integers(0, 1), answered=st.booleans())
    def look(self, worker: int, answered: bool) -> None:
        self.do(self.workers[worker].tick())
        if answered:
            self.do(self.workers[worker].idle())

    @rule(worker=st.integers(0, 1))
    def kill(self, worker: int) -> None:
        """In the middle of whatever it was about to order."""
        for task in self.workers[worker]._placing:
            task.cancel()
        self.do(self.workers[worker].idle())
        self.workers[worker] = self.house.worker()

    @rule(seconds=st.sampled_from([1, 3, 8, 15, 31, 100]))
    def time_goes_on(self, seconds: int) -> None:
        self.do(self.house.clock.advance(seconds))

    # ── the wire and the switch ──

    @rule()
    def an_order_gets_lost(self) -> None:
        self.house.owner.lost += 1

    @rule()
    def an_answer_gets_lost(self) -> None:
        self.house.owner.unanswered += 1

    @rule(refused=st.booleans())
    def the_switch_refuses(self, refused: bool) -> None:
        reason = RefusalReason.NO_REGISTERED_LINE.value
        self.house.owner.refusal = NoDevice("no line", reason=reason) if refused else None

    @rule(outcome=st.sampled_from(OVER), of=st.integers(0, 2))
    def a_call_is_over(self, outcome: AttemptOutcome, of: int) -> None:
        live = [o.call_id for o in self.house.owner.begun if self._known(o.call_id) == "live"]
        if of < len(live):
            if outcome is AttemptOutcome.OPERATOR_AWAY:
                self.away.add(live[of])
            self.do(self.house.over(live[of], outcome, talk_s=5))

    @rule(of=st.integers(0, 2))
    def a_call_is_lost_sight_of(self, of: int) -> None:
        """Its owner died before a word of it was on disk."""
        live = [o.call_id for o in self.house.owner.begun if self._known(o.call_id) == "live"]
        if of < len(live):
            self.house.book.known[live[of]] = "rung"

    # ── people ──

    @rule(employee=who)
    def tabs_close(self, employee: EmployeeId) -> None:
        self.do(self.house.leaves(employee))

    @rule(employee=who)
    def comes_back(self, employee: EmployeeId) -> None:
        self.do(self.house.arrives(employee))
        self.try_to(employee, StartList, list_id=self.work.id)

    @rule(employee=who)
    def stops(self, employee: EmployeeId) -> None:
        self.try_to(employee, StopList)

    @rule(employee=who, kind=st.sampled_from([DialItem, SkipItem, NextItem, TypeOn]))
    def presses(self, employee: EmployeeId, kind: Any) -> None:
        held = [one for _, one in self.house.rows.items.values() if one.held_by == employee]
        for one in held:
            self.try_to(employee, kind, item_id=one.id, fence=one.fence)

    @precondition(lambda self: hasattr(self, "work"))
    @rule(employee=who, kind=st.sampled_from([DialItem, NextItem]))
    def a_tab_that_slept_presses(self, employee: EmployeeId, kind: Any) -> None:
        for _, one in self.house.rows.items.values():
            with pytest.raises(AppError):
                self.do(self.house.ask(employee, kind, item_id=one.id, fence=one.fence - 1))

    # ── what always holds ──

    @invariant()
    def all_are_accounted_for(self) -> None:
        if hasattr(self, "work"):
            counts = self.do(self.house.counts(self.work))
            assert counts.holds, counts
            assert counts.loaded == LOADED

    @invariant()
    def nobody_is_dialled_twice(self) -> None:
        dialled = Counter(o.number for o in self._dialled())
        assert not dialled or max(dialled.values()) == 1, dialled
        assert len({o.call_id for o in self.house.owner.begun}) == len(self.house.owner.begun)

    @invariant()
    def one_hand_holds_one_person(self) -> None:
        held = [one.held_by for _, one in self.house.rows.items.values() if one.held_by]
        assert len(held) == len(set(held))

    def teardown(self) -> None:
        """Left alone, the list comes to its end, and everybody was called."""
        try:
            if hasattr(self, "work"):
                self.do(self._to_the_end())
                counts = self.do(self.house.counts(self.work))
                assert counts.done == LOADED, (counts, self.house.rows.runs)
                assert {o.number for o in self._dialled()} == set(NUMBERS[:LOADED])
                self.nobody_is_dialled_twice()
        finally:
            self._logs.close()
            self._loop.close()

    async def _to_the_end(self) -> None:
        house = self.house
        house.owner.lost, house.owner.unanswered, house.owner.refusal = 0, 0, None
        for _ in range(80):
            for employee in PEOPLE:
                await house.arrives(employee)
                run = house.rows.runs.get(employee)
                if run is None or run.state is not RunState.RUNNING:
                    with contextlib.suppress(AppError):
                        await house.ask(employee, StartList, list_id=self.work.id)
            for order in tuple(house.owner.begun):
                if self._known(order.call_id) == "live":
                    await house.over(order.call_id, AttemptOutcome.REACHED)
            await house.clock.advance(15)
            for worker in self.workers:
                await worker.tick()
                await worker.idle()
            phases = {one.phase for _, one in house.rows.items.values()}
            if phases == {ItemPhase.DONE}:
                return

    def _known(self, call_id: str) -> str | None:
        return {str(key): value for key, value in self.house.book.known.items()}.get(call_id)

    def _dialled(self) -> list[Any]:
        return [o for o in self.house.owner.begun if o.call_id not in self.away]


TestDialer = pytest.mark.feature("D5")(DialerMachine.TestCase)
TestDialer.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
