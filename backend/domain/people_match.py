"""Somebody who takes part, and the extension they get. Pure."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from backend.domain.people import CrmPerson, Known, KnownEmployee, KnownPerson, Reason, Remark
from protocol.vocabulary import EmployeeId

_DIGITS = range(2, 6)
"""As `phone_number.Extension` is dialled."""


@dataclass(slots=True)
class Match:
    """Somebody who takes part: as the CRM, our last note, and our employee have them."""

    person: CrmPerson
    note: KnownPerson
    before: KnownEmployee | None
    """None: new here."""
    after: KnownEmployee
    returning: bool = False

    def keeps_extension_of_ours(self) -> bool:
        """Somebody here chose it: it is not the one we gave."""
        mine = self.before.extension if self.before else None
        return not self.returning and mine is not None and mine != self.note.extension_given

    def took_extension_away(self) -> bool:
        """We gave one and somebody here removed it."""
        return (
            self.before is not None
            and not self.returning
            and self.before.extension is None
            and self.note.extension_given is not None
        )

    @property
    def current(self) -> str | None:
        return None if self.before is None else self.before.extension

    @property
    def stands(self) -> bool:
        """Nothing of the extension is the synchronisation's business."""
        return self.keeps_extension_of_ours() or self.took_extension_away()


def give_extensions(
    matches: Sequence[Match], known: Known, leaving: Collection[EmployeeId]
) -> list[Remark]:
    """Set the CRM's extension for whoever has none of somebody's choice, where it is free.

    Who comes back gets the one they had. Whoever moves gives theirs up first, so two may swap.
    """
    open_ = [match for match in matches if not match.stands]
    wanted = {match.person.user_id: _dialable(match.person.extension) for match in open_}
    moving = [m for m in open_ if m.returning or m.current != wanted[m.person.user_id]]
    released = {match.after.employee_id for match in moving} | set(leaving)
    taken = dict.fromkeys(known.extensions_of_groups, "")
    for employee in known.employees:
        if employee.extension and employee.employee_id not in released:
            taken[employee.extension] = employee.name
    remarks = [
        remark_on(m.person, Reason.BAD_EXTENSION, extension=m.person.extension, left_out=False)
        for m in open_
        if m.person.extension and not wanted[m.person.user_id]
    ]
    for match in moving:
        first = wanted[match.person.user_id]
        choices: tuple[str | None, ...] = (first, match.current) if first else ()
        if match.returning:
            choices = (match.note.extension_kept, first)
        got = next((x for x in choices if x is not None and x not in taken), None)
        if first is not None and first in taken and got is None:
            remarks.append(
                remark_on(
                    match.person,
                    Reason.EXTENSION_TAKEN,
                    extension=first,
                    other=taken[first] or None,
                    left_out=False,
                )
            )
        if got is not None:
            taken[got] = match.after.name
        match.after = replace(match.after, extension=got)
    return remarks


def remark_on(
    person: CrmPerson,
    reason: Reason,
    *,
    extension: str | None = None,
    other: str | None = None,
    left_out: bool = True,
) -> Remark:
    return Remark(
        reason=reason,
        user_id=person.user_id,
        name=person.name or person.email or f"#{person.user_id}",
        url=person.url,
        left_out=left_out,
        extension=extension,
        other=other,
    )


def _dialable(text: str | None) -> str | None:
    text = (text or "").strip()
    return text if text.isascii() and text.isdecimal() and len(text) in _DIGITS else None
