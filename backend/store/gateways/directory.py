"""Accounts and people by the names their CRMs have for them."""

from __future__ import annotations

import asyncio
import contextlib

import structlog

from backend.kit.clock import Clock
from backend.kit.secrets_box import SecretsBox
from backend.services.sign_on import Connection, Person
from backend.store.crm_connections import CrmConnection, CrmConnectionStore
from backend.store.database import Database
from backend.store.employees import EmployeeStore
from protocol.vocabulary import AccountId, CrmKind

log = structlog.get_logger(__name__)

PAGES_TTL_S = 1.0
"""A newly connected CRM's pages are let in with the second request after this long at most."""
PAGES_STALE_S, PAGES_WAIT_S = 30.0, 0.25
"""What is older than this is waited for, and for how long."""

_CONNECTED = ("ok", "auth_expired")


class SqlDirectory:
    """`services.sign_on.Directory`."""

    def __init__(self, database: Database, secrets: SecretsBox, clock: Clock) -> None:
        self._database = database
        self._secrets = secrets
        self._clock = clock
        self._pages: dict[AccountId, tuple[str, ...]] = {}
        self._pages_at = float("-inf")
        self._reading: asyncio.Task[None] | None = None

    async def connection(self, kind: CrmKind, external_id: str) -> Connection | None:
        async with self._database.begin_resolving() as tx:
            found = await CrmConnectionStore(tx, self._secrets).by_external_id(kind, external_id)
        if found is None or found.state == "uninstalled":
            return None
        return _connection(found)

    async def person(self, account_id: AccountId, crm_user_id: str) -> Person | None:
        async with self._database.begin(account_id) as tx:
            people = EmployeeStore(tx)
            employee = await people.by_crm_user(account_id, crm_user_id)
            if employee is None:
                return None
            has_line = await people.has_line(account_id, employee.id)
        return Person(
            employee_id=employee.id,
            name=employee.name,
            extension=employee.extension,
            is_supervisor=employee.is_supervisor,
            role=employee.role,
            calls_enabled=employee.calls_enabled,
            has_line=has_line,
        )

    async def pages(self) -> dict[AccountId, tuple[str, ...]]:
        """Read lately, or being read anew: a page a portal waits for must hardly wait for the
        database."""
        age_s = self._clock.monotonic() - self._pages_at
        if age_s > PAGES_TTL_S:
            if self._reading is None or self._reading.done():
                self._reading = asyncio.create_task(self._read_pages())
            if age_s > PAGES_STALE_S:
                never = self._pages_at == float("-inf")
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(None if never else PAGES_WAIT_S):
                        await asyncio.shield(self._reading)
        return self._pages

    async def aclose(self) -> None:
        if self._reading is not None:
            self._reading.cancel()
            await asyncio.gather(self._reading, return_exceptions=True)

    async def _read_pages(self) -> None:
        try:
            async with self._database.begin_resolving() as tx:
                connections = await CrmConnectionStore(tx, self._secrets).all()
        except Exception as error:
            if self._pages_at == float("-inf"):
                raise
            # The last good reading goes on serving.
            log.warning("pages.not_read", error=str(error))
            return
        pages: dict[AccountId, tuple[str, ...]] = {}
        for connection in connections:
            if connection.state in _CONNECTED:
                known = pages.get(connection.account_id, ())
                pages[connection.account_id] = (*known, connection.base_url)
        self._pages = pages
        self._pages_at = self._clock.monotonic()


def _connection(found: CrmConnection) -> Connection:
    settings = found.settings
    return Connection(
        account_id=found.account_id,
        kind=found.kind,
        external_id=found.external_id,
        base_url=found.base_url,
        auth_url=str(settings.get("auth_url") or ""),
        client_id=found.client_id,
        client_secret=found.client_secret or "",
        redirect_uri=str(settings.get("redirect_uri") or ""),
        application_token=found.application_token or "",
    )
