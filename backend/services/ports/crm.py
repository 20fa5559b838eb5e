"""A CRM account: its grant, and reading it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, Protocol

from backend.domain.phone_number import PhoneNumber
from protocol.pushes import ContactMatch


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """A CRM's leave to act for an account. `repr` shows no token."""

    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    expires_at: datetime
    base_url: str
    """Where the account's API is now; it may move."""
    auth_url: str
    """Where tokens are exchanged."""


class Grants(Protocol):
    """Keeps one account's grant; refreshing is single-flight across processes (X5, P17)."""

    async def current(self) -> Grant:
        """Raises CrmAuthExpired when there is none."""

    async def refreshed(self, stale: Grant, exchange: Callable[[Grant], Awaitable[Grant]]) -> Grant:
        """The grant after `stale`: another's newer one if there is one, else what `exchange`
        brings, stored before it is used. Where `exchange` raises CrmAuthExpired, another
        administrator's grant takes over; without one the account is marked and it is raised."""

    async def replaced(
        self, dead: Grant, exchange: Callable[[Grant], Awaitable[Grant]], *, certain: bool
    ) -> Grant:
        """Another administrator's grant, after the CRM refused fresh tokens of `dead`. Raises
        CrmAuthExpired when there is none; `certain` marks the account then."""

    async def moved(self, base_url: str) -> None:
        """The account's API answers at `base_url` from now on."""


class ContactSource(Protocol):
    """Reading a CRM account. Raises CrmAuthExpired, CrmUnavailable, CrmRejected."""

    @property
    def kind(self) -> Literal["amocrm", "bitrix24"]: ...

    async def find_by_phone(self, number: PhoneNumber) -> list[ContactMatch]:
        """Everyone the number belongs to, with open deals and activities; best match first.

        At most two requests for a number known to the index."""

    def create_url(self, number: PhoneNumber) -> str | None: ...

    def walk_phones(self) -> AsyncIterator[IndexedPhone]:
        """Every phone of every contact, company and lead, for the local index."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexedPhone:
    e164: str
    kind: str
    record_id: str
    name: str
    responsible_crm_id: str | None
    updated_at: datetime | None = None
    extra: dict[str, str] = field(default_factory=dict)
