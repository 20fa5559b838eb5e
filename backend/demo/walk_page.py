"""The landing page's lower half: how each CRM is connected by hand, step by step."""

from __future__ import annotations

from backend.demo.addresses import Addresses
from backend.demo.cast import ADMIN
from protocol.vocabulary import CrmKind

_TEXT = {
    "ru": {
        "title": "Установить самому",
        "lead": "Демонстрация начинается подключённой. Удалите Dozvon из CRM и пройдите "
        "установку сами, щелчками в CRM, пока телефон не появится снова.",
        "connected": "Подключена",
        "waiting": "Ждёт подключения",
        "begin": "Удалить и установить самому",
        "code": "Код подключения",
        "fresh": "Другой код",
        "fresh_hint": "Код действует один раз и сутки.",
        CrmKind.BITRIX24: (
            "CRM первая, как Битрикс24",
            (
                "Приложение удалится вместе со своими данными, сотрудники выйдут из телефона; "
                "история звонков и настройки останутся."
            ),
            "Открыть раздел приложений",
            (
                "Откройте раздел приложений портала. Вы — Анна Крылова, администратор.",
                "Нажмите «Установить»: портал откроет страницу Dozvon в своей рамке.",
                "Введите код и нажмите «Подключить».",
                "Портал сам откроет Dozvon, телефон — в левом меню. Позвоните с пульта.",
            ),
        ),
        CrmKind.AMOCRM: (
            "CRM вторая, как amoCRM",
            (
                "Виджет выключится во всех вкладках, доступ отзовётся; история звонков и настройки "
                "останутся."
            ),
            "Открыть виджеты аккаунта",
            (
                "Откройте виджеты аккаунта. Вы — Анна Крылова, администратор.",
                "Выберите Dozvon и нажмите «Установить». Появится сообщение: аккаунт не подключён.",
                "Нажмите в нём «Подключить» и введите код.",
                "Нажмите «Разрешить» и обновите вкладку CRM: появится телефон.",
            ),
        ),
    },
    "en": {
        "title": "Install it yourself",
        "lead": "The demo begins connected. Remove Dozvon from a CRM and walk through the "
        "installation yourself, with clicks in the CRM, until the phone is back.",
        "connected": "Connected",
        "waiting": "Waits to be connected",
        "begin": "Uninstall, then do it yourself",
        "code": "Pairing code",
        "fresh": "Another code",
        "fresh_hint": "A code is good for one use and a day.",
        CrmKind.BITRIX24: (
            "First CRM, like Bitrix24",
            (
                "The application is deleted with its data and everybody is signed out of the "
                "phone; calls and settings stay."
            ),
            "Open the portal's applications",
            (
                "Open the portal's applications. You are Анна Крылова, an administrator.",
                "Press Install: the portal opens Dozvon's page in a frame of its own.",
                "Type the code and press Connect.",
                "The portal opens Dozvon by itself; the phone is in the left menu. Place a call.",
            ),
        ),
        CrmKind.AMOCRM: (
            "Second CRM, like amoCRM",
            "The widget goes from every tab and access is withdrawn; calls and settings stay.",
            "Open the account's widgets",
            (
                "Open the account's widgets. You are Анна Крылова, an administrator.",
                "Choose Dozvon and press Install. A message says that it is not connected yet.",
                "Press Connect in it and type the code.",
                "Press Allow (Разрешить) and reload the CRM's tab: the phone appears.",
            ),
        ),
    },
}

STYLE = """
.walks{display:grid;gap:12px;margin:16px 0 32px}
.walk{background:var(--card);border:1px solid var(--line);border-radius:12px;padding:20px;
display:grid;gap:12px;justify-items:start}.walk p{font-size:15px}
.walk header{display:flex;gap:12px;align-items:center;flex-wrap:wrap}
.chip{border:1px solid var(--accent);color:var(--accent);border-radius:99px;padding:1px 10px;
font-size:13px}.chip.waits{border-color:var(--muted);color:var(--muted)}
.walk ol{margin:0;padding-left:22px;display:grid;gap:6px;font-size:15px}
.walk button{font:inherit;font-size:15px;min-height:44px;padding:8px 18px;border-radius:10px;
border:1px solid var(--line);background:none;color:var(--text);cursor:pointer}
.walk button:hover{border-color:var(--accent)}
.walk a.go{grid-column:auto;grid-row:auto}
.code{display:flex;gap:12px;align-items:center;flex-wrap:wrap}
.code output{font:600 20px/1.4 ui-monospace,monospace;letter-spacing:.06em;user-select:all}
button:focus-visible{outline:3px solid var(--accent);outline-offset:2px}
.top{font-size:22px;line-height:1.25;margin:40px 0 6px}
"""

SCRIPT = """
const told = document.getElementById('install').dataset.told;
async function look() {
  try {
    const now = await (await fetch('/sandbox/walks')).json();
    const seen = Object.values(now).map((crm) => Number(crm.connected)).join('');
    if (seen !== told) location.reload();
  } catch { /* Restarting: the next look tells. */ }
}
if (told.includes('0')) setInterval(look, 2000);
for (const form of document.querySelectorAll('.walk form')) {
  form.addEventListener('submit', () => { form.querySelector('button').disabled = true; });
}
"""


def section(where: Addresses, locale: str, codes: dict[CrmKind, str]) -> str:
    """HTML; `codes` holds '' for a CRM that is connected."""
    text = _TEXT[locale]
    markets = {
        CrmKind.BITRIX24: f"{where.portal}/login/?user={ADMIN}&back=/marketplace/&lang={locale}",
        CrmKind.AMOCRM: f"{where.amo}/sandbox/sign-in/{ADMIN}?to=/settings/widgets/",
    }
    walks = "".join(_walk(locale, kind, code, markets[kind]) for kind, code in codes.items())
    told = "".join("0" if code else "1" for code in codes.values())
    return (
        f'<section id="install" data-told="{told}"><h2 class="top">{text["title"]}</h2>'
        f'<p>{text["lead"]}</p><div class="walks">{walks}</div></section>'
        f'<script type="module">{SCRIPT}</script>'
    )


def _walk(locale: str, kind: CrmKind, code: str, market: str) -> str:
    text = _TEXT[locale]
    title, what, open_market, steps = text[kind]
    state = "waiting" if code else "connected"
    chip = f'<span class="chip{" waits" if code else ""}" role="status">{text[state]}</span>'
    head = f"<header><h3>{title}</h3>{chip}</header>"
    if not code:
        return (
            f'<article class="walk" data-crm="{kind.value}">{head}<p>{what}</p>'
            f'<form method="post" action="/sandbox/walks/{kind.value}/begin">'
            f'<button aria-label="{text["begin"]}: {title}">{text["begin"]}</button></form>'
            "</article>"
        )
    items = "".join(f"<li>{step}</li>" for step in steps)
    return (
        f'<article class="walk" data-crm="{kind.value}">{head}<ol>{items}</ol>'
        f'<div class="code"><span>{text["code"]}:</span><output>{code}</output></div>'
        f'<a class="go" target="_blank" rel="noopener" href="{market}">{open_market}</a>'
        f'<form method="post" action="/sandbox/walks/{kind.value}/code">'
        f'<button aria-label="{text["fresh"]}: {title}">{text["fresh"]}</button></form>'
        f"<p>{text['fresh_hint']}</p></article>"
    )
