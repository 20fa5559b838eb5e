"""The few pages an administrator sees while amoCRM gets connected."""

from __future__ import annotations

import html
from typing import Final

from starlette.requests import Request
from starlette.responses import HTMLResponse

_STYLE = (
    "body{margin:0;font:16px/24px system-ui,sans-serif;color:#15202b;background:#f6f8f9}"
    "main{max-width:30rem;margin:12vh auto;padding:2rem;background:#fff;border-radius:12px;"
    "box-shadow:0 1px 4px rgb(21 32 43/15%)}h1{margin:0 0 .5rem;font-size:1.4rem}"
    "input{width:100%;box-sizing:border-box;padding:.6rem;font:inherit;letter-spacing:.1em;"
    "border:1px solid #8a97a3;border-radius:8px}"
    "button,a.button{display:inline-block;margin-top:1rem;padding:.6rem 1.2rem;font:inherit;"
    "font-weight:600;color:#fff;background:#0f766e;border:0;border-radius:8px;cursor:pointer;"
    "text-decoration:none}.problem{color:#b42318}.hint{color:#55636f}"
    "@media (prefers-color-scheme:dark){body{color:#e8edf1;background:#0f1419}"
    "main{background:#151b21}input{color:inherit;background:#0f1419}.hint{color:#9aa7b2}"
    ".problem{color:#f97066}}"
)
_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'"
)
_TEXTS: Final[dict[str, tuple[str, str, str, str]]] = {
    # name: title and text in Russian, title and text in English
    "connected": (
        "amoCRM подключена",
        "Можно закрыть эту страницу и обновить вкладку amoCRM: телефон появится сам.",
        "amoCRM is connected",
        "You may close this page and reload the amoCRM tab: the phone appears by itself.",
    ),
    "code": (
        "Последний шаг: код подключения",
        (
            "amoCRM дала доступ. Введите код подключения, чтобы мы узнали, к какой организации "
            "относится этот аккаунт. Код выдаёт администратор Дозвона; сам доступ уже сохранён."
        ),
        "One last step: the pairing code",
        (
            "amoCRM gave us access. Enter the pairing code, so that we know which organisation this "
            "account is of. The administrator of Dozvon has it; the access itself is already kept."
        ),
    ),
    "start": (
        "Подключение amoCRM",
        (
            "Введите код подключения, его выдаёт администратор Дозвона. После этого amoCRM спросит, "
            "давать ли доступ."
        ),
        "Connecting amoCRM",
        (
            "Enter the pairing code the administrator of Dozvon gave you. amoCRM will then ask "
            "whether to give access."
        ),
    ),
    "go": (
        "Код принят",
        "Осталось разрешить доступ в amoCRM. Войдите в неё администратором.",
        "The code is right",
        "What is left is to allow access in amoCRM. Sign in there as an administrator.",
    ),
    "bad_code": (
        "Код не подошёл",
        (
            "Он неверен, уже использован или устарел. Ничего не потеряно: попросите новый код и "
            "введите его здесь."
        ),
        "The code does not fit",
        (
            "It is wrong, was used before or is too old. Nothing is lost: ask for a new code and "
            "enter it here."
        ),
    ),
    "denied": (
        "Доступ не разрешён",
        "В amoCRM нажали «Отказать». Если это вышло случайно, откройте ссылку ещё раз.",
        "Access was not allowed",
        "Somebody pressed “Deny” in amoCRM. If that was a mistake, open the link once more.",
    ),
    "bad_state": (
        "Ссылка больше не действует",
        (
            "Она уже использована или устарела. Попросите администратора Дозвона о новой ссылке или "
            "нажмите «Подключить» ещё раз."
        ),
        "This link is no longer good",
        (
            "It was used before or is too old. Ask the administrator of Dozvon for a new one, or press "
            "“Connect” once more."
        ),
    ),
    "bad_address": (
        "Адрес неполный",
        (
            "В адресе нет того, что передаёт amoCRM. Откройте ссылку подключения заново, не копируя "
            "адрес по частям."
        ),
        "The address is incomplete",
        (
            "What amoCRM adds to the address is missing. Open the connecting link anew instead of "
            "copying parts of it."
        ),
    ),
    "unknown_client": (
        "Интеграция не настроена",
        (
            "Этот сервер не знает такой интеграции. Администратор Дозвона задаёт её ключи настройками "
            "DOZVON_AMOCRM_CLIENT_ID и DOZVON_AMOCRM_CLIENT_SECRET или командой "
            "dozvon connect amocrm."
        ),
        "The integration is not set up",
        (
            "This server knows no such integration. The administrator of Dozvon sets its keys with "
            "DOZVON_AMOCRM_CLIENT_ID and DOZVON_AMOCRM_CLIENT_SECRET, or with dozvon connect amocrm."
        ),
    ),
    "later": (
        "amoCRM пока не отвечает",
        (
            "Доступ сохранён, подключение завершится само, как только amoCRM ответит. Эту страницу "
            "можно закрыть."
        ),
        "amoCRM does not answer yet",
        (
            "The access is kept, and connecting will finish by itself as soon as amoCRM answers. You "
            "may close this page."
        ),
    ),
    "refused": (
        "amoCRM не приняла код",
        (
            "Так бывает, когда страницу открыли второй раз или прошло больше 20 минут. Откройте "
            "ссылку подключения заново."
        ),
        "amoCRM did not take the code",
        (
            "That happens when the page was opened twice or after more than 20 minutes. Open the "
            "connecting link anew."
        ),
    ),
    "not_admin": (
        "Нужен администратор amoCRM",
        (
            "Доступ дал пользователь без прав администратора: сотрудники и чужие сделки ему не "
            "видны. Попросите администратора amoCRM открыть ссылку подключения."
        ),
        "An administrator of amoCRM is needed",
        (
            "Access was given by a user without administrator's rights, who cannot see employees and "
            "others' deals. Ask an administrator of amoCRM to open the connecting link."
        ),
    ),
    "taken": (
        "Этот аккаунт amoCRM уже подключён",
        "Он подключён к другой организации Дозвона. Сначала отключите его там.",
        "This amoCRM account is connected already",
        "It belongs to another organisation of Dozvon. Disconnect it there first.",
    ),
    "other_connected": (
        "Уже подключён другой аккаунт amoCRM",
        (
            "У организации один аккаунт amoCRM. Чтобы сменить его, сначала отключите интеграцию в "
            "прежнем."
        ),
        "Another amoCRM account is connected",
        (
            "An organisation has one amoCRM account. To change it, disable the integration in the old "
            "one first."
        ),
    ),
}
_WORDS: Final = {
    "ru": {"label": "Код подключения", "join": "Подключить", "go": "Перейти в amoCRM",
           "suggest": "Похоже, это организация «{}». Нужен код именно от неё."},
    "en": {"label": "Pairing code", "join": "Connect", "go": "Go to amoCRM",
           "suggest": "This looks like the organisation “{}”. The code has to be from there."},
}  # fmt: skip


