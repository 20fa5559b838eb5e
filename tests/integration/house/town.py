"""The house in several processes: Valkey, PostgreSQL, a switch, and `dozvon web` and `worker`."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import uvicorn
from sqlalchemy import text

from backend.bus.line import Address, Line, Wire
from backend.bus.redis import RedisBus
from backend.demo.cast import SEVER as SEVER
from backend.demo.cast import TRUNK, VEKTOR
from backend.demo.seed import seed_team
from backend.kit.clock import SystemClock
from backend.kit.secrets_box import SecretsBox, new_key, parse_key_ring
from backend.sandbox.ari import PhoneConfig, Switch, SwitchConfig, VirtualNumber, create_switch
from backend.services.sessions import Identity, IssuedToken, Sessions
from backend.store.database import Database
from backend.store.gateways import SqlSessions
from backend.store.switches import SwitchConnection, SwitchStore
from protocol.vocabulary import AccountId, EmployeeId

ROOT = Path(__file__).parent.parent.parent.parent
ORIGIN = "http://app.test"
READY_S = 20.0
CONNECTION = "asterisk"
ARI_USER, ARI_PASSWORD, ARI_APP = "dozvon", "dozvon", "dozvon"
CUSTOMER = "79160000001"
ILYA, VERA = EmployeeId("sever-101"), EmployeeId("sever-102")
"""Who is rung first, both at once; their phones are named like them."""


async def eventually(condition: Callable[[], object], *, within_s: float = 10.0) -> None:
    """Wait until it holds. Raises AssertionError with what was waited for."""
    deadline = asyncio.get_running_loop().time() + within_s
    while not condition():
        if asyncio.get_running_loop().time() > deadline:
            raise AssertionError(f"not within {within_s} s: {condition.__qualname__}")
        await asyncio.sleep(0.02)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Process:
    """One of ours, with its log."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path
    port: int = 0

    def kill(self) -> None:
        """As the machine does it: nothing is said goodbye to."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self) -> int:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(15)
            except subprocess.TimeoutExpired:
                self.kill()
        return int(self.process.returncode)

    def words(self) -> str:
        return self.log.read_text(errors="replace")


@dataclass
class Town:
    database_url: str
    redis_url: str
    ari_url: str
    switch: Switch
    database: Database
    sessions: Sessions
    directory: Path
    key: str
    processes: list[Process] = field(default_factory=list)
    public_url: str = ORIGIN

    def env(self, **more: str) -> dict[str, str]:
        plain = {k: v for k, v in os.environ.items() if not k.startswith("DOZVON_")}
        return plain | {
            "DOZVON_DATABASE_URL": self.database_url,
            "DOZVON_REDIS_URL": self.redis_url,
            "DOZVON_SECRET_KEYS": self.key,
            "DOZVON_PUBLIC_URL": self.public_url,
            "DOZVON_VAR_DIR": str(self.directory),
            "DOZVON_ARI_URL": self.ari_url,
            "DOZVON_ARI_USER": ARI_USER,
            "DOZVON_ARI_PASSWORD": ARI_PASSWORD,
            "DOZVON_ARI_APP": ARI_APP,
            **more,
        }

    def run(self, verb: str, *arguments: str, port: int = 0, **settings: str) -> Process:
        name = f"{verb}-{len(self.processes)}"
        log = self.directory / f"{name}.log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                [sys.executable, "-m", "backend.cli", verb, *arguments],
                cwd=ROOT, env=self.env(**settings), stdout=output, stderr=output,
            )  # fmt: skip
        started = Process(name, process, log, port)
        self.processes.append(started)
        return started

    async def web(self, **settings: str) -> Process:
        port = free_port()
        started = self.run("web", "--port", str(port), port=port, **settings)
        async with httpx.AsyncClient() as http:
            deadline = asyncio.get_running_loop().time() + READY_S
            while True:
                assert started.process.poll() is None, started.words()
                assert asyncio.get_running_loop().time() < deadline, started.words()
                try:
                    answer = await http.get(f"http://127.0.0.1:{port}/health/ready")
                except httpx.TransportError:
                    await asyncio.sleep(0.05)
                    continue
                if answer.status_code == 200:
                    return started

    async def worker(self) -> Process:
        return self.run("worker")

    async def connected(self) -> None:
        """Somebody owns the switch's event socket."""
        await eventually(
            lambda: any(app["connected"] for app in self.switch.state()["apps"]), within_s=READY_S
        )

    async def holder(self) -> Process:
        """The worker that holds the switch's lease."""
        async with self.database.begin_resolving() as tx:
            name = f"switch:{CONNECTION}"
            found = await tx.execute(
                text("SELECT holder FROM leases WHERE name = :n AND expires_at > now()"),
                {"n": name},
            )
            holder = str(found.scalar_one())
        return next(
            p for p in self.processes if f"-{p.process.pid}-" in holder and p.process.poll() is None
        )

    async def sign_in(self, employee: EmployeeId = ILYA) -> IssuedToken:
        account = SEVER if employee.startswith("sever") else VEKTOR
        return await self.sessions.open(
            Identity(
                account_id=account.account_id,
                employee_id=employee,
                name=employee,
                extension=employee[-3:],
                origins=(self.public_url,),
                crm=account.crm,
            )
        )

    async def redis(self, *words: str) -> None:
        async def on_up(wire: Wire) -> None:
            return None

        line = Line(Address.parse(self.redis_url), on_up=on_up)
        await line.start()
        await line.ask(*words)
        await line.stop()

    async def history(self, account_id: AccountId = SEVER.account_id) -> list[dict[str, Any]]:
        async with self.database.begin(account_id) as tx:
            rows = await tx.execute(text("SELECT * FROM calls WHERE ended_at IS NOT NULL"))
            return [dict(row) for row in rows.mappings()]


