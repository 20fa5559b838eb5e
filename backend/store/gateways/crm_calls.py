"""`services.ports.CrmCallRows` over transactions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from backend.domain.account_settings import CrmSettings, RecordingSettings
from backend.kit.secrets_box import SecretsBox
from backend.services.ports import CallFacts, CrmCallState, Taken
from backend.services.ports.crm_calls import TROUBLE
from backend.store.account_settings import AccountSettingsStore
from backend.store.calls import CallStore
from backend.store.crm_calls import CrmCallStore
from backend.store.crm_connections import default_responsible
from backend.store.database import Database
from backend.store.recordings import RecordingStore
from protocol.vocabulary import AccountId, CallId, CrmKind, CrmTrouble


class SqlCrmCalls:
    def __init__(self, database: Database, secrets: SecretsBox) -> None:
        self._database = database
        self._secrets = secrets

    async def facts(self, account_id: AccountId, call_id: CallId, kind: str) -> CallFacts | None:
        async with self._database.begin(account_id) as tx:
            call = await CallStore(tx).find(account_id, call_id)
            if call is None:
                return None
            settings = AccountSettingsStore(tx)
            crm = await settings.get(account_id, CrmSettings)
            recording = await settings.get(account_id, RecordingSettings)
            return CallFacts(
                call=call,
                recording=await RecordingStore(tx, self._secrets).of_call(account_id, call_id),
                row=await CrmCallStore(tx).find(account_id, call_id, kind),
                crm_on=crm.on,
                unknown_to_unsorted=crm.unknown_to_unsorted,
                stand_in=await default_responsible(tx, account_id, CrmKind(kind)),
                recording_to_crm=recording.to_crm,
            )

    async def take(self, account_id: AccountId, call_id: CallId, kind: str, number: str) -> Taken:
        async with self._database.begin(account_id) as tx:
            return await CrmCallStore(tx).take(account_id, call_id, kind, number)

    async def earlier(self, account_id: AccountId, kind: str, number: str) -> str | None:
        async with self._database.begin(account_id) as tx:
            return await CrmCallStore(tx).earlier(account_id, kind, number)

    async def collected(self, account_id: AccountId, kind: str) -> list[str]:
        async with self._database.begin(account_id) as tx:
            return await CrmCallStore(tx).collected(account_id, kind)

    async def looked_at(self, account_id: AccountId, kind: str, refs: Sequence[str]) -> None:
        async with self._database.begin(account_id) as tx:
            await CrmCallStore(tx).looked_at(account_id, kind, refs)

    async def note(
        self,
        account_id: AccountId,
        call_id: CallId,
        kind: str,
        *,
        recording: str,
        reason: str | None,
    ) -> None:
        async with self._database.begin(account_id) as tx:
            store = CrmCallStore(tx)
            await store.change(account_id, call_id, kind, recording=recording, reason=reason)

    async def save(
        self,
        account_id: AccountId,
        call_id: CallId,
        kind: str,
        *,
        state: CrmCallState,
        ref: str | None = None,
        told: str | None = None,
        trouble: CrmTrouble | None = None,
        reason: str | None = None,
        recording: str | None = None,
    ) -> None:
        known = {"external_call_id": ref, "told": told, "recording": recording}
        values: dict[str, Any] = {name: value for name, value in known.items() if value is not None}
        values["data"] = {} if trouble is None else {TROUBLE: trouble.value}
        async with self._database.begin(account_id) as tx:
            store = CrmCallStore(tx)
            await store.save(account_id, call_id, kind, state=state, reason=reason, **values)
