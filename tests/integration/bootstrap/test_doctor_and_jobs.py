"""What an administrator is told, and what can be done about it."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest

from backend.bootstrap import parked as parked_jobs
from backend.bootstrap.doctor import examine
from backend.errors import BadRequest, NotFound
from backend.jobs.queue import JobQueue
from backend.settings import Settings
from backend.store.database import Database
from tests.integration.conftest import ALPHA

KEY = base64.b64encode(bytes(32)).decode()


def settings(database_url: str, directory: Path, **more: str) -> Settings:
    return Settings(database_url=database_url, var_dir=directory, secret_keys=f"k1:{KEY}", **more)  # type: ignore[arg-type]


async def _park(database: Database) -> None:
    """A job that gave up, as the worker leaves it."""
    queue = JobQueue(database.url, pool_size=1)

    @queue.task("portal.finish")
    async def finish(**_arguments: object) -> None: ...

    async with queue.opened():
        job_id = await queue.defer(
            "portal.finish", account_id=ALPHA, call_id="c1", number="+79161234567"
        )
        await queue.app.connector.execute_query_async(
            "UPDATE procrastinate_jobs SET status = 'failed' WHERE id = %(id)s", id=job_id
        )


async def test_a_job_that_gave_up_is_named_and_begins_anew(
    database: Database, database_url: str, tmp_path: Path
) -> None:
    where = settings(database_url, tmp_path)
    assert await parked_jobs.parked(where) == []
    await _park(database)
    [line] = await parked_jobs.parked(where)
    assert "portal.finish" in line
    assert "call_id=c1" in line
    assert "916" not in line
    number = line.split()[0]
    findings = [f.text for f in await examine(where) if not f.ok]
    assert any("1 jobs gave up (portal.finish)" in text for text in findings)
    with pytest.raises(NotFound, match="no job"):
        await parked_jobs.retry(where, str(int(number) + 1))
    with pytest.raises(BadRequest):
        await parked_jobs.retry(where, "everything")
    assert await parked_jobs.retry(where, number) == [line]
    assert await parked_jobs.parked(where) == []
    assert await parked_jobs.retry(where, "all") == []


async def test_the_doctor_says_what_to_do_with_a_fresh_house(
    database: Database, database_url: str, tmp_path: Path
) -> None:
    findings = await examine(settings(database_url, tmp_path))
    wrong = " ".join(f.text for f in findings if not f.ok)
    assert "Set DOZVON_PUBLIC_URL" in wrong
    assert "DOZVON_ARI_URL" in wrong
    assert "The database is at this version." in [f.text for f in findings if f.ok]
    assert f"Recordings are kept in {tmp_path / 'recordings'}." in [f.text for f in findings]


async def test_the_doctor_names_a_database_that_does_not_answer(tmp_path: Path) -> None:
    nowhere = settings("postgresql://nobody:secret-word@127.0.0.1:1/none", tmp_path)
    text = " ".join(f.text for f in await examine(nowhere) if not f.ok)
    assert "DOZVON_DATABASE_URL" in text
    assert "secret-word" not in text


async def test_the_doctor_refuses_http_for_the_world(database_url: str, tmp_path: Path) -> None:
    house = settings(database_url, tmp_path, public_url="http://phone.example.com")
    text = " ".join(f.text for f in await examine(house) if not f.ok)
    assert "https" in text


async def test_a_place_that_keeps_no_recordings_is_found(database_url: str, tmp_path: Path) -> None:
    (tmp_path / "recordings").write_text("a file where a folder should be")
    wrong = [f.text for f in await examine(settings(database_url, tmp_path)) if not f.ok]
    assert any("Recordings cannot be kept" in text for text in wrong)
