"""A key ends: everything sealed at rest is sealed with the next one, beside running processes."""

from __future__ import annotations

import asyncio
from base64 import b64encode
from datetime import UTC, datetime
from os import urandom
from pathlib import Path

import pytest
from sqlalchemy import LargeBinary, select, text, update

from backend.bootstrap.rotation import reseal as reseal_by_command
from backend.kit.secrets_box import SecretsBox, SecretUnreadable
from backend.settings import Settings
from backend.store import resealing
from backend.store.crm_connections import CrmConnection, CrmConnectionStore
from backend.store.crm_grants import CrmGrantStore, ReserveGrant
from backend.store.database import Database
from backend.store.installs import CrmClient, CrmClientStore, PendingInstall, PendingInstallStore
from backend.store.recordings import RecordingStore
from backend.store.switches import SwitchConnection, SwitchStore
from backend.store.tables import crm_connections, metadata
from protocol.vocabulary import AccountId, CallId, CrmKind
from tests.integration.conftest import ALPHA, BETA

AT = datetime(2030, 1, 1, tzinfo=UTC)
KIND = CrmKind.BITRIX24
KEYS = {name: urandom(32) for name in ("k1", "k2")}
OLD = SecretsBox({"k1": KEYS["k1"]})
BOTH = SecretsBox({"k2": KEYS["k2"], "k1": KEYS["k1"]})
NEW = SecretsBox({"k2": KEYS["k2"]})

NO_SECRET = {"sounds.audio", "board_log.body"}
"""Greetings, said to every caller; what supervisors saw of calls, as the journal has it, packed."""

HASHES = {"pairings.hash", "sessions.token_hash", "visit_keys.hash"}
"""Bytes that no key made."""


def _connection(account_id: AccountId, access: str) -> CrmConnection:
    return CrmConnection(
        account_id=account_id,
        kind=KIND,
        external_id=f"member-{account_id}",
        base_url="https://portal.example",
        host="portal.example",
        client_id="app.1",
        client_secret="of the application",
        access_token=access,
        refresh_token=f"refresh of {account_id}",
        application_token="of events",
        expires_at=AT,
    )


async def _fill(database: Database, secrets: SecretsBox) -> None:
    for account_id in (ALPHA, BETA):
        async with database.begin(account_id) as tx:
            await CrmConnectionStore(tx, secrets).save(
                _connection(account_id, f"access of {account_id}")
            )
            for user in ("1", "2"):
                await CrmGrantStore(tx, secrets).save(
                    ReserveGrant(
                        account_id=account_id,
                        kind=KIND,
                        crm_user_id=user,
                        access_token=f"access of {user}",
                        refresh_token=f"refresh of {user}",
                        expires_at=AT,
                        seen_at=AT,
                    )
                )
            client = CrmClient(
                client_id="own", client_secret="own secret", via="private", created_at=AT
            )
            await CrmClientStore(tx, secrets).save(account_id, CrmKind.AMOCRM, client)
            for number in range(3):
                call, name = CallId(f"c{number}"), f"{account_id}-{number}"
                await RecordingStore(tx, secrets).expect(
                    account_id, call, connection_id="asterisk", name=name
                )
    async with database.begin_resolving() as tx:
        await PendingInstallStore(tx, secrets).save(
            PendingInstall(
                id="p1",
                kind=CrmKind.AMOCRM,
                host="a.amocrm.ru",
                state="code",
                secret="a code",
                created_at=AT,
            )
        )
        for switch, credentials in (("asterisk", "dozvon:secret"), ("second", "other:secret")):
            await SwitchStore(tx, secrets).save(
                SwitchConnection(
                    id=switch, kind="asterisk", url="http://x", app="a", credentials=credentials
                )
            )


async def _read(database: Database, secrets: SecretsBox) -> list[object]:
    """Every secret in the clear."""
    found: list[object] = []
    for account_id in (ALPHA, BETA):
        async with database.begin(account_id) as tx:
            found.append(await CrmConnectionStore(tx, secrets).find(account_id, KIND))
            found.append(await CrmGrantStore(tx, secrets).newest_first(account_id, KIND))
            found.append(await CrmClientStore(tx, secrets).newest_first(account_id, CrmKind.AMOCRM))
            calls = [CallId(f"c{number}") for number in range(3)]
            rows = await RecordingStore(tx, secrets).of_calls(account_id, calls)
            assert all(row.secret for row in rows.values())
            found.append(rows)
    async with database.begin_resolving() as tx:
        found.append(await PendingInstallStore(tx, secrets).all())
        found.append(await SwitchStore(tx, secrets).all())
    return found


