"""What the tests of the sandbox account share: a widget, a client with a token, a real server."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import httpx
import uvicorn

from backend.kit.clock import ManualClock
from backend.sandbox.amocrm import AmoConfig, WidgetPackage, create_amo

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

    from starlette.applications import Starlette

    from backend.sandbox.amocrm.amo import Amo

BASE = "http://demo.amo.test"
SECRET = "sandbox-integration-secret-of-some-length"
REDIRECT = "https://vendor.example:8443/oauth/amocrm"


def package(**more: Any) -> WidgetPackage:
    """The integration of the tests."""
    given: dict[str, Any] = {
        "code": "dozvon_test",
        "client_uuid": "11111111-2222-4333-8444-555555555555",
        "client_secret": SECRET,
        "redirect_uri": REDIRECT,
        "disconnect_uri": "https://vendor.example/hooks/disconnect",
    }
    return WidgetPackage(**{**given, **more})


def account(widget: WidgetPackage | None = None, **more: Any) -> tuple[Starlette, Amo, ManualClock]:
    """A small account on a clock that stands still; no limiter unless asked for."""
    clock = ManualClock()
    given: dict[str, Any] = {"contacts": 60, "rate_limit": None, **more}
    app = create_amo(AmoConfig(widget=widget or package(), **given), clock)
    return app, app.state.amo, clock


def token_body(amo: Amo, **more: Any) -> dict[str, Any]:
    widget = amo.config.widget
    assert widget is not None
    return {
        "client_id": widget.client_uuid,
        "client_secret": widget.client_secret,
        "redirect_uri": widget.redirect_uri,
        **more,
    }


@asynccontextmanager
async def client(app: Starlette, user_id: int | None = 1) -> AsyncIterator[httpx.AsyncClient]:
    """Talks to the app in process, with the token of `user_id` (None: without one)."""
    transport = httpx.ASGITransport(app)
    amo: Amo = app.state.amo
    async with httpx.AsyncClient(transport=transport, base_url=BASE) as http:
        if user_id is not None and amo.config.widget is not None:
            code = amo.tokens.code(amo.config.widget.client_uuid, user_id)
            pair = amo.tokens.exchange(code, "demo.amo.test")
            http.headers["Authorization"] = f"Bearer {pair['access_token']}"
        try:
            yield http
        finally:
            await amo.aclose()


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        # Signals belong to pytest.
        yield


@asynccontextmanager
async def serve(app: Starlette) -> AsyncIterator[str]:
    """The app on a free port of this machine; yields its origin."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
        server = _Server(
            uvicorn.Config(app, log_level="critical", ws="websockets-sansio", lifespan="on")
        )
        running = asyncio.create_task(server.serve(sockets=[listener]))
        async with asyncio.timeout(10):
            while not server.started:  # noqa: ASYNC110 - uvicorn offers nothing to wait for
                await asyncio.sleep(0.01)
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            server.should_exit = True
            await running


def widget_dir(root: Path, script: str, *, init_once: bool = True, **manifest: Any) -> Path:
    """An unpacked widget archive with `script` as its script.js."""
    import json

    (root / "i18n").mkdir(parents=True)
    (root / "script.js").write_text(script, "utf-8")
    about = {"name": "widget.name", "version": "1.2.3", "init_once": init_once}
    body = {"widget": about, "locations": ["everywhere"], "settings": {}, **manifest}
    (root / "manifest.json").write_text(json.dumps(body), "utf-8")
    texts = {
        "widget": {"name": "Пробный телефон", "call_action": "Позвонить пробно"},
        "settings": {"login": "Логин", "lines": "Внутренние номера"},
    }
    (root / "i18n" / "ru.json").write_text(json.dumps(texts), "utf-8")
    return root
