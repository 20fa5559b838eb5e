"""What the cloud sends by HTTP: notifications, and the question where a call is to go.

Bodies are the templates of our documentation, filled in as the console does it: values are inserted
as JSON. Order and repetition are not promised, so both can be spoilt by hand.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any

import httpx

if TYPE_CHECKING:
    from backend.kit.clock import Clock
    from backend.sandbox.uis.config import CloudConfig
    from backend.sandbox.uis.model import Leg, Session

_log = logging.getLogger(__name__)


class Notices:
    def __init__(
        self, config: CloudConfig, clock: Clock, transport: httpx.AsyncBaseTransport | None
    ) -> None:
        self._config = config
        self._clock = clock
        self._http = httpx.AsyncClient(
            transport=transport, timeout=config.question_s, trust_env=False
        )
        self._tasks: set[asyncio.Task[None]] = set()
        self.sent: list[dict[str, Any]] = []
        """Every notification, oldest first, delivered or not."""
        self.asked: list[tuple[dict[str, Any], dict[str, Any] | None]] = []
        """Every question with its answer; None when there was none in time."""
        self.lost = 0
        """So many of the next notifications are not delivered."""
        self.doubled = 0
        """So many of the next ones are delivered twice."""

    def send(self, event: str, session: Session, leg: Leg | None = None, **more: Any) -> None:
        body: dict[str, Any] = {
            "event": event,
            "notification_time": self._clock.now().strftime("%Y-%m-%d %H:%M:%S.%f"),
            "call_session_id": session.id,
            "virtual_phone_number": session.virtual,
            "contact_phone_number": session.contact,
            "direction": session.direction,
            "external_id": session.external_id,
            **more,
        }
        if leg is not None:
            body |= {
                "leg_id": leg.id,
                "employee_id": leg.employee_id,
                "employee_full_name": leg.employee_name,
                "employee_phone_number": leg.number,
            }
        self.sent.append(body)
        if not self._config.notify_url:
            return
        if self.lost:
            self.lost -= 1
            return
        times = 2 if self.doubled else 1
        self.doubled = max(0, self.doubled - 1)
        for _ in range(times):
            task = asyncio.get_running_loop().create_task(self._deliver(body))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def ask(self, session: Session) -> dict[str, Any] | None:
        """Our page's answer; None when there is none in time or it is no answer."""
        question = {
            "call_session_id": session.id,
            "numa": session.contact,
            "numb": session.virtual,
            "start_time": session.started_at.strftime("%Y-%m-%d %H:%M:%S"),
        }
        answer: dict[str, Any] | None = None
        if self._config.question_url:
            try:
                page = await self._http.post(self._config.question_url, json=question)
                told = page.json() if page.status_code == 200 else None
                answer = told if isinstance(told, dict) else None
            except (httpx.HTTPError, ValueError) as error:
                _log.info("no answer to a question: %s", type(error).__name__)
        self.asked.append((question, answer))
        return answer

    async def close(self) -> None:
        pending = tuple(self._tasks)
        for task in pending:
            task.cancel()
        await asyncio.gather(*pending, return_exceptions=True)
        await self._http.aclose()

    async def _deliver(self, body: dict[str, Any]) -> None:
        try:
            await self._http.post(self._config.notify_url, json=body)
        except httpx.HTTPError as error:
            _log.info("a notification was not taken: %s", type(error).__name__)
