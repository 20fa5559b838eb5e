"""Calls a CRM asked for: a number somebody clicked, a call-back a visitor wants."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from protocol.pushes import RecordRef
from protocol.vocabulary import AccountId, CallId, CrmKind, EmployeeId, RecordKind

AskedKind = Literal["click", "callback"]


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedCall:
    """asked ─► placed, or refused; the first of both counts, however often it was delivered."""

    account_id: AccountId
    crm: CrmKind
    external_id: str
    """The CRM's own id of the wish; the call's, where it gave one."""
    kind: AskedKind
    call_id: CallId
    """Ours, derived from the wish: placing it twice makes one call."""
    crm_call_id: str | None
    """Under which the CRM registered it already."""
    crm_user_id: str | None
    """Who clicked; nobody for a call-back."""
    employee_id: EmployeeId | None
    number: str
    """Whom to call, as the CRM wrote it."""
    line: str
    """The CRM's external line; empty when it named none."""
    record_kind: str | None
    """`contact`, `company`, `lead`, `deal`: where it was clicked."""
    record_id: str | None
    asked_at: datetime
    extension: str | None = None
    """To be dialled on after the answer, as the card had it."""
    call_list_id: str | None = None
    """The portal's call list it was asked for from."""
    message: str | None = None
    """What a visitor wrote on the form."""
    state: str = "asked"
    reason: str | None = None

    @property
    def record(self) -> RecordRef | None:
        """Whose call it is, as far as a number can belong to it: a deal has none of its own."""
        if self.record_kind not in {kind.value for kind in RecordKind} or not self.record_id:
            return None
        return RecordRef(kind=RecordKind(self.record_kind), id=self.record_id)
