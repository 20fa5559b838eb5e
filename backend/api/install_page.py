"""The installation page a portal frames: plain HTML, Russian and English, one small script."""

from __future__ import annotations

import html
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import msgspec
from starlette.responses import HTMLResponse, Response

from backend.api.headers import page_headers

SCRIPT = (Path(__file__).parent / "bitrix24_install.js").read_text()
_STYLE = """
:root{color-scheme:light dark;--bg:#f5f7f6;--card:#fff;--text:#17202a;--muted:#55626e;
--line:#c9d2d8;--accent:#0f766e;--on:#fff;--bad:#b42318}
@media(prefers-color-scheme:dark){:root{--bg:#0f1419;--card:#1a2129;--text:#e6edf3;
--muted:#9fb0bd;--line:#3a4753;--accent:#2dd4bf;--on:#06201d;--bad:#ff9b8f}}
*{box-sizing:border-box}body{margin:0;background:var(--bg);color:var(--text);
font:16px/1.5 system-ui,sans-serif}main{max-width:560px;margin:0 auto;padding:40px 20px}
section{background:var(--card);border:1px solid var(--line);border-radius:12px;padding:28px}
h1{font-size:22px;line-height:1.25;margin:0 0 12px}p{margin:0 0 12px}.muted{color:var(--muted)}
label{display:block;font-weight:600;margin:18px 0 6px}
input{width:100%;font:inherit;padding:11px 12px;border:1px solid var(--line);border-radius:8px;
background:transparent;color:inherit}input[aria-invalid=true]{border-color:var(--bad)}
.hint{font-size:14px;color:var(--muted);margin:6px 0 0}.bad{color:var(--bad);font-size:14px;
margin:6px 0 0}code{font-size:.92em;overflow-wrap:anywhere}ul{margin:0 0 12px;padding-left:20px}
button{margin-top:22px;font:inherit;font-weight:600;background:var(--accent);color:var(--on);
border:0;border-radius:10px;padding:12px 22px;min-height:44px;cursor:pointer}
button:disabled{opacity:.6;cursor:default}
:is(input,button):focus-visible{outline:3px solid var(--accent);outline-offset:2px}
"""
_TEXT: dict[str, dict[str, str]] = {
    "ru": {
        "title": "Установка Dozvon",
        "code_title": "К какому аккаунту подключить портал?",
        "code_lead": "Портал {portal} проверен. Осталось связать его с вашим аккаунтом Dozvon.",
        "code": "Код подключения",
        "code_hint": "Его выдаёт администратор Dozvon: команда «dozvon pair». "
        "Код действует сутки и один раз.",
        "secret": "Ключ приложения (client_secret)",
        "secret_hint": "Он в карточке локального приложения портала. Код приложения: {client_id}",
        "connect": "Подключить",
        "busy": "Подключаем…",
        "bad_code": "Такого кода нет, или он уже использован. Запросите новый.",
        "bad_client_secret": "Портал не принимает этот ключ. Скопируйте его из карточки приложения "
        "целиком.",
        "joined_title": "Dozvon подключён",
        "joined_lead": "Портал {portal} связан с аккаунтом «{account}».",
        "joined_next": "Обновите вкладки портала: телефон появится у сотрудников с линией.",
        "joined_later": "Портал ещё не ответил на часть настроек: Dozvon закончит их сам за "
        "несколько минут.",
        "joined_refused": "Портал не разрешил часть возможностей. Проверьте права приложения:",
        "finish": "Завершить установку",
        "not_admin_title": "Нужен администратор портала",
        "not_admin_lead": "{detail}, приложение может установить только администратор Битрикс24. "
        "Попросите его открыть эту страницу: Приложения → Dozvon.",
        "taken_title": "Портал уже подключён",
        "taken_lead": "Портал подключён к другому аккаунту Dozvon. Сначала удалите приложение "
        "в портале, затем установите снова.",
        "other_connected_title": "У аккаунта другой портал",
        "other_connected_lead": "К этому аккаунту Dozvon подключён портал {detail}. Удалите "
        "приложение там или возьмите код другого аккаунта.",
        "too_late_title": "Установка устарела",
        "too_late_lead": "Закройте это окно и откройте приложение в портале ещё раз.",
        "no_launch_title": "Откройте страницу из портала",
        "no_launch_lead": "Эту страницу открывает Битрикс24 при установке приложения: "
        "Приложения → Dozvon → Установить.",
        "bad_proof_title": "Портал не подтверждён",
        "bad_proof_lead": "Сервер авторизации Битрикс24 не узнал это открытие страницы. Закройте "
        "окно и откройте приложение ещё раз.",
        "unavailable_title": "Нет ответа от Битрикс24",
        "unavailable_lead": "Не отвечает портал или сервер авторизации. Для коробочного портала "
        "нужны HTTPS с сертификатом, которому доверяют (не самоподписанным), и доступ к порталу "
        "снаружи. Ничего не потеряно: откройте приложение ещё раз через минуту.",
    },
    "en": {
        "title": "Dozvon installation",
        "code_title": "Which account is this portal for?",
        "code_lead": "The portal {portal} is verified. It remains to join it to your Dozvon "
        "account.",
        "code": "Pairing code",
        "code_hint": "Your Dozvon administrator prints one with “dozvon pair”. It is good for a "
        "day and one use.",
        "secret": "Application key (client_secret)",
        "secret_hint": "It is in the local application's card in the portal. Application code: "
        "{client_id}",
        "connect": "Connect",
        "busy": "Connecting…",
        "bad_code": "There is no such code, or it was used. Ask for a new one.",
        "bad_client_secret": "The portal does not accept this key. Copy it whole from the "
        "application's card.",
        "joined_title": "Dozvon is connected",
        "joined_lead": "The portal {portal} is joined to the account “{account}”.",
        "joined_next": "Reload the portal's tabs: the phone appears for employees with a line.",
        "joined_later": "The portal has not answered everything yet: Dozvon finishes by itself "
        "within minutes.",
        "joined_refused": "The portal did not allow some features. Check the application's rights:",
        "finish": "Finish the installation",
        "not_admin_title": "A portal administrator is needed",
        "not_admin_lead": "{detail}, only an administrator of Bitrix24 can install the "
        "application. Ask one to open this page: Applications → Dozvon.",
        "taken_title": "The portal is connected already",
        "taken_lead": "The portal belongs to another Dozvon account. Delete the application in the "
        "portal first, then install it again.",
        "other_connected_title": "The account has another portal",
        "other_connected_lead": "The portal {detail} is connected to this Dozvon account. Delete "
        "the application there, or use another account's code.",
        "too_late_title": "This installation is too old",
        "too_late_lead": "Close this window and open the application in the portal again.",
        "no_launch_title": "Open this page from the portal",
        "no_launch_lead": "Bitrix24 opens it when the application is installed: Applications → "
        "Dozvon → Install.",
        "bad_proof_title": "The portal is not verified",
        "bad_proof_lead": "Bitrix24's authorization server does not know this launch. Close the "
        "window and open the application again.",
        "unavailable_title": "Bitrix24 does not answer",
        "unavailable_lead": "The portal or the authorization server does not answer. An on-premise "
        "portal needs HTTPS with a trusted certificate (not a self-signed one) and must be "
        "reachable from outside. Nothing is lost: open the application again in a minute.",
    },
}
Told = Literal[
    "not_admin",
    "taken",
    "other_connected",
    "too_late",
    "no_launch",
    "bad_proof",
    "unavailable",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """Where the page stands: its language and the launch it answers."""

    locale: str
    sid: str = ""


def ask_code(
    frame: Frame, *, pending_id: str, portal: str, client_id: str, secret: bool, bad: str = ""
) -> Response:
    """The form for what is missing. `bad` names the field that was refused."""
    say = _TEXT[frame.locale]
    fields = _field(frame, "code", say["code_hint"], bad, 'autocomplete="off" autofocus')
    if secret:
        hint = say["secret_hint"].format(client_id=client_id)
        fields = _field(frame, "client_secret", hint, bad, 'autocomplete="off"') + fields
    hidden = "".join(
        f'<input type="hidden" name="{name}" value="{html.escape(value)}">'
        for name, value in (
            ("pending", pending_id),
            ("portal", portal),
            ("client_id", client_id),
            ("lang", frame.locale),
            ("sid", frame.sid),
        )
    )
    return _page(
        frame,
        f"<h1>{say['code_title']}</h1>"
        f'<p class="muted">{say["code_lead"].format(portal=html.escape(portal))}</p>'
        f'<form method="post" action="/bitrix24/install/join">{hidden}{fields}'
        f'<button data-busy="{say["busy"]}">{say["connect"]}</button></form>',
        status=400 if bad else 200,
    )


def joined(
    frame: Frame, *, portal: str, account: str, refused: list[str], later: bool, in_portal: bool
) -> Response:
    """It is connected. Without trouble the portal is told at once; else after it was read."""
    say = _TEXT[frame.locale]
    lead = say["joined_lead"].format(portal=html.escape(portal), account=html.escape(account))
    body = f"<h1>{say['joined_title']}</h1><p>{lead}</p>"
    if refused:
        rows = "".join(f"<li><code>{html.escape(line)}</code></li>" for line in refused)
        body += f"<p>{say['joined_refused']}</p><ul>{rows}</ul>"
    if later:
        body += f"<p>{say['joined_later']}</p>"
    body += f'<p class="muted">{say["joined_next"]}</p>'
    if in_portal and refused:
        body += f'<button type="button" id="finish">{say["finish"]}</button>'
    finish = "now" if in_portal and not refused else "asked"
    return _page(frame, body, portal=portal, finish=finish)


def told(frame: Frame, what: Told, detail: str = "") -> Response:
    """Why it goes no further, and what to do."""
    say = _TEXT[frame.locale]
    status = {"unavailable": 503, "bad_proof": 401, "no_launch": 400}.get(what, 403)
    lead = say[f"{what}_lead"].format(detail=html.escape(detail)).removeprefix(", ")
    return _page(
        frame,
        f"<h1>{say[f'{what}_title']}</h1><p>{lead[:1].upper()}{lead[1:]}</p>",
        status=status,
    )


def _field(frame: Frame, name: str, hint: str, bad: str, attributes: str) -> str:
    say = _TEXT[frame.locale]
    label = say["secret" if name == "client_secret" else name]
    wrong = bad == name
    said = f'<p class="bad" role="alert">{say[f"bad_{name}"]}</p>' if wrong else ""
    return (
        f'<label for="{name}">{label}</label>'
        f'<input id="{name}" name="{name}" required maxlength="200" spellcheck="false" '
        f'aria-describedby="{name}-hint"{" aria-invalid=true" if wrong else ""} {attributes}>'
        f'{said}<p class="hint" id="{name}-hint">{html.escape(hint)}</p>'
    )


def _page(
    frame: Frame, body: str, *, portal: str = "", finish: str = "", status: int = 200
) -> Response:
    boot = msgspec.json.encode({"portal": portal, "sid": frame.sid, "finish": finish}).decode()
    title = _TEXT[frame.locale]["title"]
    # Any portal may show it: who is looking is found out from the launch, not from the frame.
    headers = page_headers(("*",), forms="'self'")
    return HTMLResponse(
        f'<!doctype html><html lang="{frame.locale}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{title}</title><style>{_STYLE}</style>"
        f'<script type="application/json" id="boot">{boot.replace("<", chr(92) + "u003c")}</script>'
        '<script type="module" src="/bitrix24/install.js"></script></head>'
        f"<body><main><section>{body}</section></main></body></html>",
        status,
        headers=headers,
    )
