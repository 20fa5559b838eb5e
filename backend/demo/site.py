"""A practice site whose pages show each visitor a number of their own (call tracking).

It is served beside the switchboard, so for the product it is somebody else's site: its pages load
our script and ask from another origin, as a customer's do. The switchboard stands on the same
origin and finds what the visitor sees in the browser's storage.
"""

from __future__ import annotations

import tomllib
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import tomli_w
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from backend.bootstrap import Foundation
from backend.bootstrap.settings_file import account_files
from backend.bootstrap.tracking import visit_keys
from backend.demo.addresses import Addresses
from backend.demo.cast import TEAMS, Team
from backend.demo.seed import WHO, connection, served_by
from backend.domain.account_settings import CallTrackingSettings
from backend.errors import SettingsError
from backend.store.account_settings import AccountSettingsStore

FILE = Path(__file__).parent / "tracking.toml"
_ADS: dict[str, dict[str, str]] = {
    "ad": {
        "utm_source": "yandex",
        "utm_medium": "cpc",
        "utm_campaign": "Светильники, весна",
        "utm_term": "купить светильник оптом",
        "utm_content": "объявление 2",
    },
    "mail": {"utm_source": "рассылка", "utm_medium": "email", "utm_campaign": "Новинки марта"},
}
_PAGES = ("", "catalog", "prices", "delivery")
_TEXT = {
    "ru": {
        "lead": "Учебный сайт: номер на нём показан только вам. Походите по страницам и позвоните "
        "с пульта — карточка звонка покажет ваш путь.",
        "pages": {"": "Главная", "catalog": "Каталог", "prices": "Оптовые цены",
                  "delivery": "Доставка"},
        "call": "Наш телефон",
        "came": "Прийти на сайт ещё раз",
        "ad": "по объявлению в поиске",
        "mail": "из рассылки",
        "straight": "набрав адрес",
        "board": "Открыть пульт и позвонить",
        "other": "Другой сайт",
        "text": "Здесь могли бы быть светильники.",
        "menu": "Страницы сайта",
    },
    "en": {
        "lead": "A practice site: the number on it is shown to you alone. Look at some pages, then "
        "call from the switchboard: the card of the call has your way.",
        "pages": {"": "Home", "catalog": "Catalogue", "prices": "Wholesale prices",
                  "delivery": "Delivery"},
        "call": "Our telephone",
        "came": "Come to the site once more",
        "ad": "by an advertisement",
        "mail": "from a newsletter",
        "straight": "by its address",
        "board": "Open the switchboard and call",
        "other": "The other site",
        "text": "There might be lamps here.",
        "menu": "Pages of the site",
    },
}  # fmt: skip
_STYLE = """
:root{color-scheme:light dark;--bg:#fbf8f3;--card:#fff;--text:#2a2118;--muted:#6d6054;
--line:#e6ddd0;--accent:#9a4a12}
@media(prefers-color-scheme:dark){:root{--bg:#17130f;--card:#211b15;--text:#f1e9df;--muted:#b9a997;
--line:#3a3027;--accent:#f0a868}}
*{box-sizing:border-box}body{margin:0;background:var(--bg);color:var(--text);
font:16px/1.5 system-ui,sans-serif}main{max-width:720px;margin:0 auto;padding:32px 20px}
header{display:flex;gap:8px 24px;flex-wrap:wrap;align-items:baseline;justify-content:space-between}
h1{font-size:26px;line-height:1.2;margin:0}.phone{font-size:22px;font-weight:600}
a{color:var(--accent)}p{margin:12px 0;color:var(--muted)}a:focus-visible{outline:3px solid
var(--accent);outline-offset:2px}nav ul,.ways{list-style:none;padding:0;margin:20px 0;display:flex;
gap:8px;flex-wrap:wrap}nav a,.ways a{display:inline-block;padding:10px 16px;min-height:44px;
border:1px solid var(--line);border-radius:10px;background:var(--card);text-decoration:none}
nav a[aria-current]{border-color:var(--accent);font-weight:600}
section{background:var(--card);border:1px solid var(--line);border-radius:12px;padding:20px;
margin:20px 0}h2{font-size:18px;margin:0 0 4px}footer{display:flex;gap:8px 24px;flex-wrap:wrap}
"""
_SCRIPT = """
document.addEventListener('dozvon:number', ({ detail }) => {
  const seen = detail.number ? JSON.stringify({ ...detail, site: document.title }) : '';
  try { localStorage.setItem('switchboard.visitor', seen); } catch { /* Storage is closed. */ }
});
const again = document.querySelectorAll('a[data-again]');
const begin = () => sessionStorage.removeItem('dozvon.session');
for (const link of again) link.addEventListener('click', begin);
"""


