"""A call has ended: everything that follows, on a real database and the sandboxes' CRMs.

The switch is a folder of files; time between tries passes when a test says so.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import psycopg
from starlette.applications import Starlette

from backend.api.metrics import Metrics
from backend.api.recordings import RecordingsApi
from backend.bootstrap.after_call import AfterCall
from backend.bootstrap.audio import SwitchFiles
from backend.bootstrap.foundation import Foundation
from backend.bus.memory import MemoryBus
from backend.connectors.crm.amocrm import AmoCalls
from backend.connectors.crm.amocrm.callbacks import AmoCrmCallbacks
from backend.connectors.crm.bitrix24 import Bitrix24Telephony
from backend.connectors.crm.bitrix24.callbacks import Bitrix24Callbacks
from backend.connectors.crm.bitrix24.telephony import status_code
from backend.jobs.queue import JobQueue
from backend.kit.clock import SystemClock
from backend.kit.secrets_box import SecretsBox
from backend.sandbox.ari.sound import Part, wav
from backend.services.call_words import Language
from backend.services.portal_calls import PortalCalls
from backend.services.ports import FinishedCall, FinishedLeg
from backend.services.ports.callbacks import CallbackWriter
from backend.services.recordings import RecordingLinks
from backend.settings import Settings
from backend.store.audio_disk import DiskAudio
from backend.store.calls import CallStore
from backend.store.database import Database
from backend.store.gateways import SqlHistory, SqlPortalCalls, SqlRecordings
from protocol.pushes import HistoryEntry, RecordRef
from protocol.vocabulary import AccountId, CallId, EmployeeId, HangupCause, LegId
from tests.connectors.rigs import AmoRig, PortalRig, amo_rig, portal_rig
from tests.integration.conftest import ALPHA

BASE = "http://dozvon.test"
KNOWN, STRANGER = "+79161234501", "+79160000001"
ANNA, ILYA = EmployeeId("anna"), EmployeeId("ilya")
TALK = wav([Part(2, "talk", 2)])


def ended(call: str = "c1", *, outcome: str = "answered", number: str = KNOWN) -> FinishedCall:
    """An inbound call of a minute that ended just now, or one nobody took."""
    now = datetime.now(UTC).replace(microsecond=0)
    answered = outcome == "answered"
    leg = FinishedLeg(
        leg_id=LegId("agent-anna-1"),
        employee_id=ANNA,
        number="101",
        started_at=now - timedelta(seconds=65),
        answered_at=now - timedelta(seconds=60) if answered else None,
        ended_at=now,
        cause=HangupCause.NORMAL if answered else HangupCause.CANCELLED,
    )
    return FinishedCall(
        account_id=ALPHA,
        call_id=CallId(call),
        direction="inbound",
        number=number,
        name=None,
        virtual_number="+74951234567",
        scenario="main",
        started_at=leg.started_at,
        answered_at=leg.answered_at,
        ended_at=now,
        talk_s=60 if answered else 0,
        outcome=outcome,
        cause=leg.cause,
        answered_by=ANNA if answered else None,
        legs=(leg,),
        recording=f"dozvon-alpha-{call}" if answered else None,
    )


@dataclass
class Files:
    """A switch's stored recordings; `gone`: it does not answer."""

    stored: dict[str, bytes] = field(default_factory=dict)
    deleted: list[str] = field(default_factory=list)

    async def fetch(self, name: str, into: Path) -> bool:
        if name not in self.stored:
            return False
        await asyncio.to_thread(into.write_bytes, self.stored[name])
        return True

    async def forget(self, name: str) -> None:
        self.stored.pop(name, None)
        self.deleted.append(name)


class Lossy(httpx.AsyncBaseTransport):
    """Does what is asked; answers to requests that hold `word` get lost, `times` of them."""

    def __init__(self, inner: httpx.AsyncBaseTransport) -> None:
        self._inner = inner
        self.word = ""
        self.times = 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        response = await self._inner.handle_async_request(request)
        await response.aread()
        if self.times and request.method != "GET" and self.word in str(request.url):
            self.times -= 1
            raise httpx.ReadTimeout("the answer got lost", request=request)
        return response


