"""Debian's nginx with the configuration the documentation gives, on ports of its own."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import signal
import socket
import ssl
import subprocess
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from backend.sandbox.tls import Authority
from tests.integration.house.town import ROOT, eventually, free_port

PRINTED = ROOT / "docs" / "nginx" / "dozvon.conf"
NAME = "localhost"


@dataclass
class Proxy:
    port: int
    trust: ssl.SSLContext
    ca_file: Path
    directory: Path
    process: subprocess.Popen[bytes]

    @property
    def url(self) -> str:
        return f"https://{NAME}:{self.port}"

    def reload(self) -> None:
        self.process.send_signal(signal.SIGHUP)

    def workers(self) -> set[int]:
        found = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text()
        return {int(pid) for pid in found.split()}

    def errors(self) -> str:
        return (self.directory / "error.log").read_text()


def configuration(
    directory: Path, port: int, ports: Sequence[int], pem: Path, key: Path, sip_port: int
) -> Path:
    """The printed one with names, ports and files of this test; nothing else is changed."""
    text = PRINTED.read_text()
    text, count = re.subn(r"(    server 127\.0\.0\.1:\d+;\n)+", _servers(ports), text, count=1)
    assert count == 1
    for old, new in (
        ("listen 443 ssl;", f"listen 127.0.0.1:{port} ssl;"),
        ("http://127.0.0.1:8088/ws", f"http://127.0.0.1:{sip_port}/ws"),
        ("server_name phone.example.com;", f"server_name {NAME};"),
        ("/etc/letsencrypt/live/phone.example.com/fullchain.pem", str(pem)),
        ("/etc/letsencrypt/live/phone.example.com/privkey.pem", str(key)),
    ):
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    (directory / "dozvon.conf").write_text(text)
    temporary = "".join(
        f"{kind}_temp_path {directory}/{kind};\n"
        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    user = "user root;\n" if os.getuid() == 0 else ""
    main = directory / "nginx.conf"
    main.write_text(
        f"{user}daemon off;\npid {directory}/pid;\nworker_processes 1;\n"
        f"error_log {directory}/error.log notice;\nevents {{ worker_connections 512; }}\n"
        f"http {{\naccess_log off;\n{temporary}include {directory}/dozvon.conf;\n}}\n"
    )
    return main


def _servers(ports: Sequence[int]) -> str:
    return "".join(f"    server 127.0.0.1:{port};\n" for port in ports)


@asynccontextmanager
async def proxied(
    directory: Path, ports: Sequence[int], port: int = 0, *, sip_port: int = 9
) -> AsyncIterator[Proxy]:
    """nginx in front of the web processes at `ports` and the switch at `sip_port`."""
    port = port or free_port()
    authority = Authority(directory / "tls")
    pem, key = authority.certificate([NAME])
    main = configuration(directory, port, ports, pem, key, sip_port)
    nginx = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    assert nginx, "tests/setup installs nginx"
    process = subprocess.Popen(  # noqa: ASYNC220 - signalled and waited for by hand
        [nginx, "-e", str(directory / "error.log"), "-p", str(directory), "-c", str(main)]
    )
    proxy = Proxy(
        port=port,
        trust=ssl.create_default_context(cafile=str(authority.ca_file)),
        ca_file=authority.ca_file,
        directory=directory,
        process=process,
    )
    try:
        await eventually(lambda: process.poll() is not None or _listens(port))
        assert process.poll() is None, proxy.errors()
        yield proxy
    finally:
        process.send_signal(signal.SIGTERM)
        await asyncio.to_thread(process.wait, 10)


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