async def set_up(base: Foundation, where: Addresses, fresh: tuple[Team, ...]) -> None:
    """Numbers to lend for accounts that were made just now; for all, this origin, whatever port
    the demo has today."""
    document = tomllib.loads(FILE.read_text())
    slugs = {team.slug for team in fresh}
    accounts = [a for a in document["accounts"] if a["slug"] in slugs]
    accounts = served_by(connection(base), accounts)
    await _apply(base, {"version": 1, "accounts": accounts})
    for team in TEAMS:
        async with base.database.begin(team.account_id) as tx:
            settings = await AccountSettingsStore(tx).get(team.account_id, CallTrackingSettings)
        if settings.visits and where.switchboard not in settings.origins:
            origins = [*settings.origins[-9:], where.switchboard]
            areas = {"call_tracking": {"origins": origins}}
            account = {"slug": team.slug, "settings": areas}
            await _apply(base, {"version": 1, "accounts": [account]})


async def _apply(base: Foundation, document: dict[str, Any]) -> None:
    applied = await account_files(base).apply(tomli_w.dumps(document), env={}, who=WHO)
    if applied.troubles:
        raise SettingsError("; ".join(trouble.told("en") for trouble in applied.troubles))


def site_routes(base: Foundation, where: Addresses) -> list[Route]:
    """`/sandbox/site`: a site of each account, with a few pages."""

    async def first(_request: Request) -> Response:
        return RedirectResponse(f"/sandbox/site/{TEAMS[0].slug}/")

    async def page(request: Request) -> Response:
        team = next((t for t in TEAMS if t.slug == request.path_params["slug"]), None)
        name = request.path_params["page"]
        if team is None or name not in _PAGES:
            return RedirectResponse("/sandbox/site")
        language = request.headers.get("accept-language", "ru").lower()
        locale = "en" if language.startswith("en") else "ru"
        html = _page(where, team, name, locale, await _key(base, team))
        return HTMLResponse(html, headers={"Cache-Control": "no-store"})

    return [
        Route("/sandbox/site", first),
        Route("/sandbox/site/{slug}/{page:path}", page),
    ]


async def _key(base: Foundation, team: Team) -> str:
    """The account's key for sites; issued at the first visit."""
    keys = visit_keys(base)
    known = [key.shown for key in await keys.all(team.account_id) if key.shown]
    if known:
        return known[0]
    _, plain = await keys.issue(team.account_id, "site", name="Учебный сайт", who=WHO)
    return plain


def _page(where: Addresses, team: Team, name: str, locale: str, key: str) -> str:
    text = _TEXT[locale]
    titles: dict[str, str] = text["pages"]  # type: ignore[assignment]
    home = f"/sandbox/site/{team.slug}/"
    menu = "".join(
        f'<li><a href="{home}{page}"{" aria-current=page" if page == name else ""}>'
        f"{titles[page]}</a></li>"
        for page in _PAGES
    )
    ways = "".join(
        f'<li><a data-again="{way}" href="{escape(f"{home}catalog?{urlencode(marks)}")}">'
        f"{text[way]}</a></li>"
        for way, marks in _ADS.items()
    )
    other = next(t for t in TEAMS if t is not team)
    digits = team.virtual_number
    shown = f"+{digits[0]} {digits[1:4]} {digits[4:7]}-{digits[7:9]}-{digits[9:]}"
    return (
        f'<!doctype html><html lang="{locale}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{titles[name]} · {team.name}</title><style>{_STYLE}</style>"
        f'<script type="module">{_SCRIPT}</script>'
        f'<script defer src="{where.app}/static/visits.js" data-key="{escape(key)}"></script>'
        f"</head><body><main><header><h1>{team.name}</h1>"
        f'<a class="phone" href="tel:+{digits}" data-dozvon-number '
        f'aria-label="{text["call"]}">{shown}</a></header>'
        f'<nav aria-label="{text["menu"]}"><ul>{menu}</ul></nav>'
        f"<section><h2>{titles[name]}</h2><p>{text['text']}</p></section>"
        f"<p>{text['lead']}</p>"
        f'<h2>{text["came"]}</h2><ul class="ways">{ways}'
        f'<li><a data-again="straight" href="{home}">{text["straight"]}</a></li></ul>'
        f'<footer><a href="/" target="_blank" rel="opener">{text["board"]}</a>'
        f'<a href="/sandbox/site/{other.slug}/">{text["other"]}: {other.name}</a></footer>'
        "</main></body></html>"
    )
