"""Event subscriptions and their delivery: form-encoded, delayed, never repeated."""

from __future__ import annotations

import asyncio
import itertools
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import httpx

from backend.sandbox.bitrix24 import brackets
from backend.sandbox.bitrix24.outgoing import reachable
from backend.sandbox.bitrix24.records import stamp

if TYPE_CHECKING:
    from backend.sandbox.bitrix24.config import PortalConfig
    from backend.sandbox.bitrix24.faults import Faults
    from backend.sandbox.bitrix24.shift import ShiftedClock
    from backend.sandbox.bitrix24.tokens import Tokens

_NAMES = {
    "app": (
        "ONAPPINSTALL",
        "ONAPPUPDATE",
        "ONAPPUNINSTALL",
        "ONAPPPAYMENT",
        "ONAPPMETHODCONFIRM",
        "ONAPPTEST",
        "ONOFFLINEEVENT",
    ),
    "telephony": (
        "ONEXTERNALCALLSTART",
        "ONEXTERNALCALLBACKSTART",
        "ONVOXIMPLANTCALLINIT",
        "ONVOXIMPLANTCALLSTART",
        "ONVOXIMPLANTCALLEND",
    ),
    "crm": (
        *(
            f"ONCRM{kind}{verb}"
            for kind in (
                *("LEAD", "DEAL", "CONTACT", "COMPANY", "ACTIVITY", "TIMELINECOMMENT"),
                *(f"{entity}USERFIELD" for entity in ("LEAD", "DEAL", "CONTACT", "COMPANY")),
            )
            for verb in ("ADD", "UPDATE", "DELETE")
        ),
        "ONCRMDEALMOVETOCATEGORY",
    ),
    "user": ("ONUSERADD",),
}
EVENT_NAMES = tuple(itertools.chain.from_iterable(_NAMES.values()))
_TIMEOUT_S = 5.0
_ALWAYS = frozenset({"ONAPPINSTALL", "ONAPPUPDATE", "ONAPPUNINSTALL"})
# Nobody in particular is behind these; the vendor sends no user's tokens along.
_TOKENLESS = frozenset({"ONAPPUNINSTALL", "ONAPPPAYMENT"})
_APPLICATIONS_ONLY = frozenset({"ONEXTERNALCALLSTART", *_ALWAYS})
_WAKE_EVERY_S = 1.0


@dataclass(frozen=True)
class Handler:
    """One subscription; `auth_type` is the user whose tokens go along, 0 the acting one."""

    id: int
    event: str
    url: str
    auth_type: int
    offline: bool
    min_timeout_s: float = _WAKE_EVERY_S
    """How often ONOFFLINEEVENT may come at most."""
    connector: str = ""
    """Source key of an offline subscription: writes made under it are not queued for it."""


