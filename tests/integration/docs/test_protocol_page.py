"""The client printed in `docs/protocol.md` works against the real gateway, as printed."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import sys
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import httpx
import uvicorn
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute

from backend.api.doors import Doors
from backend.api.sign_on import SignOnApi
from backend.bus.memory import MemoryBus
from backend.errors import BadProof
from backend.kit.clock import SystemClock
from backend.realtime.gateway import Gateway
from backend.realtime.services import Services
from backend.services.ports import Publication, me_stream
from backend.services.presence import Presence
from backend.services.sessions import Sessions
from backend.services.sign_on import Connection, Person, Proven, SignOn
from protocol.close_codes import CloseCode
from protocol.commands import AnswerCall
from protocol.pushes import CallChanged, CallRemoved, Who
from protocol.samples import PUSHES
from protocol.vocabulary import AccountId, CallState, CrmKind, EmployeeId, StreamName
from tests.fake_lines import phones_of
from tests.integration.realtime.harness import (
    ACCOUNT,
    ANNA,
    ChosenStatuses,
    EmptyHistory,
    MemorySessions,
    Remembering,
    eventually,
)
from tests.unit.docs.pages import code, page, section

PORTAL = "portal-1"
PROOF = "a-good-proof"
RINGING = next(p for p in PUSHES if isinstance(p, CallChanged))


class OnePortal:
    """A directory that knows one portal and Anna in it."""

    def __init__(self, page_url: str) -> None:
        self._page_url = page_url

    async def connection(self, kind: CrmKind, external_id: str) -> Connection | None:
        if (kind, external_id) != (CrmKind.BITRIX24, PORTAL):
            return None
        return Connection(
            account_id=ACCOUNT,
            kind=kind,
            external_id=external_id,
            base_url=self._page_url,
            auth_url="",
            client_id="",
            client_secret="",
            redirect_uri="",
        )

    async def person(self, account_id: AccountId, crm_user_id: str) -> Person | None:
        return Person(
            employee_id=ANNA, name="Anna", extension="101", is_supervisor=False, has_line=True
        )

    async def pages(self) -> dict[AccountId, tuple[str, ...]]:
        return {ACCOUNT: (self._page_url,)}


class OneProof:
    kind = CrmKind.BITRIX24

    def claimed(self, proof: str, hint: str) -> str:
        return hint

    async def prove(self, proof: str, connection: Connection) -> Proven:
        if proof != PROOF:
            raise BadProof("not this one")
        return Proven(external_id=connection.external_id, crm_user_id="7")


@dataclass
class Office:
    url: str
    bus: MemoryBus
    gateway: Gateway
    calls: Remembering
    version: int = 0

    async def say(self, push: CallChanged | CallRemoved) -> None:
        await self.bus.publish([Publication(me_stream(ACCOUNT, ANNA), push)])

    async def ring(self, state: CallState = CallState.RINGING) -> None:
        self.version += 1
        await self.say(
            CallChanged(
                **{name: getattr(RINGING, name) for name in RINGING.__struct_fields__}
                | {"version": self.version, "state": state}
            )
        )

    async def take_away(self) -> None:
        self.version += 1
        await self.say(
            CallRemoved(
                stream=StreamName.ME,
                entity=RINGING.entity,
                version=self.version,
                call_id=RINGING.call_id,
                reason="answered_elsewhere",
                by=Who(employee_id=EmployeeId("boris"), name="Boris"),
                number=RINGING.number,
                name=RINGING.name,
            )
        )

    def cut(self, close_code: CloseCode) -> None:
        for connection in tuple(self.gateway.connections):
            connection.close(close_code, "test")

    async def sign_on(self, proof: str = PROOF) -> httpx.Response:
        async with httpx.AsyncClient(base_url=self.url) as http:
            return await http.post(
                "/api/bitrix24/session", json={"auth_id": proof, "member_id": PORTAL}
            )


@contextlib.asynccontextmanager
async def office() -> AsyncIterator[Office]:
    """Signing on, the ticket office and the socket on a free port."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        origin = f"http://127.0.0.1:{listener.getsockname()[1]}"
        clock = SystemClock()
        bus = MemoryBus(clock)
        sessions = Sessions(MemorySessions(), bus, clock)
        directory = OnePortal("https://portal.example")
        calls = Remembering()
        calls.gate.set()
        services = Services(
            calls=calls,
            contacts=calls,
            statuses=ChosenStatuses(),
            history=EmptyHistory(),
            sessions=sessions,
            presence=Presence(bus, clock),
            phones=phones_of(bus, clock),
        )
        gateway = Gateway(bus, services, clock, origin_allowed=lambda asked: asked == origin)
        sign_on = SignOn(directory, sessions, [OneProof()], origin)
        routes = SignOnApi(sign_on, sessions, directory, origin, Doors(clock)).routes()
        app = Starlette(routes=[*routes, WebSocketRoute("/ws", gateway)])
        async with gateway, _serving(app, listener):
            yield Office(origin, bus, gateway, calls)


@contextlib.asynccontextmanager
async def _serving(app: Starlette, listener: socket.socket) -> AsyncIterator[None]:
    config = uvicorn.Config(
        app,
        log_config=None,
        lifespan="off",
        ws="websockets-sansio",
        ws_per_message_deflate=False,
        ws_ping_interval=None,
        timeout_graceful_shutdown=2,
    )
    config.load()
    server = uvicorn.Server(config)
    server.lifespan = config.lifespan_class(config)
    await server.startup(sockets=[listener])
    main = asyncio.create_task(server.main_loop())
    try:
        yield
    finally:
        server.should_exit = True
        await main
        await server.shutdown(sockets=[listener])


