"""Supervisors beside talks: listening, whispering, joining in.

A watch is no part of the call: its facts, history and recording know nothing of it. It ends with
the watched person's part in the talk, with the supervisor's receiver, or when he says so; one whose
owner is gone is ended by the next, since nobody would be told of it.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace

import msgspec
import structlog

from backend.domain.scenario import may_ring
from backend.errors import NoDevice, NotAllowed, NotFound, SwitchError, WrongState
from backend.services.calls.core import Core
from backend.services.calls.wire import answering, result_of
from backend.services.ports import Bus, Publication, me_stream
from backend.services.ports.watching import Watches, WatchOrder
from backend.services.sessions import Identity
from protocol.board import BoardWatcher, MonitoredChanged, WatchMode
from protocol.vocabulary import (
    AccountId,
    AgentStatus,
    CallId,
    CallState,
    EmployeeId,
    LegState,
    StreamName,
)

log = structlog.get_logger(__name__)

RING_S = 25
LOOK_S = 0.5
"""How soon a supervisor who picked up hears the talk, and one who hung up is gone."""
ASK_S = 8.0

Watched = Callable[[AccountId, CallId, list[BoardWatcher]], None]
"""Told who is beside a call now; must not wait."""


def tell_no_board(_account_id: AccountId, _call_id: CallId, _inside: list[BoardWatcher]) -> None:
    """Where no board is kept."""


class WatchAsked(msgspec.Struct, frozen=True, kw_only=True):
    """What the web process asks the owner. Without `mode`: stop."""

    by: EmployeeId
    name: str
    call_id: CallId
    employee_id: EmployeeId | None = None
    mode: WatchMode | None = None


@dataclass(slots=True)
class _Watch:
    order: WatchOrder
    by: EmployeeId
    name: str
    employee_id: EmployeeId
    account_id: AccountId
    inside: bool = False
    """He picked up and hears the talk."""
    following: asyncio.Task[None] | None = None


_asked = msgspec.json.Decoder(WatchAsked)
_encode = msgspec.json.Encoder().encode


def _serve_name(account_id: AccountId) -> str:
    return f"watch:{account_id}"


class MonitoringClient:
    """The web side: `services.board.desk.Watching`. Raises the same AppErrors as the owner."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus

    async def watch(
        self, who: Identity, call_id: CallId, employee_id: EmployeeId, mode: WatchMode
    ) -> None:
        await self._ask(
            who.account_id,
            WatchAsked(
                by=who.employee_id,
                name=who.name,
                call_id=call_id,
                employee_id=employee_id,
                mode=mode,
            ),
        )

    async def stop(self, who: Identity, call_id: CallId) -> None:
        await self._ask(
            who.account_id, WatchAsked(by=who.employee_id, name=who.name, call_id=call_id)
        )

    async def _ask(self, account_id: AccountId, asked: WatchAsked) -> None:
        payload = await self._bus.ask(_serve_name(account_id), _encode(asked), timeout_s=ASK_S)
        result_of(payload)


