"""A call that went past somebody whose browser was not ready: told in the CRM's notifications too,
where it is read though no tab of ours is open (M3)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final, Protocol

import structlog

from backend.errors import CrmError
from backend.kit.tasks import Tasks
from backend.services.call_words import language_of
from protocol.vocabulary import AccountId, EmployeeId

log = structlog.get_logger(__name__)

WITHIN_S: Final = 5.0
"""Nothing waits for it and nothing is repeated: later calls say the same."""
_TEXTS: Final = {
    "ru": (
        "Дозвон: звонок {number} прошёл мимо вас, телефон в браузере не готов. Откройте «Дозвон» в"
        " меню портала: там сказано, чего не хватает."
    ),
    "en": (
        "Dozvon: the call {number} went past you, your phone in the browser is not ready. Open"
        " Dozvon in the portal's menu: it says what is missing."
    ),
}


class Portal(Protocol):
    """One CRM account that has notifications. Raises CrmError."""

    async def notify(self, user_id: str, text: str, tag: str) -> None: ...


class PassedCalls:
    def __init__(
        self,
        *,
        portals: Callable[[AccountId], Portal | None],
        crm_user: Callable[[AccountId, EmployeeId], str | None],
        region: Callable[[AccountId], str],
    ) -> None:
        self._portals = portals
        self._crm_user = crm_user
        self._region = region
        self._tasks: Tasks[None] = Tasks()

    def passed(self, account_id: AccountId, employee_id: EmployeeId, number: str) -> None:
        """Tell it; returns at once."""
        portal, user = self._portals(account_id), self._crm_user(account_id, employee_id)
        if portal is None or user is None:
            return
        self._tasks.spawn(self._tell(portal, account_id, user, number))

    async def _tell(self, portal: Portal, account_id: AccountId, user: str, number: str) -> None:
        text = _TEXTS[language_of(self._region(account_id))].format(number=number)
        try:
            async with asyncio.timeout(WITHIN_S):
                # One tag a person: the newest takes the earlier one's place.
                await portal.notify(user, " ".join(text.split()), f"DOZVON|PHONE|{user}")
        except (CrmError, OSError, TimeoutError) as error:
            log.info("passed_call.not_told", account=account_id, error=repr(error)[:200])

    async def aclose(self) -> None:
        await self._tasks.stop()
