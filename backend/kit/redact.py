"""Keeping people's numbers and everybody's secrets out of the logs."""

from __future__ import annotations

import re
from collections.abc import Mapping, MutableMapping
from typing import Any

_SECRET_KEY = re.compile(
    r"token|secret|passw|authorization|cookie|credential|ticket|api_?key|proof|refresh", re.I
)
_ABOUT_SECRET = re.compile(r"_(s|ms|id|count)$", re.I)
"""A key that ends so only says something about a secret: `ticket_ttl_s`."""
_NUMBER_KEY = re.compile(r"number|phone|e164|caller|callee|msisdn|dialed", re.I)
_NUMBER = re.compile(r"(?<![\w.:-])(?:\+\d{7,15}|[78]\d{10})(?![\w-])")
"""An E.164 number, or a Russian one as people write it. Other runs of digits may be ids."""
_DIGITS = re.compile(r"\d(?:[\s().-]*\d){6,}")
_IN_TEXT = re.compile(
    r"(?i)(bearer\s+|basic\s+|(?:(?:access|refresh|application)[_-]token|(?:auth|refresh)_id|app_sid"
    r"|client_secret|api_key|password|auth|code|ticket)(?:\]|%5D)?[\"']?\s*(?:[=:]|%3D)\s*[\"']?)"
    r"([^\s\"'&,;}]{4,})"
)
"""Names of secrets in text, as CRMs spell them too: `AUTH_ID=`, `auth[access_token]=`, and that
in percents."""
_URL_PASSWORD = re.compile(r"(://[^/\s:@]+:)[^/\s@]+@")
_HIDDEN = "[hidden]"
_DEPTH = 6


def mask_number(number: str) -> str:
    """The first and the last two digits: `+7…67`. Short numbers are extensions and stay."""
    digits = re.sub(r"\D", "", number)
    if len(digits) <= 5:
        return number
    plus = "+" if number.lstrip().startswith("+") else ""
    return f"{plus}{digits[0]}…{digits[-2:]}"


def mask_text(text: str) -> str:
    """Free text, an exception's message for one, without numbers and secrets."""
    text = _URL_PASSWORD.sub(rf"\1{_HIDDEN}@", text)
    text = _IN_TEXT.sub(rf"\1{_HIDDEN}", text)
    return _NUMBER.sub(lambda found: mask_number(found[0]), text)


def redact(
    _logger: object, _method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """The structlog processor. Stands before the renderer and after `format_exc_info`."""
    for key in list(event):
        event[key] = _clean(key, event[key], _DEPTH)
    return event


def _clean(key: str, value: Any, depth: int) -> Any:
    if value is None or isinstance(value, bool | float):
        return value
    # A whole number is no secret: a lease's token is a counter.
    if not isinstance(value, int) and _SECRET_KEY.search(key) and not _ABOUT_SECRET.search(key):
        return _HIDDEN
    if isinstance(value, bytes):
        return f"<{len(value)} bytes>"
    if isinstance(value, int):
        return value if not _NUMBER_KEY.search(key) else _int_or_mask(value)
    if isinstance(value, str):
        if _NUMBER_KEY.search(key):
            return _DIGITS.sub(lambda found: mask_number(found[0]), mask_text(value))
        return mask_text(value)
    if depth == 0:
        return "…"
    if isinstance(value, Mapping):
        return {str(k): _clean(str(k), v, depth - 1) for k, v in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_clean(key, item, depth - 1) for item in value]
    return mask_text(repr(value)) if not isinstance(value, type) else value


def _int_or_mask(value: int) -> int | str:
    """Numbers sometimes arrive as integers; small ones are counts."""
    return value if abs(value) < 1_000_000 else mask_number(str(value))
