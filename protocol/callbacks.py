"""Customers who wait to be called back. `commands` and `pushes` name these among their own."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import msgspec

from protocol.frames import Command, Push
from protocol.vocabulary import CallbackReason, CallId


class FinishCallback(Command, frozen=True, kw_only=True, tag="callback.done"):
    """The customer was reached, or need not be called. A talk with the number says it by itself.

    Reply: empty; the list arrives as `callbacks.changed`. Errors: not_found.
    """

    call_id: CallId


class CallbackItem(msgspec.Struct, frozen=True, kw_only=True):
    call_id: CallId
    """The call he waits since."""
    number: str
    """Empty when withheld."""
    name: str | None
    virtual_number: str | None
    reason: CallbackReason
    at: datetime
    recording_url: str | None
    """What he said; whoever has the address may listen."""
    crm: Literal["none", "waiting", "written", "refused"] = "none"
    """Whether the CRM has a task of it; none: it is not to have one."""
    crm_reason: str | None = None
    """Why it has none, or not yet: a `CrmTrouble`, or what a later server says."""
    crm_said: str | None = None
    """The CRM's own words where it refused; not translated."""


class CallbacksChanged(Push, frozen=True, kw_only=True, tag="callbacks.changed"):
    """Who waits to be called back by this agent, newest first. Entity `callbacks`, stream `me`."""

    total: int
    """All of them; `items` may be the newest only."""
    items: list[CallbackItem]
