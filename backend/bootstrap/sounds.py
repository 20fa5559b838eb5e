"""Sounds an administrator uploads."""

from __future__ import annotations

from backend.bootstrap.foundation import Foundation
from backend.services.routing import ROUTING_TOPIC
from backend.services.sounds import Sounds
from backend.store.gateways.sounds import SqlSounds
from protocol.vocabulary import AccountId


def sounds(base: Foundation) -> Sounds:
    async def wake(account_id: AccountId) -> None:
        await base.bus.wake(ROUTING_TOPIC, account_id.encode())

    return Sounds(SqlSounds(base.database), base.clock, base.settings.base_url, wake)
