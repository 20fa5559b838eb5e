"""Who asks: an integration with a bearer token, or a page with its session cookie."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from backend.sandbox.amocrm.amo import Amo, amo_of
from backend.sandbox.amocrm.envelope import Problem

if TYPE_CHECKING:
    from starlette.requests import HTTPConnection

    from backend.sandbox.amocrm.config import Json

SESSION = "session_id"


@dataclass(frozen=True)
class Caller:
    """`user` is whose rights count; `client_id` is None when a page asks."""

    user: Json
    client_id: str | None

    @property
    def id(self) -> int:
        return int(self.user["id"])

    @property
    def is_admin(self) -> bool:
        return bool(self.user["rights"]["is_admin"])


def session_user(connection: HTTPConnection) -> Json | None:
    """The signed-in user, or None. The cookie is the user's id: a sandbox keeps no secrets."""
    value = connection.cookies.get(SESSION, "")
    user = amo_of(connection).world.users.get(int(value)) if value.isdigit() else None
    return user if user is not None and user["rights"]["is_active"] else None


LANGUAGE = "lang"
"""Query parameter of a page, and the cookie that remembers it: the user's own language."""


def language_of(connection: HTTPConnection) -> str:
    """In which language the user reads the CRM: `ru`, `en`, …; the account's unless chosen."""
    chosen = connection.query_params.get(LANGUAGE) or connection.cookies.get(LANGUAGE, "")
    return chosen if chosen in ("ru", "en") else amo_of(connection).config.language


def page_user(connection: HTTPConnection) -> Json:
    """Whose page asks. Raises Problem 401 without a session."""
    user = session_user(connection)
    if user is None:
        raise _unauthorized()
    return user


def caller_of(connection: HTTPConnection) -> Caller:
    """Raises Problem 401 for an unknown, expired or revoked token and for no session."""
    amo = amo_of(connection)
    header = connection.headers.get("authorization", "")
    if not header:
        user = session_user(connection)
        if user is None:
            raise _unauthorized()
        return Caller(user, None)
    scheme, _, token = header.partition(" ")
    grant = amo.tokens.check(token.strip()) if scheme.lower() == "bearer" else None
    if grant is None:
        raise _unauthorized()
    return Caller(_acting(amo, connection, grant.user_id), grant.client_id)


def admin_of(connection: HTTPConnection) -> Caller:
    """As caller_of; raises Problem 403 for users without administrator's rights."""
    caller = caller_of(connection)
    if not caller.is_admin:
        raise Problem(403, "Forbidden")
    return caller


def _acting(amo: Amo, connection: HTTPConnection, owner_id: int) -> Json:
    """The grant's owner, or the user named by X-Context-User-ID when the owner is an admin."""
    owner = amo.world.users.get(owner_id)
    if owner is None or (not owner["rights"]["is_active"] and not owner["rights"]["is_admin"]):
        # An administrator's grant survives deactivation, another user's does not.
        raise _unauthorized()
    named = connection.headers.get("x-context-user-id")
    if named is None:
        return owner
    user = amo.world.users.get(int(named)) if named.isdigit() else None
    useless = user is None or user["rights"]["is_free"] or not user["rights"]["is_active"]
    if user is None or useless or not owner["rights"]["is_admin"]:
        raise _unauthorized()
    return user


def _unauthorized() -> Problem:
    return Problem(401, "Invalid user name or password")
