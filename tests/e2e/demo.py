"""The whole demo in a process of its own, driven over the sandboxes' control addresses."""

from __future__ import annotations

import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

ROOT = Path(__file__).parent.parent.parent
START_TIMEOUT_S = 60.0

SEVER, VEKTOR = "74951230001", "74951230002"
"""Virtual numbers of the account on the portal and of the one on amoCRM."""
ELENA, PAVEL, SHARED, UNKNOWN = "79161234501", "79161234502", "79161234503", "79160000001"
ILYA, MARIA = 2, 3
"""CRM users who are rung first in both accounts; phones `<slug>-101` and `<slug>-102`."""


@dataclass
class Demo:
    """Addresses and levers. Levers raise when the sandbox refuses."""

    port: int
    process: subprocess.Popen[bytes]
    log: Path
    http: httpx.Client

    @property
    def app(self) -> str:
        return f"http://dozvon.localhost:{self.port}"

    @property
    def portal(self) -> str:
        return f"http://portal.localhost:{self.port + 1}"

    @property
    def amo(self) -> str:
        return f"http://amo.localhost:{self.port + 2}"

    @property
    def switchboard(self) -> str:
        return f"http://switch.localhost:{self.port + 3}"

    def portal_page(self, user: int, path: str = "/crm/contact/list/", lang: str = "ru") -> str:
        return f"{self.portal}/login/?user={user}&back={path}&lang={lang}"

    def amo_page(self, user: int, path: str = "/contacts/list/") -> str:
        return f"{self.amo}/sandbox/sign-in/{user}?to={path}"

    # ── the switch ──

    def call(self, number: str, to: str) -> str:
        """A customer calls; returns the customer's id."""
        body = self._switch("calls", {"from": number, "to": to})
        return str(body["id"])

    def customer(self, customer: str, action: str, **body: Any) -> None:
        self._switch(f"customers/{customer}/{action}", body)

    def phone(self, name: str, action: str, **body: Any) -> None:
        """`name` as `vektor-101`."""
        self._switch(f"phones/{name}/{action}", body)

    def switch_state(self) -> dict[str, Any]:
        return dict(self.http.get(self._server(3, "state")).raise_for_status().json())

    def switch_faults(self, **faults: Any) -> None:
        """By name, as `drop={"event": "StasisEnd"}`."""
        self.http.post(self._server(3, "faults"), json=faults).raise_for_status()

    def _switch(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        answer = self.http.post(self._server(3, path), json=body)
        assert answer.status_code < 300, f"{path}: {answer.status_code} {answer.text}"
        return dict(answer.json()) if answer.content else {}

    # ── the CRMs ──

    def portal_faults(self, **faults: Any) -> None:
        self.http.post(self._server(1, "faults"), json=faults).raise_for_status()

    def amo_faults(self, body: dict[str, Any]) -> None:
        self.http.post(self._server(2, "faults"), json=body).raise_for_status()

    def amo_switches(self, **switches: Any) -> None:
        self.http.post(self._server(2, "switches"), json=switches).raise_for_status()

    def calm(self) -> None:
        """No faults, nobody on the phone: how every test begins and ends."""
        for sandbox in (1, 2, 3):
            self.http.delete(self._server(sandbox, "faults")).raise_for_status()
        for customer in self.switch_state()["customers"]:
            self.http.post(self._server(3, f"customers/{customer['id']}/hangup"), json={})

    def _server(self, offset: int, path: str) -> str:
        return f"http://127.0.0.1:{self.port + offset}/sandbox/{path}"


def free_port_block() -> int:
    """Seven ports in a row nobody holds, below those the system gives out. In any order: a demo
    that starts beside this one holds its ports long before it listens."""
    bases = list(range(20_000, 32_000, 10))
    random.shuffle(bases)
    for base in bases:
        with ExitStack() as held:
            try:
                for port in range(base, base + 7):
                    held.enter_context(socket.socket()).bind(("127.0.0.1", port))
            except OSError:
                continue
            return base
    raise RuntimeError("no free ports")


@contextmanager
def running_demo(directory: Path, **env: str) -> Iterator[Demo]:
    """`dozvon demo` with its data in `directory`."""
    port = free_port_block()
    log = directory / "demo.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "backend.cli", "demo", "--port", str(port)],
            cwd=ROOT,
            env={**os.environ, "DOZVON_VAR_DIR": str(directory), **env},
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        deadline = time.monotonic() + START_TIMEOUT_S
        while b"is ready" not in log.read_bytes():
            assert process.poll() is None, log.read_text()[-3000:]
            assert time.monotonic() < deadline, log.read_text()[-3000:]
            time.sleep(0.05)
        with httpx.Client(timeout=10.0) as http:
            yield Demo(port, process, log, http)
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
