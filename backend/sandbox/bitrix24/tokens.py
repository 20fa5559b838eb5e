"""Access and refresh tokens and one-time codes of the authorization server."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from backend.sandbox.bitrix24.errors import RestError

if TYPE_CHECKING:
    from backend.kit.clock import Clock
    from backend.sandbox.bitrix24.config import Endpoints, PortalConfig


@dataclass
class Grant:
    """A pair of tokens of one user; instants are unix seconds.

    `spent_at` is set when the refresh token was exchanged; `revoked` when the pair was withdrawn.
    """

    access_token: str
    refresh_token: str
    user_id: int
    expires_at: float
    refresh_until: float
    spent_at: float | None = None
    revoked: bool = False


class Tokens:
    """Issues and checks the tokens of the portal's application."""

    def __init__(self, config: PortalConfig, clock: Clock) -> None:
        self._config = config
        self._clock = clock
        self._by_access: dict[str, Grant] = {}
        self._by_refresh: dict[str, Grant] = {}
        self._codes: dict[str, tuple[int, float]] = {}
        self.refreshes: dict[int, int] = {}
        """User → how often their pair was refreshed, for those who count."""

    def _now(self) -> float:
        return self._clock.now().timestamp()

    def issue(self, user_id: int) -> Grant:
        """A new pair for the user."""
        now = self._now()
        grant = Grant(
            access_token=secrets.token_hex(35),
            refresh_token=secrets.token_hex(35),
            user_id=user_id,
            expires_at=now + self._config.access_lifetime_s,
            refresh_until=now + self._config.refresh_lifetime_s,
        )
        self._by_access[grant.access_token] = grant
        self._by_refresh[grant.refresh_token] = grant
        return grant

    def code(self, user_id: int) -> str:
        """A code that can be exchanged once, within its short life."""
        code = secrets.token_hex(35)
        self._codes[code] = (user_id, self._now() + self._config.code_lifetime_s)
        return code

    def check(self, access_token: str) -> Grant:
        """The living grant behind the token. Raises NO_AUTH_FOUND or expired_token (401)."""
        grant = self._by_access.get(access_token)
        if grant is None or grant.revoked:
            raise RestError("NO_AUTH_FOUND", "Wrong authorization data", 401)
        if grant.expires_at <= self._now():
            raise RestError("expired_token", "The access token provided has expired.", 401)
        return grant

    def exchange_code(self, code: str) -> Grant:
        """The pair for a code. Raises invalid_grant when unknown, used or too old."""
        user_id, until = self._codes.pop(code, (0, 0.0))
        if until <= self._now():
            raise RestError("invalid_grant", "Invalid authorization code", 400)
        return self.issue(user_id)

    def refresh(self, refresh_token: str) -> Grant:
        """A new pair for an old one, whose refresh token is then spent (after any grace)."""
        grant = self._by_refresh.get(refresh_token)
        now = self._now()
        if grant is None or grant.revoked or grant.refresh_until <= now:
            raise RestError("invalid_grant", "Invalid refresh token", 400)
        if grant.spent_at is not None and now - grant.spent_at >= self._config.refresh_grace_s:
            raise RestError("invalid_grant", "Refresh token was already used", 400)
        if grant.spent_at is None:
            grant.spent_at = now
        self.refreshes[grant.user_id] = self.refreshes.get(grant.user_id, 0) + 1
        return self.issue(grant.user_id)

    def expire_all(self) -> None:
        """Make every access token look too old; refresh tokens stay good."""
        for grant in self._by_access.values():
            grant.expires_at = min(grant.expires_at, self._now())

    def revoke(self, user_id: int | None = None) -> None:
        """Withdraw everything, or what one dismissed user holds."""
        for grant in self._by_access.values():
            if user_id is None or grant.user_id == user_id:
                grant.revoked = True

    def answer(self, grant: Grant, at: Endpoints) -> dict[str, Any]:
        """The body of a token response; its `domain` is the authorization server's own."""
        config = self._config
        return {
            "access_token": grant.access_token,
            "client_endpoint": at.client_endpoint,
            "domain": at.oauth_host,
            "expires": int(grant.expires_at),
            "expires_in": int(config.access_lifetime_s),
            "member_id": config.member_id,
            "refresh_token": grant.refresh_token,
            "scope": ",".join(config.application.scopes),
            "server_endpoint": at.server_endpoint,
            "status": config.application.status,
            "user_id": grant.user_id,
        }
