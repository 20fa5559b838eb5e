"""Signing on with proofs as the sandboxes issue them, and with forged ones."""

from __future__ import annotations

import time
from typing import Any

import jwt
import pytest

from backend.connectors.crm.provers import AmoCrmProver, Bitrix24Prover
from backend.errors import BadProof, NotAllowed
from backend.services.sign_on import Connection, Person, SignOn
from protocol.vocabulary import AccountId, CrmKind, EmployeeId
from tests.connectors.rigs import PORTAL, portal_rig

SECRET = "a-secret-of-the-integration-long-enough"
AMO = Connection(
    account_id=AccountId("acc"), kind=CrmKind.AMOCRM, external_id="77",
    base_url="https://demo.amocrm.ru", auth_url="", client_id="uuid", client_secret=SECRET,
    redirect_uri="https://vendor.example:8443/oauth",
)  # fmt: skip


def token(secret: str = SECRET, **claims: Any) -> str:
    now = int(time.time())
    body = {
        "iss": "https://demo.amocrm.ru", "aud": "https://vendor.example", "jti": "one",
        "iat": now, "nbf": now, "exp": now + 1800, "account_id": 77, "user_id": 5,
        "client_uuid": "uuid",
    }  # fmt: skip
    return jwt.encode({**body, **claims}, secret, algorithm="HS256")


class People:
    def __init__(self, connection: Connection, person: Person | None) -> None:
        self._connection, self._person = connection, person

    async def connection(self, kind: CrmKind, external_id: str) -> Connection | None:
        return self._connection if external_id == self._connection.external_id else None

    async def person(self, account_id: AccountId, crm_user_id: str) -> Person | None:
        return self._person

    async def pages(self) -> dict[AccountId, tuple[str, ...]]:
        return {}


class Opened:
    async def open(self, identity: Any) -> Any:
        return identity


def person(*, has_line: bool = True) -> Person:
    return Person(
        employee_id=EmployeeId("e"), name="Анна", extension="100", is_supervisor=False,
        has_line=has_line,
    )  # fmt: skip


def sign_on(found: Person | None = None) -> SignOn:
    people: Any = People(AMO, found)
    opened: Any = Opened()
    return SignOn(people, opened, [AmoCrmProver()], "https://dozvon.example")


async def test_a_good_token_opens_a_session_and_may_come_again() -> None:
    for _ in range(2):
        _, identity = await sign_on(person()).open(CrmKind.AMOCRM, token())
        assert identity.employee_id == "e"


@pytest.mark.parametrize(
    "proof",
    [
        token(secret="another-secret-that-nobody-gave-to-us"),
        token(aud="https://somewhere.example"),
        token(client_uuid="other"),
        token(account_id=78),
        token(exp=int(time.time()) - 3600),
        jwt.encode({"account_id": 77}, "", algorithm="none"),
        "no token at all",
    ],
)
async def test_forged_foreign_and_old_tokens_are_refused(proof: str) -> None:
    with pytest.raises(BadProof):
        await sign_on(person()).open(CrmKind.AMOCRM, proof)


async def test_a_page_of_another_site_is_refused() -> None:
    with pytest.raises(BadProof):
        await sign_on(person()).open(CrmKind.AMOCRM, token(), origin="https://evil.example")


@pytest.mark.feature("W16")
@pytest.mark.parametrize(
    "found, why", [(None, "not_an_employee"), (person(has_line=False), "no_line")]
)
async def test_only_linked_employees_with_a_line_get_in(found: Person | None, why: str) -> None:
    with pytest.raises(NotAllowed) as caught:
        await sign_on(found).open(CrmKind.AMOCRM, token())
    assert caught.value.data["why"] == why


async def test_a_portals_token_is_proven_by_its_authorization_server() -> None:
    async with portal_rig() as rig:
        config = rig.portal.config
        prover = Bitrix24Prover(rig.http)

        def connection(**other: str) -> Connection:
            given: dict[str, Any] = {
                "account_id": AccountId("acc"), "kind": CrmKind.BITRIX24,
                "external_id": config.member_id, "base_url": PORTAL,
                "auth_url": config.server_endpoint,
                "client_id": config.application.client_id, "client_secret": "",
                "redirect_uri": "",
            }  # fmt: skip
            return Connection(**{**given, **other})

        good = rig.portal.tokens.issue(2).access_token
        assert (await prover.prove(good, connection())).crm_user_id == "2"
        for other in ({"external_id": "foreign"}, {"client_id": "local.other"}):
            with pytest.raises(BadProof):
                await prover.prove(good, connection(**other))
        with pytest.raises(BadProof):
            await prover.prove("forged", connection())
        with pytest.raises(BadProof):
            prover.claimed(good, "")
