"""Secrets go to amoCRM's hosts and to no other."""

from __future__ import annotations

import pytest

from backend.connectors.crm.amocrm.hosts import Hosts
from backend.errors import BadRequest
from backend.settings import Settings

HOSTS = Hosts.parse(Settings().amocrm_hosts + ", amo.localhost:8082")


@pytest.mark.parametrize(
    ("named", "url"),
    [
        ("demo.amocrm.ru", "https://demo.amocrm.ru"),
        ("Demo-2.KOMMO.com", "https://demo-2.kommo.com"),
        ("https://demo.amocrm.ru", "https://demo.amocrm.ru"),
        ("api-a.amocrm.ru", "https://api-a.amocrm.ru"),
        ("amo.localhost:8082", "http://amo.localhost:8082"),
    ],
)
def test_an_accounts_host_becomes_its_address(named: str, url: str) -> None:
    assert HOSTS.url(named) == url


@pytest.mark.parametrize(
    "named",
    [
        "",
        "amocrm.ru",
        "a.b.amocrm.ru",
        "demo.amocrm.ru.evil.example",
        "evil.example#.amocrm.ru",
        "evil.example/demo.amocrm.ru",
        "user@demo.amocrm.ru",
        "demo.amocrm.ru:443",
        "-.amocrm.ru",
        "dеmo.amocrm.ru",
        "amo.localhost",
        "http://user:pass@demo.amocrm.ru",
    ],
)
def test_anything_else_is_refused(named: str) -> None:
    with pytest.raises(BadRequest):
        HOSTS.url(named)
