"""The search for the caller: one per number at a time, with a deadline, patched in when late."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

import structlog

from backend.domain import phone_number
from backend.errors import CrmAuthExpired, CrmError, CrmRejected, CrmUnavailable, NotFound
from backend.kit.breaker import Breaker
from backend.kit.tasks import Tasks
from backend.services.contacts.crm_states import CrmStates, version_after
from backend.services.contacts.index import KnownCaller, PhoneIndex
from backend.services.ports import Publication, me_stream
from protocol.pushes import ContactChanged, ContactMatch, ContactRemoved, RecordRef
from protocol.vocabulary import CrmKind, LookupState, StreamName

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from backend.domain.phone_number import PhoneNumber
    from backend.kit.clock import Clock
    from backend.services.ports import Bus, ContactSource
    from protocol.vocabulary import AccountId, CallId, EmployeeId

log = structlog.get_logger(__name__)

LOOK_UP_TIMEOUT_S = 10.0
"""Past this a card says the CRM does not answer; the answer is still taken when it comes."""
REMEMBER_S = 20.0
"""A second call from the same number within this time reuses the answer."""


class ChoiceStore(Protocol):
    """Which of several matches a number was said to be."""

    async def chosen(self, account_id: AccountId, e164: str) -> RecordRef | None: ...
    async def choose(
        self,
        account_id: AccountId,
        e164: str,
        record: RecordRef,
        by: EmployeeId,
        *,
        call_id: CallId,
        url: str,
    ) -> None:
        """Remember it for the number, and for the call when that is in the history already."""


@dataclass(slots=True)
class _Search:
    """One call's view of its caller."""

    account_id: AccountId
    number: PhoneNumber | None
    watchers: set[EmployeeId] = field(default_factory=set)
    lookup: LookupState = LookupState.LOOKING
    matches: list[ContactMatch] = field(default_factory=list)
    chosen: RecordRef | None = None
    preferred: RecordRef | None = None
    """Where the call was placed from."""
    version: int = 0


