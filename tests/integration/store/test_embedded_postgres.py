"""The server of our own: it starts anywhere, survives kills and is stopped by who owns it."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import psycopg
import pytest

from backend.store.embedded import embedded


async def _one(url: str, query: str) -> object:
    async with await psycopg.AsyncConnection.connect(url) as connection:
        row = await (await connection.execute(query)).fetchone()
        assert row is not None
        return row[0]


def _pid(directory: Path) -> int:
    return int((directory / "data" / "postmaster.pid").read_text().splitlines()[0])


async def test_data_outlives_the_server_and_the_owner_is_no_superuser(tmp_path: Path) -> None:
    async with embedded(tmp_path, durable=False) as url:
        assert await _one(url, "select current_user") == "dozvon_owner"
        assert await _one(url, "select usesuper from pg_user where usename = current_user") is False
        async with await psycopg.AsyncConnection.connect(url) as connection:
            await connection.execute("create table kept as select 7 as n")
        pid = _pid(tmp_path)
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    async with embedded(tmp_path, durable=False) as url:
        assert await _one(url, "select n from kept") == 7


async def test_a_second_user_of_the_directory_joins_and_does_not_stop_it(tmp_path: Path) -> None:
    async with embedded(tmp_path, durable=False) as url:
        async with embedded(tmp_path, durable=False) as again:
            assert again == url
        assert await _one(url, "select 1") == 1


async def test_a_pid_file_that_names_another_program_is_no_obstacle(tmp_path: Path) -> None:
    async with embedded(tmp_path, durable=False):
        lines = (tmp_path / "data" / "postmaster.pid").read_text().splitlines()
    # After a restart of the machine the pid is ours, for one: a program that is not PostgreSQL.
    lines[0] = str(os.getpid())
    (tmp_path / "data" / "postmaster.pid").write_text("\n".join(lines) + "\n")
    async with embedded(tmp_path, durable=False) as url:
        assert await _one(url, "select 1") == 1


async def test_a_killed_server_starts_again(tmp_path: Path) -> None:
    async with embedded(tmp_path) as url:
        async with await psycopg.AsyncConnection.connect(url) as connection:
            await connection.execute("create table kept as select 7 as n")
        os.kill(_pid(tmp_path), signal.SIGKILL)
    async with embedded(tmp_path) as url:
        assert await _one(url, "select n from kept") == 7


async def test_a_path_too_deep_for_a_socket_works_too(tmp_path: Path) -> None:
    deep = tmp_path / ("a" * 60) / ("b" * 60)
    async with embedded(deep, durable=False) as url:
        assert await _one(url, "select 1") == 1
