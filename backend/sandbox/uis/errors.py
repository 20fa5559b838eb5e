"""Refusals of the cloud: a code for the group, a mnemonic for the case."""

from __future__ import annotations

from typing import Any

_CODES = {
    "parse_error": -32700,
    "invalid_request": -32600,
    "method_not_found": -32601,
    "internal_error": -32603,
    "auth_error": -32001,
    "access_token_invalid": -32001,
    "access_token_expired": -32001,
    "access_token_blocked": -32001,
    "ip_not_whitelisted": -32003,
    "forbidden": -32003,
    "invalid_state": -32004,
    "virtual_phone_number_not_found": -32007,
    "component_disabled": -32008,
    "limit_exceeded": -32029,
    "batch_opreations_not_supported": -32099,
    "notifications_not_supported": -32099,
}
"""The rest is -32602: parameters."""

UNCOUNTED = frozenset(
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
"""Answers without limits in their metadata."""


class CloudError(Exception):
    """Becomes the `error` of an answer."""

    def __init__(self, mnemonic: str, field: str | None = None, value: Any = None) -> None:
        super().__init__(mnemonic)
        self.mnemonic = mnemonic
        self.field = field
        self.value = value

    @property
    def code(self) -> int:
        return _CODES.get(self.mnemonic, -32602)

    def body(self, metadata: dict[str, Any]) -> dict[str, Any]:
        return {
            "code": self.code,
            "message": self.mnemonic.replace("_", " ").capitalize(),
            "data": {
                "mnemonic": self.mnemonic,
                "field": self.field,
                "value": self.value,
                "params": {},
                "extended_helper": None,
                "metadata": metadata,
            },
        }
