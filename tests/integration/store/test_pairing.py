"""A code or a state joins one installation to one account, once, while it lasts."""

from __future__ import annotations

import asyncio
import re
from datetime import timedelta
from os import urandom

import pytest
from sqlalchemy import select

from backend.errors import BadProof
from backend.kit.clock import ManualClock
from backend.kit.secrets_box import SecretsBox
from backend.services.pairing import CODE_TTL, STATE_TTL, Pairing
from backend.store.database import Database
from backend.store.gateways import SqlPairings
from backend.store.pairings import PairingRows
from backend.store.tables import pairings
from protocol.vocabulary import CrmKind
from tests.integration.conftest import ALPHA, BETA

AMO, PORTAL = CrmKind.AMOCRM, CrmKind.BITRIX24


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def pairing(database: Database, clock: ManualClock) -> Pairing:
    return Pairing(SqlPairings(database), SecretsBox({"k1": urandom(32)}), clock)


async def test_a_code_leads_to_its_account_once_however_it_is_typed(pairing: Pairing) -> None:
    code = await pairing.issue(ALPHA, AMO)
    assert re.fullmatch(r"([A-Z2-9]{4}-){2}[A-Z2-9]{4}", code)
    assert await pairing.redeem(f" {code.lower().replace('-', ' ')} ", AMO) == ALPHA
    with pytest.raises(BadProof):
        await pairing.redeem(code, AMO)


async def test_a_code_is_for_one_crm_and_for_a_day(pairing: Pairing, clock: ManualClock) -> None:
    code = await pairing.issue(ALPHA, AMO)
    with pytest.raises(BadProof):
        await pairing.redeem(code, PORTAL)
    await clock.advance(CODE_TTL.total_seconds() - 1)
    assert await pairing.redeem(code, AMO) == ALPHA
    late = await pairing.issue(ALPHA, AMO)
    await clock.advance(CODE_TTL.total_seconds())
    with pytest.raises(BadProof):
        await pairing.redeem(late, AMO)


async def test_of_many_who_redeem_at_once_one_succeeds(pairing: Pairing) -> None:
    code = await pairing.issue(ALPHA, AMO)
    tried = await asyncio.gather(
        *(pairing.redeem(code, AMO) for _ in range(10)), return_exceptions=True
    )
    assert [one for one in tried if one == ALPHA] == [ALPHA]
    assert all(isinstance(one, BadProof) for one in tried if one != ALPHA)


async def test_a_state_is_checked_as_often_as_wanted_and_used_once(
    pairing: Pairing, clock: ManualClock
) -> None:
    state = await pairing.state(BETA, AMO)
    assert re.fullmatch(r"[A-Za-z0-9_-]{40,400}", state)
    assert await pairing.check_state(state, AMO) == BETA
    assert await pairing.use_state(state, AMO) == BETA
    for refused in (state, state[:-4] + "AAAA", "", "é", await pairing.issue(BETA, AMO)):
        with pytest.raises(BadProof):
            await pairing.use_state(refused, AMO)
    late = await pairing.state(BETA, AMO)
    with pytest.raises(BadProof):
        await pairing.check_state(late, PORTAL)
    await clock.advance(STATE_TTL.total_seconds())
    with pytest.raises(BadProof):
        await pairing.check_state(late, AMO)


async def test_another_servers_state_opens_nothing(
    pairing: Pairing, database: Database, clock: ManualClock
) -> None:
    stranger = Pairing(SqlPairings(database), SecretsBox({"k1": urandom(32)}), clock)
    with pytest.raises(BadProof):
        await pairing.check_state(await stranger.state(ALPHA, AMO), AMO)


async def test_the_database_holds_no_code_and_forgets_old_ones(
    pairing: Pairing, database: Database, clock: ManualClock
) -> None:
    code = await pairing.issue(ALPHA, AMO)
    async with database.begin(ALPHA) as tx:
        (row,) = (await tx.execute(select(pairings))).mappings()
    assert code.replace("-", "").encode() not in row["hash"]
    await clock.advance(CODE_TTL.total_seconds())
    async with database.begin(ALPHA) as tx:
        await PairingRows(tx).prune(ALPHA, before=clock.now() + timedelta(seconds=1))
        assert (await tx.execute(select(pairings))).all() == []
