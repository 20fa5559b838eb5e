"""What a REST method is, who may call it, and the table of all of them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from backend.sandbox.bitrix24.errors import (
    RestError,
    access_denied,
    method_not_found,
    wrong_auth_type,
)

if TYPE_CHECKING:
    from backend.sandbox.bitrix24.portal import Portal
    from backend.sandbox.bitrix24.rest.params import Params
    from backend.sandbox.dataset import User


@dataclass(frozen=True)
class Context:
    """Who calls: a user through the application's token or through the incoming webhook."""

    portal: Portal
    user: User
    via: Literal["oauth", "webhook"]
    scopes: tuple[str, ...]
    token: str
    """The access token, or the webhook's secret."""
    host: str = ""
    """The Host header the caller used: what addresses in answers are made of."""

    @property
    def caller(self) -> str:
        """Whom operating time is charged to."""
        return "app" if self.via == "oauth" else f"webhook:{self.user.id}"


Answer = Callable[[Context, "Params"], Any | Awaitable[Any]]


@dataclass(frozen=True)
class Method:
    """One method: the scope it needs ("" for none) and the contexts that may call it."""

    name: str
    scope: str
    answer: Answer
    application: bool
    admin: bool


METHODS: dict[str, Method] = {}
# Narrower scopes that open the same methods.
_COVERED_BY = {"user": ("user", "user_basic", "user_brief")}


def method(
    name: str, *, scope: str = "", application: bool = False, admin: bool = False
) -> Callable[[Answer], Answer]:
    """Register the function that answers `name` (any case on the wire)."""

    def register(answer: Answer) -> Answer:
        METHODS[name.lower()] = Method(name, scope, answer, application, admin)
        return answer

    return register


def missing_module(known: Method, context: Context) -> bool:
    """True when the method belongs to a module this portal has not installed."""
    return bool(known.scope) and known.scope in context.portal.config.missing_modules


def allowed(name: str, context: Context) -> Method:
    """The method, when this caller may call it. Raises the error the portal answers otherwise."""
    known = METHODS.get(name.lower())
    if known is None or missing_module(known, context):
        raise method_not_found()
    if known.scope and not set(_COVERED_BY.get(known.scope, (known.scope,))) & set(context.scopes):
        raise RestError(
            "insufficient_scope",
            "The request requires higher privileges than provided by the access token",
            403,
        )
    if known.application and context.via != "oauth":
        raise wrong_auth_type()
    if known.admin and not context.user.is_admin:
        raise access_denied()
    return known
