"""`dozvon who-rings`: who would ring for a number, now or at another time, and why not others."""

from __future__ import annotations

from backend.bootstrap.connecting import account_named
from backend.bootstrap.foundation import foundation
from backend.errors import NotFound
from backend.services.settings_texts import Language
from backend.services.who_rings import instant, who_rings
from backend.services.who_rings_texts import words
from backend.settings import Settings
from backend.store.gateways.who_rings import SqlWhoRings


async def ask(
    settings: Settings, account: str, number: str, at: str, language: Language
) -> list[str]:
    """Lines for people. Raises NotFound, BadRequest (`at`). Whether somebody talks is known only
    where processes share a Redis."""
    async with foundation(settings, single=True, migrating=False) as base:
        found = await account_named(base, account)
        source = SqlWhoRings(base.database, base.bus)
        planned = await source.of_number(found.id, number)
        if planned is None:
            raise NotFound(f"{found.name} has no virtual number {number}")
        if planned.scenario is None:
            return ["-  no scenario: nothing rings"]
        when = instant(at, planned.account.timezone, base.clock.now())
        told = who_rings(planned.account, planned.scenario, when, await source.now(found.id))
    return [f"{line.step or '-':<2} {words(line, language)}" for line in told]
