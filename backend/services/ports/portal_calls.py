"""A portal's own cards and statistics of calls."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from protocol.pushes import RecordRef
from protocol.vocabulary import AccountId, CallId, CrmTrouble, Direction, HangupCause


@dataclass(frozen=True, slots=True, kw_only=True)
class PortalCall:
    """What the portal has to know of a call."""

    account_id: AccountId
    call_id: CallId
    direction: Direction
    number: str
    line: str
    started_at: datetime
    callback: bool = False
    """The customer asked for it on a form: the portal tells such calls apart."""
    record: RecordRef | None = None
    """Whose call it is; None lets the portal search."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FinishedInPortal:
    """What the portal has of a call that was closed there."""

    status: str
    """The code it was closed with, by whichever try got through first."""
    activity_id: str | None
    """Its entry in a card; None where the caller has none."""


class PortalTelephony(Protocol):
    """One portal. Raises CrmError."""

    async def register(self, call: PortalCall, user_id: str) -> str: ...
    async def show(self, portal_call_id: str, user_ids: Sequence[str]) -> None: ...
    async def hide(self, portal_call_id: str, user_ids: Sequence[str]) -> None: ...
    async def finish(
        self,
        portal_call_id: str,
        user_id: str,
        *,
        talk_s: int,
        status: str,
        cause: HangupCause | None,
    ) -> FinishedInPortal:
        """Close it. `cause`: why there was no conversation."""

    async def amend(self, activity_id: str, user_id: str, *, talk_s: int) -> None:
        """What was told as missed was answered. Saying it twice changes nothing."""

    async def fallback_user(self, number: str) -> str | None:
        """Whose a call is that rang for nobody; None when the portal names nobody either."""


class PortalCallStore(Protocol):
    async def claim(self, account_id: AccountId, call_id: CallId, user: str) -> str:
        """The portal's user the call is registered for: whoever was claimed first, by whichever
        process, whether the portal answered or not."""

    async def remember(
        self, account_id: AccountId, call_id: CallId, portal_call_id: str
    ) -> None: ...
    async def portal_id(self, account_id: AccountId, call_id: CallId) -> str | None: ...
    async def asked_record(self, account_id: AccountId, call_id: CallId) -> RecordRef | None:
        """The record the portal named when it asked for this call; None where it did not."""

    async def our_id(self, account_id: AccountId, portal_call_id: str) -> CallId | None: ...
    async def mark_finished(
        self, account_id: AccountId, call_id: CallId, finished: FinishedInPortal
    ) -> None: ...
    async def finished(self, account_id: AccountId, call_id: CallId) -> FinishedInPortal | None:
        """What it was closed with; None while it is open."""

    async def not_written(
        self,
        account_id: AccountId,
        call_id: CallId,
        trouble: CrmTrouble,
        said: str | None = None,
        *,
        final: bool,
    ) -> None:
        """Why it is not in the portal, for whoever looks at the history. `final`: another try
        would be answered the same."""