class Monitoring:
    """The owner's part."""

    def __init__(self, core: Core, bus: Bus, watches: Watches | None, watched: Watched) -> None:
        self._core = core
        self._bus = bus
        self._watches = watches
        self._watched = watched
        self._live: dict[tuple[CallId, EmployeeId], _Watch] = {}
        """By call and supervisor."""

    def serve(self, account_id: AccountId) -> AbstractAsyncContextManager[None]:
        async def run(payload: bytes) -> None:
            asked = _asked.decode(payload)
            if asked.mode is None or asked.employee_id is None:
                await self.stop(asked.call_id, asked.by)
            else:
                await self.watch(account_id, asked, asked.employee_id, asked.mode)

        return self._bus.serve(_serve_name(account_id), answering(account_id, run))

    async def begin(self) -> None:
        """End what a gone owner left on the switch."""
        if self._watches is not None:
            await self._watches.end_watches()

    async def watch(
        self, account_id: AccountId, asked: WatchAsked, employee_id: EmployeeId, mode: WatchMode
    ) -> None:
        """Ring the supervisor and let him in; or change how one who is in is heard. Raises
        NotAllowed, NoDevice, WrongState, SwitchError."""
        watches = self._allowed(account_id, mode)
        order = await self._order(account_id, asked, employee_id, mode)
        known = self._live.get((asked.call_id, asked.by))
        if known is not None and known.employee_id == employee_id:
            known.order = replace(known.order, mode=mode)
            if known.inside:
                await watches.let_in(known.order)
                await self._tell(known)
            return
        if known is not None:
            await self._end(known)
        watch = _Watch(order, asked.by, asked.name, employee_id, account_id)
        self._live[asked.call_id, asked.by] = watch
        try:
            await watches.ring_watcher(order)
        except SwitchError:
            await self._end(watch)
            raise
        watch.following = self._core.spawn(self._follow(watch, watches))

    async def stop(self, call_id: CallId, by: EmployeeId) -> None:
        """Of whoever does not watch nothing is stopped."""
        watch = self._live.get((call_id, by))
        if watch is not None:
            await self._end(watch)

    def _allowed(self, account_id: AccountId, mode: WatchMode) -> Watches:
        account = self._core.routing.account(account_id)
        if self._watches is None or mode not in self._core.switch.capabilities.watch:
            raise NotAllowed("the switch cannot", why="board_engine")
        if account is None or not account.settings.board.monitoring:
            raise NotAllowed("switched off", why="board_monitoring_off")
        return self._watches

    async def _order(
        self, account_id: AccountId, asked: WatchAsked, employee_id: EmployeeId, mode: WatchMode
    ) -> WatchOrder:
        live = self._core.calls.get(asked.call_id)
        if live is None or live.call.account_id != account_id:
            raise NotFound("no such call", why="board_not_talking")
        if asked.by in live.call.at_talk:
            raise WrongState("his own talk", why="board_own_talk")
        leg = next((one for one in live.call.talkers if one.employee_id == employee_id), None)
        if leg is None or leg.state is not LegState.UP or live.call.state is CallState.ENDED:
            raise WrongState("does not talk", why="board_not_talking")
        route = self._core.routing.employee(account_id, employee_id)
        return WatchOrder(
            watch_id=secrets.token_hex(8),
            call_id=asked.call_id,
            leg_id=leg.leg_id,
            endpoint=await self._telephone(account_id, asked.by),
            mode=mode,
            shown="" if route is None else route.name,
            timeout_s=RING_S,
        )

    async def _telephone(self, account_id: AccountId, by: EmployeeId) -> str:
        """The supervisor's own, whatever his status: it is he who asks. A browser's line rings
        for calls only."""
        route = self._core.routing.employee(account_id, by)
        devices = () if route is None else may_ring(AgentStatus.AVAILABLE, route.devices)
        endpoints = [device.endpoint for device in devices if device.kind in ("desk", "sip")]
        if endpoints:
            states = await self._core.switch.registered(endpoints)
            endpoints = [name for name in endpoints if states.get(name, True)]
        if not endpoints:
            raise NoDevice("nothing to ring", why="board_no_phone")
        return endpoints[0]

    async def _follow(self, watch: _Watch, watches: Watches) -> None:
        """From the first ring to the end."""
        clock = self._core.clock
        until = clock.monotonic() + RING_S + 2
        try:
            while self._talks(watch):
                state = await watches.watch_state(watch.order.watch_id)
                if state == "gone" or (not watch.inside and clock.monotonic() > until):
                    return
                if state == "up" and not watch.inside:
                    await watches.let_in(watch.order)
                    watch.inside = True
                    await self._tell(watch)
                await clock.sleep(LOOK_S)
        finally:
            watch.following = None
            await self._end(watch)

    def _talks(self, watch: _Watch) -> bool:
        live = self._core.calls.get(watch.order.call_id)
        return live is not None and any(
            leg.leg_id == watch.order.leg_id for leg in live.call.talkers
        )

    async def _end(self, watch: _Watch) -> None:
        key = (watch.order.call_id, watch.by)
        if self._live.get(key) is watch:
            del self._live[key]
        if watch.following is not None:
            watch.following.cancel()
            watch.following = None
        if watch.inside:
            watch.inside = False
            await self._tell(watch)
        if self._watches is not None:
            try:
                await self._watches.end_watch(watch.order.watch_id)
            except SwitchError as error:
                log.warning("watch not ended", call=watch.order.call_id, error=repr(error))

    async def _tell(self, watch: _Watch) -> None:
        """The board, and the operator where the account wants him to know."""
        call_id = watch.order.call_id
        inside = [one for (call, _), one in self._live.items() if call == call_id and one.inside]
        self._watched(
            watch.account_id,
            call_id,
            [
                BoardWatcher(by=one.name, mode=one.order.mode, employee_id=one.employee_id)
                for one in inside
            ],
        )
        account = self._core.routing.account(watch.account_id)
        mine = [one for one in inside if one.employee_id == watch.employee_id]
        if account is None or (mine and not account.settings.board.tell_operators):
            return
        push = MonitoredChanged(
            stream=StreamName.ME,
            entity="monitored",
            version=self._core.notices.stamp(),
            mode=mine[0].order.mode if mine else None,
            by=mine[0].name if mine else "",
            call_id=call_id if mine else None,
        )
        await self._bus.publish([Publication(me_stream(watch.account_id, watch.employee_id), push)])
