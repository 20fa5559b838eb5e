"""Our doors and jobs on one side, an amoCRM account on the other, nothing in between."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from os import urandom
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
from sqlalchemy.ext.asyncio import AsyncConnection
from starlette.applications import Starlette

from backend.api.doors import Doors
from backend.api.metrics import Metrics
from backend.bootstrap import amocrm
from backend.bootstrap.connecting import pairing
from backend.bootstrap.foundation import Foundation
from backend.bootstrap.sources import Sources
from backend.bus.memory import MemoryBus
from backend.errors import CrmError
from backend.jobs import inbox as inbox_jobs
from backend.jobs.queue import JobQueue
from backend.kit.clock import ManualClock
from backend.kit.secrets_box import SecretsBox
from backend.sandbox.amocrm import AmoConfig, WidgetPackage, create_amo
from backend.sandbox.amocrm.amo import Amo
from backend.services.amocrm_keeper import AmoCrmKeeper
from backend.services.contacts import PhoneIndex
from backend.services.contacts.changes import PhoneChanges
from backend.services.crm_events import CrmEvents
from backend.settings import Settings
from backend.store.crm_connections import CrmConnection, CrmConnectionStore
from backend.store.database import Database
from backend.store.gateways import SqlDirectory, SqlInbox, SqlPhoneIndex
from backend.store.installs import InstallFact, InstallLog, PendingInstall, PendingInstallStore
from protocol.vocabulary import AccountId, CrmKind

APP = "https://app.test"
HOST = "demo.amocrm.test"
CLIENT_ID = "11111111-2222-4333-8444-555555555555"
CLIENT_SECRET = "integration-secret-of-some-length-for-tests"
ADMIN, EMPLOYEE = 1, 2
"""Users of the sandbox's account."""
KIND = CrmKind.AMOCRM
HTML = {"accept": "text/html,*/*", "accept-language": "ru"}


class Network(httpx.AsyncBaseTransport):
    """Every host an application in this process; nobody else exists."""

    def __init__(self) -> None:
        self.apps: dict[str, httpx.AsyncBaseTransport] = {}
        self.asked: list[str] = []
        """`host path` of each request, in order."""
        self.methods: list[str] = []
        self.lost: list[str] = []
        """Paths whose next answer is lost after it was made."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        host = request.url.netloc.decode()
        self.asked.append(f"{host} {request.url.path}")
        self.methods.append(request.method)
        app = self.apps.get(host)
        if app is None:
            raise httpx.ConnectError(f"nobody is {host}")
        answer = await app.handle_async_request(request)
        if request.url.path in self.lost:
            self.lost.remove(request.url.path)
            await answer.aread()
            raise httpx.ReadTimeout("the answer was lost")
        return answer


@dataclass
class Rig:
    base: Foundation
    database: Database
    clock: ManualClock
    network: Network
    amo: Amo
    jobs: JobQueue
    keeper: AmoCrmKeeper
    sources: Sources
    index: PhoneIndex
    synchronised: list[str]
    """Accounts whose employees were asked to be synchronised."""
    numbered: list[str]
    """Accounts that may know numbers they did not."""
    settled: list[str]
    """Requests that wait no longer."""
    http: httpx.AsyncClient
    """A browser, at our server."""
    page: httpx.AsyncClient = field(repr=False)
    """The same browser, at the account: signed in as the administrator."""

    async def work(self) -> None:
        """Run what is queued and due; the request budget's seconds pass meanwhile."""
        running = asyncio.create_task(
            self.jobs.app.run_worker_async(wait=False, install_signal_handlers=False)
        )
        await self.passing(running)

    async def passing(self, running: asyncio.Task[Any]) -> None:
        async with asyncio.timeout(20):
            while not running.done():
                await self.clock.advance(0.2)
                await asyncio.wait([running], timeout=0.005)
            await running

    async def keep(self, account_id: AccountId, *, fails: bool = False) -> None:
        """What happens every hour."""
        running = asyncio.create_task(self.keeper.keep(account_id))
        try:
            await self.passing(running)
        except CrmError:
            if not fails:
                raise

    async def lose_grant(self, account_id: AccountId) -> None:
        async with self.database.begin(account_id) as tx:
            store = CrmConnectionStore(tx, self.base.secrets)
            await store.set_state(account_id, KIND, "auth_expired")

    def methods(self, path: str) -> list[str]:
        """How a path was asked since `asked` was cleared."""
        asked = self.network.asked
        methods = self.network.methods[-len(asked) :]
        return [how for how, one in zip(methods, asked, strict=True) if one.endswith(f" {path}")]

    async def consent(self, state: str | None = None, **more: str) -> httpx.Response:
        """Allow access over there and follow the redirect to us, as a browser does."""
        form = {"client_id": CLIENT_ID, "answer": "allow", **more}
        if state is not None:
            form["state"] = state
        sent = await self.page.post("/oauth", data=form)
        assert sent.status_code == 303, sent.text
        return await self.http.get(sent.headers["location"], headers=HTML)

    async def state(self, account_id: AccountId) -> str:
        return await pairing(self.base).state(account_id, KIND)

    async def code(self, account_id: AccountId) -> str:
        return await pairing(self.base).issue(account_id, KIND)

    async def connection(self, account_id: AccountId) -> CrmConnection | None:
        async with self.database.begin(account_id) as tx:
            return await CrmConnectionStore(tx, self.base.secrets).find(account_id, KIND)

    async def connected(self, account_id: AccountId) -> CrmConnection:
        found = await self.connection(account_id)
        assert found is not None
        return found

    async def pending(self) -> list[PendingInstall]:
        async with self.database.begin_resolving() as tx:
            return await PendingInstallStore(tx, self.base.secrets).all()

    async def log(self, account_id: AccountId) -> list[InstallFact]:
        async with self.database.begin(account_id) as tx:
            return await InstallLog(tx).newest_first(account_id)

    def token(self, user_id: int = ADMIN) -> str:
        """The disposable token a page of the account has."""
        widget = self.amo.config.widget
        assert widget is not None
        user = self.amo.world.users[user_id]
        return self.amo.tokens.disposable(widget, user, f"https://{self.amo.host or HOST}")

    async def status(self, user_id: int = ADMIN) -> httpx.Response:
        return await self.http.post(
            "/api/amocrm/connection",
            headers={"origin": f"https://{HOST}", "x-auth-token": self.token(user_id)},
        )


