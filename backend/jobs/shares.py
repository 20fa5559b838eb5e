"""How much of one worker a single account may hold.

A worker runs ten jobs at once for all accounts. One whose CRM hangs would fill the ten places for
as long as its requests take, and everybody else's calls would wait for it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from backend.errors import NotYet

PER_ACCOUNT = 6
"""Of the worker's ten places (`JobWorker`), so that four are always somebody else's."""
TURNED_AWAY_S = 1.0
"""When the first that found no place comes back; each further one a little later."""
APART_S = 0.1
LONGEST_S = 60.0


class Shares:
    """Counts what runs in this process, by queue and account."""

    def __init__(self, per_account: int = PER_ACCOUNT) -> None:
        self._per_account = per_account
        self._running: Counter[tuple[str, str]] = Counter()
        self._turned_away: Counter[tuple[str, str]] = Counter()
        """Since the account last had a place left: a thousand jobs do not all come back at once."""

    @contextmanager
    def place(self, queue: str, account_id: str | None) -> Iterator[None]:
        """Hold a place meanwhile. Raises NotYet when the account has its share; a job of no
        account always has one."""
        if account_id is None:
            yield
            return
        key = (queue, account_id)
        if self._running[key] >= self._per_account:
            self._turned_away[key] += 1
            wait_s = TURNED_AWAY_S + APART_S * self._turned_away[key]
            raise NotYet("the account has its share", retry_after_s=min(wait_s, LONGEST_S))
        self._running[key] += 1
        try:
            yield
        finally:
            self._running[key] -= 1
            if self._running[key] < self._per_account - 1:
                self._turned_away.pop(key, None)
            if self._running[key] == 0:
                del self._running[key]
