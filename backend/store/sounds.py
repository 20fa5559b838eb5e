"""Sounds an account uploaded. Audio is read by itself: nothing else needs a megabyte a row."""

from __future__ import annotations

from sqlalchemy import RowMapping, delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.services.sounds import Sound
from backend.store.tables import sounds
from protocol.vocabulary import AccountId

_COLUMNS = [column for column in sounds.c if column.name != "audio"]


class SoundStore:
    """`audio` wants a resolving transaction, the rest one of the account."""

    def __init__(self, tx: AsyncConnection) -> None:
        self._tx = tx

    async def all(self, account_id: AccountId) -> list[Sound]:
        """Newest first."""
        query = select(*_COLUMNS).where(sounds.c.account_id == account_id)
        rows = await self._tx.execute(query.order_by(sounds.c.created_at.desc(), sounds.c.id))
        return [_sound(row) for row in rows.mappings()]

    async def add(self, account_id: AccountId, sound: Sound, audio: bytes) -> None:
        await self._tx.execute(
            insert(sounds).values(
                account_id=account_id,
                id=sound.id,
                name=sound.name,
                secret=sound.secret,
                ms=sound.ms,
                audio=audio,
                created_at=sound.created_at,
                created_by=sound.created_by,
            )
        )

    async def find(self, account_id: AccountId, sound_id: str) -> Sound | None:
        query = select(*_COLUMNS).where(sounds.c.account_id == account_id, sounds.c.id == sound_id)
        row = (await self._tx.execute(query)).mappings().one_or_none()
        return None if row is None else _sound(row)

    async def remove(self, account_id: AccountId, sound_id: str) -> None:
        await self._tx.execute(
            delete(sounds).where(sounds.c.account_id == account_id, sounds.c.id == sound_id)
        )

    async def audio(self, secret: str) -> bytes | None:
        query = select(sounds.c.audio).where(sounds.c.secret == secret)
        found: bytes | None = (await self._tx.execute(query)).scalar_one_or_none()
        return found


def _sound(row: RowMapping) -> Sound:
    return Sound(
        id=row["id"],
        name=row["name"],
        ms=row["ms"],
        secret=row["secret"],
        created_at=row["created_at"],
        created_by=row["created_by"],
    )
