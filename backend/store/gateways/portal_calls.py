"""Which of the portal's calls is which of ours."""

from __future__ import annotations

from backend.store.calls import CallStore, CrmCall
from backend.store.database import Database
from protocol.vocabulary import AccountId, CallId, CrmKind

_KIND = CrmKind.BITRIX24.value
_LIVE, _FINISHED = "registered", "finished"
_CLAIMED = "claimed:"
"""Before the user the portal is being asked to register the call for."""


class SqlPortalCalls:
    """`services.portal_calls.PortalCallStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def claim(self, account_id: AccountId, call_id: CallId, user: str) -> str:
        async with self._database.begin(account_id) as tx:
            store = CallStore(tx)
            await store.claim_crm_call(
                account_id,
                CrmCall(
                    call_id=call_id,
                    crm_kind=_KIND,
                    external_call_id=None,
                    state=f"{_CLAIMED}{user}",
                ),
            )
            found = await store.crm_call(account_id, call_id, _KIND)
        if found is None or not found.state.startswith(_CLAIMED):
            return user
        return found.state.removeprefix(_CLAIMED)

    async def remember(self, account_id: AccountId, call_id: CallId, portal_call_id: str) -> None:
        await self._save(account_id, call_id, portal_call_id, _LIVE)

    async def mark_finished(self, account_id: AccountId, call_id: CallId) -> None:
        await self._save(account_id, call_id, None, _FINISHED)

    async def _save(
        self, account_id: AccountId, call_id: CallId, portal_call_id: str | None, state: str
    ) -> None:
        async with self._database.begin(account_id) as tx:
            await CallStore(tx).save_crm_call(
                account_id,
                CrmCall(
                    call_id=call_id,
                    crm_kind=_KIND,
                    external_call_id=portal_call_id,
                    state=state,
                ),
            )

    async def portal_id(self, account_id: AccountId, call_id: CallId) -> str | None:
        async with self._database.begin(account_id) as tx:
            found = await CallStore(tx).crm_call(account_id, call_id, _KIND)
        return found.external_call_id if found else None

    async def is_finished(self, account_id: AccountId, call_id: CallId) -> bool:
        async with self._database.begin(account_id) as tx:
            found = await CallStore(tx).crm_call(account_id, call_id, _KIND)
        return found is not None and found.state == _FINISHED

    async def our_id(self, account_id: AccountId, portal_call_id: str) -> CallId | None:
        async with self._database.begin(account_id) as tx:
            found = await CallStore(tx).by_external_call(account_id, _KIND, portal_call_id)
        return found.call_id if found else None
