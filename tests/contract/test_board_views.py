"""One board, folded on both sides of the wire: what is recorded here the widget's tests fold too
(`widget/src/board/view.test.ts`), and both must come to the same words at every step."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from backend.domain.board.scope import ALL
from backend.domain.board.view import View, digest, fold
from backend.services.board.streams import board_stream
from backend.services.ports import Delivery
from tests.unit.services.stage import ACC, ANNA
from tests.unit.services.test_board import CARE, SALES, Watched, watched

FILE = Path(__file__).parent / "board_morning.json"


async def _morning() -> list[dict[str, Any]]:
    """Steps: what was told, and the word for the view after it."""
    steps: list[dict[str, Any]] = []
    told: list[dict[str, Any]] = []
    view: View = {}

    def listen(delivery: Delivery) -> None:
        told.append(json.loads(delivery.frame))

    async def note(here: Watched) -> None:
        await here.told()
        steps.append({"pushes": list(told), "digest": digest(fold(view, told))})
        told.clear()
        assert digest(await here.view()) == steps[-1]["digest"]

    async with watched(SALES, CARE) as here:
        snapshot = await here.stage.bus.read(board_stream(ACC, ALL), None)
        told += [json.loads(delivery.frame) for delivery in snapshot.deliveries]
        async with here.stage.bus.follow(board_stream(ACC, ALL), listen):
            await note(here)
            await here.stage.arrives()
            await note(here)
            await here.stage.leg("agent-anna-1", "up")
            await here.hands.up(ACC, ANNA, 'Скидка "20 %"?\t', None)
            await note(here)
            await here.stage.gone("customer-0")
            await here.stage.gone("agent-anna-1")
            await note(here)
            await here.call("c2", answered=False)
            await note(here)
            await here.stage.wait(61)
            await note(here)
    return steps


@pytest.mark.feature("S1")
async def test_the_recorded_morning_is_what_is_told() -> None:
    made = json.dumps(await _morning(), ensure_ascii=False, indent=1) + "\n"
    if not FILE.exists():
        FILE.write_text(made)
    assert FILE.read_text() == made, f"{FILE} is stale: delete it and run this test again"
