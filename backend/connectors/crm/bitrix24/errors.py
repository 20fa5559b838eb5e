"""Bitrix24's answers as our three outcomes. The key `error` decides, whatever the status."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from backend.connectors.crm.bitrix24.limits import BUSY_PAUSE_S, METHOD_PAUSE_S
from backend.errors import CrmAuthExpired, CrmError, CrmRejected, CrmUnavailable

if TYPE_CHECKING:
    import httpx

EXPIRED = frozenset({"expired_token", "invalid_token", "NO_AUTH_FOUND"})
"""Answers after which one refresh and one repetition make sense."""
_DEAD = frozenset(
    {
        "invalid_grant",
        "invalid_client",
        "WRONG_CLIENT",
        "NOT_INSTALLED",
        "PAYMENT_REQUIRED",
        "PORTAL_DELETED",
        "bad_verification_code",
        "insufficient_scope",
    }
)
"""A person has to act: connect again, pay, or give the application its rights."""
_OF_THE_USER = frozenset({"user_access_error", "INVALID_CREDENTIALS"})
"""Whoever let us in may no longer; another administrator's leave may still be good (section 2.3,
pitfall 5 of the reference)."""
_NO_REST = "commercial plans"
"""Part of the text of ACCESS_DENIED when the portal's plan has no REST at all."""
_REFUSED_401 = frozenset({"METHOD_CONFIRM_WAITING", "METHOD_CONFIRM_DENIED"})
"""An administrator has not allowed this one method; the grant itself is good."""
_LATER = frozenset({"OVERLOAD_LIMIT", "INTERNAL_SERVER_ERROR", "ERROR_UNEXPECTED_ANSWER"})
_TOO_FAST = "QUERY_LIMIT_EXCEEDED"
"""The bucket leaks within the second; a portal in trouble names no time (sections 2.3, 2.4)."""


class TokenExpired(CrmAuthExpired):
    """The access token is out of date; not yet a reason to ask a person."""


class GrantLost(CrmAuthExpired):
    """The user behind the tokens lost the portal or a right. `certain`: the portal, for good."""

    def __init__(self, message: str = "", *, certain: bool = False) -> None:
        super().__init__(message)
        self.certain = certain


class TooFast(CrmUnavailable):
    """The portal counted more requests than it takes at once; it works, and takes one soon."""


class MethodBlocked(CrmUnavailable):
    """One method used up its operating time; the others still work."""


def outcome(status: int, code: str, text: str, *, retry_after_s: float | None = None) -> CrmError:
    """The error to raise for an answer that has `error`, or that is no JSON at all."""
    said = f"{status} {code}: {text}"[:300]
    if code in EXPIRED:
        return TokenExpired(said)
    if code in _REFUSED_401:
        return CrmRejected(said)
    if code in _OF_THE_USER:
        return GrantLost(said, certain=code == "user_access_error")
    if code in _DEAD or status == 401 or (code == "ACCESS_DENIED" and _NO_REST in text):
        return CrmAuthExpired(said)
    if code == "OPERATION_TIME_LIMIT":
        return MethodBlocked(said, retry_after_s=retry_after_s or METHOD_PAUSE_S)
    if code == _TOO_FAST or status == 429:
        return TooFast(said, retry_after_s=retry_after_s or BUSY_PAUSE_S)
    if code in _LATER or status >= 500:
        return CrmUnavailable(said, retry_after_s=retry_after_s)
    return CrmRejected(said)


def decode(response: httpx.Response) -> dict[str, Any]:
    """The envelope of a good answer. Raises the outcome of a bad one."""
    try:
        body = response.json()
    except ValueError:
        body = None
    if not isinstance(body, dict):
        # A proxy's or an overload page: HTML under any status.
        status = response.status_code if response.status_code >= 400 else 502
        # A page instead of JSON never says that the grant is bad: whatever the status, retry.
        raise outcome(max(status, 500), "", "the answer is not JSON")
    if "error" in body:
        raise outcome(
            response.status_code, str(body["error"]), str(body.get("error_description", ""))
        )
    return body
