"""What happens to an inbound call, step by step, until somebody answers."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from backend.sandbox.uis.config import Ask, Queue

if TYPE_CHECKING:
    from backend.sandbox.uis.cloud import Cloud
    from backend.sandbox.uis.model import Session


class Scenario:
    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._tasks: set[asyncio.Task[None]] = set()

    def advance(self, session: Session) -> None:
        """The next step; after the last one the caller hears that nobody answers."""
        session.step += 1
        if session.ended_at is not None or session.state != "session":
            return
        number = next(n for n in self._cloud.config.numbers if n.number == session.virtual)
        if session.step >= len(number.steps):
            self._cloud.finish(session, "operator_not_responsible")
            return
        step = number.steps[session.step]
        if isinstance(step, Ask):
            task = asyncio.get_running_loop().create_task(self._ask(session, step))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        elif isinstance(step, Queue):
            self._cloud.timers.after(step.seconds, lambda: self.advance(session))
        else:
            self._cloud.ring_all(session, step.phones)

    async def _ask(self, session: Session, step: Ask) -> None:
        """`phones` wins; else the branch of the code; else the step after this one."""
        answer = await self._cloud.notices.ask(session) or {}
        if session.ended_at is not None:
            return
        phones = answer.get("phones")
        if isinstance(phones, list) and (said := answer.get("message_name") or answer.get("text")):
            session.said.append(str(said))
        if not isinstance(phones, list):
            phones = dict(step.branches).get(answer.get("returned_code", 0), ())
        self._cloud.ring_all(session, [str(phone) for phone in phones])

    async def close(self) -> None:
        pending = tuple(self._tasks)
        for task in pending:
            task.cancel()
        await asyncio.gather(*pending, return_exceptions=True)
