"""What a portal posts to us without being asked: believed first, kept second, handled later.

event ─► decoded ─► ONAPPINSTALL, ONAPPUPDATE: proven by their access token, done at once
             └────► any other: the portal's application token ─► inbox ─► job ─► handlers
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from typing import Any, Protocol
from urllib.parse import parse_qsl, urlsplit

import structlog

from backend.errors import BadProof, NotFound
from backend.kit.clock import Clock
from backend.services.crm_events import CrmEvent, EventInbox
from backend.services.portal_bindings import REMOVED, BindingStore
from backend.services.portal_install import Known, Launch, PortalInstall, PortalInstallStore
from protocol.vocabulary import AccountId, CrmKind

log = structlog.get_logger(__name__)

SOURCE = CrmKind.BITRIX24.value
_PLAIN_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_FIELD = re.compile(r"[A-Za-z0-9_\[\]-]{1,64}")
_CODE = re.compile(r"\bERROR_[A-Z_]{1,60}\b")
"""What portals call their troubles."""
_LIVES_S = 3600
"""Seconds an access token lives (section 1.5), where an event does not say."""


class Decoded(Protocol):
    """`connectors.crm.bitrix24.webhooks.Event`."""

    @property
    def name(self) -> str: ...
    @property
    def member_id(self) -> str: ...
    @property
    def application_token(self) -> str: ...
    @property
    def data(self) -> dict[str, Any]: ...
    @property
    def auth(self) -> dict[str, Any]: ...
    @property
    def sent(self) -> str: ...
    @property
    def external_id(self) -> str: ...


class PortalEvents:
    """The door's rules."""

    def __init__(
        self,
        *,
        install: PortalInstall,
        store: PortalInstallStore,
        bindings: BindingStore,
        inbox: EventInbox,
        decode: Callable[[bytes], Decoded],
        verify: Callable[[Decoded, str, str], None],
        queue_bind: Callable[[AccountId], Awaitable[None]],
        clock: Clock,
    ) -> None:
        """`decode` raises BadRequest; `verify` raises BadProof unless the event carries this
        member id and application token; `queue_bind` has an account's portal looked at soon."""
        self._install = install
        self._store = store
        self._bindings = bindings
        self._inbox = inbox
        self._decode = decode
        self._verify = verify
        self._queue_bind = queue_bind
        self._clock = clock

    async def receive(self, body: bytes) -> None:
        """Keep an event. Raises BadRequest, BadProof, or CrmUnavailable where its proof cannot be
        checked now. Portals send once: whatever is not refused must be kept when this returns."""
        event = self._decode(body)
        if event.name == "ONAPPINSTALL":
            await self._install.reported(self._launch(event.auth))
            return
        if event.name == "ONAPPUPDATE":
            await self._install.updated(self._launch(event.auth))
            return
        known = await self._store.by_member(event.member_id)
        if known is None or known.state not in ("ok", "auth_expired"):
            raise BadProof("the portal is not connected")
        self._verify(event, known.member_id, known.application_token)
        await self._follow(known, event.auth)
        await self._inbox.receive(
            CrmEvent(
                account_id=known.account_id,
                source=SOURCE,
                event=event.name,
                external_id=event.external_id,
                received_at=self._clock.now(),
                body={
                    "data": event.data,
                    "user_id": str(event.auth.get("user_id") or ""),
                    "ts": event.sent,
                },
            )
        )

    async def worker_removed(self, account_id: str, door: str, said: str) -> None:
        """The portal dropped our background page, for being slow: count it and bind again.

        Raises NotFound for an address that is none of ours.
        """
        if not _PLAIN_ID.fullmatch(account_id):
            raise NotFound("no such account")
        configured = await self._bindings.configured(AccountId(account_id))
        if configured is None or not hmac.compare_digest(configured.door.encode(), door.encode()):
            raise NotFound("no such account")
        REMOVED.inc()
        # Not as it came: its fields are not documented, and a portal's other posts hold tokens.
        fields = {name for name, _ in parse_qsl(said) if _FIELD.fullmatch(name)}
        log.error(
            "bitrix24.worker_removed",
            account=account_id,
            codes=sorted(set(_CODE.findall(said)))[:5],
            fields=sorted(fields)[:20],
        )
        await self._queue_bind(AccountId(account_id))

    async def _follow(self, known: Known, auth: Mapping[str, Any]) -> None:
        """A proven event from another address: the portal was renamed."""
        domain, endpoint = str(auth.get("domain") or ""), str(auth.get("client_endpoint") or "")
        page = urlsplit(known.page_url)
        if domain and domain != page.netloc and urlsplit(endpoint).netloc == domain:
            await self._store.follow(known.account_id, f"{page.scheme}://{domain}", endpoint)

    def _launch(self, auth: Mapping[str, Any]) -> Launch:
        lives_s = str(auth.get("expires_in") or "")
        return Launch(
            access_token=str(auth.get("access_token") or ""),
            refresh_token=str(auth.get("refresh_token") or ""),
            expires_at=self._clock.now()
            + timedelta(seconds=int(lives_s) if lives_s.isdigit() else _LIVES_S),
            member_id=str(auth.get("member_id") or ""),
            auth_url=str(auth.get("server_endpoint") or ""),
            application_token=str(auth.get("application_token") or ""),
            secure=not str(auth.get("client_endpoint") or "").startswith("http:"),
        )
