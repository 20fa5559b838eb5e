"""amoCRM's answers as our three outcomes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from backend.connectors.crm.amocrm.limits import (
    BLOCKED_PAUSE_S,
    BUSY_PAUSE_S,
    LONGEST_NAMED_S,
)
from backend.errors import CrmAuthExpired, CrmRejected, CrmUnavailable

if TYPE_CHECKING:
    import httpx

NO_CONTENT = 204
"""An empty list or an unknown id: not an error here."""


class TokenExpired(CrmAuthExpired):
    """401 on the API: refresh once before asking a person."""


class NotThere(CrmRejected):
    """404: no such thing, or no such address any more."""


def decode(response: httpx.Response) -> dict[str, Any]:
    """The body of a good answer, `{}` for 204. Raises the outcome of a bad one."""
    status = response.status_code
    if status == NO_CONTENT:
        return {}
    try:
        body = response.json()
    except ValueError:
        body = None
    if status < 400:
        if not isinstance(body, dict):
            raise CrmUnavailable(f"{status}: the answer is not JSON")
        return body
    said = f"{status}: {_sentence(body)}"[:300]
    if status == 401:
        raise TokenExpired(said)
    if status == 402:
        raise CrmAuthExpired(said)
    if status == 404:
        raise NotThere(said)
    if status == 403 and body is None:
        raise CrmUnavailable(said, retry_after_s=BLOCKED_PAUSE_S)
    if status == 429:
        raise CrmUnavailable(said, retry_after_s=_retry_after(response, body))
    if status >= 500:
        raise CrmUnavailable(said)
    raise CrmRejected(said)


def _sentence(body: Any) -> str:
    if not isinstance(body, dict):
        return "the answer is not JSON"
    listed = [*(body.get("errors") or ()), *(body.get("validation-errors") or ())]
    reasons = [
        str(item.get("title") or item.get("errors")) for item in listed if isinstance(item, dict)
    ]
    parts = ("; ".join(reasons), body.get("hint"), body.get("detail"), body.get("title"))
    return next((str(part) for part in parts if part), "no explanation")


def _retry_after(response: httpx.Response, body: Any) -> float:
    named = body.get("retry_after") if isinstance(body, dict) else None
    text = str(named or response.headers.get("retry-after") or "")
    if not text.replace(".", "", 1).isdigit():
        return BUSY_PAUSE_S
    return min(float(text), LONGEST_NAMED_S)
