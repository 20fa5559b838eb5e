"""A browser signed in to the account, with a small widget written to the vendor's contract."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from playwright.async_api import async_playwright

from tests.sandbox.amocrm.rig import account, package, serve, widget_dir

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from playwright.async_api import Page

    from backend.sandbox.amocrm.amo import Amo

SCRIPT = """
define(['jquery', 'underscore', 'lib/components/base/modal'], function ($, _, Modal) {
  return function CustomWidget() {
    var self = this;
    window.LOG = window.LOG || [];
    function log(name) { window.LOG.push(name); }
    this.callbacks = {
      render: function () {
        log('render');
        self.render_template({ caption: { html: 'Телефон' }, body: '', render: '<p>{{ who|upper }}</p>' }, { who: 'блок' });
        return true;
      },
      init: function () {
        log('init');
        window.WIDGET = self;
        APP.widgets.notificationsPhone({ ns: self.ns, click: function () { log('phone'); } });
        $(document).on('page:changed' + self.ns, function () { log('page'); });
        return true;
      },
      bind_actions: function () {
        log('bind_actions');
        self.add_action('phone', function (data) { log('call ' + data.value); });
        return true;
      },
      settings: function ($body) { log('settings ' + $body.find('input').length); },
      onSave: function (data) { log('save ' + data.active); data.fields.login = 'checked'; return Promise.resolve(true); },
      onInstall: function () { log('install'); },
      destroy: function () { log('destroy'); },
      advancedSettings: function () { $('#list_page_holder').html('<h1>Своя страница</h1>'); },
      contacts: { selected: function () { window.SELECTED = self.list_selected(); } },
      leads: { selected: function () { window.SELECTED = self.list_selected(); } },
      todo: { selected: function () { window.SELECTED = self.list_selected(); } }
    };
    return this;
  };
});
"""  # noqa: E501 - a script reads best unbroken


@asynccontextmanager
async def opened(
    tmp_path: Path,
    *,
    path: str = "/",
    user: int = 1,
    installed: bool = True,
    script: str = SCRIPT,
    integration: dict[str, Any] | None = None,
    config: dict[str, Any] | None = None,
    **manifest: Any,
) -> AsyncIterator[tuple[Page, Amo, list[str]]]:
    """A signed-in page with the widget's archive served; ends with a look at its errors.

    `integration` and `config` are members of WidgetPackage and AmoConfig, `manifest` the rest.
    """
    folder = widget_dir(tmp_path / "widget", script, **manifest)
    made = package(directory=folder, installed=installed, **(integration or {}))
    app, amo, _ = account(made, **(config or {}))
    errors: list[str] = []
    async with serve(app) as base, async_playwright() as play:
        browser = await play.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox"]
        )
        try:
            page = await (await browser.new_context()).new_page()
            page.set_default_timeout(15_000)
            page.on("pageerror", lambda error: errors.append(f"{error} {error.stack}"))
            await page.goto(f"{base}/sandbox/sign-in/{user}?to={path}")
            yield page, amo, errors
        finally:
            await browser.close()
    assert errors == []


async def log_is(page: Page, wanted: list[str]) -> None:
    await page.wait_for_function(
        "want => JSON.stringify(window.LOG) === JSON.stringify(want)", arg=wanted
    )
