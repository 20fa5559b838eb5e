"""Administrators of a CRM whose list of users does not name them (Bitrix24's `user.get`).

Each user's own page proves it: whoever signs on is asked for in his own name, beside the sign-on
and not again for a while. What somebody set here by hand stays.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final, Protocol

import structlog

from backend.errors import AppError
from backend.kit.tasks import Tasks
from backend.services.ports import Bus
from protocol.vocabulary import AccountId, CrmKind

log = structlog.get_logger(__name__)

Administers = Callable[[], Awaitable[bool]]
"""Asks the CRM once. Raises AppError."""

ASK_EVERY_S: Final = 900.0
"""Rights change rarely, and the page of settings is opened anew after they did."""
PER_MINUTE: Final = 30
"""Requests of an account's pages; a portal allows two a second to all of an application (§2.5), and
cards of calls go first. On a Monday morning the others are asked at their next page."""
AT_ONCE: Final = 8
WAIT_S: Final = 2.0
"""How long the page of settings waits to hear what its user may do."""


class Admins(Protocol):
    """Whom `SignOn` tells."""

    async def seen(
        self,
        account_id: AccountId,
        kind: CrmKind,
        crm_user_id: str,
        administers: Administers,
        *,
        wait: bool,
    ) -> bool:
        """This user signs on. Whether his role is known to be another now; without `wait` that is
        found out later. Never raises."""


class AdminRoles(Protocol):
    async def settle(
        self, account_id: AccountId, kind: CrmKind, crm_user_id: str, *, is_admin: bool
    ) -> bool:
        """Give or take the role, unless somebody chose it by hand or the account does not want it;
        whether it changed."""


class CrmAdmins:
    """`Admins`. Close it to end what is under way."""

    def __init__(self, roles: AdminRoles, bus: Bus) -> None:
        self._roles = roles
        self._bus = bus
        self._tasks: Tasks[bool] = Tasks()

    async def seen(
        self,
        account_id: AccountId,
        kind: CrmKind,
        crm_user_id: str,
        administers: Administers,
        *,
        wait: bool,
    ) -> bool:
        if len(self._tasks) >= AT_ONCE:
            return False
        asking = self._tasks.spawn(self._ask(account_id, kind, crm_user_id, administers))
        if not wait:
            return False
        done, _ = await asyncio.wait([asking], timeout=WAIT_S)
        return bool(done) and not asking.cancelled() and asking.result()

    async def _ask(
        self, account_id: AccountId, kind: CrmKind, crm_user_id: str, administers: Administers
    ) -> bool:
        ids = {"account": account_id, "crm_user": crm_user_id}
        try:
            whole = f"administers:{account_id}"
            user = f"administers:{account_id}:{kind.value}:{crm_user_id}"
            if await self._bus.count(user, ttl_s=ASK_EVERY_S) > 1:
                return False
            if await self._bus.count(whole, ttl_s=60.0) > PER_MINUTE:
                return False
            is_admin = await administers()
            changed = await self._roles.settle(account_id, kind, crm_user_id, is_admin=is_admin)
        except AppError as error:
            log.info("administrator.not_asked", error=str(error), **ids)
            return False
        except Exception:
            log.exception("administrator.not_settled", **ids)
            return False
        if changed:
            log.info("administrator.settled", is_admin=is_admin, **ids)
        return changed

    async def aclose(self) -> None:
        await self._tasks.stop()
