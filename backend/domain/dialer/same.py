"""Rows that are the same person (P26): the same record, or a number in common."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from backend.domain.dialer.item import Item
from protocol.dialer_words import ItemId


def person_of(record: str | None, numbers: Sequence[str]) -> str:
    """Who a row is. `record` names a person of the CRM (`contact:4021`), never a deal."""
    if record is not None:
        return record
    return f"tel:{numbers[0]}" if numbers else ""


def doubles(items: Iterable[Item]) -> dict[ItemId, ItemId]:
    """Later rows that are the person of an earlier one, with that one; in the list's order."""
    by_person: dict[str, ItemId] = {}
    by_number: dict[str, ItemId] = {}
    found: dict[ItemId, ItemId] = {}
    for item in items:
        first = by_person.get(item.person) if item.person else None
        if first is None:
            first = next((by_number[n] for n in item.numbers if n in by_number), None)
        if first is not None:
            found[item.id] = first
            continue
        if item.person:
            by_person[item.person] = item.id
        for number in item.numbers:
            by_number.setdefault(number, item.id)
    return found
