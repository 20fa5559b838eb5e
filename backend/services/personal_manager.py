"""Whose customer a caller is: the CRM's word, waited for as long as a step allows, then kept.

    call ─► kept answer (6 h) ─► else one request per number ─► CRM user ─► employee ─► in today?
              ▲                        │ goes on after the wait is over: the next call has it
              └── dropped when a record it leans on changes

A caller waits in the meantime, so a CRM in trouble is left alone after some failures and every
answer but a name lets the call go on at once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Protocol

import structlog

from backend.domain import phone_number
from backend.domain.account_settings import AllSettings
from backend.domain.phone_number import PhoneNumber
from backend.domain.scenario import ManagerSource, ManagerStep
from backend.errors import CrmError, CrmRejected
from backend.kit.breaker import Breaker
from backend.kit.clock import Clock
from backend.services.calls.hooks import Manager
from backend.services.crm_events import CrmEvent, CrmEvents
from backend.services.routing import RoutingTable
from protocol.vocabulary import AccountId, CrmKind, EmployeeId, StepReason

log = structlog.get_logger(__name__)

KEEP: Final = timedelta(hours=6)
"""How long an answer counts (L2058). Unlike there, a change in the CRM ends it sooner."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Responsible:
    """The CRM's answer, with the records (`contact:12`) it was read from."""

    crm_user_id: str
    records: tuple[str, ...]


class ResponsibleSource(Protocol):
    """One CRM account. Raises CrmError."""

    async def responsible(self, number: PhoneNumber, source: ManagerSource) -> Responsible | None:
        """Who is responsible for the number's first record, or None. Asked as pop-ups are."""


class ManagerAnswers(Protocol):
    """Answers on disk, so that every process and the next start has them."""

    async def known(
        self, account_id: AccountId, e164: str, source: ManagerSource, *, since: datetime
    ) -> str | None: ...
    async def asking(
        self, account_id: AccountId, e164: str, source: ManagerSource, at: datetime
    ) -> str:
        """Before the CRM is asked: the mark that `keep` wants to see."""

    async def keep(
        self,
        account_id: AccountId,
        e164: str,
        source: ManagerSource,
        answer: Responsible,
        at: datetime,
        *,
        mark: str,
    ) -> None:
        """Unless something was forgotten since, in whichever process, or another asked later."""

    async def forget(
        self, account_id: AccountId, records: Sequence[str], sources: Sequence[ManagerSource]
    ) -> None: ...


class SeenToday(Protocol):
    """Who was in the CRM today, in the account's own time zone."""

    async def was(self, account_id: AccountId, crm_user_id: str) -> bool: ...


_Key = tuple[AccountId, str, ManagerSource]


