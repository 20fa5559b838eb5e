"""`dozvon apply` and `dozvon export`: a file of settings and the database."""

from __future__ import annotations

import getpass
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager

from backend.bootstrap.first_switch import keep_first_switch
from backend.bootstrap.foundation import Foundation, foundation
from backend.kit.ids import new_id
from backend.services.account_apply import AccountFiles, Applied
from backend.services.account_plan import Change
from backend.services.account_settings import AccountSettings
from backend.services.routing import ROUTING_TOPIC
from backend.services.sessions import Sessions
from backend.services.settings_texts import Language
from backend.settings import Settings
from backend.store.gateways import SqlSessions
from backend.store.gateways.account_config import SqlAccountConfigs
from backend.store.gateways.switches import SqlSwitches
from backend.store.switches import SwitchStore
from protocol.vocabulary import AccountId

_SIGN = {"create": "+", "change": "~", "remove": "-"}


def account_settings(base: Foundation, sessions: Sessions | None = None) -> AccountSettings:
    """The one service both doors use."""
    ending = sessions or Sessions(
        SqlSessions(base.database, base.settings.origin), base.bus, base.clock
    )

    async def wake(account_id: AccountId) -> None:
        await base.bus.wake(ROUTING_TOPIC, account_id.encode())

    async def own_cloud(account_id: AccountId) -> str:
        async with base.database.begin_resolving() as tx:
            return await SwitchStore(tx, base.secrets).owned_by(account_id)

    return AccountSettings(
        SqlAccountConfigs(base.database),
        wake=wake,
        end_sessions=ending.revoke_employee,
        own_cloud=own_cloud,
    )


def account_files(base: Foundation) -> AccountFiles:
    return AccountFiles(
        account_settings(base), SqlSwitches(base.database, base.secrets), new_id=new_id
    )


async def apply(
    settings: Settings, text: str, *, env: Mapping[str, str], check: bool, prune: bool
) -> Applied:
    """The deed or, with `check`, the plan. A database of our own is made when there is none yet."""
    async with _opened(settings) as base:
        return await account_files(base).apply(
            text, env=env, who=f"dozvon apply ({_user()})", check=check, prune=prune
        )


async def export(settings: Settings, account: str) -> str:
    async with _opened(settings) as base:
        return await account_files(base).export(account)


@asynccontextmanager
async def _opened(settings: Settings) -> AsyncIterator[Foundation]:
    async with foundation(settings, single=True, migrating=not settings.database_url) as base:
        await keep_first_switch(base)
        yield base


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown"


def told(applied: Applied, language: Language) -> Iterable[str]:
    """Lines for people: the plan, or everything that is wrong."""
    if applied.troubles:
        yield from (trouble.told(language) for trouble in applied.troubles)
        return
    for switch in applied.switches:
        yield f"~ switch {switch}"
    for plan in applied.accounts:
        if plan.changes:
            yield f"account {plan.slug}"
        for change in plan.changes:
            yield f"  {_line(change)}"
        for kept in plan.kept:
            yield f"  = {kept.told(language)}"
    if applied.nothing_to_do:
        yield "Nothing to do."


def _line(change: Change) -> str:
    name = f" {change.name}" if change.name and change.name != change.key else ""
    fields = f": {', '.join(change.fields)}" if change.action == "change" else ""
    return f"{_SIGN[change.action]} {change.kind} {change.key}{name}{fields}"
