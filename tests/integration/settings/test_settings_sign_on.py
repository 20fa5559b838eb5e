"""Who gets in to the settings without a telephone, and into nothing else."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from backend.domain.account_settings import OutgoingSettings
from backend.errors import NotAllowed
from backend.kit.clock import SystemClock
from backend.services.sign_on import Connection, Proven, SignOn
from backend.store.account_settings import AccountSettingsStore
from backend.store.crm_connections import CrmConnection, CrmConnectionStore
from backend.store.employees import EmployeeStore
from backend.store.gateways import SqlDirectory
from protocol.vocabulary import CrmKind, EmployeeId
from tests.integration.settings.house import ORIGIN, SEVER, House

PORTAL = "https://sever.bitrix24.example"
ANNA, ILYA = "1", "2"
"""CRM users: the administrator and an operator."""


@dataclass
class Trusting:
    """Takes a user's number for its proof."""

    kind: CrmKind = CrmKind.BITRIX24

    def claimed(self, proof: str, hint: str) -> str:
        return hint

    async def prove(self, proof: str, connection: Connection) -> Proven:
        return Proven(external_id=connection.external_id, crm_user_id=proof)


@pytest.fixture
async def sign_on(seeded: House) -> SignOn:
    """Nobody of the account has a telephone."""
    await seeded.done(
        """
        [[accounts]]
        slug = "sever"
        employees = [{id = "sever-100", numbers = []}, {id = "sever-101", numbers = []}]
        """
    )
    async with seeded.database.begin(SEVER) as tx:
        await CrmConnectionStore(tx, seeded.secrets).save(
            CrmConnection(
                account_id=SEVER,
                kind=CrmKind.BITRIX24,
                external_id="member",
                base_url=PORTAL,
                host=PORTAL.removeprefix("https://"),
            )
        )
    directory = SqlDirectory(seeded.database, seeded.secrets, SystemClock())
    return SignOn(directory, seeded.sessions, [Trusting()], ORIGIN)


@pytest.mark.feature("W16")
async def test_an_administrator_without_a_line_sees_the_settings_and_no_phone(
    seeded: House, sign_on: SignOn
) -> None:
    with pytest.raises(NotAllowed) as refused:
        await sign_on.open(CrmKind.BITRIX24, ANNA, hint="member")
    assert refused.value.data["why"] == "no_line"
    issued, identity = await sign_on.open(CrmKind.BITRIX24, ANNA, hint="member", settings=True)
    assert (identity.role, identity.no_phone) == ("administrator", "no_line")
    async with seeded.client(issued.token) as anna:
        me = (await anna.get("/me")).json()
        assert (me["may_change"], me["no_phone"]) == (True, "no_line")
    with pytest.raises(NotAllowed) as no_socket:
        await seeded.sessions.ticket(issued.token)
    assert no_socket.value.data["why"] == "no_line"


async def test_an_operator_without_a_line_gets_in_nowhere(sign_on: SignOn) -> None:
    for settings in (False, True):
        with pytest.raises(NotAllowed) as refused:
            await sign_on.open(CrmKind.BITRIX24, ILYA, hint="member", settings=settings)
        assert refused.value.data["why"] == "no_line"


@pytest.mark.feature("A4")
async def test_a_mobile_is_a_line_in_amocrm_while_calls_go_in_two_stages(seeded: House) -> None:
    await seeded.done(
        """
        [[accounts]]
        slug = "sever"
        employees = [{id = "sever-101", numbers = [{kind = "mobile", endpoint = "+79161230000"}]}]
        """
    )

    async def has_line() -> bool:
        async with seeded.database.begin(SEVER) as tx:
            return await EmployeeStore(tx).has_line(SEVER, EmployeeId("sever-101"))

    assert not await has_line(), "a portal's panel wants a line"
    async with seeded.database.begin(SEVER) as tx:
        await CrmConnectionStore(tx, seeded.secrets).save(
            CrmConnection(
                account_id=SEVER,
                kind=CrmKind.AMOCRM,
                external_id="77",
                base_url="https://sever.amocrm.example",
                host="sever.amocrm.example",
            )
        )
    assert await has_line()
    async with seeded.database.begin(SEVER) as tx:
        await AccountSettingsStore(tx).save(SEVER, OutgoingSettings(two_stage=False), by="test")
    assert not await has_line()