class Contacts:
    """Keeps what is known of each live call's caller and tells those who see its card."""

    def __init__(
        self,
        *,
        index: PhoneIndex,
        sources: Callable[[AccountId], ContactSource | None],
        choices: ChoiceStore,
        bus: Bus,
        clock: Clock,
        observe: Callable[[float], None] = lambda _seconds: None,
        named: Callable[[CallId, str], None] = lambda _call_id, _name: None,
        region: str = "RU",
        timeout_s: float = LOOK_UP_TIMEOUT_S,
    ) -> None:
        """`named` is told who a call's caller is, once that is certain, and must not wait."""
        self._index = index
        self._sources = sources
        self._choices = choices
        self._bus = bus
        self._clock = clock
        self._observe = observe
        self._named = named
        self._region = region
        self._timeout_s = timeout_s
        self._searches: dict[CallId, _Search] = {}
        self._flights: dict[tuple[AccountId, str], asyncio.Task[list[ContactMatch]]] = {}
        self._fresh: dict[tuple[AccountId, str], tuple[float, list[ContactMatch]]] = {}
        self._breakers: dict[AccountId, Breaker] = {}
        self._states = CrmStates(sources, clock, self._publish)
        self._tasks: Tasks[None] = Tasks(_failed)

    def known(self, account_id: AccountId, number: str) -> KnownCaller | None:
        """The caller if the index has one: no I/O, it is on the way to the first paint.

        None when several share the number: a wrong name is worse than none.
        """
        parsed = phone_number.parse(number, region=self._region)
        found = self._index.find(account_id, parsed.e164) if parsed else ()
        return found[0] if len(found) == 1 else None

    def look_up(
        self, account_id: AccountId, call_id: CallId, number: str, employees: Iterable[EmployeeId]
    ) -> None:
        """Begin, or let more employees watch a search that runs. Returns at once."""
        parsed = phone_number.parse(number, region=self._region)
        search = self._searches.get(call_id)
        if search is None:
            search = self._searches[call_id] = _Search(account_id, parsed)
            search.watchers.update(employees)
            self._tasks.spawn(self._run(call_id, search))
            return
        new = set(employees) - search.watchers
        search.watchers |= new
        if new:
            self._tasks.spawn(self._tell(call_id, search, new))

    def prefer(self, call_id: CallId, record: RecordRef) -> None:
        """Show this record where the number belongs to several; kept for this call only."""
        search = self._searches.get(call_id)
        if search is not None:
            search.preferred = record

    def forget(self, call_id: CallId, employees: Iterable[EmployeeId]) -> None:
        """These no longer see the card; the search ends with its last watcher."""
        search = self._searches.get(call_id)
        if search is None:
            return
        gone = set(employees) & search.watchers
        search.watchers -= gone
        if gone:
            self._tasks.spawn(self._remove(call_id, search, gone))
        if not search.watchers:
            del self._searches[call_id]

    def record_of(self, call_id: CallId) -> tuple[RecordRef, str] | None:
        """What the call belongs to (for the history), with its address."""
        search = self._searches.get(call_id)
        if search is None or not search.matches:
            return None
        wanted = search.chosen or search.matches[0].record
        match = next((m for m in search.matches if m.record == wanted), search.matches[0])
        return match.record, match.url

    async def choose(
        self, account_id: AccountId, call_id: CallId, record: RecordRef, by: EmployeeId
    ) -> None:
        """Raises NotFound when the call or the match is not there."""
        search = self._search(account_id, call_id)
        match = next((m for m in search.matches if m.record == record), None)
        if search.number is None or match is None:
            raise NotFound(f"call {call_id} has no match {record.kind}/{record.id}")
        await self._choices.choose(
            account_id, search.number.e164, record, by, call_id=call_id, url=match.url
        )
        search.chosen = record
        self._name(call_id, search)
        await self._tell(call_id, search, search.watchers)

    async def retry(self, account_id: AccountId, call_id: CallId) -> None:
        """Ask the CRM again, even one that is left alone; a search under way is left to end."""
        search = self._search(account_id, call_id)
        if search.lookup is LookupState.LOOKING:
            return
        search.lookup = LookupState.LOOKING
        self._breaker(account_id).succeeded()
        if search.number is not None:
            self._fresh.pop((account_id, search.number.e164), None)
        self._tasks.spawn(self._run(call_id, search))

    async def republish(self) -> None:
        """Tell everything anew, after the bus lost its memory."""
        for call_id, search in list(self._searches.items()):
            await self._tell(call_id, search, search.watchers)
        await self._states.republish()

    async def aclose(self) -> None:
        for flight in self._flights.values():
            flight.cancel()
        await asyncio.gather(*self._flights.values(), return_exceptions=True)
        await self._tasks.stop()

    def _search(self, account_id: AccountId, call_id: CallId) -> _Search:
        search = self._searches.get(call_id)
        if search is None or search.account_id != account_id:
            raise NotFound(f"call {call_id}")
        return search

    async def _run(self, call_id: CallId, search: _Search) -> None:
        if search.number is None:
            # A hidden or unreadable number: nobody can have it.
            search.lookup = LookupState.NOT_FOUND
            await self._tell(call_id, search, search.watchers)
            return
        flight = self._flight(search.account_id, search.number)
        await self._tell(call_id, search, search.watchers)
        try:
            async with asyncio.timeout(self._timeout_s):
                matches = await asyncio.shield(flight)
        except TimeoutError:
            await self._states.becomes(search.account_id, "slow")
            await self._unavailable(call_id, search)
            try:
                matches = await asyncio.shield(flight)
            except CrmError:
                return
        except CrmError:
            await self._unavailable(call_id, search)
            return
        search.matches = matches
        search.lookup = LookupState.FOUND if matches else LookupState.NOT_FOUND
        if len(matches) > 1:
            chosen = search.preferred
            if all(match.record != chosen for match in matches):
                chosen = await self._remembered(search.account_id, search.number)
            search.chosen = chosen if any(m.record == chosen for m in matches) else None
        elif matches:
            search.chosen = matches[0].record
        self._name(call_id, search)
        await self._tell(call_id, search, search.watchers)

    def _name(self, call_id: CallId, search: _Search) -> None:
        """The call itself carries the name too: title, notices and history show it."""
        for match in search.matches:
            if match.record == search.chosen:
                self._named(call_id, match.name)

    async def _remembered(self, account_id: AccountId, number: PhoneNumber) -> RecordRef | None:
        """A memory that does not answer costs the operator a click, not the card."""
        try:
            return await self._choices.chosen(account_id, number.e164)
        except Exception:
            log.exception("contacts.choice_unread", account=account_id)
            return None

    async def _unavailable(self, call_id: CallId, search: _Search) -> None:
        search.lookup = LookupState.UNAVAILABLE
        await self._tell(call_id, search, search.watchers)

    def _flight(
        self, account_id: AccountId, number: PhoneNumber
    ) -> asyncio.Task[list[ContactMatch]]:
        """The one request under way for a number, or a new one (P13)."""
        key = (account_id, number.e164)
        flight = self._flights.get(key)
        if flight is None:
            flight = asyncio.create_task(self._ask(account_id, number))
            self._flights[key] = flight
            flight.add_done_callback(lambda done: self._landed(key, done))
        return flight

    def _landed(self, key: tuple[AccountId, str], done: asyncio.Task[list[ContactMatch]]) -> None:
        self._flights.pop(key, None)
        if not done.cancelled():
            # Marks it as seen: every call may have ended before its answer came.
            done.exception()

    async def _ask(self, account_id: AccountId, number: PhoneNumber) -> list[ContactMatch]:
        key = (account_id, number.e164)
        at, matches = self._fresh.get(key, (-REMEMBER_S, []))
        if self._clock.monotonic() - at < REMEMBER_S:
            return matches
        source = self._sources(account_id)
        if source is None:
            return []
        breaker = self._breaker(account_id)
        if not breaker.allows():
            raise CrmUnavailable(f"{source.kind} of {account_id} is left alone after failures")
        began = self._clock.monotonic()
        try:
            matches = await source.find_by_phone(number)
        except asyncio.CancelledError:
            breaker.gave_up()
            raise
        except CrmAuthExpired:
            breaker.failed()
            await self._states.becomes(account_id, "auth_expired")
            raise
        except CrmRejected as error:
            # It answers, so it is neither slow nor down; this question it does not take.
            breaker.succeeded()
            log.warning("contacts.look_up_rejected", account=account_id, error=str(error))
            raise
        except Exception as error:
            if not isinstance(error, CrmError):
                # An answer nobody foresaw must not leave a card looking for ever.
                log.exception("contacts.look_up_broke", account=account_id)
                breaker.failed()
                await self._states.becomes(account_id, "down")
                raise CrmUnavailable("the CRM's answer could not be read") from error
            breaker.failed()
            log.warning("contacts.look_up_failed", account=account_id, error=str(error))
            await self._states.becomes(account_id, "down")
            raise
        took = self._clock.monotonic() - began
        self._observe(took)
        breaker.succeeded()
        await self._states.becomes(account_id, "slow" if took > self._timeout_s / 2 else "ok")
        self._fresh[key] = (self._clock.monotonic(), matches)
        if len(self._fresh) > 10_000:
            self._fresh.clear()
        self._index.patch(account_id, number.e164, matches)
        return matches

    def _breaker(self, account_id: AccountId) -> Breaker:
        return self._breakers.setdefault(account_id, Breaker(self._clock))

    async def connection_is(self, account_id: AccountId, *, lost: bool) -> None:
        """Whether an administrator has to connect again, known without looking anybody up."""
        await self._states.connection_is(account_id, lost=lost)

    async def _tell(
        self, call_id: CallId, search: _Search, employees: Iterable[EmployeeId]
    ) -> None:
        source = self._sources(search.account_id)
        search.version = version_after(search.version, self._clock)
        push = ContactChanged(
            stream=StreamName.ME,
            entity=f"contact:{call_id}",
            version=search.version,
            call_id=call_id,
            crm=CrmKind(source.kind) if source else None,
            lookup=search.lookup,
            matches=search.matches,
            chosen=search.chosen,
            create_url=source.create_url(search.number) if source and search.number else None,
        )
        keys = [me_stream(search.account_id, employee) for employee in employees]
        await self._publish([Publication(key, push) for key in keys])

    async def _remove(
        self, call_id: CallId, search: _Search, employees: Iterable[EmployeeId]
    ) -> None:
        search.version = version_after(search.version, self._clock)
        push = ContactRemoved(
            stream=StreamName.ME,
            entity=f"contact:{call_id}",
            version=search.version,
            call_id=call_id,
        )
        keys = [me_stream(search.account_id, employee) for employee in employees]
        await self._publish([Publication(key, push, removes=True) for key in keys])

    async def _publish(self, publications: list[Publication]) -> None:
        """A bus that fails must not end a search: `republish` tells everything once it is back."""
        try:
            await self._bus.publish(publications)
        except Exception:
            log.exception("contacts.not_told")


def _failed(error: BaseException) -> None:
    log.error("contacts.telling_failed", exc_info=error)
