"""Looking after a connected amoCRM account, after each installation and every hour.

Its address may have changed, its tokens grow old, amoCRM may have switched our webhooks off, and
the administrator who connected may be gone. Each is found here before anybody misses it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import Literal, Protocol

import structlog

from backend.errors import CrmError
from backend.kit.clock import Clock
from backend.services.amocrm_accounts import Links
from protocol.vocabulary import AccountId

log = structlog.get_logger(__name__)

EVERY_S = 3600.0


class Care(Protocol):
    """One account over there. Everything raises CrmError."""

    async def renew(self) -> None: ...

    async def subscribe(self, destination: str) -> Literal["kept", "made", "refused"]: ...

    async def administrator(self, user_id: str) -> Literal["here", "gone", "hidden", "unknown"]: ...


class KeeperLinks(Links, Protocol):
    async def admin_is_gone(self, account_id: AccountId, crm_user_id: str) -> None:
        """The one who connected is no administrator any more: the next one takes over."""


class AmoCrmKeeper:
    def __init__(
        self,
        *,
        links: KeeperLinks,
        care: Callable[[AccountId], Awaitable[Care | None]],
        accounts: Callable[[], Iterable[AccountId]],
        webhooks_url: Callable[[AccountId, str], str],
        clock: Clock,
    ) -> None:
        """`webhooks_url`: account and secret → the address webhooks are sent to."""
        self._links = links
        self._care = care
        self._accounts = accounts
        self._webhooks_url = webhooks_url
        self._clock = clock
        self._without_webhooks: set[AccountId] = set()

    async def keep(self, account_id: AccountId) -> None:
        """Raises CrmError; what was done before stays done."""
        care = await self._care(account_id)
        link = await self._links.of_account(account_id)
        if care is None or link is None or link.state != "ok":
            return
        await care.renew()
        if link.connected_by and not link.admin_gone:
            found = await care.administrator(link.connected_by)
            if found == "gone" or (found == "hidden" and not link.external):
                log.warning("amocrm.administrator_gone", account=account_id)
                await self._links.admin_is_gone(account_id, link.connected_by)
        if link.webhook_secret:
            url = self._webhooks_url(account_id, link.webhook_secret)
            self._heard(account_id, await care.subscribe(url))

    async def run(self) -> None:
        """Every account, every hour, for ever. Cancel it to stop."""
        while True:
            for account_id in tuple(self._accounts()):
                try:
                    await self.keep(account_id)
                except asyncio.CancelledError:
                    raise
                except CrmError as error:
                    log.warning("amocrm.not_kept", account=account_id, error=str(error))
                except Exception:
                    # One account's trouble must not keep the others from their care.
                    log.exception("amocrm.keeping_broke", account=account_id)
            await self._clock.sleep(EVERY_S)

    def _heard(self, account_id: AccountId, how: str) -> None:
        """The first refusal and the recovery are worth a line each."""
        if how == "refused" and account_id not in self._without_webhooks:
            self._without_webhooks.add(account_id)
            log.warning(
                "amocrm.no_webhooks",
                account=account_id,
                note="the tariff or the grant allows none: changes are found every half-hour",
            )
        elif how == "made":
            self._without_webhooks.discard(account_id)
            log.info("amocrm.webhooks_subscribed", account=account_id)
