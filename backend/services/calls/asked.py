"""What a CRM says with the wish for a call, kept with the call until it is over."""

from __future__ import annotations

from dataclasses import dataclass

from protocol.pushes import RecordRef


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """All of it may be missing: people call without a CRM, too."""

    extension: str | None = None
    """Keys dialled on after the other party answered; a comma is a pause of a second."""
    message: str | None = None
    """What a visitor wrote on the form."""
    record: RecordRef | None = None
    """Whose call it is, where the number belongs to several."""
