"""Hooks: only proven ones count, and nested forms are read as the vendors send them."""

from __future__ import annotations

import hmac
from hashlib import sha256

import pytest

from backend.connectors.crm.amocrm import webhooks as amocrm
from backend.connectors.crm.bitrix24 import webhooks as bitrix24
from backend.errors import BadProof, BadRequest

EVENT = (
    b"event=onCrmDealUpdate&event_handler_id=12&data[FIELDS][ID]=5&ts=1767000000"
    b"&auth[access_token]=secret&auth[member_id]=portal&auth[application_token]=token"
)


def test_a_portals_event_is_decoded_and_proven() -> None:
    event = bitrix24.decode(EVENT)
    assert (event.name, event.data) == ("ONCRMDEALUPDATE", {"FIELDS": {"ID": "5"}})
    bitrix24.verify(event, member_id="portal", application_token="token")
    assert "secret" not in repr(event)
    assert bitrix24.decode(EVENT).external_id == event.external_id


@pytest.mark.parametrize(
    "member_id, token", [("portal", "other"), ("other", "token"), ("portal", "")]
)
def test_an_event_without_the_portals_token_is_refused(member_id: str, token: str) -> None:
    with pytest.raises(BadProof):
        bitrix24.verify(bitrix24.decode(EVENT), member_id=member_id, application_token=token)


@pytest.mark.parametrize("body", [b"", b"event=x", b"\xff\xfe", b"event[a]=1&auth[b]=2"])
def test_what_is_no_event_is_a_bad_request(body: bytes) -> None:
    with pytest.raises(BadRequest):
        bitrix24.decode(body)


def _signed(client: str = "uuid", secret: str = "key") -> dict[str, str]:
    signature = hmac.new(secret.encode(), f"{client}|77".encode(), sha256).hexdigest()
    return {"account_id": "77", "client_uuid": client, "signature": signature}


def test_a_signed_disconnect_names_its_account() -> None:
    assert amocrm.disconnected(_signed(), client_id="uuid", client_secret="key") == "77"


@pytest.mark.parametrize("query", [_signed(secret="wrong"), _signed(client="other"), {}])
def test_a_forged_disconnect_is_refused(query: dict[str, str]) -> None:
    with pytest.raises(BadProof):
        amocrm.disconnected(query, client_id="uuid", client_secret="key")


def test_a_webhook_tells_companies_from_contacts_and_unwraps_notes() -> None:
    hook = amocrm.decode(
        b"contacts[update][0][id]=1&contacts[update][0][type]=contact"
        b"&contacts[update][1][id]=2&contacts[update][1][type]=company"
        b"&leads[note][0][note][id]=3&account[id]=77&account[subdomain]=demo"
    )
    assert [(c.entity, c.action, c.item["id"]) for c in hook.changes] == [
        ("contacts", "update", "1"),
        ("companies", "update", "2"),
        ("leads", "note", "3"),
    ]
    assert (hook.account_id, hook.subdomain) == ("77", "demo")
    with pytest.raises(BadRequest):
        amocrm.decode(b"leads[add][0][id]=1")
