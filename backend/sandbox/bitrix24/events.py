"""Event subscriptions and their delivery: form-encoded, delayed, never repeated."""

from __future__ import annotations

import asyncio
import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import httpx

from backend.sandbox.bitrix24 import brackets
from backend.sandbox.bitrix24.outgoing import reachable
from backend.sandbox.bitrix24.records import stamp

if TYPE_CHECKING:
    from backend.kit.clock import Clock
    from backend.sandbox.bitrix24.config import PortalConfig
    from backend.sandbox.bitrix24.tokens import Tokens

_NAMES = {
    "app": ("ONAPPINSTALL", "ONAPPUPDATE", "ONAPPUNINSTALL", "ONAPPTEST", "ONOFFLINEEVENT"),
    "telephony": (
        "ONEXTERNALCALLSTART",
        "ONEXTERNALCALLBACKSTART",
        "ONVOXIMPLANTCALLINIT",
        "ONVOXIMPLANTCALLSTART",
        "ONVOXIMPLANTCALLEND",
    ),
    "crm": tuple(
        f"ONCRM{kind}{verb}"
        for kind in ("LEAD", "DEAL", "CONTACT", "COMPANY", "ACTIVITY", "TIMELINECOMMENT")
        for verb in ("ADD", "UPDATE", "DELETE")
    ),
    "user": ("ONUSERADD",),
}
EVENT_NAMES = tuple(itertools.chain.from_iterable(_NAMES.values()))
_TIMEOUT_S = 5.0


@dataclass(frozen=True)
class Handler:
    """One subscription; `auth_type` is the user whose tokens go along, 0 the acting one."""

    id: int
    event: str
    url: str
    auth_type: int
    offline: bool


@dataclass
class OfflineRecord:
    """One waiting object of the offline queue; `process_id` is set while somebody holds it."""

    id: int
    at: str
    event: str
    data: Any
    message_id: str
    process_id: str | None = None
    failed: bool = False

    def shown(self) -> dict[str, Any]:
        return {
            "ID": str(self.id),
            "TIMESTAMP_X": self.at,
            "EVENT_NAME": self.event,
            "EVENT_DATA": self.data or False,
            "EVENT_ADDITIONAL": False,
            "MESSAGE_ID": self.message_id,
        }


@dataclass(frozen=True)
class Delivery:
    """What was sent where and how it was taken: a status, or None when nobody answered."""

    event: str
    url: str
    status: int | None


class Events:
    """The portal's subscriptions and its delivery queue; `run` must be going to deliver."""

    def __init__(self, config: PortalConfig, clock: Clock, tokens: Tokens) -> None:
        self._config = config
        self._clock = clock
        self._tokens = tokens
        self._ids = itertools.count(1)
        self.handlers: list[Handler] = []
        self.offline: list[OfflineRecord] = []
        self.deliveries: list[Delivery] = []
        self._queue: asyncio.Queue[tuple[str, str, str]] = asyncio.Queue(maxsize=5000)

    def bind(self, event: str, url: str, auth_type: int, *, offline: bool) -> bool:
        """Subscribe; False when this very subscription exists already."""
        name = event.upper()
        if any(
            (item.event, item.url, item.offline) == (name, url, offline) for item in self.handlers
        ):
            return False
        self.handlers.append(Handler(next(self._ids), name, url, auth_type, offline))
        return True

    def unbind(self, event: str, url: str, *, offline: bool) -> int:
        """Drop matching subscriptions and say how many there were."""
        name = event.upper()
        gone = [
            item
            for item in self.handlers
            if item.event == name and item.offline == offline and (offline or item.url == url)
        ]
        self.handlers = [item for item in self.handlers if item not in gone]
        return len(gone)

    def fire(self, event: str, data: dict[str, Any], user_id: int | None) -> None:
        """Queue the event for every subscriber; nothing is delivered before installation ends."""
        application = self._config.application
        if not application.installed and event not in {"ONAPPINSTALL", "ONAPPUNINSTALL"}:
            return
        for handler in self.handlers:
            if handler.event != event:
                continue
            if handler.offline:
                self._store(event, data)
            else:
                self._enqueue(handler, event, data, user_id)

    def _enqueue(
        self, handler: Handler, event: str, data: dict[str, Any], user_id: int | None
    ) -> None:
        body = brackets.encode(
            {
                "event": event,
                "event_handler_id": handler.id,
                "data": data,
                "ts": int(self._clock.now().timestamp()),
                "auth": self._auth(event, handler.auth_type or user_id),
            }
        )
        # The vendor's queue promises nothing either: what does not fit is lost.
        if not self._queue.full():
            self._queue.put_nowait((event, handler.url, body))

    def _auth(self, event: str, user_id: int | None) -> dict[str, Any]:
        config = self._config
        base: dict[str, Any] = {
            "domain": config.domain,
            "client_endpoint": config.client_endpoint,
            "server_endpoint": config.server_endpoint,
            "member_id": config.member_id,
            "application_token": config.application.application_token,
        }
        if user_id is None:
            return base
        grant = self._tokens.issue(user_id)
        # Only the events of a lifetime carry the refresh token.
        lasting = event in {"ONAPPINSTALL", "ONAPPUPDATE"}
        return base | {
            **({"refresh_token": grant.refresh_token} if lasting else {}),
            "access_token": grant.access_token,
            "expires": int(grant.expires_at),
            "expires_in": int(config.access_lifetime_s),
            "scope": ",".join(config.application.scopes),
            "status": config.application.status,
            "user_id": user_id,
        }

    def _store(self, event: str, data: dict[str, Any]) -> None:
        """One record per event and object: the latest wins."""
        self.offline = [
            row
            for row in self.offline
            if not (row.event == event and row.data == data and row.process_id is None)
        ]
        number = next(self._ids)
        at = stamp(self._clock.now())
        self.offline.append(OfflineRecord(number, at, event, data, f"{number:032x}"))

    async def run(self) -> None:
        """Deliver for ever, one after another."""
        async with httpx.AsyncClient(timeout=_TIMEOUT_S, follow_redirects=False) as client:
            while True:
                event, url, body = await self._queue.get()
                if self._config.event_delay_s:
                    await self._clock.sleep(self._config.event_delay_s)
                status: int | None = None
                try:
                    target, headers = reachable(url)
                    headers["Content-Type"] = "application/x-www-form-urlencoded"
                    answer = await client.post(target, content=body, headers=headers)
                    status = answer.status_code
                except (httpx.HTTPError, httpx.InvalidURL):
                    # No retry: a handler that is away has lost the event.
                    status = None
                self.deliveries.append(Delivery(event, url, status))
                del self.deliveries[:-1000]
                self._queue.task_done()

    async def drained(self) -> None:
        """Return when everything queued so far was tried."""
        await self._queue.join()


def names(scopes: tuple[str, ...] | None) -> list[str]:
    """Event names of the given scopes, or all of them."""
    picked = _NAMES if scopes is None else {k: v for k, v in _NAMES.items() if k in scopes}
    return [name for group in picked.values() for name in group]
