"""Grants of the account: authorization codes, token pairs, long-lived and disposable tokens."""

from __future__ import annotations

import secrets
import uuid
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

if TYPE_CHECKING:
    from datetime import datetime

    from backend.kit.clock import Clock
    from backend.sandbox.amocrm.config import Json, WidgetPackage
    from backend.sandbox.amocrm.world import World

CODE_LIFE = timedelta(minutes=20)
ACCESS_LIFE = timedelta(seconds=86_400)
REFRESH_LIFE = timedelta(days=90)
DISPOSABLE_LIFE = timedelta(seconds=1800)


class OAuthRefusal(Exception):
    """The token endpoint says no; `hint` is the part clients tell the cases apart by."""

    def __init__(self, hint: str, status: int = 400) -> None:
        super().__init__(hint)
        self.hint = hint
        self.status = status


@dataclass
class Grant:
    """One user's consent. Its access tokens die with it."""

    client_id: str
    user_id: int
    revoked: bool = False  # set when the integration is disabled
    access_jti: set[str] = field(default_factory=set)  # every access token issued under it


@dataclass
class _Secret:
    grant: Grant
    expires_at: datetime
    used: bool = False  # codes and refresh tokens serve once


class Tokens:
    """Issues and checks. All ages are measured by the clock given."""

    def __init__(self, world: World, clock: Clock) -> None:
        self._world = world
        self._clock = clock
        self.api_domain = ""  # the site's shared API host; tokens issued elsewhere do not name it
        self._key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self._codes: dict[str, _Secret] = {}
        self._refresh: dict[str, _Secret] = {}
        self._access: dict[str, _Secret] = {}

    def code(self, client_id: str, user_id: int) -> str:
        """A fresh authorization code, good for twenty minutes and one exchange."""
        value = "def50200" + secrets.token_hex(48)
        grant = Grant(client_id=client_id, user_id=user_id)
        self._codes[value] = _Secret(grant, self._clock.now() + CODE_LIFE)
        return value

    def exchange(self, code: str, host: str) -> Json:
        """The token pair for a code. Raises OAuthRefusal."""
        found = self._codes.get(code)
        if found is None:
            raise OAuthRefusal("Cannot decrypt the authorization code")
        if found.used or found.grant.revoked:
            raise OAuthRefusal("Authorization code has been revoked")
        if self._clock.now() >= found.expires_at:
            raise OAuthRefusal("Authorization code has expired")
        found.used = True
        return self._pair(found.grant, host)

    def refresh(self, token: str, host: str) -> Json:
        """A new pair; the refresh token given is dead from now on. Raises OAuthRefusal."""
        found = self._refresh.get(token)
        if found is None:
            raise OAuthRefusal("Cannot decrypt the refresh token", 401)
        if found.used or found.grant.revoked:
            raise OAuthRefusal("Token has been revoked", 401)
        if self._clock.now() >= found.expires_at:
            raise OAuthRefusal("Token has expired", 401)
        found.used = True
        return self._pair(found.grant, host)

    def long_lived(self, client_id: str, user_id: int, host: str, life: timedelta) -> str:
        """An access token without a refresh token, as private integrations may have."""
        return self._issue(Grant(client_id=client_id, user_id=user_id), host, life)

    def check(self, token: str) -> Grant | None:
        """Who an access token speaks for, or None when it is unknown, expired or revoked."""
        found = self._access.get(token)
        if found is None or found.grant.revoked or self._clock.now() >= found.expires_at:
            return None
        return found.grant

    def owner_of_refresh(self, token: str) -> Grant | None:
        found = self._refresh.get(token)
        return None if found is None or found.grant.revoked else found.grant

    def expire_access(self) -> None:
        """Make every access token old at once; refresh tokens stay good."""
        for found in self._access.values():
            found.expires_at = self._clock.now()

    def knows_code(self, code: str) -> bool:
        return code in self._codes

    def revoke(self, client_id: str | None = None, *, user_id: int | None = None) -> None:
        """End grants: those of a disabled integration, of a deleted user, or all of them."""
        for found in [*self._codes.values(), *self._refresh.values(), *self._access.values()]:
            by_client = client_id is None or found.grant.client_id == client_id
            if by_client and (user_id is None or found.grant.user_id == user_id):
                found.grant.revoked = True

    def disposable(self, widget: WidgetPackage, user: Json, origin: str) -> str:
        """The token a page gets for its user, signed with the integration's secret."""
        now = self._clock.now()
        redirect = urlsplit(widget.redirect_uri)
        claims = {
            "iss": origin,
            # Scheme and host only: the platform's SDK compares without the port.
            "aud": f"{redirect.scheme}://{redirect.hostname}",
            "jti": str(uuid.uuid4()),
            "iat": int(now.timestamp()),
            "nbf": int(now.timestamp()),
            "exp": int((now + DISPOSABLE_LIFE).timestamp()),
            "account_id": self._world.account_id,
            "user_id": user["id"],
            "subdomain": self._world.account["subdomain"],
            "client_uuid": widget.client_uuid,
            "is_admin": bool(user["rights"]["is_admin"]),
        }
        return jwt.encode(claims, widget.client_secret, algorithm="HS256")

    def _api_domain(self, host: str) -> str:
        """The host a token names for questions that need no account's name."""
        name, colon, port = host.partition(":")
        site = self.api_domain.partition(".")[2]
        inside = bool(site) and name.endswith("." + site)
        return f"{self.api_domain}{colon}{port}" if inside else host

    def _pair(self, grant: Grant, host: str) -> Json:
        refresh = "def50200" + secrets.token_hex(96)
        self._refresh[refresh] = _Secret(grant, self._clock.now() + REFRESH_LIFE)
        return {
            "token_type": "Bearer",
            "expires_in": int(ACCESS_LIFE.total_seconds()),
            "server_time": int(self._clock.now().timestamp()),
            "access_token": self._issue(grant, host, ACCESS_LIFE),
            "refresh_token": refresh,
        }

    def _issue(self, grant: Grant, host: str, life: timedelta) -> str:
        now = self._clock.now()
        jti = secrets.token_hex(40)
        claims = {
            "aud": grant.client_id,
            "jti": jti,
            "iat": int(now.timestamp()),
            "nbf": int(now.timestamp()),
            "exp": int((now + life).timestamp()),
            "sub": str(grant.user_id),
            "account_id": self._world.account_id,
            "base_domain": _base_domain(host),
            "api_domain": self._api_domain(host),
            "version": 2,
            "scopes": ["crm", "notifications"],
        }
        token = jwt.encode(claims, self._key, algorithm="RS256")
        grant.access_jti.add(jti)
        self._access[token] = _Secret(grant, now + life)
        return token


def _base_domain(host: str) -> str:
    """The site an account's host belongs to: amocrm.ru of demo.amocrm.ru."""
    label, _, rest = host.partition(".")
    return rest if rest and not label.isdigit() else host
