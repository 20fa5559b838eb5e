"""Who may frame our pages, and what stands in them."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import msgspec
import pytest
from starlette.applications import Starlette

from backend.api.pages import MAX_LAUNCH_BYTES, PagesApi
from protocol.vocabulary import AccountId

PORTAL, AMO = "https://north.bitrix24.ru", "https://north.amocrm.ru"


class Directory:
    async def pages(self) -> dict[AccountId, tuple[str, ...]]:
        return {AccountId("north"): (f"{PORTAL}/rest", AMO)}


@asynccontextmanager
async def browser() -> AsyncIterator[httpx.AsyncClient]:
    pages = PagesApi(Directory(), "https://phone.test")  # type: ignore[arg-type]
    transport = httpx.ASGITransport(app=Starlette(routes=pages.routes()))
    async with httpx.AsyncClient(transport=transport, base_url="https://phone.test") as http:
        yield http


def ancestors(answer: httpx.Response) -> str:
    found = re.search(r"frame-ancestors ([^;]*)", answer.headers["content-security-policy"])
    assert found is not None
    return found[1]


def boot(answer: httpx.Response) -> dict[str, object]:
    found = re.search(r'id="dozvon-boot">(.*?)</script>', answer.text)
    assert found is not None
    decoded: dict[str, object] = msgspec.json.decode(found[1])
    return decoded


@pytest.mark.parametrize(
    "path",
    [
        "/bitrix24/worker?DOMAIN=north.bitrix24.ru&PROTOCOL=1",
        "/bitrix24/app?DOMAIN=north.bitrix24.ru&PROTOCOL=1",
    ],
)
async def test_a_portals_page_is_framed_by_that_portal_alone(path: str) -> None:
    async with browser() as http:
        for answer in (await http.get(path), await http.post(path)):
            assert answer.status_code == 200
            assert ancestors(answer) == PORTAL
            assert "'unsafe-eval'" not in answer.headers["content-security-policy"]
            assert answer.headers["cache-control"] == "no-store"


async def test_the_panels_frame_is_framed_by_its_account_alone() -> None:
    async with browser() as http:
        assert ancestors(await http.get("/widget/amocrm", params={"origin": AMO})) == AMO
        for foreign in ("https://evil.test", "https://north.amocrm.ru.evil.test", "*", "", "null"):
            answer = await http.get("/widget/amocrm", params={"origin": foreign})
            assert (answer.status_code, ancestors(answer)) == (403, "'none'"), foreign


@pytest.mark.parametrize(
    "query",
    [
        "DOMAIN=evil.test&PROTOCOL=1",
        "DOMAIN=north.bitrix24.ru&PROTOCOL=0",
        "DOMAIN=north.bitrix24.ru%3B%20frame-ancestors%20*&PROTOCOL=1",
        "DOMAIN=north.bitrix24.ru%0d%0aX-Evil:%201&PROTOCOL=1",
        "",
    ],
)
async def test_an_unknown_portal_is_told_what_to_do_and_frames_nothing(query: str) -> None:
    async with browser() as http:
        answer = await http.get(f"/bitrix24/app?{query}")
        assert (answer.status_code, ancestors(answer)) == (403, "'none'")
        assert "x-evil" not in answer.headers
        assert "администратора" in answer.text
        assert "administrator" in (await http.get(f"/bitrix24/app?{query}&LANG=en")).text


@pytest.mark.parametrize(
    "placement, page",
    [
        ("DEFAULT", "settings"),
        ("USER_PROFILE_MENU", "profile"),
        ("LEFT_MENU", "app"),
        ("CALL_CARD", "app"),
        ("ANYTHING", "app"),
    ],
)
async def test_each_place_of_the_portal_has_its_page(placement: str, page: str) -> None:
    path = "/bitrix24/app?DOMAIN=north.bitrix24.ru&PROTOCOL=1"
    async with browser() as http:
        posted = await http.post(path, data={"PLACEMENT": placement})
        assert boot(posted)["page"] == page
        assert f"/static/assets/{page}-" in posted.text
        # A page that loads itself again has no form and says it in its address.
        again = await http.get(f"{path}&PLACEMENT={placement}")
        assert boot(again)["page"] == page
        assert boot(await http.get(path))["page"] == "app"


@pytest.mark.feature("B4")
async def test_our_background_page_opens_the_phone_where_the_settings_are() -> None:
    path = "/bitrix24/app?DOMAIN=north.bitrix24.ru&PROTOCOL=1"
    wishes = {"[]": "settings", '{"page": "other"}': "settings", '{"page": "phone"}': "app"}
    async with browser() as http:
        for options, page in wishes.items():
            form = {"PLACEMENT": "DEFAULT", "PLACEMENT_OPTIONS": options}
            assert boot(await http.post(path, data=form))["page"] == page


@pytest.mark.feature("W1")
async def test_the_panel_alone_is_told_where_the_page_around_finds_its_voice() -> None:
    async with browser() as http:
        options = boot(await http.get("/widget/amocrm", params={"origin": AMO}))["options"]
        assert isinstance(options, dict)
        assert re.fullmatch(r"/static/assets/inpage-[\w-]+\.js", options["voice"])
        voice = await http.get(options["voice"])
        assert "immutable" in voice.headers["cache-control"]
        # The page's loader (AMD) gets a module of one file, and nothing is loaded after it.
        assert "define.amd" in voice.text
        assert "import(" not in voice.text


async def test_the_settings_frame_is_framed_by_its_account_alone() -> None:
    async with browser() as http:
        answer = await http.get("/amocrm/settings", params={"origin": AMO, "locale": "en"})
        assert (ancestors(answer), boot(answer)["page"]) == (AMO, "settings")
        assert boot(answer)["options"] == {"parent_origin": AMO}
        refused = await http.get("/amocrm/settings", params={"origin": "https://evil.test"})
        assert (refused.status_code, ancestors(refused)) == (403, "'none'")


async def test_what_the_portal_posts_stays_data() -> None:
    options = '{"CALL_ID":"</script><script>alert(1)//"}'
    async with browser() as http:
        answer = await http.post(
            "/bitrix24/app?DOMAIN=north.bitrix24.ru&PROTOCOL=1",
            data={"PLACEMENT": "CALL_CARD", "PLACEMENT_OPTIONS": options, "AUTH_ID": "secret-one"},
        )
        assert boot(answer)["options"] == {"CALL_ID": "</script><script>alert(1)//"}
        assert boot(answer)["placement"] == "CALL_CARD"
        assert answer.text.count("<script") == 2
        # A token in the page would be one in the browser's cache and history.
        assert "secret-one" not in answer.text


@pytest.mark.parametrize(
    "body", [b"x" * (MAX_LAUNCH_BYTES + 1), b"\xff\xfe", b"PLACEMENT_OPTIONS=[1"]
)
async def test_a_launch_that_cannot_be_read_is_a_plain_page(body: bytes) -> None:
    async with browser() as http:
        answer = await http.post("/bitrix24/app?DOMAIN=north.bitrix24.ru&PROTOCOL=1", content=body)
        assert answer.status_code == 200
        assert boot(answer)["options"] == {}


@pytest.mark.parametrize(
    "wished, given",
    [
        ("ru", "ru"), ("", "ru"), ("ua", "ru"), ("kk", "ru"), ("be-BY", "ru"),
        ("en", "en"), ("EN", "en"), ("de", "en"), ("kz", "en"),
    ],
)  # fmt: skip
async def test_the_page_speaks_the_readers_language_as_the_widget_would(
    wished: str, given: str
) -> None:
    async with browser() as http:
        answer = await http.get(
            "/bitrix24/app", params={"DOMAIN": "north.bitrix24.ru", "PROTOCOL": "1", "LANG": wished}
        )
        assert boot(answer)["locale"] == given
        assert f'<html lang="{given}">' in answer.text


async def test_files_are_cached_by_their_names_and_shells_answer_head() -> None:
    async with browser() as http:
        page = "/bitrix24/app?DOMAIN=north.bitrix24.ru&PROTOCOL=1"
        script = re.search(r'src="(/static/[^"]+)"', (await http.get(page)).text)
        assert script is not None
        served = await http.get(script[1])
        assert "immutable" in served.headers["cache-control"]
        assert (await http.get("/static/amocrm/script.js")).headers["cache-control"] == "no-cache"
        assert (await http.head(page)).status_code == 200
        assert (await http.get("/static/../pyproject.toml")).status_code == 404


async def switches(origin: str) -> frozenset[str]:
    return {
        PORTAL: frozenset({"wss://pbx.north.test"}),
        "https://south.amocrm.ru": frozenset({"wss://pbx.south.test"}),
    }.get(origin, frozenset())


@pytest.mark.parametrize(
    ("path", "reached"),
    [
        ("/bitrix24/app?DOMAIN=north.bitrix24.ru&PROTOCOL=1", "wss://pbx.north.test"),
        (f"/phone?origin={PORTAL}", "wss://pbx.north.test"),
        (f"/widget/amocrm?origin={AMO}", ""),
        ("/phone", ""),
        ("/phone?origin=https://nobody.test", ""),
    ],
)
async def test_a_page_reaches_the_switch_of_its_own_account_alone(path: str, reached: str) -> None:
    pages = PagesApi(Directory(), "https://phone.test", switches=switches)  # type: ignore[arg-type]
    transport = httpx.ASGITransport(app=Starlette(routes=pages.routes()))
    async with httpx.AsyncClient(transport=transport, base_url="https://phone.test") as http:
        policy = (await http.get(path)).headers["content-security-policy"]
    assert f"connect-src 'self' wss://phone.test {reached}".rstrip() + ";" in policy
