"""The remote control of the sandbox: state, faults, clean slates, quick sign-in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import RedirectResponse
from starlette.routing import Route

from backend.sandbox.amocrm import envelope
from backend.sandbox.amocrm.amo import amo_of
from backend.sandbox.amocrm.auth import SESSION
from backend.sandbox.amocrm.envelope import Problem, plain_json
from backend.sandbox.amocrm.faults import fault_from
from backend.sandbox.amocrm.shell import own_page

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

_SHOWN_CALLS = 100
_SWITCHES = (
    "down",
    "payment_required",
    "rate_limit",
    "html_429",
    "api_filter",
    "settings_as_string",
)


async def state(request: Request) -> Response:
    """What the account holds and how it misbehaves."""
    amo = amo_of(request)
    world = amo.world
    tables = ("users", "contacts", "companies", "leads", "tasks", "notes", "unsorted", "webhooks")
    return plain_json(
        {
            "now": amo.clock.now().isoformat(),
            "account_id": amo.config.account_id,
            "subdomain": amo.config.subdomain,
            "counts": {name: len(getattr(world, name)) for name in tables},
            "widget": {"status": amo.installs.status, "settings": amo.installs.settings},
            "online": sorted(amo.live.online()),
            **amo.faults.state(),
        }
    )


async def faults(request: Request) -> Response:
    """GET lists, POST adds one fault, DELETE ends all of them and resets the switches."""
    amo = amo_of(request)
    if request.method == "DELETE":
        amo.faults.clear()
    elif request.method == "POST":
        body = await envelope.one(request)
        try:
            amo.faults.add(fault_from(body))
        except (KeyError, TypeError, ValueError) as error:
            raise Problem(400, str(error)) from None
    return plain_json(amo.faults.state())


async def switches(request: Request) -> Response:
    """Set any of down, payment_required, rate_limit, html_429, api_filter, settings_as_string."""
    amo = amo_of(request)
    for key, value in (await envelope.one(request)).items():
        if key in _SWITCHES:
            setattr(amo.faults, key, value)
    return plain_json(amo.faults.state())


async def calls(request: Request) -> Response:
    """The newest requests of clients, newest last; DELETE forgets them."""
    amo = amo_of(request)
    if request.method == "DELETE":
        amo.faults.calls.clear()
    return plain_json({"calls": [vars(c) for c in list(amo.faults.calls)[-_SHOWN_CALLS:]]})


async def sign_in(request: Request) -> Response:
    """Become a user without the sign-in page: for demos that open a tab per user."""
    user = amo_of(request).world.users.get(request.path_params["id"])
    if user is None:
        raise Problem(404, "User not found")
    answer = RedirectResponse(own_page(request.query_params.get("to", "/")), 303)
    answer.set_cookie(SESSION, str(user["id"]), httponly=True, samesite="lax")
    return answer


async def expire(request: Request) -> Response:
    """Make every access token issued so far old; refresh tokens stay good."""
    amo_of(request).tokens.expire_access()
    return plain_json({"expired": True})


def routes() -> list[Route]:
    return [
        Route("/sandbox/state", state, methods=["GET"]),
        Route("/sandbox/faults", faults, methods=["GET", "POST", "DELETE"]),
        Route("/sandbox/switches", switches, methods=["POST"]),
        Route("/sandbox/calls", calls, methods=["GET", "DELETE"]),
        Route("/sandbox/sign-in/{id:int}", sign_in, methods=["GET"]),
        Route("/sandbox/expire-tokens", expire, methods=["POST"]),
    ]
