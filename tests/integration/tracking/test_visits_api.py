"""Visits come in and numbers go out: who may, what is kept, what is said when it cannot be."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import func, select

from backend.api.visits import MAX_BODY_BYTES
from backend.domain.visits import Source, Way
from backend.store.tables import number_leases, visit_events, visit_keys, visits
from protocol.vocabulary import AccountId
from tests.integration.settings.house import SEVER, VEKTOR
from tests.integration.tracking.conftest import ONE, SITE, TWO, Tracked, page


def faults(answer: httpx.Response) -> dict[str, str]:
    assert answer.status_code == 400, answer.text
    return {f["path"]: f["code"] for f in answer.json()["error"]["data"]["faults"]}


def why(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["data"].get("why", "")


async def number(client: httpx.AsyncClient, body: dict[str, Any]) -> str | None:
    answer = await client.post("/visits/number", json=body)
    assert answer.status_code == 200, answer.text
    found: str | None = answer.json()["number"]
    return found


async def find(tracked: Tracked, dialed: str, at: datetime) -> Way | None:
    return await tracked.tracking.find(SEVER, dialed, at)


@pytest.mark.feature("W4")
async def test_a_visitor_is_shown_a_number_and_a_call_to_it_knows_their_way(
    tracked: Tracked,
) -> None:
    ad = "?utm_source=yandex&utm_medium=cpc&utm_campaign=spring&utm_term=lamps&email=a@b.example"
    async with await tracked.browser() as browser:
        first = await browser.post(
            "/visits/number",
            json=page("anna", 1, f"/catalog{ad}", referrer="https://ya.example/s?q=x"),
        )
        assert first.json() == {
            "number": ONE,
            "text": "+7 495 000-09-11",
            "until": "2026-03-02T09:30:00Z",
            "again_s": 900,
        }
        await tracked.clock.advance(300)
        assert await number(browser, page("anna", 2, "/prices")) == ONE
        assert await number(browser, page("boris", 1)) == TWO
        assert await number(browser, page("vera", 1)) is None
    way = await find(tracked, ONE, tracked.clock.now() + timedelta(minutes=29))
    assert way is not None
    assert way.source == Source(source="yandex", medium="cpc", campaign="spring", keyword="lamps")
    assert (way.site, way.landing) == ("svet.example", f"{SITE}/catalog")
    assert way.referrer == "https://ya.example/s"
    assert [p.url for p in way.pages] == [f"{SITE}/catalog", f"{SITE}/prices"]
    assert (way.exact, way.visits) == (True, 1)
    assert await find(tracked, ONE, tracked.clock.now() + timedelta(minutes=31)) is None
    # The account next door knows nothing of it.
    assert await tracked.tracking.find(VEKTOR, ONE, tracked.clock.now()) is None


async def test_exactly_the_accounts_sites_may_ask_and_read_the_answer(tracked: Tracked) -> None:
    async with await tracked.browser() as browser:
        ahead = await browser.options("/visits/number")
        assert ahead.status_code == 204
        assert ahead.headers["access-control-allow-origin"] == SITE
        answer = await browser.post("/visits/number", json=page("anna"))
        assert answer.headers["access-control-allow-origin"] == SITE
        assert answer.headers["vary"] == "Origin"
        for origin in ("https://evil.example", f"{SITE}.evil.example", "null", ""):
            other = {"Origin": origin}
            for asked in (
                await browser.options("/visits/number", headers=other),
                await browser.post("/visits/number", json=page("eve"), headers=other),
            ):
                assert why(asked) == (403, "origin_not_allowed")
                assert "access-control-allow-origin" not in asked.headers


async def test_pages_of_another_server_are_kept_once_however_often_they_are_told(
    tracked: Tracked,
) -> None:
    at = tracked.clock.now().isoformat()
    earlier = (tracked.clock.now() - timedelta(minutes=5)).isoformat()
    body = {
        "events": [
            page("anna", 2, "/prices", at=at),
            page("anna", 1, "/catalog", at=earlier, utm={"source": "mail", "term": "sale"}),
        ]
    }
    async with await tracked.server() as server:
        first, second = [(await server.post("/visits", json=body)).json() for _ in range(2)]
    assert (first, second) == ({"taken": 2, "known": 0}, {"taken": 0, "known": 2})
    async with tracked.house.database.begin(SEVER) as tx:
        row = (await tx.execute(select(visits))).mappings().one()
    assert row["landing"] == f"{SITE}/catalog"
    assert row["source"] == {"source": "mail", "keyword": "sale"}
    assert [p["title"] for p in row["pages"]] == ["Page /catalog", "Page /prices"]


@pytest.mark.feature("W4")
async def test_a_number_another_tracking_showed_leads_to_its_visitor(tracked: Tracked) -> None:
    now = tracked.clock.now()
    shown = page("anna", at=now.isoformat(), number="8 (495) 000-09-11")
    later = page("boris", at=(now - timedelta(minutes=1)).isoformat(), number=ONE)
    async with await tracked.server() as server:
        assert (await server.post("/visits", json={"events": [shown, later]})).status_code == 200
        strange = page("vera", at=now.isoformat(), number="+74950000999")
        refused = await server.post(
            "/visits", json={"events": [page("x", at=now.isoformat()), strange]}
        )
        assert faults(refused) == {"events[1].number": "number_not_lent"}
    found = await find(tracked, ONE, now)
    assert found is not None
    assert found.site == "svet.example"
    async with tracked.house.database.begin(SEVER) as tx:
        spans = (await tx.execute(select(number_leases))).mappings().all()
        told = await tx.scalar(select(func.count()).select_from(visit_events))
    assert {s["visitor"]: s["until"] for s in spans} == {
        "boris": now,
        "anna": now + timedelta(minutes=30),
    }
    assert told == 2, "what was refused left nothing behind"


async def test_everything_wrong_is_told_at_once_with_its_place(tracked: Tracked) -> None:
    now = tracked.clock.now()
    bad = [
        page("anna", at="yesterday"),
        {**page("anna", 2, at=now.isoformat()), "url": "/catalog"},
        {**page("anna", 3, at=now.isoformat()), "visitor": "", "colour": "red"},
        page("anna", 4, at=(now - timedelta(days=61)).isoformat()),
        page("anna", 5, at="2026-03-02T09:00:00"),
        "page",
    ]
    async with await tracked.server() as server:
        answer = await server.post("/visits", json={"events": bad})
        assert faults(answer) == {
            "events[0].at": "bad_value",
            "events[1].url": "bad_page_url",
            "events[2].visitor": "at_least",
            "events[2].colour": "unknown_field",
            "events[3].at": "visit_too_old",
            "events[4].at": "bad_value",
            "events[5]": "not_a_table",
        }
        said = {f["path"]: f["message"] for f in answer.json()["error"]["data"]["faults"]}
        assert "https://example.org/catalog" in said["events[1].url"]
        cases: list[tuple[dict[str, Any], str]] = [
            ({"json": {"events": []}}, "events_count"),
            ({"json": {"events": [page(f"v{n}") for n in range(101)]}}, "events_count"),
            ({"json": {}}, "events_needed"),
            ({"content": b"{"}, "not_json"),
            ({"content": b" " * (MAX_BODY_BYTES + 1)}, "body_too_large"),
        ]
        for sent, code in cases:
            assert why(await server.post("/visits", **sent)) == (400, code)
        russian = await server.post("/visits", json={}, headers={"Accept-Language": "ru"})
        assert "events" in russian.json()["error"]["message"]
        assert "Нужен" in russian.json()["error"]["message"]


async def test_a_clock_that_is_ahead_makes_no_visit_of_tomorrow(tracked: Tracked) -> None:
    ahead = (tracked.clock.now() + timedelta(hours=3)).isoformat()
    async with await tracked.server() as server:
        await server.post("/visits", json={"events": [page("anna", at=ahead, number=ONE)]})
    assert await find(tracked, ONE, tracked.clock.now()) is not None


async def test_a_key_is_for_what_it_was_issued_and_works_until_it_is_withdrawn(
    tracked: Tracked,
) -> None:
    site, server = await tracked.key("site"), await tracked.key("server")
    body = {"events": [page("anna", at=tracked.clock.now().isoformat())]}

    async def post(key: str) -> httpx.Response:
        async with tracked.client({"Authorization": f"Bearer {key}"}) as client:
            return await client.post("/visits", json=body)

    assert why(await post(site)) == (403, "site_key_here")
    assert (await post(server)).status_code == 200
    assert (await post("dvk_nobody's")).status_code == 401
    # A server that renders pages itself asks for numbers with its own key, from no origin.
    async with tracked.client({"Authorization": f"Bearer {server}"}) as client:
        assert await number(client, page("boris")) == ONE
    keys = await tracked.keys.all(SEVER)
    assert [(key.kind, key.shown) for key in keys] == [("site", site), ("server", None)]
    await tracked.keys.withdraw(SEVER, keys[1].id, who="tests")
    assert (await post(server)).status_code == 401
    async with tracked.house.database.begin(SEVER) as tx:
        row = (await tx.execute(select(visit_keys))).mappings().one()
    assert server.encode() not in bytes(row["hash"])


async def test_switched_off_nothing_is_taken_and_nothing_shown(tracked: Tracked) -> None:
    off = 'version = 1\n[[accounts]]\nslug = "sever"\nsettings.call_tracking.visits = false\n'
    await tracked.house.done(off)
    async with await tracked.server() as server:
        body = {"events": [page("anna", at=tracked.clock.now().isoformat())]}
        assert why(await server.post("/visits", json=body)) == (403, "visits_off")
    async with await tracked.browser() as browser:
        assert why(await browser.post("/visits/number", json=page("anna"))) == (403, "visits_off")


async def test_a_page_that_asks_without_end_is_slowed_down(tracked: Tracked) -> None:
    async with await tracked.browser() as browser:
        answers = [await browser.post("/visits/number", json={}) for _ in range(70)]
        assert answers[0].status_code == 400
        assert why(answers[-1]) == (429, "visits_too_many")
        assert int(answers[-1].headers["retry-after"]) >= 1
        assert answers[-1].headers["access-control-expose-headers"] == "Retry-After"
        await tracked.clock.advance(5)
        assert (await browser.post("/visits/number", json=page("anna"))).status_code == 200


async def test_a_server_asks_for_all_its_visitors_at_its_own_pace(tracked: Tracked) -> None:
    async with await tracked.server() as server:
        answers = [await server.post("/visits/number", json={}) for _ in range(210)]
    assert {answer.status_code for answer in answers[:200]} == {400}
    assert why(answers[-1]) == (429, "visits_too_many")


async def test_two_visitors_at_once_are_never_shown_one_number(tracked: Tracked) -> None:
    async with await tracked.browser() as browser:
        found = await asyncio.gather(*(number(browser, page(f"v{n}")) for n in range(8)))
    assert sorted(filter(None, found)) == [ONE, TWO]


async def test_pages_of_one_visit_told_at_once_are_all_kept(tracked: Tracked) -> None:
    at = tracked.clock.now().isoformat()
    async with await tracked.server() as server:
        await asyncio.gather(
            *(
                server.post("/visits", json={"events": [page("anna", n, f"/{n}", at=at)]})
                for n in range(8)
            )
        )
    async with tracked.house.database.begin(SEVER) as tx:
        row = (await tx.execute(select(visits))).mappings().one()
    assert (row["pages_total"], len(row["pages"])) == (8, 8)


async def test_the_pages_of_the_settings_issue_and_withdraw_keys(tracked: Tracked) -> None:
    token = await tracked.house.token()
    async with tracked.client({"Authorization": f"Bearer {token}"}) as anna:
        made = await anna.post("/visit-keys", json={"kind": "server", "name": "Shop"})
        assert made.status_code == 201
        assert made.json()["key"].startswith("dvk_")
        site = (await anna.post("/visit-keys", json={"kind": "site"})).json()
        listed = (await anna.get("/visit-keys")).json()
        assert [(k["name"], k["key"]) for k in listed["items"]] == [
            ("Shop", None),
            ("", site["key"]),
        ]
        assert listed["script"] == "http://app.test/static/visits.js"
        assert faults(await anna.post("/visit-keys", json={"kind": "moon"})) == {
            "kind": "not_one_of"
        }
        key = made.json()["id"]
        assert (await anna.delete(f"/visit-keys/{key}")).status_code == 204
        assert (await anna.delete(f"/visit-keys/{key}")).status_code == 404
    assert (await tracked.house.log())[:2] == ["visit_key:Shop", "visit_key:site"]
    operator = await tracked.house.token("sever-101")
    async with tracked.client({"Authorization": f"Bearer {operator}"}) as ilya:
        assert (await ilya.get("/visit-keys")).status_code == 403
    other = await tracked.house.token("vektor-100")
    async with tracked.client({"Authorization": f"Bearer {other}"}) as stranger:
        assert (await stranger.get("/visit-keys")).json()["items"] == []
        assert (await stranger.delete(f"/visit-keys/{site['id']}")).status_code == 404


@pytest.mark.parametrize("account_id", [SEVER])
async def test_nobody_has_more_keys_than_they_can_look_after(
    tracked: Tracked, account_id: AccountId
) -> None:
    token = await tracked.house.token()
    async with tracked.client({"Authorization": f"Bearer {token}"}) as anna:
        answers = [await anna.post("/visit-keys", json={"kind": "site"}) for _ in range(21)]
    assert [a.status_code for a in answers] == [201] * 20 + [409]
    assert "20" in answers[-1].json()["error"]["message"]
    assert len(await tracked.keys.all(account_id)) == 20