async def eventually(condition: Callable[[], Awaitable[object]], *, within_s: float = 5.0) -> None:
    """What the account does by itself takes a moment. Raises TimeoutError."""
    async with asyncio.timeout(within_s):
        while not await condition():  # noqa: ASYNC110 - the state is another application's
            await asyncio.sleep(0.01)


def hidden(answer: httpx.Response) -> dict[str, str]:
    """The hidden fields of a page's form."""
    return dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', answer.text))


def query_of(url: str) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(url).query))


@asynccontextmanager
async def rig(database_url: str, database: Database, **more: Any) -> AsyncIterator[Rig]:
    """`more` goes into the sandbox's configuration; `widget` into the widget's."""
    # Disposable tokens are checked against the machine's clock.
    clock, network = ManualClock(datetime.now(UTC)), Network()
    widget = {
        "code": "dozvon",
        "client_uuid": CLIENT_ID,
        "client_secret": CLIENT_SECRET,
        "redirect_uri": f"{APP}/amocrm/oauth",
        "disconnect_uri": f"{APP}/amocrm/disconnect",
        "installed": False,
        **more.pop("widget", {}),
    }
    settings = more.pop("settings", {})
    config = AmoConfig(
        widget=WidgetPackage(**widget), contacts=30, rate_limit=None, transport=network, **more
    )
    crm = create_amo(config, clock)
    async with AsyncExitStack() as stack:
        outside = await stack.enter_async_context(httpx.AsyncClient(transport=network))
        base = Foundation(
            settings=Settings(
                **{
                    "public_url": APP,
                    "amocrm_hosts": "*.amocrm.test",
                    "amocrm_client_id": CLIENT_ID,
                    "amocrm_client_secret": CLIENT_SECRET,
                    **settings,
                }
            ),
            clock=clock,
            database=database,
            owner_url=database_url,
            secrets=SecretsBox({"k1": urandom(32)}),
            bus=MemoryBus(clock),
            http=outside,
            metrics=Metrics(),
        )
        jobs, events, index = JobQueue(database.url), CrmEvents(), PhoneIndex()
        sources = Sources(base, index)
        stack.push_async_callback(sources.aclose)
        phones = PhoneChanges(index=index, store=SqlPhoneIndex(database), bus=base.bus)

        async def queue_event(tx: AsyncConnection, account_id: AccountId, row: int) -> None:
            await inbox_jobs.defer(jobs, tx, account_id, row)

        inbox = SqlInbox(database, queue_event)
        directory = SqlDirectory(database, base.secrets, clock)
        routes = amocrm.doors(base, jobs, inbox, directory, Doors(clock))
        inbox_jobs.register(jobs, events, inbox)
        synchronised: list[str] = []
        numbered: list[str] = []
        settled: list[str] = []

        async def numbers_changed(account_id: AccountId) -> None:
            numbered.append(account_id)

        async def request_settled(_account_id: AccountId, ref: str) -> None:
            settled.append(ref)

        keeper = amocrm.work(base, jobs, events, sources, phones, numbers_changed, request_settled)

        @jobs.task("employees.sync")
        async def employees(*, account_id: str, asked_by: str) -> None:
            synchronised.append(f"{account_id} {asked_by}")

        await stack.enter_async_context(jobs.opened())
        network.apps["app.test"] = httpx.ASGITransport(Starlette(routes=routes))
        network.apps[HOST] = httpx.ASGITransport(crm)
        stack.push_async_callback(crm.state.amo.aclose)
        browser = httpx.AsyncClient(transport=network, base_url=APP)
        page = httpx.AsyncClient(
            transport=network, base_url=f"https://{HOST}", cookies={"session_id": str(ADMIN)}
        )
        yield Rig(
            base=base,
            database=database,
            clock=clock,
            network=network,
            amo=crm.state.amo,
            jobs=jobs,
            keeper=keeper,
            sources=sources,
            index=index,
            synchronised=synchronised,
            numbered=numbered,
            settled=settled,
            http=await stack.enter_async_context(browser),
            page=await stack.enter_async_context(page),
        )
