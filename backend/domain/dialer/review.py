"""The look through a whole list before its start, and again after something was repaired (D2)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from backend.domain.dialer.checks import Facts, judged
from backend.domain.dialer.item import WAITING, Item, excluded, kept_back, restored
from backend.domain.dialer.rules import ListRules
from backend.domain.dialer.same import doubles
from protocol.dialer_words import ItemPhase, ItemReason, ListPurpose

FOR_GOOD: Final = frozenset({ItemReason.REMOVED, ItemReason.LIST_CLOSED, ItemReason.RECORD_GONE})
"""Nothing that is repaired elsewhere brings these back; a record that is there again says so."""


def reviewed(
    items: Sequence[Item],
    facts: Facts,
    rules: ListRules,
    purpose: ListPurpose,
    at: datetime,
    *,
    home_zone: str,
) -> list[Item]:
    """Each item as it is to be from now on, in the order they came: excluded, kept back, or
    free. Those in hand, done and taken off stay as they are."""
    open_to_us = [item for item in items if _ours(item)]
    same = doubles(item for item in items if item.reason not in FOR_GOOD)
    named = {item.id for item in open_to_us}
    found = []
    for item in items:
        if item.id not in named:
            found.append(item)
            continue
        free = restored(item, at) if item.phase is ItemPhase.EXCLUDED else item
        if item.id in same:
            found.append(excluded(free, ItemReason.SAME_PERSON, at, same_as=same[item.id]))
            continue
        verdict = judged(free, facts, rules, purpose, at, home_zone=home_zone)
        if verdict.number is not None:
            found.append(replace(free, reason=None, not_before=None))
        elif verdict.reason is not None and verdict.until is not None:
            found.append(kept_back(free, verdict.reason, verdict.until))
        else:
            reason = verdict.reason or ItemReason.NO_NUMBER
            found.append(excluded(free, reason, at))
    return found


def _ours(item: Item) -> bool:
    if item.phase in WAITING:
        return True
    return item.phase is ItemPhase.EXCLUDED and item.reason not in FOR_GOOD
