"""Installation and removal by clicks, from the marketplace and from a vendor's site."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest
from starlette.applications import Starlette
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from tests.sandbox.amocrm.pages import log_is, opened
from tests.sandbox.amocrm.rig import package, serve

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from starlette.requests import Request

pytestmark = pytest.mark.browser


@asynccontextmanager
async def vendor() -> AsyncIterator[tuple[str, list[dict[str, str]], list[dict[str, Any]]]]:
    """Our server as the CRM sees it: origin, queries of the redirect URI, keys that were sent."""
    came: list[dict[str, str]] = []
    keys: list[dict[str, Any]] = []

    async def redirect(request: Request) -> Response:
        came.append(dict(request.query_params))
        return HTMLResponse("<h1>Готово</h1>")

    async def secrets(request: Request) -> Response:
        keys.append(await request.json())
        return Response()

    async def site(request: Request) -> Response:
        crm = request.query_params["crm"]
        mode = request.query_params.get("mode", "post_message")
        known = request.query_params.get("client_id", "")
        here = f"http://{request.url.netloc}"
        attributes = (
            f'data-client-id="{known}"'
            if known
            else (
                f'data-name="Телефон" data-redirect_uri="{here}/redirect"'
                f' data-secrets_uri="{here}/secrets" data-scopes="crm,notifications"'
            )
        )
        return HTMLResponse(
            "<!doctype html><body><script>window.fail = e => { window.FAILED = e.error; }</script>"
            f'<script class="amocrm_oauth" {attributes} data-state="s-1" data-mode="{mode}"'
            ' data-title="Подключить" data-error-callback="fail"'
            f' src="{crm}/auth/button.min.js"></script>'
        )

    app = Starlette(
        routes=[
            Route("/redirect", redirect),
            Route("/secrets", secrets, methods=["POST"]),
            Route("/site", site),
        ]
    )
    async with serve(app) as origin:
        yield origin, came, keys


async def test_the_widget_is_installed_consented_to_and_removed_by_clicks(tmp_path: Path) -> None:
    async with vendor() as (origin, came, _):
        where = {"redirect_uri": f"{origin}/redirect", "disconnect_uri": f"{origin}/redirect"}
        async with opened(tmp_path, path="/settings/", installed=False, integration=where) as (
            page,
            amo,
            _,
        ):
            home = page.url.split("/settings")[0]
            await page.click('a[href="/settings/widgets/"]')
            await page.click(".js-widget-tile")
            await page.click(".js-widget-install")
            await page.wait_for_selector('.tile__status[data-status="installed"]')
            await page.wait_for_function("window.WIDGET !== undefined")
            # The hook: no browser, no state.
            assert came[0].keys() == {"code", "referer", "from_widget", "platform"}
            await page.click(".js-widget-tile")
            await page.click(".js-widget-consent")
            await page.click('button[value="allow"]')
            await page.wait_for_selector("h1 >> text=Готово")
            assert came[1]["referer"] == home.removeprefix("http://")
            assert came[1]["client_id"] == package().client_uuid
            for one in came:
                pair = amo.tokens.exchange(one["code"], one["referer"])
                assert amo.tokens.check(pair["access_token"]) is not None
            await page.goto(f"{home}/settings/widgets/")
            await page.click(".js-widget-tile")
            await page.click(".js-widget-uninstall")
            await page.wait_for_selector('.tile__status[data-status="install"]')
            await page.wait_for_function("!APP.widgets.list.dozvon_test")
            assert came[2].keys() == {"account_id", "client_uuid", "signature"}


async def test_our_own_link_brings_state_back_and_starts_the_widget(tmp_path: Path) -> None:
    async with vendor() as (origin, came, _):
        where = {"redirect_uri": f"{origin}/redirect"}
        async with opened(tmp_path, installed=False, integration=where) as (page, amo, _):
            home = page.url.rstrip("/")
            await page.context.clear_cookies()
            link = f"{home}/oauth?client_id={package().client_uuid}&state=joined"
            # Signed out: the sign-in page comes first and leads back to the question.
            await page.goto(link)
            await page.click(".plain__user >> nth=0")
            await page.click('button[value="deny"]')
            await page.wait_for_url("**/redirect?**")
            assert came == [{"state": "joined", "error": "access_denied"}]
            assert not amo.installs.active
            await page.goto(link)
            await page.click('button[value="allow"]')
            await page.wait_for_url("**/redirect?**")
            assert came[1]["state"] == "joined"
            assert came[1]["platform"] == "1"
            await page.goto(home)
            await log_is(page, ["render", "init", "bind_actions"])


@pytest.mark.parametrize("mode", ["post_message", "popup"])
async def test_the_sites_button_installs_an_external_integration(tmp_path: Path, mode: str) -> None:
    async with vendor() as (origin, came, keys), opened(tmp_path) as (page, amo, _):
        home = page.url.rstrip("/")
        await page.goto(f"{origin}/site?crm={home}&mode={mode}")
        async with page.expect_popup() as opening:
            await page.click('button:has-text("Подключить")')
        popup = await opening.value
        await popup.click('button[value="allow"]')
        await (page if mode == "post_message" else popup).wait_for_url("**/redirect?**")
        assert came[0]["state"] == keys[0]["state"] == "s-1"
        assert came[0]["client_id"] == keys[0]["client_id"]
        await page.goto(f"{home}/settings/widgets/")
        await page.click(".js-external-off")
        await page.wait_for_selector(".js-external", state="detached")
        assert amo.registry.external == []


async def test_a_refusal_in_the_buttons_window_calls_the_page_back(tmp_path: Path) -> None:
    async with vendor() as (origin, came, _), opened(tmp_path) as (page, _, _):
        home = page.url.rstrip("/")
        await page.goto(f"{origin}/site?crm={home}&client_id={package().client_uuid}")
        async with page.expect_popup() as opening:
            await page.click('button:has-text("Подключить")')
        await (await opening.value).click('button[value="deny"]')
        await page.wait_for_function("window.FAILED === 'access_denied'")
        assert came == []


async def test_settings_are_strings_or_objects_as_switched(tmp_path: Path) -> None:
    fields = {"lines": {"name": "settings.lines", "type": "users", "required": False}}
    saved: dict[str, Any] = {"settings": {"lines": {"2": "101"}}}
    for as_string, kind in ((True, "string"), (False, "object")):
        async with opened(
            tmp_path / kind,
            integration=saved,
            config={"settings_as_string": as_string},
            settings=fields,
        ) as (page, _, _):
            await page.wait_for_function("window.WIDGET !== undefined")
            assert await page.evaluate("typeof WIDGET.get_settings().lines") == kind


async def test_a_disabled_webhook_is_switched_on_by_hand(tmp_path: Path) -> None:
    async with opened(tmp_path, path="/settings/") as (page, amo, _):
        hook = "https://vendor.example/h"
        amo.world.webhooks[hook] = {
            "destination": hook,
            "settings": ["add_lead"],
            "disabled": True,
        }
        await page.click('a[href="/settings/webhooks/"]')
        await page.click(".js-webhook-on")
        await page.wait_for_selector(".js-webhook:not(:has(button))")
        assert amo.world.webhooks[hook]["disabled"] is False


async def test_an_administrator_manages_users_on_their_page(tmp_path: Path) -> None:
    async with opened(tmp_path, path="/settings/users/") as (page, amo, _):
        await page.wait_for_selector(".js-user")
        assert await page.evaluate("APP.getWidgetsArea()") == "settings-users"
        await page.click('.js-user[data-id="2"] .js-user-active')
        await page.wait_for_selector('.js-user[data-id="2"] .js-user-kind >> text=отключён')
        assert amo.world.users[2]["rights"]["is_active"] is False
        await page.click('.js-user[data-id="3"] .js-user-delete')
        await page.wait_for_selector('.js-user[data-id="3"]', state="detached")
        assert 3 in amo.world.deleted_users
        assert await page.query_selector('.js-user[data-id="1"] button') is None
