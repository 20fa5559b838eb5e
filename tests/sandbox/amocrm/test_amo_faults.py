"""Trouble on order: every switch in words, each fault's effect, hooks, limits and the clock."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import httpx
import jwt
import pytest

from backend.kit.clock import ManualClock
from backend.sandbox.amocrm import Fault
from backend.sandbox.amocrm.amo import Amo
from backend.sandbox.amocrm.faults import HOOK_KINDS, REQUEST_KINDS, SWITCHES
from backend.sandbox.amocrm.world import CONTACT
from tests.sandbox.amocrm.rig import account, client, package, serve, token_body

HOOK = "https://vendor.example/hook"


async def test_every_switch_is_described_in_two_languages_with_its_parameters() -> None:
    app, _, _ = account()
    async with client(app, None) as http:
        rows = (await http.get("/sandbox/faults")).json()
    names = [row["name"] for row in rows]
    assert len(names) == len(set(names))
    assert REQUEST_KINDS | HOOK_KINDS | set(SWITCHES) <= set(names)
    assert {"clock_skew_s", "expire_tokens", "revoke_tokens"} <= set(names)
    for row in rows:
        assert row["title_ru"] != row["title_en"]
        assert row["params"], row["name"]
        assert all({"name", "kind", "default"} <= param.keys() for param in row["params"])


async def test_a_switch_is_set_by_name_shown_and_taken_back() -> None:
    app, amo, _ = account()
    async with client(app) as http:
        await http.post("/sandbox/faults", json={"slow": {"seconds": 3}, "payment_required": True})
        rows = (await http.get("/sandbox/faults")).json()
        shown = {row["name"]: row["value"] for row in rows}
        assert shown["slow"][0]["seconds"] == 3.0
        assert shown["payment_required"] is True
        await http.post("/sandbox/faults", json={"slow": None})
        assert not amo.faults.active("slow")
        assert (await http.get("/api/v4/account")).status_code == 402
        await http.delete("/sandbox/faults")
        assert (await http.get("/api/v4/account")).status_code == 200


@pytest.mark.parametrize("body", [{"no_such": 1}, {"kind": "no_such"}, {"rate_limit": []}, [1]])
async def test_nonsense_is_refused_and_nothing_is_set(body: Any) -> None:
    app, _, _ = account()
    async with client(app, None) as http:
        before = (await http.get("/sandbox/faults")).json()
        assert (await http.post("/sandbox/faults", json=body)).status_code == 400
        assert (await http.get("/sandbox/faults")).json() == before


async def test_a_lost_answer_has_done_its_work() -> None:
    app, amo, _ = account()
    token = amo.tokens.long_lived(package().client_uuid, 1, "x", timedelta(days=1))
    bearer = {"Authorization": f"Bearer {token}"}
    async with serve(app) as base, httpx.AsyncClient(base_url=base, headers=bearer) as http:
        amo.faults.add(Fault(kind="lost", method="POST", times=1))
        before = len(amo.world.contacts)
        with pytest.raises(httpx.RemoteProtocolError):
            await http.post("/api/v4/contacts", json=[{"name": "Дважды"}])
        assert len(amo.world.contacts) == before + 1


async def test_a_lost_refresh_has_used_the_token_up() -> None:
    app, amo, _ = account()
    pair = amo.tokens.exchange(amo.tokens.code(package().client_uuid, 1), "x.amo.test")
    body = token_body(amo, grant_type="refresh_token", refresh_token=pair["refresh_token"])
    amo.faults.add(Fault(kind="lost", path="/oauth2/access_token", times=1))
    async with serve(app) as base, httpx.AsyncClient(base_url=base) as http:
        with pytest.raises(httpx.RemoteProtocolError):
            await http.post("/oauth2/access_token", json=body)
        again = await http.post("/oauth2/access_token", json=body)
        assert again.json()["hint"] == "Token has been revoked"


async def test_lists_come_short_or_empty_when_asked_for() -> None:
    app, amo, _ = account()
    async with client(app) as http:
        whole = (await http.get("/api/v4/contacts?limit=20")).json()
        amo.faults.add(Fault(kind="partial", path="/api/v4/contacts", times=1))
        half = (await http.get("/api/v4/contacts?limit=20")).json()
        assert half["_embedded"]["contacts"] == whole["_embedded"]["contacts"][:10]
        assert "next" in whole["_links"]
        assert "next" not in half["_links"]
        amo.faults.add(Fault(kind="empty", path="/api/v4/users", times=1))
        assert (await http.get("/api/v4/users")).status_code == 204


@pytest.mark.parametrize("path", ["/oauth", "/auth/button.min.js", "/contacts/list/", "/widgets/"])
async def test_pages_and_files_fail_as_well_when_named(path: str) -> None:
    app, amo, _ = account()
    asked = "/widgets/dozvon_test/manifest.json" if path == "/widgets/" else path
    async with client(app, None) as http:
        http.cookies.set("session_id", "1")
        query = {"client_id": package().client_uuid}
        assert (await http.get(asked, params=query)).status_code == 200
        amo.faults.add(Fault(kind="html", path=path, status=502, times=1))
        assert (await http.get(asked, params=query)).status_code == 502
        assert (await http.get(asked, params=query)).status_code == 200


async def test_revoked_tokens_and_the_block_answer_as_the_platform_does() -> None:
    app, _, _ = account()
    async with client(app) as http:
        await http.post("/sandbox/faults", json={"block": {"times": 1}})
        blocked = await http.get("/api/v4/account")
        assert (blocked.status_code, blocked.headers["content-type"][:9]) == (403, "text/html")
        await http.post("/sandbox/faults", json={"revoke_tokens": True})
        assert (await http.get("/api/v4/account")).status_code == 401


async def test_all_integrations_together_pass_fifty_a_second() -> None:
    app, amo, clock = account(rate_limit=30, account_limit=50)
    verdicts = [amo.faults.pass_limit(f"client:{n % 2}") for n in range(60)]
    assert verdicts.count("ok") == 50
    assert verdicts[50:] == ["limited"] * 10
    await clock.advance(1.0)
    assert amo.faults.pass_limit("client:0") == "ok"
    assert app.state.amo is amo


async def test_an_account_that_insists_is_blocked_for_everybody() -> None:
    _, amo, clock = account(rate_limit=100, account_limit=50, block_after=3)
    for _ in range(54):
        amo.faults.pass_limit("client:a")
    await clock.advance(60)
    assert amo.faults.pass_limit("client:b") == "blocked"
    amo.faults.clear()
    assert amo.faults.pass_limit("client:b") == "ok"


async def test_the_crm_clock_may_be_wrong() -> None:
    app, amo, clock = account()
    async with client(app, None) as http:
        await http.post("/sandbox/faults", json={"clock_skew_s": 600})
        pair = amo.tokens.exchange(amo.tokens.code(package().client_uuid, 1), "x.amo.test")
        assert pair["server_time"] == int(clock.now().timestamp()) + 600
        claims = jwt.decode(pair["access_token"], options={"verify_signature": False})
        assert claims["iat"] == pair["server_time"]


async def test_time_moves_on_when_told_to() -> None:
    app, _, _ = account()
    async with client(app) as http:
        await http.post("/sandbox/clock", json={"advance_s": 86_400})
        assert (await http.get("/api/v4/account")).status_code == 401
        assert (await http.post("/sandbox/clock", json={"advance_s": "x"})).status_code == 400


def _hooked(
    answer: Callable[[httpx.Request], httpx.Response], **more: Any
) -> tuple[Amo, ManualClock, list[str]]:
    """An account whose hook on new contacts goes to `answer`; what came there, in order."""
    seen: list[str] = []

    def vendor(request: httpx.Request) -> httpx.Response:
        seen.append(request.content.decode())
        return answer(request)

    _, amo, clock = account(transport=httpx.MockTransport(vendor), **more)
    amo.world.webhooks[HOOK] = {
        "destination": HOOK,
        "settings": ["update_contact"],
        "disabled": False,
    }
    return amo, clock, seen


@pytest.mark.parametrize(("kind", "times"), [("hook_lost", 0), ("hook_doubled", 2)])
async def test_hooks_are_lost_and_doubled(kind: str, times: int) -> None:
    amo, clock, seen = _hooked(lambda _: httpx.Response(200))
    amo.faults.add(Fault(kind=kind, path="update_", times=1))
    amo.hooks.record("update", CONTACT, amo.world.contacts[1])
    await clock.advance(0)
    assert len(seen) == times
    amo.hooks.record("update", CONTACT, amo.world.contacts[1])
    await clock.advance(0)
    assert len(seen) == times + 1
    await amo.aclose()


async def test_a_late_hook_is_overtaken() -> None:
    amo, clock, seen = _hooked(lambda _: httpx.Response(200))
    amo.faults.add(Fault(kind="hook_late", path="", seconds=30, times=1))
    for contact in (1, 2):
        amo.hooks.record("update", CONTACT, amo.world.contacts[contact])
    await clock.advance(31)
    ids = [body.partition("%5Bid%5D=")[2].partition("&")[0] for body in seen]
    assert ids == ["2", "1"]
    await amo.aclose()


async def test_the_waits_between_attempts_can_be_shortened() -> None:
    amo, clock, seen = _hooked(lambda _: httpx.Response(503), hook_scale=0.01)
    amo.hooks.record("update", CONTACT, amo.world.contacts[1])
    await clock.advance(0)
    counts = []
    # 5 and 15 minutes, then 15 minutes and an hour, each a hundredth of that.
    for wait in (3, 9, 9, 36):
        await clock.advance(wait - 0.1)
        counts.append(len(seen))
        await clock.advance(0.1)
    assert counts == [1, 2, 3, 4]
    assert len(seen) == 5
    await amo.aclose()


async def test_an_install_hook_that_is_lost_never_comes() -> None:
    seen: list[str] = []

    def vendor(request: httpx.Request) -> httpx.Response:
        seen.append(request.url.path)
        return httpx.Response(200)

    app, amo, clock = account(package(installed=False), transport=httpx.MockTransport(vendor))
    amo.faults.add(Fault(kind="hook_lost", path="install", times=1))
    async with client(app, None) as http:
        http.cookies.set("session_id", "1")
        await http.post("/ajax/widgets/save", json={"active": "Y"})
        await clock.advance(3600)
        assert (seen, amo.installs.status) == ([], "installed")
