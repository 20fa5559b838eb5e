"""Greetings and notices an administrator uploads: kept as telephones play them.

The switch fetches one by its address when it is to be heard, and keeps it; so does whoever listens
on the settings' page. Whoever has the address may listen: it is said to every caller anyway.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import PurePath
from typing import Final, Protocol

from backend.domain.sounds import MAX_S
from backend.domain.visits import cleaned
from backend.errors import BadRequest, NotFound, WrongState
from backend.kit.clock import Clock
from backend.kit.ids import new_id
from backend.kit.phone_sound import NotSound, TooLong, converted
from protocol.vocabulary import AccountId

MAX_SOUNDS: Final = 50
MAX_NAME: Final = 100
MAX_BYTES: Final = 20_000_000
"""Of what is uploaded: a minute and a half as a studio delivers it, 48 kHz in stereo."""
LEAST_MS: Final = 200
PATH: Final = "/sounds/"
_SECRET_BYTES: Final = 18


@dataclass(frozen=True, slots=True, kw_only=True)
class Sound:
    id: str
    name: str
    ms: int
    secret: str = field(repr=False)
    """In its address."""
    created_at: datetime
    created_by: str


class SoundRows(Protocol):
    """Each method is a transaction; what changes is written into the account's log in it."""

    async def all(self, account_id: AccountId) -> Sequence[Sound]: ...
    async def add(self, account_id: AccountId, sound: Sound, audio: bytes, *, most: int) -> bool:
        """False: there are `most` already."""

    async def remove(
        self, account_id: AccountId, sound_id: str, *, who: str
    ) -> Sequence[str] | None:
        """Where it is still used, by name: then it stays. None: there is none."""

    async def audio(self, secret: str) -> bytes | None: ...


class Sounds:
    def __init__(
        self,
        rows: SoundRows,
        clock: Clock,
        base_url: str,
        changed: Callable[[AccountId], Awaitable[None]],
    ) -> None:
        """`changed` has those who own calls read the account anew."""
        self._rows = rows
        self._clock = clock
        self._base = base_url
        self._changed = changed

    async def all(self, account_id: AccountId) -> Sequence[Sound]:
        """Newest first."""
        return await self._rows.all(account_id)

    async def add(self, account_id: AccountId, data: bytes, *, name: str, who: str) -> Sound:
        """Raises BadRequest (no sound, too long, too short), WrongState (there are too many)."""
        try:
            made = await asyncio.to_thread(converted, data, most_s=MAX_S)
        except TooLong:
            raise BadRequest("too long", why="sound_too_long", most=MAX_S) from None
        except NotSound:
            raise BadRequest("no sound", why="not_a_sound") from None
        if made.ms < LEAST_MS:
            raise BadRequest("no sound", why="not_a_sound")
        sound = Sound(
            id=new_id(),
            name=cleaned(PurePath(name).stem)[:MAX_NAME] or "1",
            ms=made.ms,
            secret=secrets.token_urlsafe(_SECRET_BYTES),
            created_at=self._clock.now(),
            created_by=who,
        )
        if not await self._rows.add(account_id, sound, made.wav, most=MAX_SOUNDS):
            raise WrongState("too many sounds", why="too_many_sounds", most=MAX_SOUNDS)
        await self._changed(account_id)
        return sound

    async def remove(self, account_id: AccountId, sound_id: str, *, who: str) -> None:
        """Raises NotFound; WrongState while something uses it."""
        used = await self._rows.remove(account_id, sound_id, who=who)
        if used is None:
            raise NotFound(why="not_found")
        if used:
            raise WrongState("still used", why="sound_used", names=", ".join(used))
        await self._changed(account_id)

    async def audio(self, secret: str) -> bytes:
        """A WAV file. Raises NotFound."""
        found = await self._rows.audio(secret) if 0 < len(secret) <= 100 else None
        if found is None:
            raise NotFound("no such sound")
        return found

    def url(self, sound: Sound) -> str:
        return sound_url(self._base, sound.secret)


def sound_url(base_url: str, secret: str) -> str:
    """Ends as its format is called: by that Asterisk knows how to read it."""
    return f"{base_url.rstrip('/')}{PATH}{secret}.wav"
