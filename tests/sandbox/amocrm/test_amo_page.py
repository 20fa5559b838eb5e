"""The account's pages in a real browser, with a small widget written to the vendor's contract."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING

import jwt
import pytest

from tests.sandbox.amocrm.pages import log_is, opened
from tests.sandbox.amocrm.rig import SECRET, package

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.browser


async def test_a_widget_started_once_stays_and_is_rendered_on_every_page(tmp_path: Path) -> None:
    async with opened(tmp_path) as (page, _, _):
        await log_is(page, ["render", "init", "bind_actions"])
        await page.click('.nav__item[href="/contacts/"]')
        await page.wait_for_selector("tbody tr")
        await log_is(page, ["render", "init", "bind_actions", "page", "render"])
        await page.click("text=Елена Морозова")
        await page.wait_for_selector(".card-name")
        await page.wait_for_selector(".card-widgets__widget-dozvon_test >> text=БЛОК")
        assert await page.evaluate("APP.getWidgetsArea()") == "contacts_card"
        assert await page.evaluate("WIDGET.system().area") == "ccard"
        assert await page.evaluate("APP.data.current_card.id") == 1
        contacts = await page.evaluate("WIDGET.get_current_card_contacts_data()")
        assert contacts[0]["phones"] == ["+7 (916) 123-45-01"]
        await page.click(".js-notifications-phone")
        log = await page.evaluate("LOG")
        assert log.count("init") == 1
        assert log[-1] == "phone"


async def test_without_init_once_the_widget_is_destroyed_and_made_anew(tmp_path: Path) -> None:
    async with opened(tmp_path, init_once=False) as (page, _, _):
        await log_is(page, ["render", "init", "bind_actions"])
        await page.click('.nav__item[href="/contacts/"]')
        start = ["render", "init", "bind_actions"]
        # Its own listener was taken off before page:changed came.
        await log_is(page, [*start, "destroy", *start])


async def test_the_menu_of_a_number_calls_the_widget(tmp_path: Path) -> None:
    async with opened(tmp_path, path="/contacts/detail/1") as (page, _, _):
        await log_is(page, ["render", "init", "bind_actions"])
        await page.click(".card-fields .js-phone >> nth=0")
        await page.click(".phone-menu >> text=Позвонить пробно")
        log = await page.evaluate("LOG")
        assert log[-1] == "call +7 (916) 123-45-01"


async def test_the_settings_window_installs_saves_and_switches_off(tmp_path: Path) -> None:
    fields = {
        "login": {"name": "settings.login", "type": "text", "required": True},
        "lines": {"name": "settings.lines", "type": "users", "required": False},
    }
    path = "/settings/widgets/"
    async with opened(tmp_path, path=path, installed=False, settings=fields) as (page, amo, _):
        await page.click(".js-widget-tile")
        await page.fill('input[name="login"]', "typed")
        await page.fill('input[name="lines[2]"]', "101")
        await page.click(".js-widget-install")
        await page.wait_for_selector(".modal", state="detached")
        assert amo.installs.settings == {"login": "checked", "lines": {"2": "101"}}
        assert amo.installs.status == "installed"
        assert len(amo.installs.hooks_sent) == 1
        await page.wait_for_function("window.WIDGET && WIDGET.get_settings().widget_active === 'Y'")
        lines = await page.evaluate("WIDGET.get_settings().lines")
        assert json.loads(lines) == {"2": "101"}
        await page.wait_for_selector('.tile__status[data-status="installed"]')
        await page.click(".js-widget-tile")
        await page.click(".js-widget-uninstall")
        await page.wait_for_selector(".modal", state="detached")
        assert amo.installs.status == "install"
        log = await page.evaluate("LOG")
        assert [e for e in log if not e.startswith(("render", "init", "bind", "page"))][:3] == [
            "settings 9",
            "save Y",
            "install",
        ]
        assert "save N" in log
        assert "destroy" in log


async def test_the_widget_gets_a_token_its_server_can_check(tmp_path: Path) -> None:
    async with opened(tmp_path, user=2) as (page, amo, _):
        await log_is(page, ["render", "init", "bind_actions"])
        await page.route(
            "**/own-server",
            lambda route: route.fulfill(
                json={"token": route.request.headers.get("x-auth-token", "")}
            ),
        )
        ask = "WIDGET.$authorizedAjax({url: '/own-server'}).then(a => a.token)"
        token = await page.evaluate(ask)
        assert await page.evaluate(ask) == token
        claims = jwt.decode(
            token,
            SECRET,
            ["HS256"],
            options={
                "verify_aud": False,
                "verify_exp": False,
                "verify_nbf": False,
                "verify_iat": False,
            },
        )
        assert (claims["user_id"], claims["account_id"]) == (2, amo.config.account_id)
        assert len(amo.faults.called("GET", "/ajax/v2/integrations/")) == 1


async def test_pop_ups_notifications_and_calls_reach_the_open_page(tmp_path: Path) -> None:
    async with opened(tmp_path, path="/contacts/detail/2") as (page, amo, _):
        await page.wait_for_selector('html[data-live="Y"]')
        base = page.url.split("/contacts")[0]
        token = amo.tokens.long_lived(package().client_uuid, 1, "x", timedelta(days=1))
        bearer = {"Authorization": f"Bearer {token}"}
        event = {"type": "phone_call", "phone_number": "+79161234502", "users": [1]}
        await page.request.post(f"{base}/api/v2/events", data={"add": [event]}, headers=bearer)
        await page.wait_for_selector(".notification__item_incoming >> text=Павел Дёмин")
        call = {"direction": "inbound", "duration": 65, "source": "x", "phone": "+79161234502"}
        link = f"{base}/rec.mp3"
        await page.request.post(
            f"{base}/api/v4/calls", data=[{**call, "link": link}], headers=bearer
        )
        await page.click("div.feed-note__call-content a")
        assert await page.get_attribute(".feed-note__player audio", "src") == link
        await page.evaluate(
            "APP.notifications.add_call({text: 'Пропущен', from: '+79160000001',"
            " click_link: '/contacts/add/?phone=79160000001'})"
        )
        await page.click(".notification__item_call a")
        await page.wait_for_selector('.card-add input[name="phone"]')
        assert page.url.endswith("/contacts/add/?phone=79160000001")


async def test_ticked_rows_go_to_the_widget(tmp_path: Path) -> None:
    async with opened(tmp_path, path="/contacts/list/") as (page, _, _):
        await log_is(page, ["render", "init", "bind_actions"])
        for number in (1, 2):
            await page.check(f'.js-row[value="{number}"]')
        await page.click(".js-bulk-widget")
        chosen = await page.evaluate("SELECTED")
        assert [row["id"] for row in chosen["selected"]] == [1, 2]
        assert chosen["summary"]["phones"] == 2
        assert chosen["selected"][1]["type"] == "contact"


async def test_the_widget_has_its_own_settings_page(tmp_path: Path) -> None:
    advanced = {"title": "advanced.title"}
    async with opened(tmp_path, path="/settings/", advanced=advanced) as (page, _, _):
        await log_is(page, ["render", "init", "bind_actions"])
        await page.click('.nav__item[href="/settings/"]')
        await page.click('a[href="/settings/advanced/dozvon_test/"]')
        await page.wait_for_selector("#list_page_holder h1 >> text=Своя страница")
        assert await page.evaluate("APP.getWidgetsArea()") == "advanced-settings:dozvon_test"


async def test_two_tabs_of_a_user_hear_the_same_and_others_do_not(tmp_path: Path) -> None:
    async with opened(tmp_path) as (page, amo, _):
        second = await page.context.new_page()
        await second.goto(page.url)
        for tab in (page, second):
            await tab.wait_for_selector('html[data-live="Y"]')
        others = amo.live.open(2)
        await page.evaluate("APP.notifications.add_error({header: 'Нет связи', text: 'Проверьте'})")
        for tab in (page, second):
            await tab.wait_for_selector(".notification__item_error >> text=Нет связи")
            counter = await tab.text_content(".js-notifications_counter")
            assert counter == "1"
        assert others.empty()
