"""Our own sessions: proof of identity once, then tokens and tickets of ours.

    CRM proof ──open──► token (≤ 12 h) ──ticket──► one-time ticket (≤ 30 s) ──hello──► socket

A token is 32 random bytes; the database keeps its hash only. A ticket carries all a socket has to
know, so that ten thousand tabs that come back at once cost no SQL and no question to a CRM.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol

import msgspec

from backend.domain.account_config import Role
from backend.errors import BadTicket, NotAllowed
from backend.kit.clock import Clock
from backend.services.ports import Bus, StreamKey, StreamRead
from protocol.frames import Position
from protocol.vocabulary import AccountId, CrmKind, EmployeeId, SessionId

SESSION_TTL_S = 12 * 3600.0
TICKET_TTL_S = 30.0
REVOKED = "revoked"
"""Wake-up topic; the payload is the session's id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Who somebody is, proven by their CRM."""

    account_id: AccountId
    employee_id: EmployeeId
    name: str
    extension: str | None
    is_supervisor: bool = False
    role: Role = "operator"
    no_phone: str = ""
    """Why they may not phone, `calls_off` or `no_line`; '' when they may. An administrator signs
    in to the settings all the same."""
    origins: tuple[str, ...] = ()
    """Exactly the pages of this account; empty only where the account's pages are unknown."""
    crm: CrmKind | None = None
    """Whose proof opened the session."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredSession:
    session_id: SessionId
    token_hash: bytes
    identity: Identity
    opened_at: datetime
    expires_at: datetime
    revoked_at: datetime | None = None


class SessionStore(Protocol):
    """Sessions on disk. Looked up by hash before the account is known."""

    async def add(self, session: StoredSession) -> None: ...

    async def find(self, token_hash: bytes) -> StoredSession | None:
        """Expired and revoked ones too; the reader decides."""

    async def find_by_id(
        self, account_id: AccountId, session_id: SessionId
    ) -> StoredSession | None: ...

    async def replace_token(
        self,
        account_id: AccountId,
        session_id: SessionId,
        token_hash: bytes,
        expires_at: datetime,
    ) -> None: ...

    async def revoke(self, account_id: AccountId, session_id: SessionId, at: datetime) -> None: ...

    async def revoke_employee(
        self, account_id: AccountId, employee_id: EmployeeId, at: datetime
    ) -> Sequence[SessionId]:
        """All of an employee's sessions; the ids of those that were live."""

    async def revoked_since(self, at: datetime) -> Sequence[SessionId]: ...


@dataclass(frozen=True, slots=True)
class IssuedToken:
    session_id: SessionId
    token: str
    expires_at: datetime


class Admission(msgspec.Struct, frozen=True, kw_only=True):
    """What a ticket opens; kept in the bus until the ticket is used or too old."""

    session_id: SessionId
    account_id: AccountId
    employee_id: EmployeeId
    name: str
    extension: str | None
    is_supervisor: bool
    origins: tuple[str, ...]
    expires_at: datetime
    board: str = ""
    """The supervisors' board (`domain.board.scope`) this socket is opened for; '' for a phone's."""


_encode = msgspec.json.Encoder().encode
_admission = msgspec.json.Decoder(Admission)


def _hash(token: str) -> bytes:
    # Unsalted on purpose: 256 random bits cannot be guessed, and the hash is the index.
    return hashlib.sha256(token.encode()).digest()


