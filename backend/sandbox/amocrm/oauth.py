"""The token endpoint, and what else integrations ask about their grants."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from starlette.routing import Route

from backend.sandbox.amocrm import envelope
from backend.sandbox.amocrm.amo import amo_of
from backend.sandbox.amocrm.auth import session_user
from backend.sandbox.amocrm.envelope import Problem, plain_json
from backend.sandbox.amocrm.tokens import OAuthRefusal

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from backend.sandbox.amocrm.amo import Amo
    from backend.sandbox.amocrm.config import Json

_RUSSIA = "1"  # the `platform` parameter: 1 is the Russian site, 2 the global one


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
    integration = amo.registry.find(body.get("client_id"))
    if integration is None:
        raise OAuthRefusal("Check the `client_id` parameter")
    if body.get("client_secret") != integration.client_secret:
        raise OAuthRefusal("Check the `client_secret` parameter")
    if body.get("redirect_uri") != integration.redirect_uri:
        raise OAuthRefusal("Redirect URI is not associated with client")
    if body.get("grant_type") == "authorization_code":
        code = str(body.get("code"))
        if any(n.tokens.knows_code(code) for n in amo.neighbours):
            raise OAuthRefusal("Invalid account")
        return amo.tokens.exchange(code, host)
    if body.get("grant_type") == "refresh_token":
        return amo.tokens.refresh(str(body.get("refresh_token")), host)
    raise OAuthRefusal("Check the `grant_type` parameter")


async def current_subdomain(request: Request) -> Response:
    """Where the account lives now, for a client whose host was renamed."""
    amo = amo_of(request)
    grant = amo.tokens.owner_of_refresh(request.headers.get("x-refresh-token", ""))
    if grant is None:
        raise Problem(401, "Invalid user name or password")
    host = amo.host or request.url.netloc
    return plain_json(
        {
            "id": amo.config.account_id,
            "subdomain": amo.world.account["subdomain"],
            "domain": host,
            "top_level_domain": host.partition(":")[0].rpartition(".")[2],
        }
    )


async def long_lived(request: Request) -> Response:
    """A long-lived token, as the integration's window shows once. Administrators only."""
    amo = amo_of(request)
    user = session_user(request)
    if user is None or not user["rights"]["is_admin"]:
        raise Problem(403, "Forbidden")
    body = await envelope.read_json(request, default={})
    integration = amo.registry.find(body.get("client_id"))
    if integration is None:
        raise Problem(404, "Integration not found")
    days = min(max(int(body.get("days", 1)), 1), 5 * 365)
    token = amo.tokens.long_lived(
        integration.client_id, user["id"], request.url.netloc, timedelta(days=days)
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
        Route("/oauth2/access_token", access_token, methods=["POST"]),
        Route("/oauth2/account/current/subdomain", current_subdomain, methods=["GET"]),
        Route("/ajax/v2/integrations/long_lived_token", long_lived, methods=["POST"]),
    ]
