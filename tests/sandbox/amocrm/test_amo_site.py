"""Accounts told apart by host, the shared API host, and names nobody has."""

from __future__ import annotations

import httpx
import jwt

from backend.sandbox.amocrm import AmoSite
from tests.sandbox.amocrm.rig import account, package


def two() -> tuple[AmoSite, list[str]]:
    """A site of two accounts, and a token of the second one's administrator."""
    made = [
        account(subdomain=name, account_id=n, account_name=name)
        for n, name in enumerate(("demo", "vostok"), 1)
    ]
    site = AmoSite([app for app, _, _ in made])
    amo = made[1][1]
    code = amo.tokens.code(package().client_uuid, 1)
    return site, [amo.tokens.exchange(code, "vostok.amocrm.ru")["access_token"]]


async def test_hosts_lead_to_accounts_and_links_name_the_host_asked() -> None:
    site, (token,) = two()
    bearer = {"Authorization": f"Bearer {token}"}
    async with httpx.AsyncClient(transport=httpx.ASGITransport(site)) as http:
        for host, status in (("vostok", 200), ("demo", 401), ("nobody", 401)):
            answer = await http.get(f"https://{host}.amocrm.ru/api/v4/account", headers=bearer)
            assert answer.status_code == status
        page = await http.get("https://vostok.amocrm.ru/api/v4/contacts", headers=bearer)
        assert page.json()["_links"]["next"]["href"].startswith("https://vostok.amocrm.ru/")
        assert (await http.get("https://nobody.amocrm.ru/")).status_code == 404


async def test_the_shared_host_finds_the_account_by_the_token() -> None:
    site, (token,) = two()
    claims = jwt.decode(token, options={"verify_signature": False})
    assert (claims["api_domain"], claims["base_domain"]) == ("api-a.amocrm.ru", "amocrm.ru")
    async with httpx.AsyncClient(transport=httpx.ASGITransport(site)) as http:
        path = f"https://{claims['api_domain']}/api/v4/account"
        found = await http.get(path, headers={"Authorization": f"Bearer {token}"})
        assert found.json()["id"] == 2
        assert (await http.get(path, headers={"Authorization": "Bearer x"})).status_code == 401


async def test_a_token_asked_for_elsewhere_names_the_host_it_was_asked_for_at() -> None:
    site, _ = two()
    assert site.names() == [f"{n}.amocrm.ru" for n in ("www", "api-a", "demo", "vostok")]
    _, amo, _ = account()
    amo.tokens.api_domain = "api-a.amocrm.ru"
    code = amo.tokens.code(package().client_uuid, 1)
    token = amo.tokens.exchange(code, "127.0.0.1:8002")["access_token"]
    claims = jwt.decode(token, options={"verify_signature": False})
    assert (claims["api_domain"], claims["base_domain"]) == ("127.0.0.1:8002",) * 2
