"""The call in the portal's own card (Bitrix24): raised, hidden and closed beside our own work.

Ringing never waits for the portal: each call has one actor that brings the portal's card in line
with what the call looks like now, however often that changed meanwhile. Closing a call for good is
durable: it is queued with the call's end and repeats until the portal took it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

import structlog

from backend.domain.call import Call
from backend.errors import CrmAuthExpired, CrmError, CrmRejected
from backend.kit.tasks import Tasks
from backend.services.crm_trouble import NobodyKnown, trouble_of, words_of
from backend.services.ports.portal_calls import PortalCall, PortalCallStore, PortalTelephony
from protocol.pushes import RecordRef
from protocol.vocabulary import (
    AccountId,
    CallId,
    CallState,
    CrmTrouble,
    Direction,
    EmployeeId,
    HangupCause,
    Outcome,
)

log = structlog.get_logger(__name__)

FIRST_PAUSE_S = 0.5
LONGEST_PAUSE_S = 5.0
CARD_LEAVES_S = 1.0
"""What a portal's page takes to put a hidden card away, before it can draw the next."""
CARD_LOADS_S = 3.0
"""How long the card of an outgoing call that reached nobody is left alone after its end: a busy
number can be quicker than our tab in the card, which asks for it to stay."""
KEPT_S = 65.0
"""How long the card of a call that reached nobody may stay up when its tab asks for it (§4.6)."""
LAST_TRIES = 5
"""How often a card that should be gone is hidden again after its call ended: finishing in the
portal hides it only for the one who finishes."""


@dataclass(slots=True)
class _Actor:
    call: PortalCall
    wanted: frozenset[EmployeeId] = frozenset()
    shown: frozenset[EmployeeId] = frozenset()
    over: bool = False
    leaving: bool = False
    """Its call reached nobody, and its card is about to be taken away, unless it asked to stay."""
    placed_by: EmployeeId | None = None
    portal_id: str | None = None
    clicked: bool = False
    """The portal registered this call between employees at a click, and its card is up there."""
    failures: int = 0
    changed: asyncio.Event = field(default_factory=asyncio.Event)