class Sessions:
    """Opens, renews, revokes; sells tickets and takes them."""

    def __init__(
        self,
        store: SessionStore,
        bus: Bus,
        clock: Clock,
        *,
        ttl_s: float = SESSION_TTL_S,
        ticket_ttl_s: float = TICKET_TTL_S,
    ) -> None:
        self._store = store
        self._bus = bus
        self._clock = clock
        self._ttl = timedelta(seconds=min(ttl_s, SESSION_TTL_S))
        self._ticket_ttl_s = min(ticket_ttl_s, TICKET_TTL_S)

    async def open(self, identity: Identity) -> IssuedToken:
        """A session for somebody whose proof was checked already."""
        now = self._clock.now()
        issued = IssuedToken(
            SessionId(secrets.token_hex(16)), secrets.token_urlsafe(32), now + self._ttl
        )
        await self._store.add(
            StoredSession(
                session_id=issued.session_id,
                token_hash=_hash(issued.token),
                identity=identity,
                opened_at=now,
                expires_at=issued.expires_at,
            )
        )
        return issued

    async def beside(self, token: str) -> IssuedToken:
        """One more session for whoever holds this one: a second window lives on by itself, and
        renewing one token never takes the other's away. Raises NotAllowed."""
        identity = (await self.check(token)).identity
        if identity.no_phone:
            raise NotAllowed("this employee may not phone", why=identity.no_phone)
        return await self.open(identity)

    async def check(self, token: str) -> StoredSession:
        """The live session of a token. Raises NotAllowed for any other, without saying why."""
        session = await self._store.find(_hash(token))
        if session is None or not self._live(session):
            raise NotAllowed("no such session")
        return session

    def _live(self, session: StoredSession) -> bool:
        return session.revoked_at is None and session.expires_at > self._clock.now()

    async def ticket(self, token: str) -> str:
        """A one-time ticket for one socket. Raises NotAllowed."""
        return await self.ticket_for(await self.check(token))

    async def ticket_for(self, session: StoredSession, *, board: str = "") -> str:
        """With `board` a socket that watches that board and is no phone. Raises NotAllowed for
        somebody who may not phone: other sockets are for phones."""
        identity = session.identity
        if identity.no_phone and not board:
            raise NotAllowed("this employee may not phone", why=identity.no_phone)
        admission = Admission(
            session_id=session.session_id,
            account_id=identity.account_id,
            employee_id=identity.employee_id,
            name=identity.name,
            extension=identity.extension,
            is_supervisor=identity.is_supervisor,
            origins=identity.origins,
            expires_at=session.expires_at,
            board=board,
        )
        ticket = f"{_claim(identity.account_id, identity.employee_id)}.{secrets.token_urlsafe(24)}"
        await self._bus.put(_ticket_key(ticket), _encode(admission), ttl_s=self._ticket_ttl_s)
        return ticket

    async def admit(
        self, ticket: str, positions: Mapping[StreamKey, Position | None]
    ) -> tuple[Admission, dict[StreamKey, StreamRead]]:
        """Whose ticket it is, and the streams the holder `claimed` in the same round trip; works
        once. Raises BadTicket, and then nothing was read."""
        redeemed = await self._bus.redeem(_ticket_key(ticket), positions)
        if redeemed is None:
            raise BadTicket("unknown, used or too old")
        kept, reads = redeemed
        admission = _admission.decode(kept)
        if admission.expires_at <= self._clock.now():
            raise BadTicket("its session expired")
        return admission, reads

    async def renew(self, account_id: AccountId, session_id: SessionId) -> IssuedToken:
        """A fresh token for a live session; the old one stops working. Raises NotAllowed."""
        session = await self._store.find_by_id(account_id, session_id)
        if session is None or not self._live(session):
            raise NotAllowed("no such session")
        token = secrets.token_urlsafe(32)
        renewed = replace(session, expires_at=self._clock.now() + self._ttl)
        await self._store.replace_token(account_id, session_id, _hash(token), renewed.expires_at)
        return IssuedToken(session_id, token, renewed.expires_at)

    async def revoke(self, account_id: AccountId, session_id: SessionId) -> None:
        """Sign out: its token stops at once, its sockets within seconds, in every process."""
        await self._store.revoke(account_id, session_id, self._clock.now())
        await self._bus.wake(REVOKED, session_id.encode())

    async def revoke_employee(self, account_id: AccountId, employee_id: EmployeeId) -> None:
        """Sign somebody out everywhere (dismissed, their seat was taken away)."""
        gone = await self._store.revoke_employee(account_id, employee_id, self._clock.now())
        for session_id in gone:
            await self._bus.wake(REVOKED, session_id.encode())

    async def revoked_since(self, at: datetime) -> Sequence[SessionId]:
        """For the poll beside the wake-up, which a lossy bus may swallow."""
        return await self._store.revoked_since(at)


def claimed(ticket: str) -> tuple[AccountId, EmployeeId]:
    """Who the holder of a ticket says to be, so that streams can be asked for together with the
    admission. True once the ticket is admitted: its key is a hash of the claim, too.

    Raises BadTicket for what was never one.
    """
    claim, _, _ = ticket.partition(".")
    try:
        account_id, employee_id = base64.urlsafe_b64decode(claim).decode().split("\n")
    except ValueError:
        raise BadTicket("not a ticket") from None
    return AccountId(account_id), EmployeeId(employee_id)


def _claim(account_id: AccountId, employee_id: EmployeeId) -> str:
    return base64.urlsafe_b64encode(f"{account_id}\n{employee_id}".encode()).decode()


def _ticket_key(ticket: str) -> str:
    return f"ticket:{hashlib.sha256(ticket.encode()).hexdigest()}"
