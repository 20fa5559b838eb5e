"""Accounts and people by the names their CRMs have for them."""

from __future__ import annotations

from backend.kit.clock import Clock
from backend.kit.secrets_box import SecretsBox
from backend.services.sign_on import Connection, Person
from backend.store.crm_connections import CrmConnection, CrmConnectionStore
from backend.store.database import Database
from backend.store.employees import EmployeeStore
from protocol.vocabulary import AccountId, CrmKind

PAGES_TTL_S = 5.0
"""A newly connected CRM's pages are let in after this long at most."""


class SqlDirectory:
    """`services.sign_on.Directory`."""

    def __init__(self, database: Database, secrets: SecretsBox, clock: Clock) -> None:
        self._database = database
        self._secrets = secrets
        self._clock = clock
        self._pages: dict[AccountId, tuple[str, ...]] = {}
        self._pages_at = float("-inf")

    async def connection(self, kind: CrmKind, external_id: str) -> Connection | None:
        async with self._database.begin_resolving() as tx:
            found = await CrmConnectionStore(tx, self._secrets).by_external_id(kind, external_id)
        return None if found is None else _connection(found)

    async def person(self, account_id: AccountId, crm_user_id: str) -> Person | None:
        async with self._database.begin(account_id) as tx:
            people = EmployeeStore(tx)
            employee = await people.by_crm_user(account_id, crm_user_id)
            if employee is None:
                return None
            numbers = await people.numbers(account_id)
        return Person(
            employee_id=employee.id,
            name=employee.name,
            extension=employee.extension,
            is_supervisor=employee.is_supervisor,
            has_line=any(
                number.active and number.kind in ("desk", "sip")
                for number in numbers.get(employee.id, ())
            ),
        )

    async def pages(self) -> dict[AccountId, tuple[str, ...]]:
        if self._clock.monotonic() - self._pages_at > PAGES_TTL_S:
            async with self._database.begin_resolving() as tx:
                connections = await CrmConnectionStore(tx, self._secrets).all()
            pages: dict[AccountId, tuple[str, ...]] = {}
            for connection in connections:
                known = pages.get(connection.account_id, ())
                pages[connection.account_id] = (*known, connection.base_url)
            self._pages = pages
            self._pages_at = self._clock.monotonic()
        return self._pages


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
