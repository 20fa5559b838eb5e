"""Opening an application page or widget in a frame: its address, its POST and its handshake."""

from __future__ import annotations

import json
import secrets
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from backend.sandbox.bitrix24.errors import RestError

if TYPE_CHECKING:
    from backend.sandbox.bitrix24.config import Endpoints
    from backend.sandbox.bitrix24.portal import Portal
    from backend.sandbox.dataset import User

MAIN, INSTALL = "DEFAULT", "INSTALL"
# Absent in older builds (reference 1.2).
_NEWER_FIELDS = ("SERVER_ENDPOINT", "APPLICATION_TOKEN", "APPLICATION_SCOPE")


def launch(
    portal: Portal,
    user: User,
    *,
    code: str,
    handler: str,
    options: dict[str, Any],
    language: str,
    at: Endpoints | None = None,
) -> dict[str, Any]:
    """What a page needs to open the frame: url, frame name, form fields and `getInitData`'s answer.

    `code` is a placement, DEFAULT for the main page or INSTALL for the installation page; `at` are
    the addresses under which the browser knows the portal. Raises RestError when the user may not
    open it or nothing is bound there.
    """
    url = _target(portal, user, code, handler)
    config = portal.config
    at = at or config.at()
    sid = secrets.token_hex(16)
    grant = portal.tokens.issue(user.id)
    placement = MAIN if code == INSTALL else code
    query = urlencode(
        {
            "DOMAIN": at.domain,
            "PROTOCOL": at.protocol,
            "LANG": language,
            "APP_SID": sid,
        }
    )
    fields = {
        "AUTH_ID": grant.access_token,
        "AUTH_EXPIRES": str(int(config.access_lifetime_s)),
        "REFRESH_ID": grant.refresh_token,
        "SERVER_ENDPOINT": at.server_endpoint,
        "APPLICATION_TOKEN": config.application.application_token,
        "APPLICATION_SCOPE": ",".join(config.application.scopes),
        "member_id": config.member_id,
        "status": config.application.status,
        "PLACEMENT": placement,
        "PLACEMENT_OPTIONS": json.dumps(options, ensure_ascii=False),
    }
    if config.old_build:
        for name in _NEWER_FIELDS:
            del fields[name]
    return {
        "url": f"{url}{'&' if '?' in url else '?'}{query}",
        "name": f"{at.domain}|{at.protocol}|{sid}",
        "sid": sid,
        "fields": fields,
        "init": {
            "LANG": language,
            "DOMAIN": at.domain,
            "PROTOCOL": at.protocol,
            "PATH": "/rest",
            "AUTH_ID": grant.access_token,
            "AUTH_EXPIRES": str(int(config.access_lifetime_s)),
            "REFRESH_ID": grant.refresh_token,
            "MEMBER_ID": config.member_id,
            "IS_ADMIN": user.is_admin,
            "FIRST_RUN": False,
            "INSTALL": code == INSTALL,
            "APP_OPTIONS": portal.app_options,
            "USER_OPTIONS": portal.user_options.get(user.id, {}),
            "PLACEMENT": placement,
            "PLACEMENT_OPTIONS": options,
        },
    }


def _target(portal: Portal, user: User, code: str, handler: str) -> str:
    application = portal.config.application
    if code == INSTALL:
        if not user.is_admin and not portal.config.anyone_installs:
            raise RestError("ACCESS_DENIED", "Only an administrator installs", 403)
        return application.install_url
    if code == MAIN:
        if not application.installed:
            raise RestError("NOT_INSTALLED", "The application is not fully installed", 409)
        return application.handler_url
    for item in portal.bound(code, user.id):
        if not handler or item.handler == handler:
            return item.handler
    raise RestError("ERROR_PLACEMENT_NOT_FOUND", "Placement not found", 404)
