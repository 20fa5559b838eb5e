"""One PostgreSQL for a test run, and a fresh migrated database for each test that asks."""

from __future__ import annotations

import asyncio
import itertools
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from backend.store.embedded import DATABASE, embedded
from backend.store.migrations import migrate

_numbers = itertools.count(1)


class PostgresForTests:
    """`url` is a migrated database nobody writes to: copies of it are made for the tests."""

    def __init__(self, url: str) -> None:
        self.url = url

    @contextmanager
    def database(self) -> Iterator[str]:
        """A copy of its own, dropped afterwards."""
        name = f"test_{next(_numbers)}"
        aside = self.url.replace(f"/{DATABASE}?", "/postgres?")
        with psycopg.connect(aside, autocommit=True) as admin:
            admin.execute(f"CREATE DATABASE {name} TEMPLATE {DATABASE} STRATEGY file_copy")
        try:
            yield self.url.replace(f"/{DATABASE}?", f"/{name}?")
        finally:
            with psycopg.connect(aside, autocommit=True) as admin:
                admin.execute(f"DROP DATABASE {name} WITH (FORCE)")


@contextmanager
def postgres_for_tests() -> Iterator[PostgresForTests]:
    """Runs the server on a loop of its own, for fixtures that outlive a test's loop."""
    ready = threading.Event()
    failures: list[BaseException] = []
    urls: list[str] = []
    loop = asyncio.new_event_loop()
    stop = asyncio.Event()

    async def hold(directory: Path) -> None:
        async with embedded(directory, durable=False) as url:
            await migrate(url)
            urls.append(url)
            ready.set()
            await stop.wait()

    def run(directory: Path) -> None:
        try:
            loop.run_until_complete(hold(directory))
        except BaseException as error:
            failures.append(error)
        finally:
            ready.set()
            loop.close()

    with tempfile.TemporaryDirectory(prefix="dz") as directory:
        thread = threading.Thread(target=run, args=(Path(directory),), name="postgres")
        thread.start()
        ready.wait()
        if failures:
            thread.join()
            raise failures[0]
        try:
            yield PostgresForTests(urls[0])
        finally:
            loop.call_soon_threadsafe(stop.set)
            thread.join()
