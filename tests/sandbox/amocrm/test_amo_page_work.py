"""What an operator does in the account's pages: numbers, lists, notices, recordings."""

from __future__ import annotations

import asyncio
import io
import wave
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import unquote_plus

import httpx
import pytest
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route

from backend.sandbox.amocrm.world import values_of
from tests.sandbox.amocrm.pages import log_is, opened
from tests.sandbox.amocrm.rig import package, serve

if TYPE_CHECKING:
    from pathlib import Path

    from starlette.requests import Request

pytestmark = pytest.mark.browser

STARTED = ["render", "init", "bind_actions"]


@pytest.mark.parametrize(
    "path", ["/contacts/list/", "/contacts/detail/1", "/leads/list/", "/companies/list/companies/"]
)
async def test_every_number_has_the_menu_with_one_item_per_widget(
    tmp_path: Path, path: str
) -> None:
    async with opened(tmp_path, path=path) as (page, _, _):
        await log_is(page, STARTED)
        number = await page.text_content(".js-phone >> nth=0")
        await page.click(".js-phone >> nth=0")
        items = await page.locator(".phone-menu__item[data-widget]").all_text_contents()
        assert items == ["Позвонить пробно"]
        await page.click(".phone-menu__item[data-widget]")
        assert (await page.evaluate("LOG"))[-1] == f"call {number}"


@pytest.mark.parametrize(
    ("path", "kind"),
    [("/leads/list/", "lead"), ("/todo/", "task"), ("/contacts/list/companies/", "company")],
)
async def test_rows_of_each_list_go_to_its_callback(tmp_path: Path, path: str, kind: str) -> None:
    async with opened(tmp_path, path=path) as (page, _, _):
        await log_is(page, STARTED)
        for n in range(2):
            await page.check(f".js-row >> nth={n}")
        await page.click(".js-bulk-widget")
        chosen = await page.evaluate("SELECTED")
        assert [row["type"] for row in chosen["selected"]] == [kind, kind]
        assert chosen["summary"]["items"] == 2
        if kind == "lead":
            assert chosen["summary"]["phones"] > 0


async def test_the_notification_centre_has_all_its_methods(tmp_path: Path) -> None:
    async with opened(tmp_path) as (page, amo, _):
        await log_is(page, STARTED)
        await page.wait_for_selector('html[data-live="Y"]')
        other = await page.context.new_page()
        await other.goto(page.url)
        await other.wait_for_selector('html[data-live="Y"]')
        await page.evaluate(
            """() => {
              const n = APP.notifications;
              n.show_message({header: 'Один', text: 'a'});
              n.show_message_error({header: 'Два', text: 'b'});
              n.show_notification({text: {header: 'Три', text: 'c'}, type: 'call'});
              APP.addNotificationCallback('dozvon_test', m => { window.HEARD = m.body.title; });
            }"""
        )
        for header in ("Один", "Два", "Три"):
            await page.wait_for_selector(f".notification__item >> text={header}")
        # These three stay in this tab; the other two reach every page of the user.
        await page.evaluate(
            "new Promise(done => APP.notifications.add_error("
            "{header: 'Четыре', text: 'd'}, {done, always: () => { window.ALWAYS = 1; }}))"
        )
        await page.evaluate(
            "APP.notifications.add_call({header: 'Пять', text: 'e', from: '+79161234501',"
            " element: {id: 1, type: 'contact', name: 'Елена'}})"
        )
        for tab in (page, other):
            await tab.wait_for_selector(".notification__item_error >> text=Четыре")
            await tab.wait_for_selector('.notification__item_call a[href="/contacts/detail/1"]')
        assert await page.evaluate("[HEARD, ALWAYS]") == ["Пять", 1]
        assert await other.locator(".notification__item").count() == 2
        shown = [m["data"]["id"] for _, m in amo.live.sent if m["type"] == "notification"]
        await page.evaluate(
            "ids => fetch('/v3/inbox/delete', {method: 'POST', body: JSON.stringify("
            "{id: ids, all: false}), headers: {'Content-Type': 'application/json'}})",
            shown,
        )
        await other.wait_for_selector(".notification__item", state="detached")


