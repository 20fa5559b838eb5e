"""The cloud's refusals as ours. What counts is the mnemonic; codes only name groups.

Mnemonics: Call API and Data API documentation, versions 4.0 and 2.0.
"""

from __future__ import annotations

from typing import Any, Final

from backend.errors import AppError, NoDevice, NotFound, SwitchRefused, SwitchUnavailable

_NO_DEVICE: Final = frozenset({"employee_not_found", "no_active_phone_number"})
_GONE: Final = frozenset({"call_session_not_found", "leg_not_found"})
_LATER: Final = frozenset({"limit_exceeded", "internal_error"})
AUTH: Final = frozenset(
    {
        "auth_error",
        "access_token_invalid",
        "access_token_expired",
        "access_token_blocked",
        "ip_not_whitelisted",
        "account_inactive",
    }
)
"""An administrator has to do something in the cloud's console."""
NEVER_COUNTED: Final = frozenset(
    {
        "parse_error",
        "invalid_request",
        "method_not_found",
        "access_token_blocked",
        "access_token_invalid",
        "access_token_expired",
        "auth_error",
        "ip_not_whitelisted",
    }
)
"""Answers without limits in their metadata: they cost no points and are in no report."""


def refusal(method: str, error: Any, *, wait_s: float | None = None) -> AppError:
    """The error to raise for the `error` of an answer; `mnemonic` is in its data.

    `wait_s`: when the minute's points are whole again, told with `limit_exceeded`.
    """
    data = error.get("data") if isinstance(error, dict) else None
    mnemonic = str(data.get("mnemonic") or "") if isinstance(data, dict) else ""
    field = str(data.get("field") or "") if isinstance(data, dict) else ""
    said = f"{method}: {mnemonic or 'refused'}" + (f" ({field})" if field else "")
    if mnemonic in _NO_DEVICE:
        return NoDevice(said, mnemonic=mnemonic)
    if mnemonic in _GONE:
        return NotFound(said, mnemonic=mnemonic)
    if mnemonic in _LATER:
        return SwitchUnavailable(said, mnemonic=mnemonic, retry_after_s=wait_s)
    return SwitchRefused(said, mnemonic=mnemonic)


def mnemonic_of(error: AppError) -> str:
    return str(error.data.get("mnemonic") or "")
