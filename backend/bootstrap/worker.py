"""The worker: owns switch connections under a lease, looks callers up, runs durable jobs."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.bootstrap import amocrm, portals
from backend.bootstrap.accounts import Accounts
from backend.bootstrap.after_call import AfterCall
from backend.bootstrap.board import BoardWork, ForgetBoard
from backend.bootstrap.dialer import DialerWork
from backend.bootstrap.first_switch import keep_first_switch
from backend.bootstrap.foundation import Foundation
from backend.bootstrap.leased import Held, under_lease
from backend.bootstrap.left_lines import LeftLinesWork
from backend.bootstrap.outgoing import Outgoing
from backend.bootstrap.owners import SwitchOwners
from backend.bootstrap.people import PeopleWork
from backend.bootstrap.sources import Sources
from backend.bootstrap.tidying import Tidying
from backend.bootstrap.tracking import ForgetVisits, call_tracking
from backend.connectors.crm.bitrix24 import status_code
from backend.domain.call import Call
from backend.jobs import inbox
from backend.jobs.queue import JobQueue
from backend.jobs.worker import JobWorker
from backend.kit.ids import new_id
from backend.services.calls import CallOwner
from backend.services.contacts import Contacts, PhoneIndex
from backend.services.contacts.changes import PhoneChanges
from backend.services.contacts.sync import PhoneIndexSync
from backend.services.crm_events import CrmEvents
from backend.services.dialer.crm_records import CrmRecords
from backend.services.host_notices import HostNotices
from backend.services.passed_calls import PassedCalls
from backend.services.portal_calls import PortalCalls
from backend.services.ports import ContactSource, FinishedCall, Switch
from backend.services.routing import ROUTING_TOPIC
from backend.store.contact_choices import SqlContactChoices
from backend.store.gateways import SqlInbox, SqlPortalCalls
from backend.store.gateways.callbacks import SqlLastTalks
from backend.store.gateways.last_numbers import SqlLastNumbers
from backend.store.gateways.phone_index import SqlPhoneIndex
from backend.store.journal import SqlCallJournal
from backend.store.leases import SqlLeases
from backend.store.switches import SwitchConnection, SwitchStore
from backend.telephony.asterisk import AsteriskSwitch
from backend.telephony.uis import UisSwitch
from protocol.vocabulary import AccountId, CallId

log = structlog.get_logger(__name__)

ROUTING_S = 10.0
"""How soon a change of people, numbers or connections is noticed without a wake-up."""
GENERATION_S = 1.0
_WATCHABLE = (AsteriskSwitch, UisSwitch)
"""Engines that let supervisors into talks, each in the ways its capabilities name."""
INBOX_AT_ONCE = 4
"""Messages of CRMs handled beside all other jobs, however many those are."""


class Worker:
    """Everything that is not a socket of a browser."""

    def __init__(self, base: Foundation) -> None:
        self._base = base
        self.holder = f"{socket.gethostname()}-{os.getpid()}-{new_id()[-6:]}"
        self.accounts = Accounts(base)
        self.routing = self.accounts.routing
        self.statuses = self.accounts.statuses
        self.index = PhoneIndex()
        self.sources = Sources(base, self.index)
        self.contacts = Contacts(
            index=self.index,
            sources=self._contacts_of,
            choices=SqlContactChoices(base.database),
            bus=base.bus,
            clock=base.clock,
            observe=base.metrics.look_up_latency.observe,
            named=self._named,
            region=base.settings.region,
        )
        self.portal_calls = PortalCalls(
            portals=self.sources.portal,
            crm_user=self.accounts.crm_user,
            store=SqlPortalCalls(base.database),
            extension=self.accounts.extension,
            record_of=self.index.sole,
            status_code=status_code,
            observe=base.metrics.portal_latency.observe,
        )
        self.host_notices = HostNotices(
            hosts=self.sources.host, crm_user=self.accounts.crm_user, bus=base.bus
        )
        self.passed_calls = PassedCalls(
            portals=self.sources.notices,
            crm_user=self.accounts.crm_user,
            region=self.accounts.region,
        )
        self.jobs = JobQueue(base.database.url)
        self.after_call = AfterCall(
            base,
            jobs=self.jobs,
            sources=self.sources,
            portal_calls=self.portal_calls,
            crm_user=self.accounts.crm_user,
            connection_of=self.accounts.connection,
        )
        self.crm_events = CrmEvents()
        inbox.register(self.jobs, self.crm_events, SqlInbox(base.database, self._queue_event))
        self.people = PeopleWork(base, self.jobs, self.sources, self.statuses, self.crm_events)
        self.outgoing = Outgoing(
            base,
            jobs=self.jobs,
            sources=self.sources,
            routing=self.routing,
            events=self.crm_events,
            first=self.after_call.on_finished,
            crm_user=self.accounts.crm_user,
        )
        self.tracking = call_tracking(base)
        self.dialer = DialerWork(
            base,
            routing=self.routing,
            accounts=self.accounts.known,
            records=CrmRecords(self.sources.cards),
            jobs=self.jobs,
            movers=self.sources.stages,
            call_lists=self.sources.call_lists,
        )
        self.journal = SqlCallJournal(
            base.database, on_finished=self._on_finished, clock=base.clock
        )
        self.sync = PhoneIndexSync(
            index=self.index,
            store=SqlPhoneIndex(base.database),
            sources=self.sources.get,
            accounts=self.sources.accounts,
            clock=base.clock,
        )
        self.phones = PhoneChanges(
            index=self.index, store=SqlPhoneIndex(base.database), bus=base.bus
        )
        self.amocrm = amocrm.work(
            base,
            self.jobs,
            self.crm_events,
            self.sources,
            self.phones,
            self.after_call.numbers_changed,
            self.after_call.request_settled,
        )
        self.portals = portals.work(base, self.jobs, self.sources, self.crm_events, self.phones)
        self._leases = SqlLeases(base.database)
        self.board = BoardWork(base, self.routing, self._name_of)
        self.owners = SwitchOwners(
            base,
            leases=self._leases,
            holder=self.holder,
            routing=self.routing,
            statuses=self.statuses,
            make=self._owner,
            beside=self.board.beside,
        )
        self.tidying = Tidying(
            base,
            accounts=self.accounts.known,
            also=(self.outgoing.tidy, ForgetVisits(base.clock), ForgetBoard(base.clock)),
            after=self.after_call.tidy,
        )
        self.left_lines = LeftLinesWork(base, self.accounts.known)
        self._changed: set[AccountId] = set()
        self._reload = asyncio.Event()

    # ── life ──

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(self.jobs.opened())
            await stack.enter_async_context(self.journal.running())
            await stack.enter_async_context(self.phones.listening())
            await stack.enter_async_context(self._base.bus.on_wake(ROUTING_TOPIC, self._on_routing))
            await self.reload()
            for account_id in self.sources.accounts():
                await self.sync.load(account_id)
            tasks = [
                asyncio.create_task(work, name=name)
                for name, work in (
                    ("reload", self._keep_reloading()),
                    ("generation", self._watch_generation()),
                    ("phones", self._read_phones()),
                    ("people", self.people.run(self._leases, self.holder)),
                    ("amocrm", self._look_after_amocrm()),
                    ("tidy", self.tidying.run()),
                    ("portals", self._care_for_portals()),
                    ("jobs", JobWorker(self.jobs, name=self.holder).run()),
                    ("inbox", self._hear_crms().run()),
                    ("dialer", self.dialer.run(self._leases, self.holder)),
                    ("left-lines", self._take_lines_back()),
                )
            ]
            try:
                yield
            finally:
                for task in tasks:
                    task.cancel()
                await self.owners.aclose()
                await asyncio.gather(*tasks, return_exceptions=True)
                await self.contacts.aclose()
                await self.portal_calls.aclose()
                await self.host_notices.aclose()
                await self.after_call.aclose()
                await self.outgoing.aclose()
                await self.dialer.aclose()
                await self.accounts.ready_lines.aclose()
                await self.passed_calls.aclose()
                await self.left_lines.aclose()
                await self.sources.aclose()

    def _named(self, call_id: CallId, name: str) -> None:
        """The CRM says who a call's outside party is."""
        self.owners.named(call_id, name)
        self.board.boards.named(call_id, name)

    def _name_of(self, account_id: AccountId, number: str) -> str | None:
        known = self.contacts.known(account_id, number)
        return None if known is None else known.name

    def _follow(self, call: Call) -> None:
        """Let the CRM's own card or notice follow, unless the account switched its CRM off
        before; and the supervisors' board."""
        self.board.boards.call_changed(call)
        off = self.accounts.crm_off(call.account_id)
        if not off or self.portal_calls.follows(call.call_id):
            self.portal_calls.call_changed(call)
        if not off:
            self.host_notices.call_changed(call)
        self.dialer.call_changed(call)

    async def _on_finished(self, tx: AsyncConnection, call: FinishedCall) -> None:
        await self.outgoing.on_finished(tx, call)
        await self.dialer.on_finished(tx, call)

    def _contacts_of(self, account_id: AccountId) -> ContactSource | None:
        """Who is asked about callers, unless the account switched its CRM off."""
        return None if self.accounts.crm_off(account_id) else self.sources.get(account_id)

    def _on_routing(self, payload: bytes) -> None:
        self._changed.add(AccountId(payload.decode()))
        self._reload.set()

    async def _keep_reloading(self) -> None:
        """At once what a wake-up names; everything now and then, for what nobody told."""
        due = self._base.clock.monotonic() + ROUTING_S
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(max(0.0, due - self._base.clock.monotonic())):
                    await self._reload.wait()
            self._reload.clear()
            named, self._changed = self._changed, set()
            try:
                moved = await self.accounts.moved(named)
                known = self.accounts.connections
                for account_id in (named & known.keys()) - moved:
                    await self._load(account_id, known[account_id])
                    await self.portals.changed(account_id)
                if moved or self._base.clock.monotonic() >= due:
                    await self.reload()
                    due = self._base.clock.monotonic() + ROUTING_S
                for account_id in moved & known.keys():
                    await self.portals.changed(account_id)
            except Exception as error:
                log.warning("worker.reload_failed", error=str(error))
                due = self._base.clock.monotonic() + ROUTING_S

    async def reload(self) -> None:
        """Read connections, accounts, people and routes anew; begin to hold what is new."""
        await self.sources.refresh()
        for account_id, state in self.sources.states.items():
            await self.contacts.connection_is(account_id, lost=state == "auth_expired")
        async with self._base.database.begin_resolving() as tx:
            store = SwitchStore(tx, self._base.secrets)
            connections = {c.id: c for c in await store.all()}
            accounts = {c: await store.accounts_of(c) for c in connections}
        await self.after_call.take(connections)
        for connection_id in connections:
            for account_id in accounts[connection_id]:
                await self._load(account_id, connection_id)
        await self.owners.take(connections)

    async def _load(self, account_id: AccountId, connection_id: str) -> None:
        await self.accounts.load(account_id, connection_id, self.after_call.callbacks.tell)

    # ── what only one may hold ──

    def _owner(self, connection: SwitchConnection, switch: Switch, held: Held) -> CallOwner:
        return CallOwner(
            connection_id=connection.id,
            switch=switch,
            bus=self._base.bus,
            journal=self.journal,
            lease=held,
            routing=self.routing,
            callers=self.contacts,
            managers=self.outgoing.managers,
            talks=SqlLastTalks(self._base.database),
            rescue_notice=self._base.settings.rescue_notice,
            ways=self.tracking,
            browser_ready=self.accounts.ready_lines.is_ready,
            passed=self.passed_calls.passed,
            last_numbers=SqlLastNumbers(self._base.database),
            clock=self._base.clock,
            watch=self._follow,
            observe=self._base.metrics.push_latency.observe,
            watches=switch.watches if isinstance(switch, _WATCHABLE) else None,
            watched=self.board.watched,
        )

    async def _read_phones(self) -> None:
        """One process reads the CRMs; the others take what it wrote."""

        async def read(_held: Held) -> None:
            await self.sync.run()

        await under_lease(self._leases, self._base.clock, "phone-index", self.holder, read)

    async def _look_after_amocrm(self) -> None:
        async def keep(_held: Held) -> None:
            await self.amocrm.run()

        await under_lease(self._leases, self._base.clock, "amocrm", self.holder, keep)

    def _hear_crms(self) -> JobWorker:
        return JobWorker(
            self.jobs, name=f"{self.holder}-inbox", concurrency=INBOX_AT_ONCE, queues=(inbox.QUEUE,)
        )

    async def _take_lines_back(self) -> None:
        async def look(_held: Held) -> None:
            await self.left_lines.run()

        await under_lease(self._leases, self._base.clock, "left-lines", self.holder, look)

    async def _care_for_portals(self) -> None:
        async def care(_held: Held) -> None:
            await self.portals.run()

        await under_lease(self._leases, self._base.clock, "portals", self.holder, care)

    # ── facts that cause work ──

    async def _queue_event(self, tx: AsyncConnection, account_id: AccountId, row: int) -> None:
        await inbox.defer(self.jobs, tx, account_id, row)

    async def _watch_generation(self) -> None:
        """A bus that lost its memory is told everything anew."""
        known = None
        while True:
            try:
                current = await self._base.bus.generation()
                if known is not None and current != known:
                    log.warning("bus.flushed", note="publishing everything anew")
                    self.owners.republish()
                    self.board.boards.republish()
                    await self.contacts.republish()
                    await self.accounts.republish()
                    await self.dialer.republish()
                    for account_id in self.accounts.known():
                        await self.after_call.callbacks.tell(account_id)
                known = current
            except OSError as error:
                log.warning("bus.away", error=str(error))
            await self._base.clock.sleep(GENERATION_S)


@asynccontextmanager
async def worker(base: Foundation) -> AsyncIterator[Worker]:
    await keep_first_switch(base)
    running = Worker(base)
    async with running.running():
        yield running
