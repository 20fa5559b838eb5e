"""`dozvon pair` and `dozvon disconnect`: how a CRM joins an account, and leaves it for good."""

from __future__ import annotations

from backend.bootstrap.foundation import Foundation, foundation
from backend.errors import NotFound, WrongState
from backend.services.pairing import Pairing
from backend.settings import Settings
from backend.store.accounts import Account, AccountStore
from backend.store.crm_connections import CrmConnectionStore
from backend.store.forgetting import forget_crm
from backend.store.gateways import SqlPairings
from backend.store.installs import InstallFact, InstallLog
from protocol.vocabulary import AccountId, CrmKind


async def pair(settings: Settings, account: str, kind: CrmKind) -> list[str]:
    """A fresh pairing code and what to do with it. Raises NotFound."""
    async with foundation(settings, single=True, migrating=False) as base:
        found = await account_named(base, account)
        code = await pairing(base).issue(found.id, kind)
    return [
        f"{code}",
        f"joins one {kind.value} installation to {found.name}; good for 24 hours and one use.",
        "Type it on the page that asks for it.",
    ]


async def disconnect(settings: Settings, account: str, kind: CrmKind, *, force: bool) -> list[str]:
    """Forget a CRM and what came from it. Raises NotFound, and WrongState while it is connected
    and nobody insists: over there the application would go on and hear nothing from us."""
    async with foundation(settings, single=True, migrating=False) as base:
        found = await account_named(base, account)
        host = await forget(base, found.id, kind, force=force)
    if host is None:
        raise NotFound(f"{found.name} has no {kind.value}")
    return [
        f"{host} is forgotten: tokens, numbers and people that came from it.",
        f"Employees, settings and calls of {found.name} stay. `dozvon pair` joins a CRM again.",
    ]


async def forget(
    base: Foundation, account_id: AccountId, kind: CrmKind, *, force: bool
) -> str | None:
    """The host that was forgotten; None where there was none. Raises WrongState."""
    async with base.database.begin(account_id) as tx:
        found = await CrmConnectionStore(tx, base.secrets).lock(account_id, kind)
        if found is None:
            return None
        if found.state in ("ok", "auth_expired") and not force:
            raise WrongState(
                f"{found.host} is connected: delete the application there first, or repeat with "
                "--force where it cannot be reached any more"
            )
        await forget_crm(tx, base.secrets, account_id, kind)
        fact = InstallFact(kind=kind, what="forgotten", at=base.clock.now(), detail=found.host)
        await InstallLog(tx).add(account_id, fact)
    return found.host


def pairing(base: Foundation) -> Pairing:
    return Pairing(SqlPairings(base.database), base.secrets, base.clock)


async def account_named(base: Foundation, name: str) -> Account:
    """By slug or id. Raises NotFound."""
    async with base.database.begin_resolving() as tx:
        store = AccountStore(tx)
        found = await store.by_slug(name) or await store.find(AccountId(name))
        known = ", ".join(account.slug for account in await store.all())
    if found is None:
        raise NotFound(f"there is no account {name!r}; there are: {known or 'none yet'}")
    return found