def switch_config() -> SwitchConfig:
    return SwitchConfig(
        username=ARI_USER,
        password=ARI_PASSWORD,
        virtual_numbers=tuple(
            VirtualNumber(number=team.virtual_number, app=ARI_APP, args=("inbound",))
            for team in (SEVER, VEKTOR)
        ),
        phones=tuple(
            PhoneConfig(endpoint=team.endpoint(extension), name=f"{team.slug} {extension}")
            for team in (SEVER, VEKTOR)
            for _, extension in team.people
        ),
        trunks=(TRUNK,),
        channelvars=("DOZVON_CALL", "DOZVON_LEG", "DOZVON_ACCOUNT", "DOZVON_HELD"),
    )


@asynccontextmanager
async def sandbox_switch() -> AsyncIterator[tuple[Switch, str]]:
    """A running switch and its address."""
    app = create_switch(switch_config(), SystemClock())
    config = uvicorn.Config(
        app, host="127.0.0.1", port=0, log_level="critical", ws="websockets-sansio",
        timeout_graceful_shutdown=1,
    )  # fmt: skip
    server = uvicorn.Server(config)
    server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
    serving = asyncio.create_task(server.serve())
    await eventually(lambda: server.started)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield app.state.switch, f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        await serving


async def seed(database: Database, secrets: SecretsBox, connection_id: str = CONNECTION) -> None:
    """Both teams; their switch connection is only a name until a worker reads its settings."""
    async with database.begin_resolving() as tx:
        await SwitchStore(tx, secrets).save(
            SwitchConnection(
                id=connection_id,
                kind="asterisk",
                url="http://127.0.0.1:9",
                app="none",
                credentials="a:b",
            )
        )
    for team in (SEVER, VEKTOR):
        await seed_team(database, secrets, team, connection_id=connection_id)


@asynccontextmanager
async def town(database_url: str, redis_url: str, directory: Path) -> AsyncIterator[Town]:
    """Everything but the processes themselves, which are ended here."""
    key = f"k1:{new_key()}"
    async with AsyncExitStack() as stack:
        switch, ari_url = await stack.enter_async_context(sandbox_switch())
        database = await stack.enter_async_context(Database(database_url, pool_size=3))
        bus = await stack.enter_async_context(RedisBus(redis_url))
        await seed(database, SecretsBox(parse_key_ring(key)))
        made = Town(
            database_url=database_url,
            redis_url=redis_url,
            ari_url=ari_url,
            switch=switch,
            database=database,
            sessions=Sessions(SqlSessions(database, ORIGIN), bus, SystemClock()),
            directory=directory,
            key=key,
        )
        try:
            yield made
        finally:
            for process in made.processes:
                if process.process.poll() is None:
                    process.process.send_signal(signal.SIGTERM)
            for process in made.processes:
                await asyncio.to_thread(process.stop)
