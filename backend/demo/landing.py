"""The demo's first page: what to open, in which order."""

from __future__ import annotations

from starlette.responses import HTMLResponse, Response

from backend.demo.addresses import Addresses
from backend.demo.cast import ILYA, MARIA, TEAMS
from backend.demo.engine_page import engine_section
from backend.demo.walk_page import STYLE, section
from protocol.vocabulary import CrmKind

_TEXT = {
    "ru": {
        "title": "Dozvon: демонстрация",
        "lead": "Откройте три вкладки и позвоните. Всё, кроме станции и CRM, настоящее.",
        "steps": (
            ("portal", "CRM первая, как Битрикс24",
             "Вы — Илья Соколов. Карточку звонка рисует сам портал."),
            ("amo", "CRM вторая, как amoCRM",
             "Вы — Мария Ветрова. Карточка появится в панели Dozvon."),
            ("switchboard", "Пульт станции",
             "Выберите клиента и номер и нажмите «Позвонить». Снимайте трубки здесь же."),
        ),
        "own": "Звонки идут через вашу станцию",
        "own_how": "Линии и номера для неё пишет команда <code>dozvon asterisk init</code>, "
        "проверяет <code>dozvon asterisk check</code>; обеим задайте "
        "<code>DOZVON_VAR_DIR=var/demo-asterisk</code>. Потом позвоните на {numbers}.",
        "open": "Открыть",
        "about": "Адреса и ключи для внешних клиентов",
        "health": "Готовность",
        "faults": "Неисправности по заказу",
        "site": "Сайт с коллтрекингом",
    },
    "en": {
        "title": "Dozvon: demo",
        "lead": "Open three tabs and place a call. All but switch and CRMs is the real thing.",
        "steps": (
            ("portal", "First CRM, like Bitrix24",
             "You are Илья Соколов. The portal itself draws the call card."),
            ("amo", "Second CRM, like amoCRM",
             "You are Мария Ветрова. The card appears in Dozvon's panel."),
            ("switchboard", "Switchboard",
             "Choose a customer and a number and press Call. Pick phones up right there."),
        ),
        "own": "Calls go through your own Asterisk",
        "own_how": "Its lines and numbers are written by <code>dozvon asterisk init</code> and "
        "looked over by <code>dozvon asterisk check</code>; give both "
        "<code>DOZVON_VAR_DIR=var/demo-asterisk</code>. Then call {numbers}.",
        "open": "Open",
        "about": "Addresses and keys for outside clients",
        "health": "Readiness",
        "faults": "Faults on demand",
        "site": "A site with call tracking",
    },
}  # fmt: skip

_STYLE = """
:root{color-scheme:light dark;--bg:#f5f7f6;--card:#fff;--text:#17202a;--muted:#55626e;
--line:#dde3e6;--accent:#0f766e;--on:#fff}
@media(prefers-color-scheme:dark){:root{--bg:#0f1419;--card:#1a2129;--text:#e6edf3;
--muted:#9fb0bd;--line:#2b3640;--accent:#2dd4bf;--on:#06201d}}
*{box-sizing:border-box}body{margin:0;background:var(--bg);color:var(--text);
font:16px/1.5 system-ui,sans-serif}main{max-width:720px;margin:0 auto;padding:48px 20px}
h1{font-size:28px;line-height:1.2;margin:0 0 8px}p{margin:0;color:var(--muted)}
.steps{list-style:none;counter-reset:n;margin:32px 0;padding:0;display:grid;gap:12px}
.steps>li{counter-increment:n;background:var(--card);border:1px solid var(--line);
border-radius:12px;padding:20px;display:grid;grid-template-columns:auto 1fr auto;
gap:4px 16px;align-items:center}
.steps>li::before{content:counter(n);grid-row:span 2;width:32px;height:32px;border-radius:50%;
border:2px solid var(--accent);color:var(--accent);display:grid;place-items:center;font-weight:600}
h2,h3{font-size:17px;margin:0}.steps p{grid-column:2;font-size:15px}
a.go{grid-column:3;grid-row:1/span 2;background:var(--accent);color:var(--on);
text-decoration:none;border-radius:10px;padding:12px 20px;font-weight:600;min-height:44px}
a:focus-visible{outline:3px solid var(--accent);outline-offset:2px}
footer{display:flex;gap:24px;flex-wrap:wrap}footer a{color:var(--accent)}
@media(max-width:520px){.steps>li{grid-template-columns:auto 1fr}
.steps a.go{grid-column:1/-1;grid-row:auto;text-align:center;margin-top:8px}}
"""


def landing(
    where: Addresses,
    language: str,
    codes: dict[CrmKind, str],
    *,
    own_switch: bool = False,
    in_cloud: bool = False,
) -> Response:
    """`codes`: the pairing code of each CRM that is not connected, '' for the others.
    `own_switch`: calls come over the reader's own Asterisk, which has no page to place them.
    `in_cloud`: those of the second account come over the cloud."""
    locale = "en" if language.lower().startswith("en") else "ru"
    text = _TEXT[locale]
    urls = {
        "portal": f"{where.portal}/login/?user={ILYA}&back=/crm/contact/list/&lang={locale}",
        "amo": f"{where.amo}/sandbox/sign-in/{MARIA}?to=/contacts/list/",
        "switchboard": where.switchboard,
    }
    steps = "".join(
        f'<li><h2>{title}</h2><p>{what}</p><a class="go" target="_blank" rel="noopener" '
        f'href="{urls[key]}" aria-label="{text["open"]}: {title}">{text["open"]}</a></li>'
        for key, title, what in text["steps"]
        if not (own_switch and key == "switchboard")
    )
    if own_switch:
        numbers = ", ".join(f"+{team.virtual_number}" for team in TEAMS)
        how = str(text["own_how"]).format(numbers=numbers)
        steps += f"<li><h2>{text['own']}</h2><p>{how}</p></li>"
    return HTMLResponse(
        f'<!doctype html><html lang="{locale}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{text['title']}</title><style>{_STYLE}{STYLE}</style></head><body><main>"
        f'<h1>{text["title"]}</h1><p>{text["lead"]}</p><ol class="steps">{steps}</ol>'
        f"{engine_section(where, locale, in_cloud=in_cloud)}"
        f"{section(where, locale, codes)}"
        f'<footer><a href="{where.switchboard}/sandbox/site">{text["site"]}</a>'
        f'<a href="/sandbox/faults?lang={locale}">{text["faults"]}</a>'
        f'<a href="/sandbox/about">{text["about"]}</a>'
        f'<a href="/health/ready">{text["health"]}</a></footer></main></body></html>'
    )