@dataclass
class PrintedClient:
    """The page's program in a process of its own."""

    process: asyncio.subprocess.Process
    lines: list[str] = field(default_factory=list)

    async def until(self, found: Callable[[str], bool]) -> str:
        """The next line that fits; those before it are kept in `lines`."""
        assert self.process.stdout is not None
        async with asyncio.timeout(20):
            while raw := await self.process.stdout.readline():
                line = raw.decode().rstrip("\n")
                self.lines.append(line)
                if found(line):
                    return line
        raise AssertionError(f"the client ended after {self.lines}")

    async def ended(self) -> tuple[int, str]:
        """Exit code and what it said on standard error."""
        async with asyncio.timeout(20):
            _, err = await self.process.communicate()
        return self.process.returncode or 0, err.decode()


@contextlib.asynccontextmanager
async def printed_client(
    directory: Path, url: str, token: str, **more: str
) -> AsyncIterator[PrintedClient]:
    (source,) = code(section(page("protocol.md"), "A complete client"), "python")
    path = directory / "client.py"
    path.write_text(source)
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        str(path),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={
            **{name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ},
            "PYTHONUTF8": "1",
            "DOZVON_SERVER": url,
            "DOZVON_TOKEN": token,
            **more,
        },
    )
    try:
        yield PrintedClient(process)
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def test_the_printed_client_shows_calls_and_keeps_its_place_over_a_cut(
    tmp_path: Path,
) -> None:
    async with office() as there:
        answer = await there.sign_on()
        assert set(answer.json()) == {"token", "expires_at", "employee"}
        async with printed_client(tmp_path, there.url, answer.json()["token"]) as client:
            assert await client.until(lambda line: line.startswith("open")) == "open Anna"
            await there.ring()
            ringing = await client.until(lambda line: line.startswith("ringing"))
            assert ringing == f"ringing {RINGING.number} {RINGING.name}"
            there.cut(CloseCode.RESYNC)
            # Two changes nobody is there to hear: a snapshot would bring the last one alone.
            await there.ring(CallState.HELD)
            await there.ring(CallState.TALKING)
            await client.until(lambda line: line.startswith("talking"))
            await there.take_away()
            gone = await client.until(lambda line: line.startswith("gone"))
            assert gone == f"gone {RINGING.number} answered_elsewhere"
            assert [line.split()[0] for line in client.lines] == [
                "open", "ringing", "closed", "open", "held", "talking", "gone",
            ]  # fmt: skip


async def test_the_printed_client_answers_what_rings(tmp_path: Path) -> None:
    async with office() as there:
        token = (await there.sign_on()).json()["token"]
        async with printed_client(tmp_path, there.url, token, DOZVON_ANSWER="yes") as client:
            await client.until(lambda line: line.startswith("open"))
            await there.ring()
            assert await client.until(lambda line: line.startswith("reply")) == "reply ok"
            (asked,) = there.calls.seen
            assert isinstance(asked, AnswerCall)
            assert asked.call_id == RINGING.call_id


async def test_the_printed_client_stays_away_when_told_to(tmp_path: Path) -> None:
    async with office() as there:
        token = (await there.sign_on()).json()["token"]
        async with printed_client(tmp_path, there.url, token) as client:
            await client.until(lambda line: line.startswith("open"))
            await eventually(lambda: bool(there.gateway.connections))
            there.cut(CloseCode.SESSION_ENDED)
            assert await client.ended() == (1, "told to stay away: 4500\n")


async def test_the_doors_answer_as_the_page_says(tmp_path: Path) -> None:
    async with office() as there, httpx.AsyncClient(base_url=there.url) as http:
        refused = await there.sign_on("a-bad-proof")
        assert (refused.status_code, refused.json()["error"]["code"]) == (401, "bad_proof")
        token = (await there.sign_on()).json()["token"]
        bearer = {"Authorization": f"Bearer {token}"}
        sold = (await http.post("/api/ticket", headers=bearer)).json()
        assert sold["url"] == f"{there.url.replace('http', 'ws')}/ws"
        assert (await http.post("/api/sign-out", headers=bearer)).status_code == 200
        over = await http.post("/api/ticket", headers=bearer)
        assert (over.status_code, over.json()["error"]["code"]) == (403, "not_allowed")
        async with printed_client(tmp_path, there.url, token) as client:
            assert await client.ended() == (1, "the session is over: sign on again\n")


def test_the_page_names_the_lifetimes_that_hold() -> None:
    from backend.services.sessions import SESSION_TTL_S, TICKET_TTL_S

    text = section(page("protocol.md"), "Sign on")
    assert timedelta(seconds=SESSION_TTL_S) == timedelta(hours=12)
    assert "12 hours at most" in text
    assert TICKET_TTL_S == 30
    assert "within 30 seconds" in text


async def test_a_second_window_gets_a_session_of_its_own_by_the_pages() -> None:
    async with office() as house, httpx.AsyncClient(base_url=house.url) as http:
        page = (await house.sign_on()).json()["token"]

        async def ask(path: str, token: str) -> httpx.Response:
            return await http.post(path, headers={"Authorization": f"Bearer {token}"})

        window = (await ask("/api/window/session", page)).json()["token"]
        assert window != page
        assert (await ask("/api/sign-out", page)).status_code == 200
        assert (await ask("/api/ticket", window)).status_code == 200
        assert (await ask("/api/window/session", page)).status_code == 403
