"""The remote control of the sandbox: state, faults, clock, users, addresses, quick sign-in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import RedirectResponse
from starlette.routing import Route

from backend.sandbox.amocrm import envelope, people, switches
from backend.sandbox.amocrm.amo import amo_of
from backend.sandbox.amocrm.auth import SESSION
from backend.sandbox.amocrm.envelope import Problem, plain_json
from backend.sandbox.amocrm.shell import own_page

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from backend.sandbox.amocrm.amo import Amo
    from backend.sandbox.amocrm.config import Json

_SHOWN_CALLS = 100
_TABLES = (
    "users",
    "contacts",
    "companies",
    "leads",
    "customers",
    "tasks",
    "notes",
    "unsorted",
    "webhooks",
)


async def state(request: Request) -> Response:
    """What the account holds and how it misbehaves."""
    amo = amo_of(request)
    return plain_json(
        {
            "now": amo.clock.now().isoformat(),
            "account_id": amo.config.account_id,
            "subdomain": amo.world.account["subdomain"],
            "counts": {name: len(getattr(amo.world, name)) for name in _TABLES},
            "widget": {"status": amo.installs.status, "settings": amo.installs.settings},
            "external": [i.client_id for i in amo.registry.external],
            "online": sorted(amo.live.online()),
            **amo.faults.state(),
        }
    )


async def faults(request: Request) -> Response:
    """GET describes every switch, POST sets some, DELETE ends all of them.

    The answer is always the description: a list of {name, title_ru, title_en, group, params,
    value}, the same in every sandbox.
    """
    amo = amo_of(request)
    if request.method == "DELETE":
        switches.reset(amo)
    elif request.method == "POST":
        await _switch(request, amo)
    return plain_json(switches.described(amo))


async def set_switches(request: Request) -> Response:
    """The same as a POST of faults; answers with the bare values."""
    amo = amo_of(request)
    await _switch(request, amo)
    return plain_json(amo.faults.state())


async def _switch(request: Request, amo: Amo) -> None:
    body = await envelope.read_json(request)
    if not isinstance(body, dict):
        raise Problem(400, "Request data can not be empty")
    try:
        switches.switch(amo, body)
    except KeyError as error:
        raise Problem(400, f"unknown switch {error}") from None
    except (TypeError, ValueError) as error:
        raise Problem(400, str(error)) from None


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


async def clock(request: Request) -> Response:
    """Move the CRM's time on by `advance_s`, so that codes and tokens grow old."""
    amo = amo_of(request)
    body = await envelope.read_json(request, default={})
    try:
        amo.clock.offset_s += float(body["advance_s"])
    except (KeyError, TypeError, ValueError):
        raise Problem(400, "advance_s is a number of seconds") from None
    return plain_json({"now": amo.clock.now().isoformat()})


async def release(request: Request) -> Response:
    """The platform brings out a new version: every open page reloads, after its call if any."""
    amo_of(request).live.send({"type": "release"})
    return plain_json({"released": True})


async def rename(request: Request) -> Response:
    """Give the account another subdomain; its old host answers no more.

    The body is `{subdomain}`. The old host is the one this request came to.
    """
    amo = amo_of(request)
    subdomain = str((await envelope.one(request)).get("subdomain", ""))
    if not subdomain.replace("-", "").isalnum():
        raise Problem(400, "subdomain is a word of latin letters and digits")
    old = request.url.netloc
    label, _, rest = old.partition(".")
    # An account reached by an IP address keeps it: there is no name in it to change.
    new = f"{subdomain}.{rest}" if rest and not label.isdigit() else old
    if new != old:
        amo.former_hosts.add(old)
    amo.former_hosts.discard(new)
    amo.host = new
    amo.world.account["subdomain"] = subdomain
    return plain_json({"subdomain": subdomain, "domain": new})


async def users(request: Request) -> Response:
    """POST adds a user, PATCH changes rights, DELETE removes one from the account."""
    amo = amo_of(request)
    user_id = request.path_params.get("id")
    if user_id is not None and user_id not in amo.world.users:
        raise Problem(404, "User not found")
    if request.method == "DELETE":
        people.delete(amo, int(user_id or 0))
        return plain_json({"deleted": user_id})
    body: Json = await envelope.one(request)
    found = people.add(amo, body) if user_id is None else people.change(amo, int(user_id), body)
    return plain_json({k: v for k, v in found.items() if not k.startswith("_")})


def routes() -> list[Route]:
    return [
        Route("/sandbox/state", state, methods=["GET"]),
        Route("/sandbox/faults", faults, methods=["GET", "POST", "DELETE"]),
        Route("/sandbox/switches", set_switches, methods=["POST"]),
        Route("/sandbox/calls", calls, methods=["GET", "DELETE"]),
        Route("/sandbox/sign-in/{id:int}", sign_in, methods=["GET"]),
        Route("/sandbox/expire-tokens", expire, methods=["POST"]),
        Route("/sandbox/clock", clock, methods=["POST"]),
        Route("/sandbox/release", release, methods=["POST"]),
        Route("/sandbox/rename", rename, methods=["POST"]),
        Route("/sandbox/users", users, methods=["POST"]),
        Route("/sandbox/users/{id:int}", users, methods=["PATCH", "DELETE"]),
    ]
