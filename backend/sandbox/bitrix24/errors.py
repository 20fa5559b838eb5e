"""Answers that are errors, in the portal's own words."""

from __future__ import annotations

from typing import Any


class RestError(Exception):
    """An error envelope: HTTP status, code (may be empty), text and extra keys beside them."""

    def __init__(self, code: str, text: str, status: int = 400, **extra: Any) -> None:
        super().__init__(text)
        self.code = code
        self.text = text
        self.status = status
        self.extra = extra

    def body(self) -> dict[str, Any]:
        return {"error": self.code, "error_description": self.text, **self.extra}


def core(text: str) -> RestError:
    """What telephony and other core modules answer."""
    return RestError("ERROR_CORE", text)


def plain(text: str) -> RestError:
    """What the old crm methods answer: no code, only a text."""
    return RestError("", text)


def missing(name: str) -> RestError:
    """A required parameter of a controller-style method was not sent."""
    return RestError("100", f"Could not find value for parameter {{{name}}}")


def access_denied(text: str = "Access denied!") -> RestError:
    return RestError("ACCESS_DENIED", text, 403)


def wrong_auth_type() -> RestError:
    return RestError(
        "WRONG_AUTH_TYPE",
        "Current authorization type is denied for this method Application context required",
        403,
    )


def method_not_found() -> RestError:
    return RestError("ERROR_METHOD_NOT_FOUND", "Method not found!", 404)
