"""The consent page: a user lets an integration have the account's data, or does not.

It serves three kinds of visitors (reference, section 4.2): a link to `/oauth` of an integration
the account knows; the site's button, in a window of its own; and the button of an external
integration, which is made here and whose keys go to `secrets_uri` before anybody is redirected.
"""

from __future__ import annotations

import html
import json
from typing import TYPE_CHECKING
from urllib.parse import urlencode, urlsplit

import httpx
from starlette.responses import HTMLResponse, RedirectResponse
from starlette.routing import Route

from backend.sandbox.amocrm.amo import amo_of
from backend.sandbox.amocrm.auth import session_user
from backend.sandbox.amocrm.envelope import Problem
from backend.sandbox.amocrm.registry import SCOPES, Integration
from backend.sandbox.amocrm.shell import page_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.requests import Request
    from starlette.responses import Response

    from backend.sandbox.amocrm.amo import Amo
    from backend.sandbox.amocrm.config import Json

_RUSSIA = "1"  # the `platform` parameter: 1 is the Russian site, 2 the global one
_SECRETS_TIMEOUT_S = 10.0
_OPEN_IN_PARENT = "post_message"


async def consent(request: Request) -> Response:
    """Ask the signed-in user whether the integration may have the account's data."""
    amo = amo_of(request)
    asked = _asked(request.query_params.multi_items())
    name, scopes = _who(amo, asked)
    user = session_user(request)
    if user is None:
        back = urlencode({"back": str(request.url.path) + "?" + request.url.query})
        return RedirectResponse(f"/login?{back}", 303)
    if not user["rights"]["is_admin"]:
        body = (
            "<h1>Нужен администратор</h1><p>Первый доступ к аккаунту даёт только администратор."
            " Войдите под ним или попросите его открыть эту ссылку.</p>"
        )
        return HTMLResponse(page_of("Доступ", body), 403)
    hidden = "".join(
        f'<input type="hidden" name="{html.escape(k)}" value="{html.escape(v)}">'
        for k, v in request.query_params.multi_items()
    )
    rights = "".join(f"<li>{html.escape(SCOPES.get(s, s))}</li>" for s in scopes)
    body = (
        f"<h1>Разрешить доступ?</h1><p><b>{html.escape(name)}</b> получит доступ к данным аккаунта"
        f" «{html.escape(amo.config.account_name)}» от имени {html.escape(user['name'])}.</p>"
        f"<ul>{rights}</ul>"
        f'<form method="post" action="/oauth">{hidden}'
        '<button class="button button-primary" name="answer" value="allow">Разрешить</button> '
        '<button class="button" name="answer" value="deny">Отказать</button></form>'
    )
    return HTMLResponse(page_of("Доступ", body))


async def consent_answer(request: Request) -> Response:
    """Send the browser to the redirect URI with a code, or with `access_denied`."""
    amo = amo_of(request)
    form = await request.form()
    asked = _asked([(k, str(v)) for k, v in form.multi_items()])
    _who(amo, asked)
    user = session_user(request)
    if user is None or not user["rights"]["is_admin"]:
        raise Problem(403, "Forbidden")
    query = {"state": asked["state"]} if asked.get("state") else {}
    if asked.get("answer") != "allow":
        target = _redirect_uri(amo, asked)
        query["error"] = "access_denied"
        return _send(asked, target, query, client_id=asked.get("client_id", ""))
    integration = amo.registry.find(asked.get("client_id"))
    if integration is None:
        integration = await _external(amo, asked)
    query["code"] = amo.tokens.code(integration.client_id, int(user["id"]))
    query["referer"] = request.url.netloc
    query["platform"] = _RUSSIA
    query["client_id"] = integration.client_id
    if not integration.external and not amo.installs.active:
        # Consent installs a widget that was off; the code goes by the browser, not by hook.
        amo.installs.active = True
        amo.live.send({"type": "widgets"})
    return _send(asked, integration.redirect_uri, query, client_id=integration.client_id)


async def _external(amo: Amo, asked: Mapping[str, str]) -> Integration:
    """Make the integration and hand its keys over. Raises Problem 400 when nobody takes them."""
    made = amo.registry.create_external(
        name=asked["name"],
        description=asked.get("description", ""),
        redirect_uri=asked["redirect_uri"],
        scopes=_scopes(asked),
    )
    keys: Json = {"client_id": made.client_id, "client_secret": made.client_secret}
    keys["state"] = asked.get("state", "")
    fault = amo.faults.take_hook("secrets")
    if fault is not None and fault.kind == "hook_lost":
        return made
    try:
        async with httpx.AsyncClient(
            transport=amo.config.transport, timeout=_SECRETS_TIMEOUT_S
        ) as http:
            for _ in range(2 if fault is not None and fault.kind == "hook_doubled" else 1):
                (await http.post(asked["secrets_uri"], json=keys)).raise_for_status()
    except httpx.HTTPError:
        amo.registry.drop(made.client_id)
        raise Problem(400, "secrets_uri did not take the keys") from None
    return made


def _send(
    asked: Mapping[str, str], redirect_uri: str, query: dict[str, str], *, client_id: str
) -> Response:
    """Redirect here, or let the page that opened this window do it.

    With `mode=post_message` the window tells its opener and closes; a visitor who came by a link
    has no opener and is redirected. `origin` is what the site's button says its page is: the
    message goes to it alone.
    """
    target = redirect_uri + ("&" if "?" in redirect_uri else "?") + urlencode(query)
    if asked.get("mode") != _OPEN_IN_PARENT or not asked.get("origin"):
        return RedirectResponse(target, 303)
    message = {"client_id": client_id, "error": query.get("error"), "location": target}
    parts = [json.dumps(p).replace("<", "\\u003c") for p in (message, asked["origin"], target)]
    script = (
        f"if (window.opener) {{ window.opener.postMessage({parts[0]}, {parts[1]}); window.close();"
        f" }} else {{ location.replace({parts[2]}); }}"
    )
    return HTMLResponse(page_of("Доступ", f"<p>Готово.</p><script>{script}</script>"))


def _asked(pairs: list[tuple[str, str]]) -> dict[str, str]:
    """The parameters, with the PHP array of scopes as one list."""
    found = {k: v for k, v in pairs if not k.startswith("scopes")}
    scopes = [v for k, v in pairs if k.startswith("scopes")]
    return {**found, "scopes": ",".join(scopes)}


def _scopes(asked: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(s for s in asked["scopes"].split(",") if s) or ("crm",)


def _who(amo: Amo, asked: Mapping[str, str]) -> tuple[str, tuple[str, ...]]:
    """Name and scopes to show. Raises Problem for an integration that cannot be."""
    known = amo.registry.find(asked.get("client_id"))
    if known is not None:
        return known.name, known.scopes
    if asked.get("client_id"):
        raise Problem(404, "Integration not found")
    for key in ("name", "redirect_uri", "secrets_uri"):
        if not asked.get(key):
            raise Problem(400, f"Parameter {key} is missing")
    for key in ("redirect_uri", "secrets_uri"):
        if urlsplit(asked[key]).scheme not in ("http", "https"):
            raise Problem(400, f"Parameter {key} is not an address")
    return asked["name"], _scopes(asked)


def _redirect_uri(amo: Amo, asked: Mapping[str, str]) -> str:
    known = amo.registry.find(asked.get("client_id"))
    return asked["redirect_uri"] if known is None else known.redirect_uri


def routes() -> list[Route]:
    return [
        Route("/oauth", consent, methods=["GET"]),
        Route("/oauth", consent_answer, methods=["POST"]),
    ]
