"""The HTML shells of the widget's pages, and its files.

A shell is a few hundred bytes made from memory: the portal gives up on a background page that is
slow, so nothing is asked of anybody before it is sent. Who is looking is found out by the page's
script afterwards, with a proof that is checked (`sign_on`).
"""

from __future__ import annotations

import html
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import parse_qs

import msgspec
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from backend.api.answers import read_body
from backend.api.headers import page_headers
from backend.errors import BadRequest
from backend.services.sign_on import Directory, origin_of
from protocol.vocabulary import CrmKind

MAX_LAUNCH_BYTES = 65_536
_ENTRIES = {"DEFAULT": "settings", "USER_PROFILE_MENU": "profile", "BOARD": "board"}
"""Placement → what it shows. `BOARD` is no place of a portal: our settings lead there."""
_PHONE = "phone"
_IN_PAGE = "inpage"
_RUSSIAN = {"ru", "be", "kk", "uk", "ua"}
"""As `localeOf` of the widget has it, which takes our word for the page's language."""


def static_dir() -> Path:
    """The built widget: packed beside the package in a wheel, at the root of a checkout."""
    packed = Path(__file__).parent.parent / "_static"
    return packed if packed.is_dir() else Path(__file__).parent.parent.parent / "static"


@dataclass(frozen=True, slots=True)
class Assets:
    """Which hashed files an entry needs."""

    script: str
    styles: tuple[str, ...]
    preload: tuple[str, ...]


def read_manifest(directory: Path) -> dict[str, Assets]:
    """Entries by name. Raises FileNotFoundError when the widget was not built."""
    manifest: dict[str, Any] = msgspec.json.decode((directory / "manifest.json").read_bytes())
    return {
        name: Assets(
            script=str(entry["js"]), styles=tuple(entry["css"]), preload=tuple(entry["preload"])
        )
        for name, entry in manifest.items()
    }


class _CachedForever(StaticFiles):
    """Names carry a hash of their content."""

    async def get_response(self, path: str, scope: Any) -> Response:
        answer = await super().get_response(path, scope)
        if path.startswith("assets/") and answer.status_code == 200:
            answer.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        else:
            answer.headers["Cache-Control"] = "no-cache"
        answer.headers["X-Content-Type-Options"] = "nosniff"
        answer.headers["Access-Control-Allow-Origin"] = "*"
        answer.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
        return answer


class Launches(Protocol):
    """`api.portal_launches`."""

    def seen(self, request: Request, form: Mapping[str, str]) -> None: ...
    async def address(self, request: Request, form: Mapping[str, str]) -> str | None: ...


async def _no_switches(_origin: str) -> frozenset[str]:
    return frozenset()


