"""Which of the portal's calls is which of ours."""

from __future__ import annotations

from backend.services.ports.crm_calls import TROUBLE
from backend.services.ports.portal_calls import FinishedInPortal
from backend.store.asked_calls import AskedCallStore
from backend.store.calls import CallStore, CrmCall
from backend.store.crm_calls import CrmCallStore
from backend.store.database import Database
from protocol.pushes import RecordRef
from protocol.vocabulary import AccountId, CallId, CrmKind, CrmTrouble

_KIND = CrmKind.BITRIX24.value
_LIVE, _FINISHED = "registered", "finished"
_UNKNOWN = "expected"
"""Nobody was claimed: the portal was never asked to register it."""
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

    async def mark_finished(
        self, account_id: AccountId, call_id: CallId, finished: FinishedInPortal
    ) -> None:
        data = {} if finished.activity_id is None else {"activity_id": finished.activity_id}
        async with self._database.begin(account_id) as tx:
            await CrmCallStore(tx).save(
                account_id,
                call_id,
                _KIND,
                state=_FINISHED,
                told=finished.status,
                reason=None,
                data=data,
            )

    async def not_written(
        self,
        account_id: AccountId,
        call_id: CallId,
        trouble: CrmTrouble,
        said: str | None = None,
        *,
        final: bool,
    ) -> None:
        async with self._database.begin(account_id) as tx:
            store = CrmCallStore(tx)
            found = await store.find(account_id, call_id, _KIND)
            if found is None:
                await store.save(account_id, call_id, _KIND, state=_UNKNOWN)
            # The activity of a call that is closed stays known: its correction may have failed.
            known = {} if found is None else found.data
            data = {name: known[name] for name in ("activity_id",) if name in known}
            data |= {TROUBLE: trouble.value} | ({"refused": "yes"} if final else {})
            await store.change(account_id, call_id, _KIND, reason=said, data=data)

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

    async def finished(self, account_id: AccountId, call_id: CallId) -> FinishedInPortal | None:
        async with self._database.begin(account_id) as tx:
            found = await CrmCallStore(tx).find(account_id, call_id, _KIND)
        if found is None or found.state != _FINISHED:
            return None
        # Calls closed before this was kept were told the truth of their time.
        return FinishedInPortal(
            status=found.told or "200", activity_id=found.data.get("activity_id")
        )

    async def asked_record(self, account_id: AccountId, call_id: CallId) -> RecordRef | None:
        async with self._database.begin(account_id) as tx:
            asked = await AskedCallStore(tx).of_call(account_id, call_id)
        return None if asked is None else asked.record

    async def our_id(self, account_id: AccountId, portal_call_id: str) -> CallId | None:
        async with self._database.begin(account_id) as tx:
            found = await CallStore(tx).by_external_call(account_id, _KIND, portal_call_id)
        return found.call_id if found else None
