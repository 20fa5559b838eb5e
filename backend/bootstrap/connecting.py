"""`dozvon pair` and `dozvon connect`: what an administrator needs to join a CRM to an account."""

from __future__ import annotations

from backend.bootstrap.foundation import Foundation, foundation
from backend.errors import NotFound
from backend.services.pairing import Pairing
from backend.settings import Settings
from backend.store.accounts import Account, AccountStore
from backend.store.gateways import SqlPairings
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