async def test_a_recording_plays_in_the_feed_by_ranges(tmp_path: Path) -> None:
    raw = io.BytesIO()
    with wave.open(raw, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(8000)
        sound.writeframes(b"\0\0" * 8000 * 120)
    whole = raw.getvalue()
    asked: list[str] = []

    async def record(request: Request) -> Response:
        asked.append(request.headers.get("range", ""))
        first, _, last = asked[-1].removeprefix("bytes=").partition("-")
        start, end = int(first or 0), int(last) if last else len(whole) - 1
        part = whole[start : min(end, start + 200_000) + 1]
        headers = {"Accept-Ranges": "bytes", "Content-Type": "audio/wav"}
        headers["Content-Range"] = f"bytes {start}-{start + len(part) - 1}/{len(whole)}"
        return Response(part, 206, headers)

    async with (
        serve(Starlette(routes=[Route("/rec.wav", record)])) as files,
        opened(tmp_path, path="/contacts/detail/2") as (page, amo, _),
    ):
        home = page.url.split("/contacts")[0]
        await page.wait_for_selector('html[data-live="Y"]')
        token = amo.tokens.long_lived(package().client_uuid, 1, "x", timedelta(days=1))
        call = {"direction": "inbound", "duration": 120, "source": "x", "phone": "+79161234502"}
        await page.request.post(
            f"{home}/api/v4/calls",
            data=[{**call, "link": f"{files}/rec.wav"}],
            headers={"Authorization": f"Bearer {token}"},
        )
        await page.click("div.feed-note__call-content a")
        await page.wait_for_function("document.querySelector('audio').duration === 120")
        await page.evaluate("document.querySelector('audio').currentTime = 100")
        await page.wait_for_function("document.querySelector('audio').currentTime >= 100")
        assert asked[0] == "bytes=0-"
        assert any(int(r.removeprefix("bytes=").partition("-")[0]) > 0 for r in asked)


async def test_every_named_module_can_be_asked_for(tmp_path: Path) -> None:
    names = [
        "jquery",
        "underscore",
        "vendor/underscore",
        "backbone",
        "twigjs",
        "moment",
        "pubsub",
        "store",
        "google-libphonenumber",
        "intl_tel_input",
        "jplayer",
        "js-uuid",
        "clipboard",
        "quill",
        "chartjs",
        "fullcalendar",
        "cropperjs",
        "FileAPI",
        "accounting",
        "device",
        "enquire",
        "steady",
        "lib/components/base/modal",
        "lib/common/router",
        "lib/common/cookie",
        "lib/common/fn",
    ]
    async with opened(tmp_path) as (page, _, _):
        kinds = await page.evaluate(
            "names => new Promise(done => require(names, (...m) => done(m.map(x => typeof x))))",
            names,
        )
        assert dict(zip(names, kinds, strict=True)).keys() == set(names)
        assert "undefined" not in kinds
        money = "require('accounting').formatMoney(-1234.5, '', 2, ' ', ',')"
        assert await page.evaluate(money) == "-1 234,50"
        parse = "require('google-libphonenumber').PhoneNumberUtil.getInstance()"
        assert await page.evaluate(f"{parse}.format({parse}.parse('8 916 123-45-67'))") == (
            "+79161234567"
        )
        with pytest.raises(Exception, match="the sandbox does not carry it"):
            await page.evaluate("new (require('quill'))('#x')")


async def test_safe_mode_and_the_payment_page_start_no_widget(tmp_path: Path) -> None:
    async with opened(tmp_path, path="/settings/pay/") as (page, amo, _):
        await page.wait_for_selector('html[data-live="Y"]')
        assert await page.evaluate("Object.keys(APP.widgets.list)") == []
        amo.faults.safe_mode = True
        await page.goto(page.url.split("/settings")[0])
        await page.wait_for_selector('html[data-live="Y"]')
        await page.wait_for_selector(".panel")
        assert (
            await page.evaluate(
                "fetch('/ajax/widgets/list', {method: 'POST', body: ''})"
                ".then(a => a.json()).then(b => b.widgets)"
            )
            == {}
        )
        assert await page.evaluate("Object.keys(APP.widgets.list)") == []


async def test_customers_have_a_list_and_cards(tmp_path: Path) -> None:
    config = {"customers": "periodicity", "contacts": 300}
    async with opened(tmp_path, config=config) as (page, amo, _):
        await page.click('.nav__item[href="/customers/"]')
        first = min(amo.world.customers)
        await page.click(f'a[href="/customers/detail/{first}"]')
        await page.wait_for_selector(".card-name")
        await page.wait_for_function("WIDGET.system().area === 'cucard'")
        assert await page.evaluate("APP.data.current_card.element_type") == 12
        assert await page.locator(".card-fields .js-phone").count() > 0


async def test_cards_are_changed_and_deleted_by_hand(tmp_path: Path) -> None:
    bodies: list[str] = []

    def vendor(request: httpx.Request) -> httpx.Response:
        bodies.append(unquote_plus(request.content.decode()))
        return httpx.Response(200)

    config = {"transport": httpx.MockTransport(vendor)}
    async with opened(tmp_path, path="/contacts/detail/2", config=config) as (page, amo, _):
        hook = "https://vendor.example/h"
        codes = ["update_contact", "delete_contact", "restore_contact"]
        amo.world.webhooks[hook] = {"destination": hook, "settings": codes, "disabled": False}
        await page.click(".js-card-edit")
        await page.fill(".card-edit input", "Павел Новый")
        await page.fill(".card-edit textarea", "+7 916 000-00-01\n\n+7 916 000-00-02")
        await page.click(".card-edit button")
        await page.wait_for_selector(".card-name >> text=Павел Новый")
        contact = amo.world.contacts[2]
        assert values_of(contact, "PHONE") == ["+7 916 000-00-01", "+7 916 000-00-02"]
        await page.click(".js-card-delete")
        await page.wait_for_selector("tbody tr")
        assert page.url.endswith("/contacts/list/")
        assert contact["is_deleted"]
        home = page.url.split("/contacts")[0]
        await page.request.post(f"{home}/ajax/cards/contacts/2/restore")
        async with asyncio.timeout(5):
            while len(bodies) < 3:  # noqa: ASYNC110 - hooks leave after the answer
                await asyncio.sleep(0.01)
        assert bodies[0].startswith("contacts[update][0][id]=2&contacts[update][0][name]=Павел")
        gone = "contacts[delete][0][id]=2&contacts[delete][0][type]=contact&account[subdomain]=demo"
        assert bodies[1].startswith(gone)
        assert bodies[2].startswith("contacts[restore][0][id]=2")


async def test_a_release_reloads_the_page_when_its_call_is_over(tmp_path: Path) -> None:
    async with opened(tmp_path) as (page, _, _):
        await log_is(page, STARTED)
        await page.wait_for_selector('html[data-live="Y"]')
        await page.evaluate("APP.sdk.setCallingStatus(true); window.OLD = true")
        await page.request.post(page.url.rstrip("/") + "/sandbox/release")
        await page.evaluate("APP.notifications.add_error({header: 'После', text: 'x'})")
        await page.wait_for_selector(".notification__item >> text=После")
        assert await page.evaluate("window.OLD") is True
        async with page.expect_navigation():
            await page.evaluate("APP.sdk.setCallingStatus(false)")
        assert await page.evaluate("window.OLD") is None
