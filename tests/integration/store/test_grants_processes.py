"""Real processes, as production runs them, find their tokens out of date at once: one refreshes."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import threading
import time
from base64 import b64encode
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from os import urandom
from typing import IO

import pytest

from backend.kit.secrets_box import SecretsBox
from backend.store.crm_connections import CrmConnection, CrmConnectionStore
from backend.store.database import Database
from backend.store.gateways.grants import SqlGrants
from protocol.vocabulary import CrmKind
from tests.integration.conftest import ALPHA
from tests.integration.store.grants_process import TASKS

pytestmark = pytest.mark.slow

PROCESSES = 8
ANSWER_TAKES_S = 0.3
"""Long enough for every other process to come to the row meanwhile."""


class SingleUse(ThreadingHTTPServer):
    """amoCRM's token endpoint; a token that was spent is refused."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.living = "r0"
        self.shown: list[str] = []
        self.guard = threading.Lock()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def exchanged(self, token: str) -> dict[str, object] | None:
        with self.guard:
            self.shown.append(token)
            if token != self.living:
                return None
            n = len(self.shown)
            self.living = f"r{n}"
            return {"access_token": f"a{n}", "refresh_token": self.living, "expires_in": 86_400}


class _Handler(BaseHTTPRequestHandler):
    server: SingleUse

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        answer = self.server.exchanged(asked["refresh_token"])
        time.sleep(ANSWER_TAKES_S)
        body = json.dumps(answer or {"hint": "Token has been revoked", "status": 400}).encode()
        self.send_response(400 if answer is None else 200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Not on the tests' screen."""


@contextmanager
def _serving() -> Iterator[SingleUse]:
    with SingleUse() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


@contextmanager
def _process(url: str, key: bytes) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, "-m", "tests.integration.store.grants_process", url],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            _tell(process.stdin, b64encode(key).decode())
            yield process
        finally:
            process.kill()


def _tell(stdin: IO[str] | None, line: str) -> None:
    assert stdin is not None
    stdin.write(f"{line}\n")
    stdin.flush()


def _raced(url: str, key: bytes) -> list[str]:
    """Every access token that any task of any process got."""
    with ExitStack() as stack:
        running = [stack.enter_context(_process(url, key)) for _ in range(PROCESSES)]
        for process in running:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
        for process in running:
            _tell(process.stdin, "go")
        outputs = [process.communicate(timeout=60)[0] for process in running]
        assert [process.returncode for process in running] == [0] * PROCESSES
    return [token for output in outputs for token in json.loads(output)]


async def test_eight_processes_with_four_tasks_each_are_one_refresh(
    database: Database, database_url: str
) -> None:
    key = urandom(32)
    secrets = SecretsBox({"k1": key})
    with _serving() as server:
        async with database.begin(ALPHA) as tx:
            await CrmConnectionStore(tx, secrets).save(
                CrmConnection(
                    account_id=ALPHA,
                    kind=CrmKind.AMOCRM,
                    external_id="77",
                    base_url=server.url,
                    host="127.0.0.1",
                    access_token="a0",
                    refresh_token="r0",
                    expires_at=datetime.now(UTC) - timedelta(hours=1),
                )
            )
        tokens = await asyncio.to_thread(_raced, database_url, key)
        assert server.shown == ["r0"]
        assert tokens == ["a1"] * (PROCESSES * TASKS)
        stored = await SqlGrants(database, secrets, ALPHA, CrmKind.AMOCRM).current()
        assert (stored.access_token, stored.refresh_token) == ("a1", server.living)
