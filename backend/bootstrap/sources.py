"""The connectors of connected CRM accounts, built once and again when a connection changes."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

import structlog

from backend.bootstrap.foundation import Foundation
from backend.connectors.crm.amocrm import AmoCalls, AmoCrm, AmoCrmPeople
from backend.connectors.crm.amocrm.callbacks import AmoCrmCallbacks
from backend.connectors.crm.amocrm.hosts import Hosts
from backend.connectors.crm.amocrm.listed_cards import AmoCrmListedCards
from backend.connectors.crm.amocrm.managers import AmoCrmManagers
from backend.connectors.crm.amocrm.notify import AmoCrmNotices
from backend.connectors.crm.amocrm.stages import AmoCrmStages
from backend.connectors.crm.bitrix24 import (
    Bitrix24,
    Bitrix24People,
    Bitrix24Telephony,
    Bitrix24Workdays,
)
from backend.connectors.crm.bitrix24.bindings import Bitrix24Bindings
from backend.connectors.crm.bitrix24.call_lists import Bitrix24CallLists
from backend.connectors.crm.bitrix24.callbacks import Bitrix24Callbacks
from backend.connectors.crm.bitrix24.listed_cards import Bitrix24ListedCards
from backend.connectors.crm.bitrix24.managers import Bitrix24Managers
from backend.connectors.crm.bitrix24.notify import Bitrix24Notices
from backend.connectors.crm.bitrix24.stages import Bitrix24Stages
from backend.domain.phone_number import PhoneNumber
from backend.errors import CrmError
from backend.jobs.waking import wake
from backend.kit.budget import Priority
from backend.services.call_words import Language, language_of
from backend.services.contacts import PhoneIndex
from backend.services.dialer.crm_records import ListedCards
from backend.services.dialer.stages import StageMover
from backend.services.personal_manager import ResponsibleSource
from backend.services.ports import CallWriter, ContactSource, PeopleSource, WorkdaySource
from backend.services.ports.callbacks import CallbackWriter
from backend.store.accounts import AccountStore
from backend.store.crm_connections import CrmConnection, CrmConnectionStore
from backend.store.gateways import SqlGrants
from protocol.vocabulary import AccountId, CrmKind, RecordKind

log = structlog.get_logger(__name__)


class Sources:
    """Account → its CRM. One CRM per account takes part in calls: the first connected."""

    def __init__(self, base: Foundation, index: PhoneIndex) -> None:
        self._base = base
        self._index = index
        self._built: dict[AccountId, tuple[tuple[object, ...], Bitrix24 | AmoCrm]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._grants: dict[AccountId, SqlGrants] = {}
        """Of the connectors built."""
        self._regions: dict[AccountId, str] = {}
        """Of the accounts whose connectors were built."""
        self._settling: set[asyncio.Task[None]] = set()
        """Grants of connectors that were replaced amid a refresh, until it is stored."""
        self._refreshing = asyncio.Lock()
        self.states: dict[AccountId, str] = {}
        """How each account's connection was at the last `refresh`: `ok` or `auth_expired`."""

    def get(self, account_id: AccountId) -> ContactSource | None:
        found = self._built.get(account_id)
        return None if found is None else found[1]

    def portal(self, account_id: AccountId) -> Bitrix24Telephony | None:
        """The portal whose own call card takes part, if the account's CRM is one."""
        found = self._built.get(account_id)
        if found is None or not isinstance(found[1], Bitrix24):
            return None
        return Bitrix24Telephony(found[1].client, language=self._language(account_id))

    def notices(self, account_id: AccountId) -> Bitrix24Notices | None:
        """Where people of the portal are told; amoCRM has our panel alone."""
        found = self._built.get(account_id)
        if found is None or not isinstance(found[1], Bitrix24):
            return None
        return Bitrix24Notices(found[1].client)

    def managers(self, account_id: AccountId) -> ResponsibleSource | None:
        """Who is responsible for a customer of the account."""
        found = self._built.get(account_id)
        if found is None:
            return None
        source = found[1]
        if isinstance(source, Bitrix24):
            return Bitrix24Managers(source.client)
        return AmoCrmManagers(source)

    def cards(self, account_id: AccountId) -> ListedCards | None:
        """Its records by id, for the dialer's lists."""
        found = self._built.get(account_id)
        if found is None:
            return None
        source = found[1]
        if isinstance(source, Bitrix24):
            return Bitrix24ListedCards(source)
        return AmoCrmListedCards(source)

    def stages(self, account_id: AccountId) -> StageMover | None:
        """Where its deals are moved to another stage, for the dialer's dispositions."""
        found = self._built.get(account_id)
        if found is None:
            return None
        source = found[1]
        if isinstance(source, Bitrix24):
            return Bitrix24Stages(source.client)
        return AmoCrmStages(source)

    def call_lists(self, account_id: AccountId) -> Bitrix24CallLists | None:
        """The portal's own lists of people to call; amoCRM keeps none."""
        found = self.bitrix24(account_id)
        return None if found is None else Bitrix24CallLists(found.client)

    def host(self, account_id: AccountId) -> AmoCrmNotices | None:
        """The CRM whose page shows a notice of its own; a portal's call card is one by itself."""
        found = self._built.get(account_id)
        if found is None or not isinstance(found[1], AmoCrm):
            return None
        return AmoCrmNotices(found[1].client)

    def people(self, account_id: AccountId) -> PeopleSource | None:
        """Who works in the account's CRM."""
        found = self._built.get(account_id)
        if found is None:
            return None
        source = found[1]
        if isinstance(source, Bitrix24):
            return Bitrix24People(source.client, source.origin)
        return AmoCrmPeople(source.client, source.origin)

    def workdays(self, account_id: AccountId) -> WorkdaySource | None:
        """The working days of its portal; amoCRM keeps none."""
        found = self._built.get(account_id)
        if found is None or not isinstance(found[1], Bitrix24):
            return None
        return Bitrix24Workdays(found[1].client)

    def binder(self, account_id: AccountId) -> Bitrix24Bindings | None:
        """What of ours stands in the account's portal."""
        found = self._built.get(account_id)
        if found is None or not isinstance(found[1], Bitrix24):
            return None
        return Bitrix24Bindings(found[1].client)

    def bitrix24(self, account_id: AccountId) -> Bitrix24 | None:
        """The account's portal, if its CRM is one."""
        found = self._built.get(account_id)
        return found[1] if found is not None and isinstance(found[1], Bitrix24) else None

    def call_writer(self, account_id: AccountId) -> CallWriter | None:
        """The CRM that is told of finished calls, if the account's keeps no telephony itself."""
        found = self._built.get(account_id)
        if found is None or not isinstance(found[1], AmoCrm):
            return None
        return AmoCalls(found[1].client, language=self._language(account_id))

    def callback_writer(self, account_id: AccountId) -> CallbackWriter | None:
        """The CRM that has tasks to call somebody back."""
        found = self._built.get(account_id)
        if found is None:
            return None
        source = found[1]
        if isinstance(source, Bitrix24):
            return Bitrix24Callbacks(source.client)
        return AmoCrmCallbacks(source)

    def _language(self, account_id: AccountId) -> Language:
        return language_of(self._regions.get(account_id, self._base.settings.region))

    def portals(self) -> tuple[AccountId, ...]:
        """Accounts whose CRM is a portal we may ask."""
        return tuple(
            account_id
            for account_id, (_, source) in self._built.items()
            if isinstance(source, Bitrix24) and self.states.get(account_id) == "ok"
        )

    def accounts(self) -> tuple[AccountId, ...]:
        return tuple(self._built)

    def waiting(self) -> int:
        """Requests waiting for a budget, over all accounts."""
        return sum(source.budget.waiting for _, source in self._built.values())

    async def refresh(self) -> None:
        """Take in connections that came, changed or went. Tokens are not part of a connector."""
        async with self._refreshing:
            await self._refresh()

    async def _refresh(self) -> None:
        async with self._base.database.begin_resolving() as tx:
            connections = await CrmConnectionStore(tx, self._base.secrets).all()
            regions = {account.id: account.region for account in await AccountStore(tx).all()}
        seen: set[AccountId] = set()
        for connection in connections:
            if connection.account_id in seen or connection.state not in ("ok", "auth_expired"):
                continue
            seen.add(connection.account_id)
            self.states[connection.account_id] = connection.state
            shape = (
                connection.kind,
                connection.base_url,
                connection.client_id,
                connection.client_secret,
                tuple(sorted(connection.settings.items())),
                regions.get(connection.account_id),
            )
            built = self._built.get(connection.account_id)
            if built is None or built[0] != shape:
                region = regions.get(connection.account_id) or self._base.settings.region
                if built is not None:
                    await built[1].budget.aclose()
                source = self._build(connection, region)
                self._built[connection.account_id] = (shape, source)
                if isinstance(source, AmoCrm):
                    self._warm(source)
        for gone in set(self._built) - seen:
            self.states.pop(gone, None)
            self._settle(gone)
            await self._built.pop(gone)[1].budget.aclose()

    def _warm(self, source: AmoCrm) -> None:
        """Names of stages and people before the first card needs them: a card that waits for them
        takes five requests instead of two."""

        async def learn() -> None:
            with contextlib.suppress(CrmError):
                await source.learn(Priority.BACKGROUND)

        task = asyncio.create_task(learn())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def aclose(self) -> None:
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for _, source in self._built.values():
            await source.budget.aclose()
        # Last, for nobody asks any more: what was asked for must be stored.
        for account_id in tuple(self._grants):
            self._settle(account_id)
        await asyncio.gather(*self._settling, return_exceptions=True)

    def _settle(self, account_id: AccountId) -> None:
        """Let go of an account's grants; a refresh under way is stored all the same."""
        if (grants := self._grants.pop(account_id, None)) is not None:
            task = asyncio.create_task(grants.aclose())
            self._settling.add(task)
            task.add_done_callback(self._settling.discard)

    def _build(self, connection: CrmConnection, region: str) -> Bitrix24 | AmoCrm:
        grants = SqlGrants(
            self._base.database,
            self._base.secrets,
            connection.account_id,
            connection.kind,
            restored=wake,
        )
        self._settle(connection.account_id)
        self._regions[connection.account_id] = region
        self._grants[connection.account_id] = grants
        common: dict[str, Any] = {
            "http": self._base.http,
            "grants": grants,
            "client_id": connection.client_id,
            "client_secret": connection.client_secret or "",
            "clock": self._base.clock,
            "region": region,
            "buckets": self._base.buckets,
        }
        if connection.kind is CrmKind.BITRIX24:
            return Bitrix24(portal_url=connection.base_url, **common)

        def known_kind(number: PhoneNumber) -> RecordKind | None:
            known = self._index.find(connection.account_id, number.e164)
            return known[0].record.kind if known else None

        return AmoCrm(
            account_url=connection.base_url,
            redirect_uri=str(connection.settings.get("redirect_uri") or ""),
            known_kind=known_kind,
            hosts=Hosts.parse(self._base.settings.amocrm_hosts),
            **common,
        )
