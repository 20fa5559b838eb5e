"""A process in which vendors' names lead to the loopback, and their certificates are trusted."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def send_names_home(monkeypatch: pytest.MonkeyPatch, names: dict[str, int]) -> None:
    """Resolve each name to its port of the loopback; any other name fails to resolve.

    Clients stay untouched: they still verify the certificate against the name they meant.
    """
    resolve = socket.getaddrinfo

    def resolved(host: Any, port: Any, *rest: Any, **more: Any) -> Any:
        name = host.decode() if isinstance(host, bytes) else host
        if name in names:
            return resolve("127.0.0.1", names[name], *rest, **more)
        if name in (None, "127.0.0.1", "localhost"):
            return resolve(host, port, *rest, **more)
        raise socket.gaierror(socket.EAI_NONAME, f"{name} is nowhere near here")

    monkeypatch.setattr(socket, "getaddrinfo", resolved)


def trust(monkeypatch: pytest.MonkeyPatch, ca_file: Path) -> None:
    """The variables by which clients take another authority."""
    for name in ("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE", "CURL_CA_BUNDLE"):
        monkeypatch.setenv(name, str(ca_file))
