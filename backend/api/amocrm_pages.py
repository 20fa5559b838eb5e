"""The few pages an administrator sees while amoCRM gets connected."""

from __future__ import annotations

import html

from starlette.requests import Request
from starlette.responses import HTMLResponse

from backend.api.amocrm_texts import TEXTS, WORDS

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
    words = WORDS[locale]
    title, text = TEXTS[name][at : at + 2]
    parts = [f"<h1>{html.escape(title)}</h1>"]
    if about:
        parts.append(f"<p><b>{html.escape(about)}</b></p>")
    if problem:
        parts.append(f'<p class="problem" role="alert">{html.escape(TEXTS[problem][at + 1])}</p>')
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
