"""`@bitrix24/b24jssdk`, as it is published, in the frames of the portal's pages."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest
from playwright.async_api import expect

from tests.sandbox.bitrix24.frame_client import TestedApp
from tests.sandbox.bitrix24.stage import Stage, ring, staged, until
from tests.sandbox.clients.bitrix24.test_b24jssdk import LIBRARY

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from playwright.async_api import BrowserContext, Frame, Page

pytestmark = pytest.mark.browser

_PAGE = """<!doctype html><meta charset="utf-8"><title>client</title><body>
<script src="/library.js"></script><script>
window.ready = B24Js.initializeB24Frame({restrictionParams: {retryDelay: 20}})
  .then((b24) => { window.b24 = b24; return true; });
</script>"""


@asynccontextmanager
async def portal(user: int = 1) -> AsyncIterator[tuple[Stage, BrowserContext, Page]]:
    if not LIBRARY.is_dir():
        pytest.fail(f"{LIBRARY.name} is not there: run `make test`")
    library = LIBRARY / "dist" / "umd" / "index.min.js"
    async with staged(TestedApp(_PAGE, library)) as stage:
        context = await stage.browser.new_context(viewport={"width": 1280, "height": 800})
        page = await context.new_page()
        await page.goto(f"{stage.url}/login/?user={user}&back=/company/&lang=ru")
        yield stage, context, page


async def inside(page: Page, path: str) -> Frame:
    """The frame of that page of the application, once the library is initialised in it."""
    frame: Frame = await until(
        lambda: next((item for item in page.frames if f"/{path}?" in item.url), None)
    )
    # The library's own polling rides on animation frames, which a hidden frame never gets.
    await frame.wait_for_function("window.ready !== undefined", polling=30)
    assert await frame.evaluate("window.ready") is True
    return frame


async def run(frame: Frame, script: str) -> Any:
    return await frame.evaluate(f"(async () => {{ {script} }})()")


async def test_an_installation_is_finished_by_the_library() -> None:
    async with portal() as (stage, _, page):
        stage.portal.uninstall()
        await page.goto(f"{stage.url}/marketplace/")
        await page.locator("#install").click()
        frame = await inside(page, "install")
        seen = await run(frame, "return [b24.isInstallMode, b24.auth.isAdmin, b24.getLang()]")
        assert seen == [True, True, "ru"]
        bound = await run(
            frame,
            """const made = await b24.actions.v2.call.make({method: 'placement.bind', params: {
                 PLACEMENT: 'LEFT_MENU', HANDLER: location.origin + '/left', TITLE: 'Клиент'}});
               return made.getData().result;""",
        )
        assert bound is True
        await expect(page.locator(".side a.widget")).to_have_count(0)
        await frame.evaluate("void b24.installFinish()")
        await expect(page.locator(".side a.widget")).to_have_text("Клиент")
        await page.wait_for_url("**/marketplace/app/")
        main = await inside(page, "main")
        assert await run(main, "return [b24.isInstallMode, b24.placement.isDefault]") == [
            False,
            True,
        ]
        late = "return b24.installFinish().then(() => '', (error) => error.code)"
        assert await run(main, late) == "JSSDK_FRAME_INSTALL_ALREADY_FINISHED"


async def test_a_page_reads_lists_and_batches_and_keeps_options() -> None:
    async with portal() as (stage, _, page):
        await page.goto(f"{stage.url}/marketplace/app/")
        frame = await inside(page, "main")
        listed = await run(
            frame,
            """const whole = await b24.actions.v2.callList.make({method: 'crm.contact.list',
                 params: {select: ['ID']}});
               return new Set(whole.getData().map((row) => row.ID)).size;""",
        )
        assert listed == 300
        batched = await run(
            frame,
            """const found = await b24.actions.v2.batch.make({calls: {
                 deal: {method: 'crm.deal.get', params: {id: 1}},
                 contact: {method: 'crm.contact.get', params: {id: '$result[deal][CONTACT_ID]'}},
               }, options: {isHaltOnError: true}});
               const {deal, contact} = found.getData();
               return deal.CONTACT_ID === contact.ID;""",
        )
        assert batched is True
        await run(frame, "await b24.options.appSet('line', '7495'); return true")
        assert stage.portal.app_options == {"line": "7495"}
        await run(frame, "await b24.parent.setTitle('Клиент внутри'); return true")
        await expect(page).to_have_title("Клиент внутри")


async def test_a_page_gets_over_an_old_token_and_a_busy_portal() -> None:
    async with portal() as (stage, _, page):
        await page.goto(f"{stage.url}/marketplace/app/")
        frame = await inside(page, "main")
        me = """const me = await b24.actions.v2.call.make({method: 'user.current'});
                return me.getData().result.ID;"""
        before = await run(frame, "return b24.auth.getAuthData().access_token")
        stage.portal.tokens.expire_all()
        # Refused with 401, the library asks the page around it and tries again.
        assert await run(frame, me) == "1"
        after = await run(frame, "return b24.auth.getAuthData().access_token")
        assert after != before
        stage.portal.faults.burst_503 = 1
        assert await run(frame, me) == "1"
        refused = """const answer = await b24.actions.v2.call.make(
                       {method: 'crm.contact.get', params: {id: 999999}}).catch((error) => error);
                     return answer.status ?? answer.isSuccess;"""
        assert await run(frame, refused) in (400, False)


async def test_widgets_know_their_place_and_open_the_portals_pages() -> None:
    async with portal(user=2) as (stage, _, page):
        await page.locator(".side a.widget").first.click()
        frame = await inside(page, "left")
        assert await run(frame, "return [b24.placement.title, b24.auth.isAdmin]") == [
            "LEFT_MENU",
            False,
        ]
        await frame.evaluate(
            "void b24.slider.openPath(b24.slider.getUrl('/crm/contact/details/1/'))"
        )
        await expect(page.locator(".slider-box iframe")).to_be_visible()
        worker = await inside(page, "worker")
        states = await run(worker, "return b24.placement.call('CallCardGetListUiStates', {})")
        assert "incoming" in states
        await run(
            worker,
            """b24.placement.bindEvent('BackgroundCallCard::initialized', (call) => {
                 window.got = call.PHONE_NUMBER; });
               return true;""",
        )
        await ring(stage, USER_ID=2)
        await expect(page.locator(".call-card")).to_be_visible()
        await worker.wait_for_function("window.got !== undefined", polling=30)
        assert await worker.evaluate("window.got") == "+79161234501"