@dataclass
class OfflineRecord:
    """One waiting object of the offline queue; `process_id` is set while somebody holds it."""

    id: int
    at: str
    event: str
    data: Any
    message_id: str
    connector: str = ""
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

    def __init__(
        self, config: PortalConfig, clock: ShiftedClock, tokens: Tokens, faults: Faults
    ) -> None:
        self._faults = faults
        self._woken_at: dict[int, float] = {}
        """Handler id → monotonic time of its last ONOFFLINEEVENT."""
        self.acting_connector: ContextVar[str] = ContextVar("acting_connector", default="")
        """The source key of the REST call being answered."""
        self._config = config
        self._clock = clock
        self._tokens = tokens
        self._ids = itertools.count(1)
        self.handlers: list[Handler] = []
        self.offline: list[OfflineRecord] = []
        self.deliveries: list[Delivery] = []
        self._queue: asyncio.Queue[tuple[str, str, str]] = asyncio.Queue(maxsize=5000)

    def bind(
        self,
        event: str,
        url: str,
        auth_type: int,
        *,
        offline: bool,
        min_timeout_s: float = _WAKE_EVERY_S,
        connector: str = "",
    ) -> bool:
        """Subscribe; False when this very subscription exists already."""
        name = event.upper()
        if any(
            (item.event, item.url, item.offline, item.connector) == (name, url, offline, connector)
            for item in self.handlers
        ):
            return False
        self.handlers.append(
            Handler(next(self._ids), name, url, auth_type, offline, min_timeout_s, connector)
        )
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
        self._hook(event, data)
        application = self._config.application
        if not application.installed and event not in _ALWAYS:
            return
        for handler in self.handlers:
            if handler.event != event:
                continue
            if handler.offline:
                if not handler.connector or handler.connector != self.acting_connector.get():
                    self._store(event, data, handler.connector)
                    self._wake(user_id)
            else:
                who = handler.auth_type or user_id
                self._enqueue(event, handler.url, handler.id, data, who)

    def _hook(self, event: str, data: dict[str, Any]) -> None:
        """Outgoing webhooks hear of all but clicks, whatever is installed (reference 1.1)."""
        for name, url in self._config.outgoing_webhooks:
            if name.upper() != event or event in _APPLICATIONS_ONLY:
                continue
            auth = self._auth(event, None) | {"application_token": self._config.outgoing_token}
            body = {"event": event, "event_handler_id": 0, "data": data, "auth": auth}
            body["ts"] = int(self._clock.told().timestamp())
            self.post(event, url, brackets.encode(body))

    def send(self, event: str, url: str, data: dict[str, Any], user_id: int | None) -> None:
        """Queue the event for one address that never subscribed: an installation handler."""
        self._enqueue(event, url, 0, data, user_id)

    def _enqueue(
        self, event: str, url: str, handler_id: int, data: dict[str, Any], user_id: int | None
    ) -> None:
        body = brackets.encode(
            {
                "event": event,
                "event_handler_id": handler_id,
                "data": data,
                "ts": int(self._clock.told().timestamp()),
                "auth": self._auth(event, None if event in _TOKENLESS else user_id),
            }
        )
        self.post(event, url, body)

    def post(self, event: str, url: str, body: str) -> None:
        """Queue a ready form; on the way it may be lost or doubled when that is switched on."""
        if self._faults.spend("lost_events"):
            self.deliveries.append(Delivery(event, url, None))
            return
        copies = 2 if self._faults.spend("doubled_events") else 1
        for _ in range(copies):
            # The vendor's queue promises nothing either: what does not fit is lost.
            if not self._queue.full():
                self._queue.put_nowait((event, url, body))

    def _wake(self, user_id: int | None) -> None:
        """Tell those who asked that the offline queue has something, not too often."""
        now = self._clock.monotonic()
        for handler in self.handlers:
            if handler.event != "ONOFFLINEEVENT" or handler.offline:
                continue
            last = self._woken_at.get(handler.id)
            if last is None or now - last >= handler.min_timeout_s:
                self._woken_at[handler.id] = now
                who = handler.auth_type or user_id
                self._enqueue("ONOFFLINEEVENT", handler.url, handler.id, {}, who)

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

    def _store(self, event: str, data: dict[str, Any], connector: str) -> None:
        """One record per event and object: the latest wins."""
        self.offline = [
            row
            for row in self.offline
            if not (
                (row.event, row.data, row.connector) == (event, data, connector)
                and row.process_id is None
            )
        ]
        number = next(self._ids)
        at = stamp(self._clock.now())
        self.offline.append(OfflineRecord(number, at, event, data, f"{number:032x}", connector))

    async def run(self) -> None:
        """Deliver for ever, one after another."""
        # The product under test may have a throw-away certificate.
        async with httpx.AsyncClient(
            timeout=_TIMEOUT_S,
            follow_redirects=False,
            verify=False,  # noqa: S501
        ) as client:
            while True:
                event, url, body = await self._queue.get()
                delay_s = self._config.event_delay_s + self._faults.late_events_s
                if delay_s:
                    await self._clock.sleep(delay_s)
                event, url, body = self._swapped((event, url, body))
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

    def _swapped(self, item: tuple[str, str, str]) -> tuple[str, str, str]:
        """`item`, or the newest that waits behind it when the order is to be swapped."""
        if not self._faults.swapped_events or self._queue.empty():
            return item
        waiting = [item]
        while not self._queue.empty():
            waiting.append(self._queue.get_nowait())
            self._queue.task_done()
        newest = waiting.pop()
        for other in waiting:
            self._queue.put_nowait(other)
        return newest

    async def drained(self) -> None:
        """Return when everything queued so far was tried."""
        await self._queue.join()


def names(scopes: tuple[str, ...] | None) -> list[str]:
    """Event names of the given scopes, or all of them."""
    picked = _NAMES if scopes is None else {k: v for k, v in _NAMES.items() if k in scopes}
    return [name for group in picked.values() for name in group]