@dataclass
class House:
    after: AfterCall
    jobs: JobQueue
    database: Database
    owner_url: str
    secrets: SecretsBox
    bus: MemoryBus
    files: Files
    crm: Any
    rig: PortalRig | AmoRig
    links: RecordingLinks
    http: httpx.AsyncClient
    """Reaches the page that plays recordings."""
    lossy: Lossy
    connected: bool = True
    users: dict[EmployeeId, str | None] = field(default_factory=lambda: {ANNA: "1", ILYA: "2"})
    """Who our people are over there."""
    language: Language = "ru"
    """What the account's people read."""
    records: dict[str, RecordRef] = field(default_factory=dict)
    """What the phone index knows."""

    async def end(self, call: FinishedCall, *, audio: bytes | None = TALK) -> None:
        """Keep the call and queue what follows, as the journal does; the switch has its file."""
        if call.recording is not None and audio is not None:
            self.files.stored[call.recording] = audio
        async with self.database.begin(call.account_id) as tx:
            if await CallStore(tx).finish(call):
                await self.after.on_finished(tx, call)

    async def work(self, *, at_once: int = 1) -> None:
        """Run what is due, and what that queues, `at_once` jobs side by side."""
        ticking = asyncio.create_task(self._tick())
        try:
            async with asyncio.timeout(30):
                await self.jobs.app.run_worker_async(
                    wait=False,
                    install_signal_handlers=False,
                    delete_jobs="successful",
                    concurrency=at_once,
                )
        finally:
            ticking.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await ticking

    async def survive(self) -> None:
        """Run what is due although the worker is killed at it; another one takes its jobs over."""
        with contextlib.suppress(BaseException):
            await self.work()
        async with await psycopg.AsyncConnection.connect(self.owner_url) as connection:
            await connection.execute(
                "update procrastinate_jobs set status = 'todo' where status = 'doing'"
            )

    async def later(self) -> None:
        """The time of every delayed job comes; marks of killed tries grow old."""
        async with await psycopg.AsyncConnection.connect(self.owner_url) as connection:
            await connection.execute("update procrastinate_jobs set scheduled_at = null")
            await connection.execute("set dozvon.account = 'alpha'")
            await connection.execute(
                "update crm_calls set updated_at = updated_at - interval '1 hour'"
            )
        await self.work()

    async def wait(self, *, hours: float) -> None:
        """Let that time pass and each job run at the very moment it was put off to."""
        left_s = hours * 3600
        await self.work()
        while left_s > 0 and (due_s := await self._due_s()) is not None:
            step_s = min(max(due_s, 0.0) + 0.05, left_s)
            left_s -= step_s
            await self._pass(step_s)
            await self.rig.clock.advance(step_s)
            await self.work()

    async def _due_s(self) -> float | None:
        """Seconds until the next job runs; None when nothing waits."""
        async with await psycopg.AsyncConnection.connect(self.owner_url) as connection:
            found = await connection.execute(
                "select extract(epoch from min(coalesce(scheduled_at, now())) - now())"
                " from procrastinate_jobs where status = 'todo'"
            )
            row = await found.fetchone()
        return None if row is None or row[0] is None else float(row[0])

    async def _pass(self, seconds: float) -> None:
        async with await psycopg.AsyncConnection.connect(self.owner_url) as connection:
            await connection.execute(
                "update procrastinate_jobs set scheduled_at = scheduled_at - make_interval("
                "secs => %s)",
                (seconds,),
            )
            await connection.execute("set dozvon.account = 'alpha'")
            await connection.execute(
                "update crm_calls set updated_at = updated_at - make_interval(secs => %s)",
                (seconds,),
            )

    async def _tick(self) -> None:
        """The CRM's rate limiter lives on a clock of its own."""
        while True:
            await self.rig.clock.advance(1)
            await asyncio.sleep(0.001)

    async def settle(self, rounds: int = 6, *, at_once: int = 1) -> None:
        """Until nothing is left to do."""
        await self.work(at_once=at_once)
        for _ in range(rounds):
            if await self.jobs.waiting() == 0:
                return
            await self.later()

    async def entries(self) -> list[HistoryEntry]:
        page = await SqlHistory(self.database, self.secrets, BASE).page(
            ALPHA, ANNA, before=None, limit=50
        )
        return page.entries

    async def history(self, call: str = "c1") -> HistoryEntry:
        return next(entry for entry in await self.entries() if entry.call_id == call)

    # ── what AfterCall asks of the sources ──

    def portal(self, account_id: AccountId) -> Bitrix24Telephony | None:
        if not self.connected or not isinstance(self.rig, PortalRig):
            return None
        return Bitrix24Telephony(self.rig.source.client, language=self.language)

    def callback_writer(self, account_id: AccountId) -> CallbackWriter | None:
        if not self.connected:
            return None
        if isinstance(self.rig, PortalRig):
            return Bitrix24Callbacks(self.rig.source.client)
        return AmoCrmCallbacks(self.rig.source)

    def call_writer(self, account_id: AccountId) -> AmoCalls | None:
        if not self.connected or not isinstance(self.rig, AmoRig):
            return None
        return AmoCalls(self.rig.source.client, language=self.language)