@dataclass(slots=True)
class PagesApi:
    """`/widget/amocrm`, `/amocrm/{settings,board}`, `/board`, `/bitrix24/{app,worker}`, `/phone`,
    `/static/…`."""

    directory: Directory
    own_origin: str
    launches: Launches | None = None
    switches: Callable[[str], Awaitable[frozenset[str]]] = _no_switches
    """Origins at which the browsers of the account with CRM pages at this one speak SIP: a page
    with a voice has to reach them, and nobody else is to learn them."""
    static: Path = field(default_factory=static_dir)
    _entries: dict[str, Assets] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._entries = read_manifest(self.static)

    def routes(self) -> list[Route | Mount]:
        return [
            Route("/widget/amocrm", self.amocrm),
            Route("/amocrm/settings", self.amocrm_settings),
            Route("/amocrm/board", self.amocrm_board),
            Route("/phone", self.phone),
            Route("/board", self.board),
            Route("/bitrix24/app", self.bitrix24_app, methods=["GET", "POST"]),
            Route("/bitrix24/worker", self.bitrix24_worker, methods=["GET", "POST"]),
            Mount("/static", _CachedForever(directory=self.static)),
        ]

    async def amocrm(self, request: Request) -> Response:
        """The panel's frame."""
        return await self._framed(request, "frame")

    async def amocrm_settings(self, request: Request) -> Response:
        """The frame on the account's page of advanced settings."""
        return await self._framed(request, "settings")

    async def amocrm_board(self, request: Request) -> Response:
        """The same frame with the supervisors' board in it."""
        return await self._framed(request, "board")

    async def board(self, request: Request) -> Response:
        """The supervisors' board in a window of its own, as the phone's."""
        return await self._shell(
            "board",
            locale=locale_of(request.query_params.get("locale")),
            boot={},
            ancestors=(),
            account_origin="",
        )

    async def phone(self, request: Request) -> Response:
        """The phone in a window of its own: framed by nobody, the session is handed over by the
        page that opened it, which says in the address whose CRM it is of."""
        return await self._shell(
            "phone",
            locale=locale_of(request.query_params.get("locale")),
            boot={},
            ancestors=(),
            account_origin=request.query_params.get("origin", ""),
        )

    async def _framed(self, request: Request, entry: str) -> Response:
        """Only the account's own pages may hold it."""
        origin = request.query_params.get("origin", "")
        if origin not in await self._origins():
            return _unknown(request)
        return await self._shell(
            entry,
            locale=locale_of(request.query_params.get("locale")),
            boot={
                "options": {"parent_origin": origin, **self._voice(entry)},
                "crm": CrmKind.AMOCRM.value,
            },
            ancestors=(origin,),
            account_origin=origin,
        )

    def _voice(self, entry: str) -> dict[str, str]:
        """Where the page around finds a voice of the frame's own build, if it has to speak."""
        module = self._entries.get(_IN_PAGE)
        return {"voice": f"/static/{module.script}"} if module and entry == "frame" else {}

    async def bitrix24_app(self, request: Request) -> Response:
        """By its place: the application's own page is the settings, the one in the profile's menu
        is the employee's own; any other is the phone."""
        form = await _form(request)
        # A page that loads itself again has no form: it says in its address what it was.
        placement = form.get("PLACEMENT") or request.query_params.get("PLACEMENT", "")
        if _options(form.get("PLACEMENT_OPTIONS", "")).get("page") == _PHONE:
            # Our background page opened it, for a call the portal shows no card of.
            placement = _PHONE
        return await self._bitrix24(request, form, _ENTRIES.get(placement, "app"))

    async def bitrix24_worker(self, request: Request) -> Response:
        return await self._bitrix24(request, await _form(request), "worker")

    async def _bitrix24(self, request: Request, form: dict[str, str], entry: str) -> Response:
        domain = request.query_params.get("DOMAIN", "")
        scheme = "http" if request.query_params.get("PROTOCOL") == "0" else "https"
        origin = f"{scheme}://{domain}"
        if origin not in await self._origins():
            address = await self.launches.address(request, form) if self.launches else None
            if address != origin:
                return _unknown(request)
        elif entry != "worker" and self.launches is not None:
            self.launches.seen(request, form)
        return await self._shell(
            entry,
            locale=locale_of(request.query_params.get("LANG")),
            boot={
                "placement": form.get("PLACEMENT", "DEFAULT"),
                "options": _options(form.get("PLACEMENT_OPTIONS", "")),
                "crm": CrmKind.BITRIX24.value,
            },
            ancestors=(origin,),
            account_origin=origin,
        )

    async def _origins(self) -> set[str]:
        pages = await self.directory.pages()
        return {origin_of(url) for urls in pages.values() for url in urls}

    async def _shell(
        self,
        entry: str,
        *,
        locale: str,
        boot: dict[str, Any],
        ancestors: tuple[str, ...],
        account_origin: str,
    ) -> Response:
        boot = {"page": entry, "api": "", "locale": locale, **boot}
        reached = ["'self'", _socket(self.own_origin), *sorted(await self.switches(account_origin))]
        return Response(
            shell(self._entries[entry], locale=locale, boot=boot),
            media_type="text/html; charset=utf-8",
            headers=page_headers(ancestors, api=" ".join(reached)),
        )


def shell(assets: Assets, *, locale: str, boot: dict[str, Any]) -> str:
    """The page's HTML. `boot` is data for the script; `<` is escaped so that it stays data."""
    data = msgspec.json.encode(boot).decode().replace("<", "\\u003c")
    links = [f'<link rel="stylesheet" href="/static/{href}">' for href in assets.styles]
    links += [f'<link rel="modulepreload" href="/static/{href}">' for href in assets.preload]
    return (
        f'<!doctype html><html lang="{html.escape(locale)}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="color-scheme" content="light dark"><title>Dozvon</title>'
        f"{''.join(links)}"
        f'<script type="application/json" id="dozvon-boot">{data}</script>'
        f'<script type="module" src="/static/{assets.script}"></script></head>'
        '<body><div id="app"></div></body></html>'
    )


def _unknown(request: Request) -> Response:
    """Somebody frames us who is no customer, or not yet: say what to do, and be framed by none."""
    english = locale_of(request.query_params.get("LANG")) == "en"
    text = (
        "This CRM account is not connected to Dozvon. Ask your administrator to connect it."
        if english
        else "Эта CRM не подключена к Dozvon. Попросите администратора подключить её."
    )
    return PlainTextResponse(f"{text}\n", 403, headers=page_headers(()))


def locale_of(wished: str | None) -> str:
    """Russian for those who read it and for nobody's wish, as in the widget; else English."""
    return "ru" if (wished or "ru").lower()[:2] in _RUSSIAN else "en"


async def _form(request: Request) -> dict[str, str]:
    if request.method != "POST":
        return {}
    try:
        body = await read_body(request, MAX_LAUNCH_BYTES)
    except BadRequest:
        return {}
    text = body.decode("utf-8", "replace")
    return {name: values[0] for name, values in parse_qs(text, keep_blank_values=True).items()}


def _options(text: str) -> dict[str, Any]:
    try:
        value = msgspec.json.decode(text)
    except msgspec.DecodeError:
        return {}
    return value if isinstance(value, dict) else {}


def _socket(origin: str) -> str:
    return origin.replace("http", "ws", 1)