def locale_of(request: Request) -> str:
    """As the browser wishes; Russian for those who name no language."""
    wished = request.headers.get("accept-language", "ru")[:2].lower()
    return "ru" if wished in ("ru", "be", "kk", "uk") else "en"


def page(
    request: Request,
    name: str,
    status: int = 200,
    *,
    form: dict[str, str] | None = None,
    link: str = "",
    about: str = "",
    suggestion: str = "",
    problem: str = "",
) -> HTMLResponse:
    """`form`: hidden fields of the form that asks for a code; `link`: where the button leads;
    `about`: what the CRM calls its account; `problem`: another page's text, shown above the form.
    """
    locale = locale_of(request)
    at = 0 if locale == "ru" else 2
    words = _WORDS[locale]
    title, text = _TEXTS[name][at : at + 2]
    parts = [f"<h1>{html.escape(title)}</h1>"]
    if about:
        parts.append(f"<p><b>{html.escape(about)}</b></p>")
    if problem:
        parts.append(f'<p class="problem" role="alert">{html.escape(_TEXTS[problem][at + 1])}</p>')
    parts.append(f"<p>{html.escape(text)}</p>")
    if suggestion:
        hint = html.escape(words["suggest"].format(suggestion))
        parts.append(f'<p class="hint">{hint}</p>')
    if form is not None:
        hidden = "".join(
            f'<input type="hidden" name="{html.escape(key)}" value="{html.escape(value)}">'
            for key, value in form.items()
        )
        parts.append(
            f'<form method="post" action="/amocrm/connect">{hidden}'
            f'<label>{words["label"]}<input name="code" required autofocus maxlength="40" '
            'autocomplete="off" spellcheck="false" placeholder="ABCD-EFGH-JKMN"></label>'
            f"<button>{words['join']}</button></form>"
        )
    if link:
        parts.append(f'<a class="button" href="{html.escape(link)}">{words["go"]}</a>')
    body = (
        f'<!doctype html><html lang="{locale}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{html.escape(title)}</title><style>{_STYLE}</style></head>"
        f"<body><main>{''.join(parts)}</main></body></html>"
    )
    headers = {
        "Content-Security-Policy": _POLICY,
        "Cache-Control": "no-store",
        # The address holds a code: it must not travel on in a Referer.
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
    }
    return HTMLResponse(body, status, headers=headers)