def test_every_column_of_bytes_is_a_hash_or_no_secret_or_is_resealed() -> None:
    bytes_at_rest = {
        f"{table.name}.{column.name}"
        for table in metadata.tables.values()
        for column in table.columns
        if isinstance(column.type, LargeBinary)
    }
    resealed = {f"{what.table.name}.{name}" for what in resealing.SEALED for name in what.columns}
    assert resealed == bytes_at_rest - HASHES - NO_SECRET


async def test_the_old_key_may_go(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resealing, "PAGE", 2)  # several pages, the last one full and not
    await _fill(database, OLD)
    before = await _read(database, OLD)
    counts = {count.table: count for count in await resealing.reseal(database, BOTH)}
    assert {table: count.done for table, count in counts.items()} == {
        "crm_connections": 8,
        "crm_grants": 8,
        "crm_clients": 2,
        "recordings": 6,
        "pending_installs": 1,
        "switch_connections": 2,
    }
    assert await _read(database, NEW) == before
    with pytest.raises(SecretUnreadable):
        async with database.begin(ALPHA) as tx:
            await CrmConnectionStore(tx, OLD).find(ALPHA, KIND)
    again = await resealing.reseal(database, BOTH)
    assert all(count.done == count.unreadable == 0 for count in again)


@pytest.mark.parametrize("ring", [OLD, BOTH], ids=["old_ring", "new_ring"])
async def test_a_token_refreshed_meanwhile_is_not_put_back(
    database: Database, ring: SecretsBox
) -> None:
    """A refresh holds the row while the command wants to write it."""
    await _fill(database, OLD)
    async with asyncio.TaskGroup() as group:
        async with database.begin(ALPHA) as tx:
            await CrmConnectionStore(tx, ring).save(_connection(ALPHA, "a newer one"))
            resealed = group.create_task(resealing.reseal(database, BOTH))
            await _somebody_waits(database)
        await resealed
    async with database.begin(ALPHA) as tx:
        connection = await CrmConnectionStore(tx, NEW).find(ALPHA, KIND)
    assert connection is not None
    assert connection.access_token == "a newer one"


async def test_two_commands_at_once_do_the_work_once(database: Database) -> None:
    await _fill(database, OLD)
    before = await _read(database, OLD)
    runs = await asyncio.gather(*(resealing.reseal(database, BOTH) for _ in range(3)))
    assert sum(count.done for counts in runs for count in counts) == 27
    assert await _read(database, NEW) == before


async def test_the_command_says_what_no_key_opens(
    database: Database, database_url: str, tmp_path: Path
) -> None:
    await _fill(database, OLD)
    stranger = SecretsBox({"k0": urandom(32)})
    lost = stranger.seal("x", account_id=BETA, column="crm_connections.refresh_token")
    async with database.begin(BETA) as tx:
        await tx.execute(update(crm_connections).values(refresh_token=lost))
    ring = ",".join(f"{name}:{b64encode(KEYS[name]).decode()}" for name in ("k2", "k1"))
    settings = Settings(database_url=database_url, var_dir=tmp_path, secret_keys=ring)
    lines, whole = await reseal_by_command(settings)
    assert not whole
    assert "crm_connections: 7 resealed, 1 unreadable" in lines
    assert "switch_connections: 2 resealed" in lines
    async with database.begin(BETA) as tx:
        kept = (await tx.execute(select(crm_connections.c.refresh_token))).scalar_one()
        await tx.execute(update(crm_connections).values(refresh_token=None))
    assert bytes(kept) == lost
    lines, whole = await reseal_by_command(settings)
    assert whole
    assert lines[-1].startswith("Everything is sealed with the first key")
    assert set(lines[:-1]) == {f"{what.table.name}: 0 resealed" for what in resealing.SEALED}


async def _somebody_waits(database: Database) -> None:
    waiting = text("SELECT count(*) FROM pg_locks WHERE NOT granted")
    async with asyncio.timeout(10):
        while True:
            async with database.begin_unbound() as tx:
                if (await tx.execute(waiting)).scalar_one():
                    return
