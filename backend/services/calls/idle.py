"""Who has not talked for longest: told by ended talks, begun from the history.

A takeover begins with what the history has; a talk that ended meanwhile and is not kept yet makes
one person wait one call longer, no more.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Protocol

import structlog

from backend.domain.call import Call
from protocol.vocabulary import AccountId, EmployeeId

log = structlog.get_logger(__name__)

_NEVER = datetime.min.replace(tzinfo=UTC)


class LastTalks(Protocol):
    async def read(self, account_id: AccountId) -> Mapping[EmployeeId, datetime]:
        """When each employee's last talk ended; who never talked is missing."""


class NoTalks:
    """Where nothing is kept."""

    async def read(self, account_id: AccountId) -> Mapping[EmployeeId, datetime]:
        return {}


class Idle:
    def __init__(self, talks: LastTalks) -> None:
        self._talks = talks
        self._ended: dict[tuple[AccountId, EmployeeId], datetime] = {}
        """When their last talk ended."""

    async def load(self, account_id: AccountId) -> None:
        """Begin from the history; what was heard meanwhile counts if it is later."""
        try:
            found = await self._talks.read(account_id)
        except Exception as error:  # without it people are rung in their given order
            log.warning("last talks not read", account=account_id, error=repr(error))
            return
        for employee_id, at in found.items():
            self._hear(account_id, employee_id, at)

    def ended(self, call: Call) -> None:
        """A call is over: whoever talked in it is free since then."""
        at = call.ended_at
        for leg in call.legs:
            if at is not None and leg.employee_id is not None and leg.answered_at is not None:
                self._hear(call.account_id, leg.employee_id, leg.ended_at or at)

    def longest_first(
        self, account_id: AccountId, employees: Iterable[EmployeeId]
    ) -> list[EmployeeId]:
        """Who never talked first, then by the end of the last talk; otherwise as they came."""
        return sorted(employees, key=lambda who: self._ended.get((account_id, who), _NEVER))

    def _hear(self, account_id: AccountId, employee_id: EmployeeId, at: datetime) -> None:
        key = (account_id, employee_id)
        self._ended[key] = max(self._ended.get(key, at), at)