class PortalCalls:
    """Keeps portals' cards in line with calls."""

    def __init__(
        self,
        *,
        portals: Callable[[AccountId], PortalTelephony | None],
        crm_user: Callable[[AccountId, EmployeeId], str | None],
        store: PortalCallStore,
        extension: Callable[[AccountId, EmployeeId], str | None] = lambda _account, _employee: None,
        record_of: Callable[[AccountId, str], RecordRef | None] = lambda _account, _number: None,
        status_code: Callable[[Outcome, HangupCause | None, Direction], str],
        observe: Callable[[float], None] = lambda _seconds: None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """`extension` is the number colleagues call an employee on."""
        self._portals = portals
        self._crm_user = crm_user
        self._extension = extension
        self._store = store
        self._status_code = status_code
        self._record_of = record_of
        self._observe = observe
        self._sleep = sleep
        self._actors: dict[CallId, _Actor] = {}
        self._turns: dict[tuple[AccountId, str], tuple[asyncio.Lock, int]] = {}
        """By number: the lock of its registrations, and how many hold it or wait."""
        self._kept: set[tuple[AccountId, EmployeeId]] = set()
        """Whose browser may still show the card of a call that is over."""
        self._tasks: Tasks[None] = Tasks()

    def call_changed(self, call: Call) -> None:
        """Take note; returns at once. A call between employees has a card and nothing else over
        there: it is never closed, so that no statistics have it (W15)."""
        number = self._number(call)
        if not number or self._portals(call.account_id) is None:
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
                    number=number,
                    line=call.dialed if _by_line(call) else "",
                    started_at=call.started_at,
                    callback=call.callback,
                )
            )
            self._tasks.spawn(self._run(actor))
        actor.placed_by = call.placed_by
        if call.state is CallState.ENDED and may_stay(call.direction, call.outcome):
            if not actor.leaving:
                actor.leaving = True
                self._tasks.spawn(self._leave(actor))
            return
        actor.over = call.state is CallState.ENDED
        actor.wanted = frozenset() if actor.over else call.concerned()
        actor.changed.set()

    def _number(self, call: Call) -> str:
        """Who is on the card: the other party; for the one who is called by a colleague, he."""
        if call.direction is not Direction.INTERNAL:
            return call.number
        if call.placed_by is None:
            return ""
        return self._extension(call.account_id, call.placed_by) or ""

    def follows(self, call_id: CallId) -> bool:
        """Whether a card of this call is or may be up."""
        return call_id in self._actors

    async def _run(self, actor: _Actor) -> None:
        """Until the call is over and hidden: compare, act, wait for the next change."""
        try:
            while True:
                actor.changed.clear()
                if not await self._aligned(actor):
                    if actor.over and actor.failures >= LAST_TRIES:
                        return
                    pause = FIRST_PAUSE_S * 2 ** min(actor.failures - 1, 8)
                    await self._sleep(min(pause, LONGEST_PAUSE_S))
                elif actor.changed.is_set():
                    continue
                elif actor.over:
                    return
                else:
                    await actor.changed.wait()
        finally:
            self._actors.pop(actor.call.call_id, None)

    async def _aligned(self, actor: _Actor) -> bool:
        """Try once; False when it has to be tried again although nothing changed."""
        call = actor.call
        try:
            await self._align(actor)
        except CrmRejected as refused:
            # An answer, and the same one for as long as the call stays as it is: each try takes
            # from the budget that pop-ups live on.
            log.warning(
                "portal.card_refused",
                account=call.account_id,
                call=call.call_id,
                error=str(refused),
            )
            actor.failures = 0
            return True
        except CrmError as error:
            if actor.failures == 0:
                log.warning(
                    "portal.card_failed",
                    account=call.account_id,
                    call=call.call_id,
                    error=str(error),
                )
        except Exception:
            # A bug or a store that does not answer must not end this call's actor.
            log.exception("portal.card_broke", account=call.account_id, call=call.call_id)
        else:
            if actor.failures:
                log.info("portal.card_recovered", account=call.account_id, call=call.call_id)
            actor.failures = 0
            return True
        actor.failures += 1
        return False

    async def _align(self, actor: _Actor) -> None:
        call = actor.call
        portal = self._portals(call.account_id)
        if portal is None:
            return
        if call.direction is Direction.INTERNAL and actor.portal_id is None:
            actor.portal_id = await self._store.portal_id(call.account_id, call.call_id)
            actor.clicked = actor.portal_id is not None
        wanted, shown = self._whose(actor), actor.shown
        if actor.portal_id is None:
            first = next(iter(self._users(actor, sorted(wanted))), None)
            if first is None:
                return
            actor.portal_id = await self._registered(portal, call, first)
        gone, new = shown - wanted, wanted - shown
        if users := self._users(actor, gone):
            await portal.hide(actor.portal_id, users)
            self._tasks.spawn(self._offer_next(actor, gone))
        actor.shown -= gone
        if users := self._users(actor, new):
            await portal.show(actor.portal_id, users)
        actor.shown |= new
        late = {employee for employee in new if (call.account_id, employee) in self._kept}
        if late:
            self._tasks.spawn(self._offer_again(actor, frozenset(late)))

    def _whose(self, actor: _Actor) -> frozenset[EmployeeId]:
        """Whose card it is. Who calls a colleague has one only where the portal made it."""
        internal = actor.call.direction is Direction.INTERNAL
        if internal and not actor.clicked and actor.placed_by is not None:
            return actor.wanted - {actor.placed_by}
        return actor.wanted

    async def _offer_next(self, gone: _Actor, employees: frozenset[EmployeeId]) -> None:
        """A browser draws one card at a time and forgets what it was asked to draw meanwhile."""
        await self._sleep(CARD_LEAVES_S)
        for actor in self._actors.values():
            same_portal = actor.call.account_id == gone.call.account_id
            if actor is not gone and same_portal and actor.shown & employees:
                actor.shown -= employees
                actor.changed.set()

    async def _leave(self, actor: _Actor) -> None:
        """Take the card away once its tab could ask for it to stay; remember where it may have
        stayed, for as long as it can."""
        kept = {(actor.call.account_id, employee) for employee in actor.wanted}
        self._kept |= kept
        await self._sleep(CARD_LOADS_S)
        actor.over = True
        actor.wanted = frozenset()
        actor.changed.set()
        await self._sleep(KEPT_S)
        self._kept -= kept

    async def _offer_again(self, actor: _Actor, employees: frozenset[EmployeeId]) -> None:
        """The card that stayed makes room once its page hears of the new call; what the browser
        was asked to draw before that it forgot."""
        await self._sleep(CARD_LEAVES_S)
        self._kept -= {(actor.call.account_id, employee) for employee in employees}
        actor.shown -= employees
        actor.changed.set()

    async def _registered(self, portal: PortalTelephony, call: PortalCall, user: str) -> str:
        """The portal's id of the call, the same for all who ask at once.

        The portal tells calls apart by user too: registering for another employee would make a
        second call, and two requests at the same moment two leads. So the user is written down
        before the portal is asked: an answer that never came back, or another process that closes
        the call, asks for the same one and is given the same call. Calls of one number go one
        after another: the portal neither locks its look-up nor what it adds (§3.1).
        """
        async with self._turn(call.account_id, call.number):
            known = await self._store.portal_id(call.account_id, call.call_id)
            if known is not None:
                return known
            user = await self._store.claim(call.account_id, call.call_id, user)
            record = None
            if call.callback:
                record = await self._store.asked_record(call.account_id, call.call_id)
            if record is None:
                record = self._record_of(call.account_id, call.number)
            portal_id = await portal.register(replace(call, record=record), user)
            await self._store.remember(call.account_id, call.call_id, portal_id)
            return portal_id

    @asynccontextmanager
    async def _turn(self, account_id: AccountId, number: str) -> AsyncIterator[None]:
        key = (account_id, number)
        lock, others = self._turns.get(key, (asyncio.Lock(), 0))
        self._turns[key] = (lock, others + 1)
        try:
            async with lock:
                yield
        finally:
            _, left = self._turns[key]
            if left == 1:
                del self._turns[key]
            else:
                self._turns[key] = (lock, left - 1)

    def _users(
        self, actor: _Actor, employees: Sequence[EmployeeId] | frozenset[EmployeeId]
    ) -> list[str]:
        users = (self._crm_user(actor.call.account_id, employee) for employee in employees)
        return [user for user in users if user]

    async def finish(
        self,
        call: PortalCall,
        employees: Sequence[EmployeeId],
        *,
        outcome: Outcome,
        cause: HangupCause | None,
        talk_s: int,
    ) -> None:
        """Close a call in the portal for good: the job behind a call's end. May run again.

        It becomes the call of the first of `employees` whom the portal knows: he who talked, else
        those who were rung; without any, of whoever looks after the caller. One that was closed as
        missed and turns out answered is corrected. Raises CrmError: the job decides when to come
        back.
        """
        portal = self._portals(call.account_id)
        if not call.number:
            # The portal has no calls without a number (§3.1, "Unsupported phone number format").
            await self._store.not_written(
                call.account_id, call.call_id, CrmTrouble.WITHHELD, final=True
            )
            return
        if call.direction is Direction.INTERNAL:
            return
        if portal is None:
            # Installed a moment ago, or taken away and perhaps on its way back.
            raise CrmAuthExpired("no portal is connected")
        try:
            await self._finish(portal, call, employees, outcome, cause, talk_s)
        except CrmError as error:
            await self._store.not_written(
                call.account_id,
                call.call_id,
                trouble_of(error),
                words_of(error),
                final=isinstance(error, CrmRejected),
            )
            raise

    async def _finish(
        self,
        portal: PortalTelephony,
        call: PortalCall,
        employees: Sequence[EmployeeId],
        outcome: Outcome,
        cause: HangupCause | None,
        talk_s: int,
    ) -> None:
        users = (self._crm_user(call.account_id, employee) for employee in employees)
        user = next((known for known in users if known), None)
        if user is None:
            user = await portal.fallback_user(call.number)
        if user is None:
            raise NobodyKnown("none of the call's people is a user of the portal")
        wanted = self._status_code(outcome, cause, call.direction)
        done = await self._store.finished(call.account_id, call.call_id)
        if done is None:
            portal_id = await self._registered(portal, call, user)
            done = await portal.finish(
                portal_id,
                user,
                talk_s=talk_s,
                status=wanted,
                cause=None if outcome is Outcome.ANSWERED else cause,
            )
            await self._store.mark_finished(call.account_id, call.call_id, done)
        if outcome is Outcome.ANSWERED and done.status != wanted:
            if done.activity_id is not None:
                await portal.amend(done.activity_id, user, talk_s=talk_s)
            corrected = replace(done, status=wanted)
            await self._store.mark_finished(call.account_id, call.call_id, corrected)
            log.info("portal.corrected", account=call.account_id, call=call.call_id)

    async def aclose(self) -> None:
        await self._tasks.stop()


def may_stay(direction: Direction, outcome: Outcome | None) -> bool:
    """Whether a call's card may outlast it: one of ours that reached nobody can be called again."""
    return direction is not Direction.INBOUND and outcome is not Outcome.ANSWERED


def _by_line(call: Call) -> bool:
    """Whether it belongs to a virtual number, as the job behind its end says, too."""
    return call.direction is Direction.INBOUND or call.callback
