"""Work beside its starter is kept while it runs and ends with it."""

from __future__ import annotations

import asyncio
import gc

from backend.kit.tasks import Tasks
from tests.fakes import idle


async def test_it_is_kept_until_it_is_done() -> None:
    tasks: Tasks[str] = Tasks()
    gate = asyncio.Event()

    async def work() -> str:
        await gate.wait()
        return "done"

    running = tasks.spawn(work())
    await idle()
    gc.collect()
    assert len(tasks) == 1
    gate.set()
    assert await running == "done"
    await idle()
    assert len(tasks) == 0


async def test_stopping_waits_for_the_end_of_all_whatever_they_raise() -> None:
    tasks: Tasks[None] = Tasks()
    tidied: list[str] = []

    async def stubborn() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            tidied.append("stubborn")
            raise ValueError("on its way out")

    async def broken() -> None:
        raise RuntimeError("before anybody asked")

    first = tasks.spawn(stubborn())
    second = tasks.spawn(broken())
    await idle()
    await tasks.stop()
    assert tidied == ["stubborn"]
    assert isinstance(first.exception(), ValueError)
    assert isinstance(second.exception(), RuntimeError)
    await idle()
    assert len(tasks) == 0


async def test_what_a_task_raised_is_told_and_a_cancelled_one_is_not() -> None:
    failed: list[BaseException] = []
    tasks: Tasks[None] = Tasks(failed.append)
    gate = asyncio.Event()

    async def breaks() -> None:
        await gate.wait()
        raise RuntimeError("late")

    tasks.spawn(breaks())
    waiting = asyncio.create_task(tasks.settled())
    await idle()
    assert not waiting.done()
    gate.set()
    await waiting
    await idle()
    assert [str(error) for error in failed] == ["late"]
    gate.clear()
    tasks.spawn(breaks())
    await idle()
    await tasks.stop()
    assert len(failed) == 1