class PersonalManagers:
    """`services.calls.hooks.Managers` over connected CRMs."""

    def __init__(
        self,
        *,
        sources: Callable[[AccountId], ResponsibleSource | None],
        employee: Callable[[AccountId, str], EmployeeId | None],
        routing: RoutingTable,
        answers: ManagerAnswers,
        seen: SeenToday,
        clock: Clock,
    ) -> None:
        """`employee` tells whom of ours a CRM user is."""
        self._sources = sources
        self._employee = employee
        self._routing = routing
        self._answers = answers
        self._seen = seen
        self._clock = clock
        self._flights: dict[_Key, asyncio.Task[str | None]] = {}
        self._breakers: dict[AccountId, Breaker] = {}

    async def find(self, account_id: AccountId, number: str, step: ManagerStep) -> Manager:
        """Within the step's waiting time. Never raises CrmError."""
        account = self._routing.account(account_id)
        settings = AllSettings() if account is None else account.settings
        source = self._sources(account_id)
        if account is None or source is None or not settings.crm.on:
            return Manager(reason=StepReason.NO_INTEGRATION)
        parsed = phone_number.parse(number, region=account.region)
        if parsed is None:
            # Withheld: nobody can be responsible for it.
            return Manager(reason=StepReason.NO_MANAGER)
        breaker = self._breakers.setdefault(account_id, Breaker(self._clock))
        if not breaker.allows():
            return Manager(reason=StepReason.CRM_FAILED)
        chosen = settings.personal_manager
        check = chosen.check_seen_today if step.check_status is None else step.check_status
        wanted = self._named(account_id, parsed, source, step.source or chosen.source, check=check)
        wait_s = chosen.wait_s if step.wait_s is None else step.wait_s
        try:
            found = await self._within(wait_s, asyncio.create_task(wanted))
        except CrmRejected as error:
            breaker.succeeded()  # it answers; this question it does not take
            log.warning("manager.refused", account=account_id, error=str(error))
            return Manager(reason=StepReason.CRM_FAILED)
        except CrmError as error:
            breaker.failed()
            log.warning("manager.not_told", account=account_id, error=str(error))
            return Manager(reason=StepReason.CRM_FAILED)
        except BaseException:
            breaker.gave_up()
            raise
        if found is None:
            breaker.failed()
            log.info("manager.late", account=account_id, wait_s=wait_s)
            return Manager(reason=StepReason.LATE)
        breaker.succeeded()
        return found

    async def _within(self, wait_s: float, work: asyncio.Task[Manager]) -> Manager | None:
        """None when the time is over first; the request under way goes on without us."""
        late = asyncio.create_task(self._clock.sleep(wait_s))
        try:
            await asyncio.wait((work, late), return_when=asyncio.FIRST_COMPLETED)
            return work.result() if work.done() else None
        finally:
            late.cancel()
            work.cancel()
            await asyncio.gather(late, work, return_exceptions=True)

    async def _named(
        self,
        account_id: AccountId,
        number: PhoneNumber,
        source: ResponsibleSource,
        wanted: ManagerSource,
        *,
        check: bool,
    ) -> Manager:
        user = await self._user(account_id, number, source, wanted)
        if user is None:
            return Manager(reason=StepReason.NO_MANAGER)
        employee_id = self._employee(account_id, user)
        if employee_id is None:
            return Manager(reason=StepReason.NOT_AN_EMPLOYEE)
        if check and not await self._seen.was(account_id, user):
            return Manager(employee_id=employee_id, reason=StepReason.NOT_IN_TODAY)
        return Manager(employee_id=employee_id)

    async def _user(
        self,
        account_id: AccountId,
        number: PhoneNumber,
        source: ResponsibleSource,
        wanted: ManagerSource,
    ) -> str | None:
        """The CRM user: as kept, or as the one request under way for the number brings it."""
        key = (account_id, number.e164, wanted)
        flight = self._flights.get(key)
        if flight is None:
            flight = asyncio.create_task(self._ask(key, number, source))
            self._flights[key] = flight
            flight.add_done_callback(lambda done: self._landed(key, done))
        return await asyncio.shield(flight)

    async def _ask(self, key: _Key, number: PhoneNumber, source: ResponsibleSource) -> str | None:
        account_id, e164, wanted = key
        try:
            since = self._clock.now() - KEEP
            known = await self._answers.known(account_id, e164, wanted, since=since)
        except Exception:
            # A memory that does not answer costs a request, not the manager.
            log.exception("manager.memory_unread", account=account_id)
            known = None
        if known is not None:
            return known
        mark = await self._marked(key)
        answer = await source.responsible(number, wanted)
        if answer is None:
            return None  # not kept: the record may be made any moment
        if mark is not None:
            try:
                await self._answers.keep(
                    account_id, e164, wanted, answer, self._clock.now(), mark=mark
                )
            except Exception:
                log.exception("manager.not_kept", account=account_id)
        return answer.crm_user_id

    async def _marked(self, key: _Key) -> str | None:
        """On disk, for another process may be the one that hears of a change meanwhile. None when
        that failed: the answer serves this call alone then."""
        account_id, e164, wanted = key
        try:
            return await self._answers.asking(account_id, e164, wanted, self._clock.now())
        except Exception:
            log.exception("manager.not_marked", account=account_id)
            return None

    def _landed(self, key: _Key, done: asyncio.Task[str | None]) -> None:
        self._flights.pop(key, None)
        if not done.cancelled():
            done.exception()  # every call may have ended before its answer came

    # ── what the CRM tells ──

    def listen(self, events: CrmEvents) -> None:
        """Drop answers as soon as the CRM says that what they lean on changed."""
        for kind in ("CONTACT", "COMPANY", "LEAD"):
            for verb in ("ADD", "UPDATE", "DELETE"):
                events.on(CrmKind.BITRIX24.value, f"ONCRM{kind}{verb}", self._portal_changed)
        for entity in ("contacts", "companies", "leads"):
            for verb in ("add", "update", "delete", "restore", "responsible", "status"):
                events.on(CrmKind.AMOCRM.value, f"{entity}.{verb}", self._amo_changed)

    async def _portal_changed(self, event: CrmEvent) -> None:
        kind = event.event.removeprefix("ONCRM")
        for verb in ("ADD", "UPDATE", "DELETE"):
            kind = kind.removesuffix(verb)
        record_id = _text(event.body, "data", "FIELDS", "ID") or _text(event.body, "data", "ID")
        # A contact that comes ranks above the company or lead an answer was read from: the event
        # does not name its number, so the lower ranks' answers go.
        lower = {"CONTACT": ("company:*", "lead:*"), "COMPANY": ("lead:*",)}.get(kind, ())
        records = [f"{kind.lower()}:{record_id}", *lower]
        await self._answers.forget(event.account_id, records, [])

    async def _amo_changed(self, event: CrmEvent) -> None:
        entity, _, verb = event.event.partition(".")
        kind = {"contacts": "contact", "companies": "company", "leads": "deal"}[entity]
        record_id = _text(event.body, "id")
        deals: list[ManagerSource] = []
        if entity == "leads" and verb in ("add", "status", "restore"):
            # Another deal may be the active one now, and the event does not say whose it is.
            deals = ["deal"]
        records = [f"{kind}:{record_id}"]
        if entity == "contacts" and verb in ("add", "update"):
            records.append("company:*")
        elif entity == "contacts" and verb == "delete":
            # What is deleted does not always say whether it was a company.
            records.append(f"company:{record_id}")
        await self._answers.forget(event.account_id, records, deals)

    async def aclose(self) -> None:
        flights = tuple(self._flights.values())
        for flight in flights:
            flight.cancel()
        await asyncio.gather(*flights, return_exceptions=True)


def _text(body: dict[str, object], *path: str) -> str:
    """The text at `path`; vendors send digits as text, some builds as numbers."""
    found: object = body
    for name in path:
        found = found.get(name) if isinstance(found, dict) else None
    return str(found) if isinstance(found, str | int) and not isinstance(found, bool) else ""
