"""Keys that let sites and servers tell of visits: issued once, withdrawn at any time.

A `server` key is a secret: it is shown when it is issued and only its hash is kept. A `site` key
stands in the pages of a site for everybody to read; what it allows is held to the account's
origins instead.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal, Protocol

from backend.domain.visits import cleaned
from backend.errors import BadProof, NotFound, WrongState
from backend.kit.clock import Clock
from backend.kit.ids import new_id
from protocol.vocabulary import AccountId

KeyKind = Literal["server", "site"]
MAX_KEYS: Final = 20
MAX_NAME: Final = 100
_PREFIX: Final[dict[KeyKind, str]] = {"server": "dvk_", "site": "dvs_"}
_BYTES: Final[dict[KeyKind, int]] = {"server": 32, "site": 16}


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitKey:
    """`shown` is the key itself where it is no secret."""

    id: str
    kind: KeyKind
    name: str
    shown: str | None
    created_at: datetime
    created_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyOwner:
    account_id: AccountId
    key_id: str
    kind: KeyKind


class VisitKeyRows(Protocol):
    """Each method is a transaction; what changes is written into the account's log in it."""

    async def owner(self, digest: bytes) -> KeyOwner | None: ...
    async def all(self, account_id: AccountId) -> Sequence[VisitKey]: ...
    async def add(self, account_id: AccountId, key: VisitKey, digest: bytes, *, most: int) -> bool:
        """False: there are `most` already."""

    async def remove(self, account_id: AccountId, key_id: str, *, who: str) -> bool: ...


class VisitKeys:
    def __init__(self, rows: VisitKeyRows, clock: Clock) -> None:
        self._rows = rows
        self._clock = clock

    async def all(self, account_id: AccountId) -> Sequence[VisitKey]:
        """Oldest first."""
        return await self._rows.all(account_id)

    async def issue(
        self, account_id: AccountId, kind: KeyKind, *, name: str, who: str
    ) -> tuple[VisitKey, str]:
        """The key and its text, which is told this once where it is a secret. Raises WrongState
        when the account has too many."""
        plain = _PREFIX[kind] + secrets.token_urlsafe(_BYTES[kind])
        key = VisitKey(
            id=new_id(),
            kind=kind,
            name=cleaned(name)[:MAX_NAME],
            shown=plain if kind == "site" else None,
            created_at=self._clock.now(),
            created_by=who,
        )
        if not await self._rows.add(account_id, key, _hash(plain), most=MAX_KEYS):
            raise WrongState("too many keys", why="too_many_keys", most=MAX_KEYS)
        return key, plain

    async def withdraw(self, account_id: AccountId, key_id: str, *, who: str) -> None:
        """What is sent with it is refused from now on. Raises NotFound."""
        if not await self._rows.remove(account_id, key_id, who=who):
            raise NotFound(why="not_found")

    async def owner(self, plain: str) -> KeyOwner:
        """Whose it is. Raises BadProof, for any that is none of ours alike."""
        found = None
        if plain.startswith(tuple(_PREFIX.values())):
            found = await self._rows.owner(_hash(plain))
        if found is None:
            raise BadProof("no such key")
        return found


def _hash(plain: str) -> bytes:
    """Fast on purpose: keys are random, nobody guesses one from its hash."""
    return hashlib.sha256(plain.encode()).digest()
