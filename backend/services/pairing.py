"""Joining a CRM's installation to the account it is for: pairing codes and signed states.

    administrator ─ `dozvon pair` ──────► code ── typed on the install page ──► redeem ─► account
    administrator ─ `dozvon connect` ──► link with a state ── comes back ─────► use_state ─► account

Both are for one account, one CRM and one use, and end by themselves. An installation proves which
CRM account it is of, never which account of ours: only these two say that.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import secrets
from datetime import datetime, timedelta
from typing import Protocol

import msgspec

from backend.errors import BadProof
from backend.kit.clock import Clock
from backend.kit.secrets_box import SecretsBox, SecretUnreadable
from protocol.vocabulary import AccountId, CrmKind

CODE_TTL = timedelta(hours=24)
"""A code may travel to another office by mail; it opens nothing but the join."""
STATE_TTL = timedelta(minutes=20)
"""As long as the code amoCRM gives for it lives."""
CODE_CHARS = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"
"""What people do not mistake for one another, read out or handwritten."""
CODE_LENGTH = 12
"""59 random bits; a refused try costs the asker (`api.doors`), so nobody guesses one in a day."""
_COLUMN = "pairings.state"
_NOBODY = "-"


class PairingStore(Protocol):
    """Hashes of what was issued; each method is a transaction."""

    async def add(
        self,
        account_id: AccountId,
        digest: bytes,
        *,
        kind: CrmKind,
        purpose: str,
        issued_at: datetime,
        expires_at: datetime,
    ) -> None: ...

    async def find(
        self, digest: bytes, *, kind: CrmKind, purpose: str, now: datetime
    ) -> AccountId | None:
        """Whose it is while it may be used."""

    async def use(self, account_id: AccountId, digest: bytes, *, now: datetime) -> bool:
        """False: somebody was faster, or it ended."""


class _State(msgspec.Struct, frozen=True):
    account_id: str
    kind: str
    nonce: str


class Pairing:
    """Issues and redeems."""

    def __init__(self, store: PairingStore, secrets_box: SecretsBox, clock: Clock) -> None:
        self._store = store
        self._box = secrets_box
        self._clock = clock

    async def issue(self, account_id: AccountId, kind: CrmKind, ttl: timedelta = CODE_TTL) -> str:
        """A fresh code for people: `ABCD-EFGH-JKMN`."""
        code = "".join(secrets.choice(CODE_CHARS) for _ in range(CODE_LENGTH))
        await self._add(account_id, kind, "code", code, ttl)
        return "-".join(code[at : at + 4] for at in range(0, CODE_LENGTH, 4))

    async def redeem(self, code: str, kind: CrmKind) -> AccountId:
        """The account the code is for; the code is used up. Raises BadProof for any other,
        without saying why."""
        return await self._use(_normal(code), kind, "code")

    async def state(self, account_id: AccountId, kind: CrmKind, ttl: timedelta = STATE_TTL) -> str:
        """A fresh `state` for an authorize link, sealed with the server's key ring."""
        nonce = secrets.token_urlsafe(16)
        await self._add(account_id, kind, "state", nonce, ttl)
        body = msgspec.json.encode(_State(account_id, kind.value, nonce)).decode()
        sealed = self._box.seal(body, account_id=_NOBODY, column=_COLUMN)
        return base64.urlsafe_b64encode(sealed).decode().rstrip("=")

    async def check_state(self, state: str, kind: CrmKind) -> AccountId:
        """The account of a state that may still be used, without using it. Raises BadProof."""
        return (await self._opened(state, kind))[0]

    async def use_state(self, state: str, kind: CrmKind) -> AccountId:
        """The account of the state, which is used up. Raises BadProof."""
        account_id, nonce = await self._opened(state, kind)
        if await self._use(nonce, kind, "state") != account_id:
            raise BadProof("the state is of another account")
        return account_id

    async def _opened(self, state: str, kind: CrmKind) -> tuple[AccountId, str]:
        try:
            sealed = base64.urlsafe_b64decode(state + "=" * (-len(state) % 4))
            body = self._box.open(sealed, account_id=_NOBODY, column=_COLUMN)
            known = msgspec.json.decode(body, type=_State)
        except (binascii.Error, ValueError, SecretUnreadable, msgspec.DecodeError):
            raise BadProof("the state is not ours") from None
        account_id = await self._store.find(
            _hash(known.nonce, kind), kind=kind, purpose="state", now=self._clock.now()
        )
        if known.kind != kind.value or account_id != known.account_id:
            raise BadProof("the state was used or is too old")
        return account_id, known.nonce

    async def _add(
        self, account_id: AccountId, kind: CrmKind, purpose: str, plain: str, ttl: timedelta
    ) -> None:
        now = self._clock.now()
        await self._store.add(
            account_id,
            _hash(plain, kind),
            kind=kind,
            purpose=purpose,
            issued_at=now,
            expires_at=now + ttl,
        )

    async def _use(self, plain: str, kind: CrmKind, purpose: str) -> AccountId:
        digest, now = _hash(plain, kind), self._clock.now()
        account_id = await self._store.find(digest, kind=kind, purpose=purpose, now=now)
        if account_id is None or not await self._store.use(account_id, digest, now=now):
            raise BadProof(f"the {purpose} is unknown, used or too old")
        return account_id


def _normal(code: str) -> str:
    """As it was issued, however it was typed: small letters, spaces, other dashes."""
    return "".join(char for char in code.upper() if char.isalnum())[: CODE_LENGTH + 1]


def _hash(plain: str, kind: CrmKind) -> bytes:
    return hashlib.sha256(f"{kind.value}:{plain}".encode()).digest()
