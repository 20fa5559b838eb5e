"""`dozvon disconnect`: a CRM goes for good, and what was read from it goes along."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from backend.bootstrap.connecting import disconnect
from backend.errors import NotFound, WrongState
from backend.kit.secrets_box import SecretsBox
from backend.services.ports import IndexedPhone
from backend.settings import Settings
from backend.store.crm_connections import CrmConnection, CrmConnectionStore
from backend.store.database import Database
from backend.store.employees import Employee, EmployeeStore
from backend.store.installs import InstallLog
from backend.store.managers import ManagerStore
from backend.store.phone_index import PhoneIndexStore
from protocol.vocabulary import AccountId, CrmKind, EmployeeId
from tests.integration.amocrm.test_amocrm_commands import settings
from tests.integration.conftest import ALPHA, BETA

KIND = CrmKind.AMOCRM
NUMBER = "+79161234501"
BEFORE, LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 2, tzinfo=UTC)

__all__ = ["settings"]


async def connected(database: Database, box: SecretsBox, account_id: AccountId) -> None:
    """A connection with a number, an employee and a manager that came through it."""
    async with database.begin(account_id) as tx:
        await CrmConnectionStore(tx, box).save(
            CrmConnection(
                account_id=account_id,
                kind=KIND,
                external_id=f"31{account_id}",
                base_url=f"https://{account_id}.amocrm.ru",
                host=f"{account_id}.amocrm.ru",
                access_token="a",
                refresh_token="r",
            )
        )
        phone = IndexedPhone(
            e164=NUMBER, kind="contact", record_id="1", name="Елена", responsible_crm_id=None
        )
        await PhoneIndexStore(tx).replace(account_id, KIND, [phone])
        person = Employee(id=EmployeeId(f"anna-{account_id}"), name="Анна", crm_user_id="1")
        await EmployeeStore(tx).save(account_id, [person])
        managers = ManagerStore(tx)
        await managers.asking(account_id, NUMBER, "contact", mark="m", at=LONG_AGO)
        await managers.keep(
            account_id,
            NUMBER,
            "contact",
            mark="m",
            crm_user_id="1",
            records=["contact:1"],
            at=LONG_AGO,
        )


async def test_a_connected_crm_is_let_go_only_when_somebody_insists(
    settings: Settings, database: Database
) -> None:
    box = SecretsBox(settings.keys())
    for account_id in (ALPHA, BETA):
        await connected(database, box, account_id)
    with pytest.raises(WrongState, match="--force"):
        await disconnect(settings, "alpha", KIND, force=False)
    told = await disconnect(settings, "alpha", KIND, force=True)
    assert "is forgotten" in told[0]
    async with database.begin(ALPHA) as tx:
        assert await CrmConnectionStore(tx, box).find(ALPHA, KIND) is None
        assert await PhoneIndexStore(tx).count(ALPHA, KIND) == 0
        managers = ManagerStore(tx)
        assert await managers.known(ALPHA, NUMBER, "contact", since=BEFORE) is None
        (fact,) = await InstallLog(tx).newest_first(ALPHA)
        assert fact.what == "forgotten"
        assert [person.name for person in await EmployeeStore(tx).all(ALPHA)] == ["Анна"]
    async with database.begin(BETA) as tx:
        # Another account's CRM of the same kind is another matter.
        assert await CrmConnectionStore(tx, box).find(BETA, KIND) is not None
        assert await PhoneIndexStore(tx).count(BETA, KIND) == 1
        assert await ManagerStore(tx).known(BETA, NUMBER, "contact", since=BEFORE) == "1"
    with pytest.raises(NotFound, match="has no amocrm"):
        await disconnect(settings, "alpha", KIND, force=True)
