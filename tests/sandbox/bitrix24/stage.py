"""The portal in a real Chromium beside a tiny application, and how tests speak to both."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import uvicorn
from playwright.async_api import async_playwright

from backend.kit.clock import SystemClock
from backend.sandbox.bitrix24 import Application, Portal, PortalConfig, create_portal
from backend.sandbox.dataset import generate
from tests.sandbox.bitrix24.frame_client import TestedApp

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from playwright.async_api import Browser, BrowserContext, Frame, Page
    from starlette.types import ASGIApp

# The library's own polling rides on animation frames, which a hidden frame never gets.
_POLL_MS = 30
# Where pictures of the pages go when somebody wants to look at them.
_SHOTS = os.environ.get("DOZVON_TEST_SHOTS", "")


@dataclass
class Stage:
    """The running portal, the application beside it and a browser."""

    portal: Portal
    tested: TestedApp
    url: str
    app_url: str
    browser: Browser
    http: httpx.AsyncClient

    async def signed_in(self, user: int = 1, language: str = "ru") -> BrowserContext:
        context = await self.browser.new_context(viewport={"width": 1280, "height": 800})
        page = await context.new_page()
        await page.goto(f"{self.url}/login/?user={user}&back=/company/")
        await page.goto(f"{self.url}/company/?lang={language}")
        return context

    async def rest(self, name: str, params: dict[str, Any]) -> Any:
        token = self.portal.tokens.issue(1).access_token
        local = self.portal.config.server_url
        answer = await self.http.post(f"{local}/rest/{name}", json=params | {"auth": token})
        body = answer.json()
        assert "error" not in body, body
        return body["result"]


@contextlib.asynccontextmanager
async def _served(app: ASGIApp, listener: socket.socket) -> AsyncIterator[None]:
    settings = uvicorn.Config(
        app, log_level="warning", ws="websockets-sansio", timeout_graceful_shutdown=2
    )
    server = uvicorn.Server(settings)
    server.capture_signals = contextlib.nullcontext  # type: ignore[method-assign,assignment]
    task = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        await until(lambda: server.started)
        yield
    finally:
        server.should_exit = True
        await task


async def until(ready: Callable[[], Any], timeout_s: float = 8.0) -> Any:
    """What `ready` says once it is something; fails after the deadline."""
    async with asyncio.timeout(timeout_s):
        # Polling: what is waited for lives in another process or in plain attributes.
        while not (value := ready()):  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    return value


def _listener() -> tuple[socket.socket, int]:
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    return listener, listener.getsockname()[1]


@contextlib.asynccontextmanager
async def staged(tested: TestedApp | None = None) -> AsyncIterator[Stage]:
    """A running portal, an application for its frames, and a browser."""
    portal_socket, port = _listener()
    app_socket, app_port = _listener()
    tested = tested or TestedApp()
    base = f"http://app.localhost:{app_port}"
    application = Application(
        handler_url=f"{base}/main",
        install_url=f"{base}/install",
        installed=True,
        placements=(
            ("PAGE_BACKGROUND_WORKER", f"{base}/worker?v=1", "Dozvon"),
            ("LEFT_MENU", f"{base}/left", "Дозвон"),
            ("USER_PROFILE_MENU", f"{base}/profile", "Дозвон"),
            ("CALL_CARD", f"{base}/card", "Дозвон"),
        ),
    )
    url = f"http://portal.localhost:{port}"
    config = PortalConfig(
        public_url=url,
        server_url=f"http://127.0.0.1:{port}",
        dataset=generate(contacts=300),
        application=application,
        bucket_size=1000.0,
    )
    portal_app = create_portal(config, SystemClock())
    async with (
        _served(tested.app(), app_socket),
        _served(portal_app, portal_socket),
        async_playwright() as playwright,
        httpx.AsyncClient() as http,
    ):
        browser = await playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox"]
        )
        try:
            yield Stage(portal_app.state.portal, tested, url, base, browser, http)
        finally:
            await browser.close()


async def frame_of(page: Page, path: str) -> Frame:
    """The application's frame in the page, once its script runs."""
    frame: Frame = await until(
        lambda: next((item for item in page.frames if f"/{path}?" in item.url), None)
    )
    await frame.wait_for_function("typeof command === 'function'", polling=_POLL_MS)
    return frame


async def say(frame: Frame, command: str, params: Any = None, sid: str | None = None) -> Any:
    """What the parent answers the frame, `silence` when nothing came."""
    return await frame.evaluate(
        "([name, params, sid]) => command(name, params ?? undefined, sid ?? undefined)",
        [command, params, sid],
    )


async def heard(frame: Frame, event: str) -> Any:
    """The argument of the first such event."""
    present = "(name) => log.some(([have]) => have === name)"
    await frame.wait_for_function(present, arg=event, polling=_POLL_MS)
    return await frame.evaluate("(name) => log.find(([have]) => have === name)[1] ?? null", event)


async def shot(page: Page, name: str) -> None:
    if _SHOTS:
        await page.screenshot(path=Path(_SHOTS) / f"{name}.png")


async def ring(stage: Stage, phone: str = "+79161234501", **more: Any) -> str:
    call = await stage.rest(
        "telephony.externalCall.register",
        {"USER_ID": 1, "PHONE_NUMBER": phone, "TYPE": 2, "LINE_NUMBER": "78120000001", **more},
    )
    return str(call["CALL_ID"])
