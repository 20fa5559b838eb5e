"""The widget's contract with the page: order of callbacks, requests, channels, the player."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import httpx
import pytest

from tests.sandbox.amocrm.pages import SCRIPT, log_is, opened
from tests.sandbox.amocrm.rig import package

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.browser

STARTED = ["render", "init", "bind_actions"]


async def test_a_render_that_promises_lets_bind_actions_go_first(tmp_path: Path) -> None:
    script = SCRIPT.replace("return true;", "return Promise.resolve(true);", 1)
    async with opened(tmp_path, script=script) as (page, _, _):
        await log_is(page, ["render", "bind_actions", "init"])


@pytest.mark.parametrize("promised", [False, True])
async def test_a_render_that_says_no_stops_init(tmp_path: Path, promised: bool) -> None:
    no = "Promise.resolve(false)" if promised else "false"
    script = SCRIPT.replace("return true;", f"return {no};", 1)
    async with opened(tmp_path, script=script) as (page, _, _):
        await log_is(page, ["render", "bind_actions"])
        await page.click('.nav__item[href="/contacts/"]')
        await page.wait_for_selector("tbody tr")
        assert "init" not in await page.evaluate("LOG")


async def test_a_widget_without_one_of_three_callbacks_is_dropped(tmp_path: Path) -> None:
    script = SCRIPT.replace("bind_actions: function", "bind: function")
    async with opened(tmp_path, script=script) as (page, _, _):
        await page.wait_for_function("window.LOG !== undefined")
        await page.wait_for_selector(".panel")
        assert await page.evaluate("Object.keys(APP.widgets.list)") == []


async def test_a_required_field_left_empty_is_not_configured(tmp_path: Path) -> None:
    fields = {"key": {"name": "settings.key", "type": "text", "required": True}}
    path = "/settings/widgets/"
    async with opened(tmp_path, path=path, installed=False, settings=fields) as (page, amo, _):
        await page.click(".js-widget-tile")
        assert await page.get_attribute(".js-widget-tile .tile__status", "data-status") == "install"
        await page.click(".js-widget-install")
        await page.wait_for_selector(".text-input_error")
        assert not amo.installs.active
        # A token may install it through the API without asking for the field.
        token = amo.tokens.long_lived(package().client_uuid, 1, "x", timedelta(days=1))
        home = page.url.split("/settings")[0]
        bearer = {"Authorization": f"Bearer {token}"}
        code = package().code
        await page.request.post(f"{home}/api/v4/widgets/{code}", data={}, headers=bearer)
        await page.goto(home + path)
        await page.wait_for_selector('.tile__status[data-status="not_configured"]')
        await page.click(".js-widget-tile")
        await page.fill('input[name="key"]', "42")
        await page.click(".js-widget-save")
        await page.wait_for_selector('.tile__status[data-status="installed"]')
        assert amo.installs.settings["key"] == "42"


async def test_a_save_the_widget_refuses_is_not_saved(tmp_path: Path) -> None:
    script = SCRIPT.replace("return Promise.resolve(true); },", "return false; },")
    async with opened(tmp_path, script=script, path="/settings/widgets/", installed=False) as (
        page,
        amo,
        _,
    ):
        await page.click(".js-widget-tile")
        await page.click(".js-widget-install")
        await page.wait_for_function("LOG.indexOf('save Y') !== -1")
        await page.wait_for_selector(".js-widget-install:not([data-loading])")
        assert (amo.installs.status, amo.installs.hooks_sent) == ("install", [])


async def test_posts_through_the_crm_leave_one_a_second(tmp_path: Path) -> None:
    came: list[bytes] = []

    def vendor(request: httpx.Request) -> httpx.Response:
        came.append(request.content)
        return httpx.Response(200, text=f"answer {len(came)}")

    config = {"transport": httpx.MockTransport(vendor)}
    async with opened(tmp_path, config=config) as (page, _, _):
        await log_is(page, STARTED)
        answers = await page.evaluate(
            """() => {
              const at = Date.now();
              const post = n => new Promise(done => WIDGET.crm_post(
                'https://vendor.example/x', {n}, text => done([text, Date.now() - at])));
              return Promise.all([1, 2].map(post));
            }"""
        )
        assert [text for text, _ in answers] == ["answer 1", "answer 2"]
        assert answers[1][1] - answers[0][1] >= 900
        assert came == [b"n=1", b"n=2"]


async def test_channels_bring_what_happens_to_a_card_until_left(tmp_path: Path) -> None:
    async with opened(tmp_path) as (page, amo, _):
        await log_is(page, STARTED)
        await page.wait_for_selector('html[data-live="Y"]')
        await page.evaluate(
            "() => { window.HEARD = []; window.LEAVE = WIDGET.listenSocketChannel("
            "'contacts:card:2', ['note_added'], (data, key) => HEARD.push(key + data)); }"
        )
        message = {"type": "channel", "name": "contacts:card:2", "key": "note_added", "data": 1}
        amo.live.send({**message, "key": "other"})
        amo.live.send(message)
        await page.wait_for_function("HEARD.length === 1")
        assert await page.evaluate("HEARD") == ["note_added1"]
        await page.evaluate("LEAVE()")
        amo.live.send(message)
        amo.live.send({"type": "notification", "data": {"id": 1, "kind": "error", "text": "конец"}})
        await page.wait_for_selector(".notification__item >> text=конец")
        assert len(await page.evaluate("HEARD")) == 1


async def test_a_widget_may_feed_the_player_of_its_calls(tmp_path: Path) -> None:
    async with opened(tmp_path, path="/contacts/detail/2") as (page, amo, _):
        await page.wait_for_selector('html[data-live="Y"]')
        home = page.url.split("/contacts")[0]
        token = amo.tokens.long_lived(package().client_uuid, 1, "x", timedelta(days=1))
        call = {"direction": "outbound", "duration": 5, "phone": "+79161234502"}
        await page.request.post(
            f"{home}/api/v4/calls",
            data=[{**call, "source": "dozvon_test", "link": f"{home}/a.mp3"}],
            headers={"Authorization": f"Bearer {token}"},
        )
        await page.evaluate(
            "() => { AMOCRM.player_prepare.dozvon_test = function ($el) {"
            " this.play($el, $el.attr('href') + '?own'); }; }"
        )
        await page.click("div.feed-note__call-content a")
        await page.wait_for_selector(".feed-note__player audio")
        assert await page.get_attribute(".feed-note__player audio", "src") == f"{home}/a.mp3?own"


async def test_a_call_holds_the_pages_own_reload_back(tmp_path: Path) -> None:
    async with opened(tmp_path) as (page, _, _):
        await log_is(page, STARTED)
        await page.evaluate("APP.sdk.setCallingStatus(true)")
        assert await page.evaluate("APP.sdk.getCallingStatus()") is True
        assert await page.get_attribute("html", "data-calling") == "Y"
        online = "APP.sdk.showUserStatus(1)"
        await page.wait_for_function(online)
        assert await page.evaluate("APP.sdk.showUserStatus(2)") is False
