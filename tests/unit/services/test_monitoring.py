"""A supervisor beside a talk: who may, how it ends, who is told."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from backend.domain.account_settings import AllSettings, BoardSettings
from backend.domain.scenario import Step
from backend.errors import AppError, NoDevice, NotAllowed, WrongState
from backend.services.calls import CallOwner
from backend.services.calls.monitoring import MonitoringClient
from backend.services.ports import Capabilities
from backend.services.ports.watching import WatchOrder, WatchState
from backend.services.sessions import Identity
from protocol.board import BoardWatcher
from protocol.vocabulary import CallId, EmployeeId
from tests.fakes import idle
from tests.unit.services.stage import ACC, ANNA, BORIS, VERA, Stage, account, playing

CALL = CallId("c1")
HEAD = Identity(account_id=ACC, employee_id=VERA, name="Vera", extension="103", role="supervisor")


class FakeWatches:
    def __init__(self) -> None:
        self.orders: list[tuple[str, Any]] = []
        self.state: WatchState = "ringing"

    async def ring_watcher(self, order: WatchOrder) -> None:
        self.orders.append(("ring", order.endpoint))

    async def watch_state(self, watch_id: str) -> WatchState:
        return self.state

    async def let_in(self, order: WatchOrder) -> None:
        self.orders.append(("let_in", order.mode))

    async def end_watch(self, watch_id: str) -> None:
        self.state = "gone"
        self.orders.append(("end", None))

    async def end_watches(self) -> None:
        self.orders.append(("end_all", None))


class Monitored(Stage):
    def __init__(self, *, on: bool = True, tell: bool = True) -> None:
        self.watches = FakeWatches()
        self.inside: list[list[BoardWatcher]] = []
        route = account(Step(employees=(ANNA,), timeout_s=20))
        board = BoardSettings(monitoring=on, tell_operators=tell)
        super().__init__(replace(route, settings=AllSettings(board=board)))
        self.asks = MonitoringClient(self.bus)

    def new_owner(self) -> None:
        super().new_owner()
        self.switch.capabilities = Capabilities(watch=frozenset(("listen", "whisper")))
        self.owner = CallOwner(
            connection_id="switch-1",
            switch=self.switch,
            bus=self.bus,
            journal=self.journal,
            lease=lambda: self.lease,
            routing=self.routing,
            callers=self.callers,
            clock=self.clock,
            watches=self.watches,
            watched=lambda _account, _call, inside: self.inside.append(inside),
        )

    async def talk(self) -> None:
        await self.arrives()
        await self.leg("agent-anna-1", "up")

    async def looked(self) -> None:
        await self.wait(0.6)

    def told(self, who: EmployeeId) -> list[str | None]:
        return [push["mode"] for push in self.seen[who] if push["type"] == "monitored.changed"]


@pytest.mark.feature("S1")
async def test_a_supervisor_listens_whispers_and_leaves() -> None:
    async with playing(Monitored()) as stage:
        assert isinstance(stage, Monitored)
        await stage.talk()
        await stage.asks.watch(HEAD, CALL, ANNA, "listen")
        await idle()
        assert stage.watches.orders == [("end_all", None), ("ring", "PJSIP/103")]
        assert stage.inside == []
        stage.watches.state = "up"
        await stage.looked()
        assert stage.watches.orders[-1] == ("let_in", "listen")
        assert [one.by for one in stage.inside[-1]] == ["Vera"]
        assert stage.told(ANNA) == ["listen"]
        await stage.asks.watch(HEAD, CALL, ANNA, "whisper")
        await idle()
        assert stage.watches.orders[-1] == ("let_in", "whisper")
        assert stage.told(ANNA) == ["listen", "whisper"]
        await stage.asks.stop(HEAD, CALL)
        await idle()
        assert stage.inside[-1] == []
        assert stage.told(ANNA)[-1] is None
        # The talk itself knew nothing of it.
        assert stage.last(ANNA)["state"] == "talking"
        assert stage.told(BORIS) == []


async def test_the_watch_ends_with_the_talk() -> None:
    async with playing(Monitored()) as stage:
        assert isinstance(stage, Monitored)
        await stage.talk()
        await stage.asks.watch(HEAD, CALL, ANNA, "listen")
        stage.watches.state = "up"
        await stage.looked()
        await stage.gone("customer-0")
        await stage.gone("agent-anna-1")
        await stage.looked()
        assert ("end", None) in stage.watches.orders
        assert stage.inside[-1] == []


async def test_nobody_is_told_where_the_account_does_not_want_it() -> None:
    async with playing(Monitored(tell=False)) as stage:
        assert isinstance(stage, Monitored)
        await stage.talk()
        await stage.asks.watch(HEAD, CALL, ANNA, "listen")
        stage.watches.state = "up"
        await stage.looked()
        assert stage.inside[-1]
        assert "listen" not in stage.told(ANNA)


async def test_what_is_refused_and_why() -> None:
    async def why(stage: Monitored, kind: type[AppError], **ask: Any) -> str:
        wish = {"who": HEAD, "call_id": CALL, "employee_id": ANNA, "mode": "listen", **ask}
        with pytest.raises(kind) as caught:
            await stage.asks.watch(**wish)
        return str(caught.value.data["why"])

    async with playing(Monitored(on=False)) as stage:
        assert isinstance(stage, Monitored)
        await stage.talk()
        assert await why(stage, NotAllowed) == "board_monitoring_off"
    async with playing(Monitored()) as stage:
        assert isinstance(stage, Monitored)
        await stage.talk()
        assert await why(stage, NotAllowed, mode="barge") == "board_engine"
        assert await why(stage, WrongState, employee_id=BORIS) == "board_not_talking"
        own = Identity(account_id=ACC, employee_id=ANNA, name="Anna", extension="101")
        assert await why(stage, WrongState, who=own) == "board_own_talk"
        stage.switch.offline.add("PJSIP/103")
        assert await why(stage, NoDevice) == "board_no_phone"
        assert not [order for order in stage.watches.orders if order[0] == "ring"]
