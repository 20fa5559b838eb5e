"""Several accounts under one domain, told apart by host as on the platform.

`{subdomain}.{domain}` is an account, `www.{domain}` asks which account is meant and passes the
consent page on, `api-a.{domain}` is the host that tokens name as `api_domain`: it finds the account
by the token it is shown. The site is an ASGI application, served as it is or over TLS under the
vendor's names.
"""

from __future__ import annotations

import html
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, RedirectResponse, Response

from backend.sandbox.amocrm.envelope import Problem
from backend.sandbox.amocrm.shell import PAGE_DIR, page_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.applications import Starlette
    from starlette.types import ASGIApp, Receive, Scope, Send

    from backend.sandbox.amocrm.amo import Amo

API_LABEL = "api-a"
_WWW = ("www", "")


class AmoSite:
    """Applications of `create_amo` under one domain; subdomains of their accounts must differ."""

    def __init__(self, accounts: Sequence[Starlette], domain: str = "amocrm.ru") -> None:
        self._apps: list[tuple[Amo, Starlette]] = [(app.state.amo, app) for app in accounts]
        self._domain = domain
        for amo, _ in self._apps:
            amo.neighbours = [other for other, _ in self._apps if other is not amo]
            amo.tokens.api_domain = f"{API_LABEL}.{domain}"

    def names(self) -> list[str]:
        """Host names the site answers to now, for certificates and resolvers."""
        labels = [str(amo.world.account["subdomain"]) for amo, _ in self._apps]
        return [f"{label}.{self._domain}" for label in ("www", API_LABEL, *labels)]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
            return
        host = _host(scope)
        label = host.partition(":")[0].removesuffix(self._domain).rstrip(".")
        answer: ASGIApp
        if label in _WWW and scope["type"] == "http":
            answer = self._www(Request(scope, receive), host)
        elif label.startswith("api-"):
            answer = self._by_token(Request(scope, receive)) or _nobody(scope)
        else:
            answer = self._by_host(host, label) or _nobody(scope)
        await answer(scope, receive, send)

    def _by_host(self, host: str, label: str) -> Starlette | None:
        for amo, app in self._apps:
            if amo.world.account["subdomain"] == label or host in amo.former_hosts:
                return app
        return None

    def _by_token(self, request: Request) -> Starlette | None:
        bearer = request.headers.get("authorization", "").partition(" ")[2].strip()
        refresh = request.headers.get("x-refresh-token", "")
        for amo, app in self._apps:
            if amo.tokens.check(bearer) is not None or amo.tokens.owner_of_refresh(refresh):
                return app
        return None

    def _www(self, request: Request, host: str) -> Response:
        """The consent page's first step, and the script of the button."""
        if request.url.path == "/auth/button.min.js":
            return FileResponse(PAGE_DIR / "button.js", headers={"Cache-Control": "no-cache"})
        if request.url.path != "/oauth":
            return Problem(404, f"Cannot {request.method} {request.url}").response()
        _, colon, port = host.partition(":")
        rest = f"{self._domain}{colon}{port}/oauth?{request.url.query}"
        links = [
            (
                amo.config.account_name,
                f"{request.url.scheme}://{amo.world.account['subdomain']}.{rest}",
            )
            for amo, _ in self._apps
        ]
        if len(links) == 1:
            return RedirectResponse(links[0][1], 303)
        rows = "".join(
            f'<li><a href="{html.escape(href)}">{html.escape(name)}</a></li>'
            for name, href in links
        )
        return HTMLResponse(page_of("Доступ", f"<h1>Выберите аккаунт</h1><ul>{rows}</ul>"))

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        """The accounts are up as soon as they are made; only their hooks must be stopped."""
        await receive()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        for amo, _ in self._apps:
            await amo.aclose()
        await send({"type": "lifespan.shutdown.complete"})


def _host(scope: Scope) -> str:
    for name, value in scope["headers"]:
        if name == b"host":
            return str(value.decode("latin-1")).lower()
    return ""


def _nobody(scope: Scope) -> Response:
    """Legacy code 101 is an account that does not exist."""
    status = 401 if str(scope.get("path", "")).startswith("/api/") else 404
    return Problem(status, "Account not found").response()
