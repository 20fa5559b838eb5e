"""Call tracking: its doors in the web process, its forgetting in the worker, its command."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy.ext.asyncio import AsyncConnection
from starlette.routing import BaseRoute

from backend.api.doors import Doors
from backend.api.visit_keys import SCRIPT
from backend.api.visits import VisitsApi
from backend.bootstrap.connecting import account_named
from backend.bootstrap.foundation import Foundation, foundation
from backend.domain.account_settings import CallTrackingSettings
from backend.errors import BadRequest
from backend.kit.clock import Clock
from backend.services.call_tracking import CallTracking
from backend.services.visit_keys import KeyKind, VisitKeys
from backend.settings import Settings
from backend.store.account_settings import AccountSettingsStore
from backend.store.gateways.visits import SqlVisitKeys, SqlVisits
from backend.store.visits import VisitStore
from protocol.vocabulary import AccountId

Verb = Literal["key", "keys", "withdraw"]
WHO = "dozvon visits"
EVENTS_KEPT = timedelta(days=7)
"""How long an event that is told again is known. A server that could not tell a page for a week
has lost it."""


def visit_keys(base: Foundation) -> VisitKeys:
    return VisitKeys(SqlVisitKeys(base.database), base.clock)


def call_tracking(base: Foundation) -> CallTracking:
    return CallTracking(SqlVisits(base.database), base.clock)


def visit_doors(base: Foundation, doors: Doors) -> list[BaseRoute]:
    """Where sites and their servers tell of visitors."""
    return [*VisitsApi(call_tracking(base), visit_keys(base), doors, base.clock).routes()]


class ForgetVisits:
    """Forgets visitors after the account's `keep_days`: `tidying.Prune`."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    async def __call__(
        self, tx: AsyncConnection, account_id: AccountId, /, *, before: datetime
    ) -> None:
        settings = await AccountSettingsStore(tx).get(account_id, CallTrackingSettings)
        now = self._clock.now()
        await VisitStore(tx).prune(
            account_id,
            before=now - timedelta(days=settings.keep_days),
            events_before=now - EVENTS_KEPT,
        )


async def visits_command(
    settings: Settings, verb: Verb, account: str, *, key: str | None, site: bool, name: str
) -> list[str]:
    """`dozvon visits`: lines for whoever asked. Raises NotFound, WrongState, BadRequest."""
    async with foundation(settings, single=True, migrating=False) as base:
        found = await account_named(base, account)
        keys = visit_keys(base)
        if verb == "keys":
            lines = [
                f"{known.id}  {known.kind}  {known.name or '-'}  {known.shown or 'secret'}"
                for known in await keys.all(found.id)
            ]
            return lines or [f"{found.name} has no keys."]
        if verb == "withdraw":
            if not key:
                raise BadRequest("name the key by its id: `dozvon visits keys ACCOUNT` lists them")
            await keys.withdraw(found.id, key, who=WHO)
            return ["What is sent with this key is refused from now on."]
        kind: KeyKind = "site" if site else "server"
        _, plain = await keys.issue(found.id, kind, name=name, who=WHO)
        return [plain, *_what_to_do(settings, plain, kind)]


def _what_to_do(settings: Settings, plain: str, kind: KeyKind) -> list[str]:
    if kind == "site":
        return [
            "Put this into the site's pages; they ask from the account's origins only:",
            f'<script async src="{settings.base_url}{SCRIPT}" data-key="{plain}"></script>',
        ]
    return [
        "It is shown this once. Send it as `Authorization: Bearer …` to",
        f"{settings.base_url}/api/v1/visits",
    ]
