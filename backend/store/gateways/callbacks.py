"""Tasks to call back and what they need, each in a transaction of its own."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.domain.account_settings import CrmSettings, RecordingSettings
from backend.kit.secrets_box import SecretsBox
from backend.services.ports.callbacks import CallbackFacts, CallbackTask, CrmTask
from backend.services.recordings import recording_url
from backend.store.account_settings import AccountSettingsStore
from backend.store.accounts import AccountStore
from backend.store.callbacks import CallbackStore
from backend.store.calls import CallStore
from backend.store.crm_connections import default_responsible
from backend.store.database import Database
from backend.store.recordings import RecordingStore
from backend.store.tables import call_legs
from protocol.pushes import RecordRef
from protocol.vocabulary import (
    AccountId,
    CallbackReason,
    CallId,
    CrmKind,
    EmployeeId,
    RecordKind,
)

Changed = Callable[[AsyncConnection, AccountId, Sequence[EmployeeId]], Awaitable[None]]
"""Queues, in the transaction, that these are told anew."""

LOOK_BACK = timedelta(days=30)
"""Who has not talked for a month has been idle long enough to come first."""


class SqlCallbacks:
    """`services.ports.callbacks.CallbackRows`."""

    def __init__(
        self, database: Database, secrets: SecretsBox, base_url: str, changed: Changed
    ) -> None:
        self._database = database
        self._secrets = secrets
        self._base_url = base_url
        self._changed = changed

    async def open(self, account_id: AccountId) -> Sequence[CallbackTask]:
        async with self._database.begin(account_id) as tx:
            found = await CallbackStore(tx).open(account_id)
            ids = [task.call_id for task in found]
            audio = await RecordingStore(tx, self._secrets).of_calls(account_id, ids) if ids else {}
        urls = {
            call_id: recording_url(self._base_url, row)
            for call_id, row in audio.items()
            if row.state == "stored" and row.secret
        }
        return [replace(task, recording_url=urls.get(task.call_id)) for task in found]

    async def done(
        self, account_id: AccountId, call_id: CallId, employee_id: EmployeeId
    ) -> tuple[EmployeeId, ...] | None:
        async with self._database.begin(account_id) as tx:
            people = await CallbackStore(tx).done(account_id, call_id, employee_id)
            if people is not None:
                await self._changed(tx, account_id, people)
        return people


class SqlCrmCallbacks:
    """`services.ports.callbacks.CrmCallbackRows`."""

    def __init__(self, database: Database, secrets: SecretsBox) -> None:
        self._database = database
        self._secrets = secrets

    async def facts(
        self, account_id: AccountId, call_id: CallId, kind: str
    ) -> CallbackFacts | None:
        async with self._database.begin(account_id) as tx:
            found = await CallbackStore(tx).find(account_id, call_id)
            call = await CallStore(tx).find(account_id, call_id)
            account = await AccountStore(tx).find(account_id)
            if found is None or call is None or account is None:
                return None
            settings = AccountSettingsStore(tx)
            crm = await settings.get(account_id, CrmSettings)
            audio = await RecordingStore(tx, self._secrets).of_call(account_id, call_id)
            to_crm = (await settings.get(account_id, RecordingSettings)).to_crm
            stand_in = await default_responsible(tx, account_id, CrmKind(kind))
        task, done_at = found
        record = None
        if call.record_kind and call.record_id:
            record = RecordRef(kind=RecordKind(call.record_kind), id=call.record_id)
        broke_off = task.reason is CallbackReason.LOST
        return CallbackFacts(
            account_id=account_id,
            task=task,
            done=done_at is not None,
            wanted=crm.on and crm.callback_tasks,
            talked=call.last_talked_by or call.answered_by if broke_off else None,
            called_at=call.started_at,
            record=record,
            stand_in=stand_in,
            recording=audio if to_crm else None,
            region=account.region,
            timezone=account.timezone,
        )

    async def save(self, account_id: AccountId, call_id: CallId, kind: str, told: CrmTask) -> None:
        async with self._database.begin(account_id) as tx:
            await CallbackStore(tx).save_in_crm(account_id, call_id, kind, told)


class SqlLastTalks:
    """`services.calls.idle.LastTalks`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def read(self, account_id: AccountId) -> Mapping[EmployeeId, datetime]:
        query = (
            select(call_legs.c.employee_id, func.max(call_legs.c.ended_at).label("ended_at"))
            .where(
                call_legs.c.account_id == account_id,
                call_legs.c.employee_id.is_not(None),
                call_legs.c.answered_at.is_not(None),
                call_legs.c.started_at > func.now() - LOOK_BACK,
            )
            .group_by(call_legs.c.employee_id)
        )
        async with self._database.begin(account_id) as tx:
            rows = (await tx.execute(query)).all()
        return {EmployeeId(row.employee_id): row.ended_at for row in rows}
