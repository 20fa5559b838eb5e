"""Reports that came before the arrival of the call they are about."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Container
from typing import Final

from backend.domain.call import Fact
from protocol.vocabulary import CallId

MAX_EARLY: Final = 1_000
"""Calls whose arrival was not reported yet; doubled and late reports end up here too."""


class EarlyFacts:
    def __init__(self, ended: Container[CallId]) -> None:
        """`ended` has calls that were put away: a late report must not bring them back."""
        self._ended = ended
        self._kept: OrderedDict[CallId, list[Fact]] = OrderedDict()

    def keep(self, call_id: CallId, fact: Fact) -> None:
        if call_id in self._ended:
            return
        self._kept.setdefault(call_id, []).append(fact)
        while len(self._kept) > MAX_EARLY:
            self._kept.popitem(last=False)

    def take(self, call_id: CallId) -> list[Fact]:
        """In the order they came; the call has arrived."""
        return self._kept.pop(call_id, [])
