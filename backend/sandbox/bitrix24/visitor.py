"""Who looks at a page of the portal, and in which language."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backend.sandbox.bitrix24.oauth import SESSION_COOKIE

if TYPE_CHECKING:
    from starlette.requests import HTTPConnection

    from backend.sandbox.bitrix24.portal import Portal
    from backend.sandbox.dataset import User

LANGUAGE_COOKIE = "portal_lang"


def user_of(portal: Portal, connection: HTTPConnection) -> User | None:
    """The employee behind the session cookie; a dismissed one is nobody."""
    session = connection.cookies.get(SESSION_COOKIE, "")
    return portal.active_user(portal.sessions.get(session))


def language_of(portal: Portal, connection: HTTPConnection) -> str:
    """`ru` or `en`: asked for in the address, kept in a cookie, else the portal's own."""
    wanted = connection.query_params.get("lang") or connection.cookies.get(LANGUAGE_COOKIE)
    return wanted if wanted in {"ru", "en"} else portal.config.language