@dataclass
class PortalPeople:
    """What the portal's own people see."""

    rig: PortalRig
    kind: str = "bitrix24"

    def entries(self, call: str) -> list[tuple[str, bool]]:
        """Outcome and whether there is audio with it, of every entry the call left."""
        telephony = self.rig.portal.telephony
        activities = {
            str(a["ORIGIN_ID"]): a
            for a in self.rig.portal.store.rows("ACTIVITY")
            if a.get("ORIGIN_ID")
        }
        found = []
        for row in telephony.statistics:
            if row["EXTERNAL_CALL_ID"] == call:
                activity = activities.get(f"VI_{row['CALL_ID']}")
                done = (
                    activity["COMPLETED"] == "Y" if activity else row["CALL_FAILED_CODE"] == "200"
                )
                found.append(("answered" if done else "lost", row["CALL_ID"] in telephony.records))
        return found

    def owners(self, call: str) -> list[str]:
        """Whose call each entry is."""
        rows = self.rig.portal.telephony.statistics
        return [str(row["PORTAL_USER_ID"]) for row in rows if row["EXTERNAL_CALL_ID"] == call]

    def kept(self) -> set[str]:
        """Everything there that a call may have left."""
        telephony, store = self.rig.portal.telephony, self.rig.portal.store
        return (
            {f"activity {row['ID']}" for row in store.rows("ACTIVITY")}
            | {f"call {row['CALL_ID']}" for row in telephony.statistics}
            | {f"record {call}" for call in telephony.records}
        )

    def made(self, number: str) -> int:
        """Leads and deals of whoever has this number."""
        leads = self.rig.portal.store.rows("LEAD")
        return sum(number in str(row) for row in leads)

    def down(self, *, on: bool) -> None:
        self.rig.portal.faults.crm_down = on

    writes = ("externalCall.register", "externalCall.finish", "externalCall.attachRecord", "upload")


@dataclass
class AmoPeople:
    rig: AmoRig
    kind: str = "amocrm"

    def entries(self, call: str) -> list[tuple[str, bool]]:
        world = self.rig.amo.world
        notes = [n["params"] for n in world.notes.values() if n["params"].get("uniq") == call]
        asked = [u["metadata"] for u in world.unsorted.values() if u["source_uid"] == call]
        return [
            ("answered" if p.get("call_status", 4) == 4 else "lost", bool(p.get("link")))
            for p in (*notes, *asked)
        ]

    def owners(self, call: str) -> list[str]:
        world = self.rig.amo.world
        notes = [n["params"] for n in world.notes.values() if n["params"].get("uniq") == call]
        asked = [u["metadata"] for u in world.unsorted.values() if u["source_uid"] == call]
        return [str(p.get("call_responsible") or "") for p in (*notes, *asked)]

    def kept(self) -> set[str]:
        world = self.rig.amo.world
        return {f"note {n}" for n in world.notes} | {f"unsorted {u}" for u in world.unsorted}

    def made(self, number: str) -> int:
        world = self.rig.amo.world
        return sum(number in str(lead) for lead in world.leads.values())

    def down(self, *, on: bool) -> None:
        self.rig.amo.faults.down = on

    writes = ("/calls", "/notes", "/unsorted")


@asynccontextmanager
async def house(
    kind: str, database: Database, owner_url: str, directory: Path, monkeypatch: Any
) -> AsyncIterator[House]:
    files = Files()
    monkeypatch.setattr(SwitchFiles, "get", lambda _self, _connection: files)
    async with contextlib.AsyncExitStack() as stack:
        rig: PortalRig | AmoRig
        rig = await stack.enter_async_context(portal_rig() if kind == "bitrix24" else amo_rig())
        lossy = rig.http._transport = Lossy(rig.http._transport)
        secrets = SecretsBox({"k1": bytes(32)})
        bus = MemoryBus()
        base = Foundation(
            settings=Settings(public_url=BASE, var_dir=directory),
            clock=SystemClock(),
            database=database,
            owner_url=owner_url,
            secrets=secrets,
            bus=bus,
            http=rig.http,
            metrics=Metrics(),
        )
        rows = SqlRecordings(database, secrets)
        links = RecordingLinks(rows, BASE)
        api = RecordingsApi(links, DiskAudio(directory / "recordings"))
        http = await stack.enter_async_context(
            httpx.AsyncClient(
                transport=httpx.ASGITransport(Starlette(routes=api.routes())), base_url=BASE
            )
        )
        jobs = JobQueue(database.url, pool_size=3)
        people = PortalPeople(rig) if isinstance(rig, PortalRig) else AmoPeople(rig)
        made = House(
            after=None,  # type: ignore[arg-type]
            jobs=jobs,
            database=database,
            owner_url=owner_url,
            secrets=secrets,
            bus=bus,
            files=files,
            crm=people,
            rig=rig,
            links=links,
            http=http,
            lossy=lossy,
        )
        portal_calls = PortalCalls(
            portals=made.portal,
            crm_user=lambda _account, employee: made.users.get(employee),
            store=SqlPortalCalls(database),
            record_of=lambda _account, number: made.records.get(number),
            status_code=status_code,
        )
        made.after = AfterCall(
            base,
            jobs=jobs,
            sources=made,  # type: ignore[arg-type]
            portal_calls=portal_calls,
            crm_user=lambda _account, employee: made.users.get(employee),
            connection_of=lambda _account: "switch-1",
        )
        await stack.enter_async_context(jobs.opened())
        yield made
        await portal_calls.aclose()
