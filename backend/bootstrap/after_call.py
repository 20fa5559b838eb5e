"""What follows a call's end: its recording, and what of it stands in the account's CRM."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.bootstrap.audio import FOLDER, SwitchFiles, audio_storage
from backend.bootstrap.callbacks import call_finished, callback_teller
from backend.bootstrap.foundation import Foundation
from backend.bootstrap.sources import Sources
from backend.domain.account_settings import CrmSettings, RecordingSettings
from backend.errors import CrmError
from backend.jobs import callback_tasks, crm_calls, portal_finish, portal_recordings
from backend.jobs import callbacks as callback_jobs
from backend.jobs import recordings as recording_jobs
from backend.jobs.queue import JobQueue
from backend.services.call_records import CallRecords, CrmUser
from backend.services.callback_tasks import CrmCallbacks
from backend.services.history_teller import HistoryTeller
from backend.services.portal_calls import PortalCalls
from backend.services.portal_recordings import PortalRecordings
from backend.services.ports import FinishedCall, RecordingRow
from backend.services.recordings import RecordingLinks, Recordings
from backend.store.account_settings import AccountSettingsStore
from backend.store.callbacks import CallbackStore
from backend.store.calls import CallStore
from backend.store.crm_calls import CrmCallStore
from backend.store.gateways import SqlCrmCalls, SqlRecordings
from backend.store.gateways.callbacks import SqlCrmCallbacks
from backend.store.recordings import RecordingStore
from backend.store.switches import SwitchConnection
from protocol.vocabulary import AccountId, CallId, CrmKind, Direction

log = structlog.get_logger(__name__)


class AfterCall:
    def __init__(
        self,
        base: Foundation,
        *,
        jobs: JobQueue,
        sources: Sources,
        portal_calls: PortalCalls,
        crm_user: CrmUser,
        connection_of: Callable[[AccountId], str | None],
    ) -> None:
        """`connection_of` names the switch connection an account's calls are on."""
        self._base = base
        self._jobs = jobs
        self._sources = sources
        self._connection_of = connection_of
        self._files = SwitchFiles(base.clock)
        self._rows = SqlRecordings(base.database, base.secrets, settled=self._settled)
        storage = audio_storage(base.settings)
        links = RecordingLinks(self._rows, base.settings.base_url)
        crm_rows = SqlCrmCalls(base.database, base.secrets)
        self.recordings = Recordings(
            rows=self._rows,
            storage=storage,
            switches=self._files.get,
            clock=base.clock,
            directory=base.settings.var_dir / FOLDER / ".from-switch",
        )
        self._teller = HistoryTeller(self._call, base.bus, base.clock)
        told = self._teller.tell
        recording_jobs.register(jobs, self.recordings, told)
        self.records = CallRecords(
            rows=crm_rows, writers=sources.call_writer, links=links, crm_user=crm_user
        )
        crm_calls.register(jobs, self.records, told)
        portal_recordings.register(
            jobs,
            PortalRecordings(rows=crm_rows, portals=sources.portal, links=links, storage=storage),
        )
        portal_finish.register(jobs, portal_calls, self._portal_finished)
        self.callbacks = callback_teller(base, jobs)
        callback_jobs.register(jobs, self.callbacks)
        callback_tasks.register(
            jobs,
            CrmCallbacks(
                rows=SqlCrmCallbacks(base.database, base.secrets),
                writers=sources.callback_writer,
                links=links,
                crm_user=crm_user,
                clock=base.clock,
            ),
            self.callbacks.tell,
        )

    async def on_finished(self, tx: AsyncConnection, call: FinishedCall) -> None:
        """Queue, in the transaction that keeps the call, all that follows from it.

        Comes once more when a call kept as lost turns out answered.
        """
        account_id, call_id = call.account_id, call.call_id
        await call_finished(self._jobs, tx, call, crm=await self._crm_of_tasks(tx, call))
        # The newest is the one that is shown.
        for name in (*call.also_recorded, call.recording):
            if name is None:
                continue
            recording_id = await RecordingStore(tx, self._base.secrets).expect(
                account_id,
                call_id,
                connection_id=self._connection_of(account_id) or "",
                name=name,
            )
            if recording_id is not None:
                await recording_jobs.defer_fetch(self._jobs, tx, account_id, recording_id, call_id)
        if call.direction == Direction.INTERNAL.value:
            return
        on = (await AccountSettingsStore(tx).get(account_id, CrmSettings)).on
        kind = CrmKind.BITRIX24.value
        if not on and await CrmCallStore(tx).find(account_id, call_id, kind) is None:
            return  # what is open over there is closed all the same
        if self._sources.portal(account_id) is not None:
            await portal_finish.defer(self._jobs, tx, call)
        elif self._sources.call_writer(account_id) is not None:
            await CrmCallStore(tx).expect(account_id, call_id, CrmKind.AMOCRM.value)
            recorded = call.recording is not None and await self._to_crm(tx, account_id)
            await crm_calls.defer(self._jobs, tx, account_id, call_id, recorded=recorded)

    async def _crm_of_tasks(self, tx: AsyncConnection, call: FinishedCall) -> str | None:
        """The CRM that is to have a task to call back."""
        writer = self._sources.callback_writer(call.account_id)
        if writer is None or call.wanted is None or call.direction == Direction.INTERNAL.value:
            return None
        crm = await AccountSettingsStore(tx).get(call.account_id, CrmSettings)
        return writer.kind if crm.on and crm.callback_tasks else None

    async def _settled(self, tx: AsyncConnection, row: RecordingRow) -> None:
        """There is audio, or there will be none: nobody need wait any longer."""
        known = await CallbackStore(tx).told_of(row.account_id, row.call_id)
        await callback_jobs.defer(self._jobs, tx, row.account_id, known)
        if self._sources.portal(row.account_id) is not None:
            await self._attach(tx, row.account_id, row.call_id)
        elif self._sources.call_writer(row.account_id) is not None:
            await crm_calls.defer_spare(self._jobs, tx, row.account_id, row.call_id)
        if row.state == "stored":
            await recording_jobs.defer_forget(self._jobs, tx, row.connection_id, row.name)

    async def _portal_finished(self, account_id: AccountId, call_id: CallId) -> None:
        """The portal takes audio of closed calls only; it may have been stored before."""
        async with self._base.database.begin(account_id) as tx:
            await self._attach(tx, account_id, call_id)
        await self._teller.tell(account_id, call_id)

    async def _to_crm(self, tx: AsyncConnection, account_id: AccountId) -> bool:
        return (await AccountSettingsStore(tx).get(account_id, RecordingSettings)).to_crm

    async def _call(self, account_id: AccountId, call_id: CallId) -> FinishedCall | None:
        async with self._base.database.begin(account_id) as tx:
            return await CallStore(tx).find(account_id, call_id)

    async def _attach(self, tx: AsyncConnection, account_id: AccountId, call_id: CallId) -> None:
        """A portal's call takes one file. Of two it gets the one that is shown here."""
        calls, kind = CrmCallStore(tx), CrmKind.BITRIX24.value
        await calls.lock(account_id, call_id)
        found = await RecordingStore(tx, self._base.secrets).of_calls(account_id, [call_id])
        shown = found.get(call_id)
        if shown is None or shown.state != "stored" or not await self._to_crm(tx, account_id):
            return
        if await calls.queue_recording(account_id, call_id, kind):
            await portal_recordings.defer(self._jobs, tx, account_id, call_id)

    async def take(self, connections: dict[str, SwitchConnection]) -> None:
        """The switch connections there are now, by id."""
        await self._files.take(connections)

    async def numbers_changed(self, account_id: AccountId) -> None:
        """The CRM may know strangers by now whose calls were kept for that."""
        kind = CrmKind.AMOCRM.value
        async with self._base.database.begin(account_id) as tx:
            for call_id in await CrmCallStore(tx).known_by_now(account_id, kind):
                await crm_calls.defer(self._jobs, tx, account_id, call_id)

    async def request_settled(self, account_id: AccountId, ref: str) -> None:
        """Somebody accepted or declined a request: the calls left to it are written or refused."""
        kind = CrmKind.AMOCRM.value
        async with self._base.database.begin(account_id) as tx:
            for call_id in await CrmCallStore(tx).left_to(account_id, kind, ref):
                await crm_calls.defer(self._jobs, tx, account_id, call_id)

    async def look_at_requests(self, account_id: AccountId) -> None:
        """Find out what became of requests where no webhook said so."""
        for ref in await self.records.settled(account_id):
            await self.request_settled(account_id, ref)

    async def tidy(self, account_id: AccountId) -> None:
        """Delete audio the account no longer wants to keep; tell the CRM what waited for a
        contact or a decision that no webhook named."""
        await self.numbers_changed(account_id)
        try:
            await self.look_at_requests(account_id)
        except CrmError as error:
            log.info("requests_not_looked_at", account=account_id, error=str(error))
        async with self._base.database.begin(account_id) as tx:
            wanted = await AccountSettingsStore(tx).get(account_id, RecordingSettings)
        await self.recordings.prune(account_id, keep=timedelta(days=wanted.keep_days))
        await asyncio.to_thread(self.recordings.sweep)

    async def aclose(self) -> None:
        await self._files.aclose()
