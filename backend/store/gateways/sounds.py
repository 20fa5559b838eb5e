"""Uploaded sounds, each in a transaction of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from backend.domain.account_settings import SoundsSettings
from backend.domain.sounds import UPLOADS
from backend.services.sounds import Sound
from backend.store.account_settings import AccountSettingsStore
from backend.store.database import Database
from backend.store.routing import RoutingStore
from backend.store.sounds import SoundStore
from protocol.vocabulary import AccountId


class SqlSounds:
    """`services.sounds.SoundRows`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def all(self, account_id: AccountId) -> Sequence[Sound]:
        async with self._database.begin(account_id) as tx:
            return await SoundStore(tx).all(account_id)

    async def add(self, account_id: AccountId, sound: Sound, audio: bytes, *, most: int) -> bool:
        async with self._database.begin(account_id) as tx:
            await AccountSettingsStore(tx).lock(account_id)
            store = SoundStore(tx)
            if len(await store.all(account_id)) >= most:
                return False
            await store.add(account_id, sound, audio)
            await _log(tx, account_id, sound, who=sound.created_by, made=True)
            return True

    async def remove(
        self, account_id: AccountId, sound_id: str, *, who: str
    ) -> Sequence[str] | None:
        """Under the account's lock: nobody begins to use it meanwhile."""
        async with self._database.begin(account_id) as tx:
            await AccountSettingsStore(tx).lock(account_id)
            store = SoundStore(tx)
            sound = await store.find(account_id, sound_id)
            if sound is None:
                return None
            used = await _used(tx, account_id, UPLOADS + sound_id)
            if not used:
                await store.remove(account_id, sound_id)
                await _log(tx, account_id, sound, who=who, made=False)
            return used

    async def audio(self, secret: str) -> bytes | None:
        async with self._database.begin_resolving() as tx:
            return await SoundStore(tx).audio(secret)


async def _used(tx: AsyncConnection, account_id: AccountId, name: str) -> list[str]:
    """Scenarios by name, and the setting."""
    found = [
        scenario.name
        for scenario in await RoutingStore(tx).scenarios(account_id)
        if any(_plays(step, name) for step in scenario.steps)
    ]
    chosen = await AccountSettingsStore(tx).get(account_id, SoundsSettings)
    return [*found, "rescue_notice"] if chosen.rescue_notice == name else found


def _plays(step: Mapping[str, Any], name: str) -> bool:
    message = step.get("message")
    return isinstance(message, Mapping) and message.get("sound") == name


async def _log(
    tx: AsyncConnection, account_id: AccountId, sound: Sound, *, who: str, made: bool
) -> None:
    what = {"name": sound.name, "ms": sound.ms}
    await AccountSettingsStore(tx).log(
        account_id,
        who=who,
        subject=f"sound:{sound.name}",
        before=None if made else what,
        after=what if made else None,
    )
