"""The number a placed call shows, when the customer knows one of ours already."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from dataclasses import replace

import pytest

from backend.domain.scenario import Step
from backend.services.calls import placing
from backend.services.routing import AccountRoute, VirtualNumber
from protocol.commands import Dial
from protocol.vocabulary import AccountId, CommandId
from tests.unit.services.stage import ACC, ANNA, NUMBER, Stage, account, playing

KNOWN = "+74951110002"
DIAL = Dial(id=CommandId("dial-00001"), target=NUMBER)


class History:
    """Answers with what it was made of; `slow` never does."""

    def __init__(self, answer: str | None = KNOWN, *, slow: bool = False) -> None:
        self.answer, self.slow = answer, slow
        self.asked: list[tuple[str, tuple[str, ...]]] = []

    async def last(self, account_id: AccountId, number: str, among: Collection[str]) -> str | None:
        self.asked.append((number, tuple(among)))
        if self.slow:
            await asyncio.Event().wait()
        return self.answer


def route() -> AccountRoute:
    plain = account(Step(employees=(ANNA,)))
    known = VirtualNumber(number=KNOWN, name=None, scenario=None)
    return replace(plain, virtual_numbers=(*plain.virtual_numbers, known))


async def shown(history: History) -> str:
    async with playing(Stage(route(), last_numbers=history)) as stage:
        await stage.client.send(ACC, ANNA, DIAL)
        call = stage.switch.rung[0].call_id
        await stage.leg("agent-anna-1", "up", call)
        return stage.switch.rung[1].caller_number


@pytest.mark.feature("W14")
async def test_the_customer_sees_the_number_he_was_in_touch_with() -> None:
    history = History()
    assert await shown(history) == KNOWN
    ((number, among),) = history.asked
    assert number == NUMBER
    assert KNOWN in among


async def test_a_stranger_sees_the_default() -> None:
    assert await shown(History(None)) != KNOWN


async def test_a_slow_history_delays_no_call(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(placing, "LAST_NUMBER_S", 0.01)
    assert await shown(History(slow=True)) not in ("", KNOWN)
