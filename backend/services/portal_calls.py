"""The call in the portal's own card (Bitrix24): raised, hidden and closed beside our own work.

Ringing never waits for the portal: each call has one actor that brings the portal's card in line
with what the call looks like now, however often that changed meanwhile. Closing a call for good is
durable: it is queued with the call's end and repeats until the portal took it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

import structlog

from backend.domain.call import Call
from backend.errors import CrmError
from protocol.vocabulary import (
    AccountId,
    CallId,
    CallState,
    Direction,
    EmployeeId,
    HangupCause,
    Outcome,
)

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class PortalCall:
    """What the portal has to know of a call."""

    account_id: AccountId
    call_id: CallId
    direction: Direction
    number: str
    line: str
    started_at: datetime


class PortalTelephony(Protocol):
    """One portal. Raises CrmError."""

    async def register(self, call: PortalCall, user_id: str) -> str: ...
    async def show(self, portal_call_id: str, user_ids: Sequence[str]) -> None: ...
    async def hide(self, portal_call_id: str, user_ids: Sequence[str]) -> None: ...
    async def finish(
        self, portal_call_id: str, user_id: str, *, talk_s: int, status: str, reason: str
    ) -> None: ...


class PortalCallStore(Protocol):
    async def remember(
        self, account_id: AccountId, call_id: CallId, portal_call_id: str
    ) -> None: ...
    async def portal_id(self, account_id: AccountId, call_id: CallId) -> str | None: ...
    async def our_id(self, account_id: AccountId, portal_call_id: str) -> CallId | None: ...
    async def mark_finished(self, account_id: AccountId, call_id: CallId) -> None: ...
    async def is_finished(self, account_id: AccountId, call_id: CallId) -> bool: ...


@dataclass(slots=True)
class _Actor:
    call: PortalCall
    wanted: frozenset[EmployeeId] = frozenset()
    shown: frozenset[EmployeeId] = frozenset()
    over: bool = False
    portal_id: str | None = None
    changed: asyncio.Event = field(default_factory=asyncio.Event)


class PortalCalls:
    """Keeps portals' cards in line with calls."""

    def __init__(
        self,
        *,
        portals: Callable[[AccountId], PortalTelephony | None],
        crm_user: Callable[[AccountId, EmployeeId], str | None],
        store: PortalCallStore,
        status_code: Callable[[Outcome, HangupCause | None, Direction], str],
        observe: Callable[[float], None] = lambda _seconds: None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._portals = portals
        self._crm_user = crm_user
        self._store = store
        self._status_code = status_code
        self._observe = observe
        self._sleep = sleep
        self._actors: dict[CallId, _Actor] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def call_changed(self, call: Call) -> None:
        """Take note; returns at once. Internal calls never reach a CRM (W15)."""
        if call.direction is Direction.INTERNAL or self._portals(call.account_id) is None:
            return
        actor = self._actors.get(call.call_id)
        if actor is None:
            if call.state is CallState.ENDED:
                return
            actor = self._actors[call.call_id] = _Actor(
                PortalCall(
                    account_id=call.account_id,
                    call_id=call.call_id,
                    direction=call.direction,
                    number=call.number,
                    line=call.dialed if call.direction is Direction.INBOUND else "",
                    started_at=call.started_at,
                )
            )
            task = asyncio.create_task(self._run(actor))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        actor.over = call.state is CallState.ENDED
        actor.wanted = frozenset() if actor.over else call.concerned()
        actor.changed.set()

    async def _run(self, actor: _Actor) -> None:
        """Until the call is over and hidden: compare, act, wait for the next change."""
        pause = 0.5
        while True:
            actor.changed.clear()
            try:
                await self._align(actor)
                pause = 0.5
            except CrmError as error:
                log.warning(
                    "portal.card_failed",
                    account=actor.call.account_id,
                    call=actor.call.call_id,
                    error=str(error),
                )
                if actor.over:
                    break
                await self._sleep(pause)
                pause = min(pause * 2, 5.0)
                continue
            if actor.over:
                break
            await actor.changed.wait()
        self._actors.pop(actor.call.call_id, None)

    async def _align(self, actor: _Actor) -> None:
        portal = self._portals(actor.call.account_id)
        if portal is None:
            return
        wanted, shown = actor.wanted, actor.shown
        if actor.portal_id is None:
            first = next(iter(self._users(actor, sorted(wanted))), None)
            if first is None:
                return
            actor.portal_id = await portal.register(actor.call, first)
            await self._store.remember(actor.call.account_id, actor.call.call_id, actor.portal_id)
        gone, new = shown - wanted, wanted - shown
        if users := self._users(actor, gone):
            await portal.hide(actor.portal_id, users)
        actor.shown -= gone
        if users := self._users(actor, new):
            await portal.show(actor.portal_id, users)
        actor.shown |= new

    def _users(
        self, actor: _Actor, employees: Sequence[EmployeeId] | frozenset[EmployeeId]
    ) -> list[str]:
        users = (self._crm_user(actor.call.account_id, employee) for employee in employees)
        return [user for user in users if user is not None]

    async def finish(
        self,
        call: PortalCall,
        employee_id: EmployeeId,
        *,
        outcome: Outcome,
        cause: HangupCause | None,
        talk_s: int,
    ) -> None:
        """Close a call in the portal for good: the job behind a call's end. May run again.

        Raises CrmError: the job decides when to come back.
        """
        portal = self._portals(call.account_id)
        user = self._crm_user(call.account_id, employee_id)
        if portal is None or user is None:
            return
        if await self._store.is_finished(call.account_id, call.call_id):
            return
        portal_id = await self._store.portal_id(call.account_id, call.call_id)
        if portal_id is None:
            portal_id = await portal.register(call, user)
            await self._store.remember(call.account_id, call.call_id, portal_id)
        await portal.finish(
            portal_id,
            user,
            talk_s=talk_s,
            status=self._status_code(outcome, cause, call.direction),
            reason=cause.value if cause else "",
        )
        await self._store.mark_finished(call.account_id, call.call_id)

    async def aclose(self) -> None:
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
