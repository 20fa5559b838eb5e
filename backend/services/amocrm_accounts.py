"""What connected amoCRM accounts tell us by themselves, and what their administrators are told."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, Protocol

import structlog

from backend.errors import BadProof, NotFound
from backend.kit.clock import Clock
from backend.services.crm_events import CrmEvent, EventInbox
from backend.services.pairing import Pairing
from backend.services.sign_on import Connection, Prover
from protocol.vocabulary import AccountId, CrmKind

log = structlog.get_logger(__name__)

KIND = CrmKind.AMOCRM
State = Literal["ok", "auth_expired"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """An account's connection as these doors need it."""

    connection: Connection
    state: str
    host: str
    webhook_secret: str = field(default="", repr=False)
    connected_by: str = ""
    """The CRM user whose leave we have."""
    default_responsible: str = ""
    external: bool = False
    """An integration made for one authorisation, which may not read users."""
    admin_gone: bool = False
    """That user is no administrator any more, or no user at all."""


class Links(Protocol):
    """Connections on disk; each method is a transaction."""

    async def of_account(self, account_id: AccountId) -> Link | None: ...

    async def of_crm(self, external_id: str) -> Link | None: ...

    async def disconnected(self, account_id: AccountId, at: datetime) -> None:
        """Drop its tokens and say who it was; the employees' sessions of this CRM end."""

    async def taken_over(self, account_id: AccountId, crm_user_id: str, at: datetime) -> None:
        """From now on this administrator is the one who connected (A2)."""

    async def look_after(self, account_id: AccountId) -> None:
        """Queue `AmoCrmKeeper.keep`."""


class Change(Protocol):
    @property
    def entity(self) -> str: ...
    @property
    def action(self) -> str: ...
    @property
    def item(self) -> dict[str, Any]: ...


class Webhook(Protocol):
    @property
    def account_id(self) -> str: ...
    @property
    def subdomain(self) -> str: ...
    @property
    def changes(self) -> Sequence[Change]: ...
    @property
    def external_id(self) -> str: ...


Decode = Callable[[bytes], Webhook]
"""Raises BadRequest."""
Verify = Callable[[Mapping[str, str], str, str], str]
"""A disconnect hook, client id and secret → the number of the account. Raises BadProof."""


@dataclass(frozen=True, slots=True)
class Status:
    """What the widget of an administrator is told."""

    state: State
    is_admin: bool
    reconnect: str | None = None
    """The consent page with a state; only for an administrator, only when it is needed."""


class AmoCrmAccounts:
    def __init__(
        self,
        *,
        links: Links,
        inbox: EventInbox,
        prover: Prover,
        pairing: Pairing,
        decode: Decode,
        verify_disconnect: Verify,
        authorize_url: Callable[[str, str], str],
        clock: Clock,
    ) -> None:
        """`authorize_url`: client id and state → the consent page."""
        self._links = links
        self._inbox = inbox
        self._prover = prover
        self._pairing = pairing
        self._decode = decode
        self._verify_disconnect = verify_disconnect
        self._authorize_url = authorize_url
        self._clock = clock

    async def webhook(self, token: str, body: bytes) -> int:
        """Keep what a webhook says, each change by itself; returns how many were new.

        Its address is its proof: `<account>.<secret>`. Raises NotFound for any other address,
        BadRequest when it is no webhook, BadProof when it is of another CRM account.
        """
        account_id, _, secret = token.rpartition(".")
        link = await self._links.of_account(AccountId(account_id)) if account_id else None
        if (
            link is None
            or not link.webhook_secret
            or not hmac.compare_digest(secret.encode(), link.webhook_secret.encode())
        ):
            raise NotFound("nobody here")
        hook = self._decode(body)
        if hook.account_id != link.connection.external_id:
            raise BadProof("a webhook of another amoCRM account")
        new = 0
        for number, change in enumerate(hook.changes):
            new += await self._inbox.receive(
                CrmEvent(
                    account_id=link.connection.account_id,
                    source=KIND.value,
                    event=f"{change.entity}.{change.action}",
                    external_id=f"{hook.external_id}:{number}",
                    received_at=self._clock.now(),
                    body=change.item,
                )
            )
        if hook.subdomain and hook.subdomain != link.host.partition(".")[0]:
            # Renamed over there: its pages are elsewhere from now on.
            await self._links.look_after(link.connection.account_id)
        return new

    async def disconnect(self, query: Mapping[str, str]) -> None:
        """The account switched the integration off. Raises BadProof; a stranger hears no more."""
        link = await self._links.of_crm(query.get("account_id", "")[:32])
        if link is None:
            raise BadProof("no such connection")
        connection = link.connection
        self._verify_disconnect(query, connection.client_id, connection.client_secret)
        await self._links.disconnected(connection.account_id, self._clock.now())
        log.warning("amocrm.disconnected", account=connection.account_id)

    async def status(self, proof: str) -> Status:
        """Whether the connection works, for whoever opened a page of the account.

        The first administrator to come after the one who connected is gone takes his place.
        Raises BadProof.
        """
        link = await self._links.of_crm(self._prover.claimed(proof, ""))
        if link is None or link.state == "uninstalled":
            raise BadProof("this CRM account is not connected")
        proven = await self._prover.prove(proof, link.connection)
        if proven.external_id != link.connection.external_id:
            raise BadProof("the proof is of another account")
        account_id = link.connection.account_id
        state: State = "ok" if link.state == "ok" else "auth_expired"
        if not proven.is_admin:
            return Status(state, is_admin=False)
        if link.admin_gone and proven.crm_user_id != link.connected_by:
            await self._links.taken_over(account_id, proven.crm_user_id, self._clock.now())
            log.warning("amocrm.taken_over", account=account_id, crm_user=proven.crm_user_id)
        if state == "ok":
            return Status(state, is_admin=True)
        consent = await self._pairing.state(account_id, KIND)
        url = self._authorize_url(link.connection.client_id, consent)
        return Status(state, is_admin=True, reconnect=url)
