"""Consent page and token endpoint."""

from __future__ import annotations

import html
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlencode

from starlette.responses import HTMLResponse, RedirectResponse
from starlette.routing import Route

from backend.sandbox.amocrm import envelope
from backend.sandbox.amocrm.amo import amo_of
from backend.sandbox.amocrm.auth import session_user
from backend.sandbox.amocrm.envelope import Problem, plain_json
from backend.sandbox.amocrm.shell import page_of
from backend.sandbox.amocrm.tokens import OAuthRefusal

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from backend.sandbox.amocrm.amo import Amo
    from backend.sandbox.amocrm.config import Json, WidgetPackage

_RUSSIA = "1"  # the `platform` parameter: 1 is the Russian site, 2 the global one


def _integration(amo: Amo, client_id: str | None) -> WidgetPackage:
    widget = amo.config.widget
    if widget is None or widget.client_uuid != client_id:
        raise Problem(404, "Integration not found")
    return widget


async def consent(request: Request) -> Response:
    """Ask the signed-in user whether the integration may have the account's data."""
    amo = amo_of(request)
    widget = _integration(amo, request.query_params.get("client_id"))
    user = session_user(request)
    if user is None:
        back = urlencode({"back": str(request.url.path) + "?" + request.url.query})
        return RedirectResponse(f"/login?{back}", 303)
    name = html.escape(str(widget.read_i18n(amo.config.language)["widget"]["name"]))
    if not user["rights"]["is_admin"]:
        body = "<p>Первый доступ к аккаунту даёт только администратор.</p>"
        return HTMLResponse(page_of("Доступ", body), 403)
    hidden = "".join(
        f'<input type="hidden" name="{html.escape(k)}" value="{html.escape(v)}">'
        for k, v in request.query_params.items()
    )
    body = (
        f"<h1>Разрешить доступ?</h1><p><b>{name}</b> получит доступ к данным аккаунта"
        f" «{html.escape(amo.config.account_name)}» от имени {html.escape(user['name'])}.</p>"
        f'<form method="post" action="/oauth">{hidden}'
        '<button class="button button-primary" name="answer" value="allow">Разрешить</button> '
        '<button class="button" name="answer" value="deny">Отказать</button></form>'
    )
    return HTMLResponse(page_of("Доступ", body))


async def consent_answer(request: Request) -> Response:
    """Send the browser to the redirect URI with a code, or with `access_denied`."""
    amo = amo_of(request)
    form = await request.form()
    widget = _integration(amo, str(form.get("client_id")))
    user = session_user(request)
    if user is None or not user["rights"]["is_admin"]:
        raise Problem(403, "Forbidden")
    query: dict[str, str] = {}
    if form.get("state"):
        query["state"] = str(form["state"])
    if form.get("answer") != "allow":
        query["error"] = "access_denied"
    else:
        query["code"] = amo.tokens.code(widget.client_uuid, user["id"])
        query["referer"] = request.url.netloc
        query["platform"] = _RUSSIA
        query["client_id"] = widget.client_uuid
        if not amo.installs.active:
            # Consent installs a widget that was off; the code goes by the browser, not by hook.
            amo.installs.active = True
            amo.live.send({"type": "widgets"})
    glue = "&" if "?" in widget.redirect_uri else "?"
    return RedirectResponse(widget.redirect_uri + glue + urlencode(query), 303)


async def access_token(request: Request) -> Response:
    """Exchange a code or a refresh token; every refusal says why in `hint`."""
    amo = amo_of(request)
    body = await _body(request)
    try:
        return plain_json(_grant(amo, body, request.url.netloc))
    except OAuthRefusal as refusal:
        return plain_json(
            {
                "hint": refusal.hint,
                "title": "Некорректный запрос",
                "type": "https://developers.amocrm.ru/v3/errors/OAuthProblemJson",
                "status": refusal.status,
                "detail": "В запросе отсутствует ряд параметров или параметры невалидны",
            },
            refusal.status,
        )


def _grant(amo: Amo, body: Json, host: str) -> Json:
    widget = amo.config.widget
    if widget is None or body.get("client_id") != widget.client_uuid:
        raise OAuthRefusal("Check the `client_id` parameter")
    if body.get("client_secret") != widget.client_secret:
        raise OAuthRefusal("Check the `client_secret` parameter")
    if body.get("redirect_uri") != widget.redirect_uri:
        raise OAuthRefusal("Redirect URI is not associated with client")
    if body.get("grant_type") == "authorization_code":
        return amo.tokens.exchange(str(body.get("code")), host)
    if body.get("grant_type") == "refresh_token":
        return amo.tokens.refresh(str(body.get("refresh_token")), host)
    raise OAuthRefusal("Check the `grant_type` parameter")


async def current_subdomain(request: Request) -> Response:
    """Where the account lives now, for a client whose host was renamed."""
    amo = amo_of(request)
    grant = amo.tokens.owner_of_refresh(request.headers.get("x-refresh-token", ""))
    if grant is None:
        raise Problem(401, "Invalid user name or password")
    host = request.url.netloc
    return plain_json(
        {
            "id": amo.config.account_id,
            "subdomain": amo.config.subdomain,
            "domain": host,
            "top_level_domain": host.rpartition(".")[2],
        }
    )


async def long_lived(request: Request) -> Response:
    """A long-lived token, as the integration's window shows once. Administrators only."""
    amo = amo_of(request)
    user = session_user(request)
    if user is None or not user["rights"]["is_admin"]:
        raise Problem(403, "Forbidden")
    body = await envelope.read_json(request, default={})
    widget = _integration(amo, body.get("client_id"))
    days = min(max(int(body.get("days", 1)), 1), 5 * 365)
    token = amo.tokens.long_lived(
        widget.client_uuid, user["id"], request.url.netloc, timedelta(days=days)
    )
    return plain_json({"token": token})


async def _body(request: Request) -> Json:
    """JSON, or a form: clients send both."""
    if request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        return dict(parse_qsl((await request.body()).decode()))
    body = await envelope.read_json(request, default={})
    return body if isinstance(body, dict) else {}


def routes() -> list[Route]:
    return [
        Route("/oauth", consent, methods=["GET"]),
        Route("/oauth", consent_answer, methods=["POST"]),
        Route("/oauth2/access_token", access_token, methods=["POST"]),
        Route("/oauth2/account/current/subdomain", current_subdomain, methods=["GET"]),
        Route("/ajax/v2/integrations/long_lived_token", long_lived, methods=["POST"]),
    ]
