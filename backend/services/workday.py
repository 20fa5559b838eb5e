"""The CRM's working day, taken over and told (B12). `domain.workday` has the rules."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import structlog

from backend.domain.workday import LEADS_TO, STATUS_OF, DayState, DayWrite, write_for
from backend.errors import CrmError
from backend.kit.clock import Clock
from backend.services.ports import WorkdaySource
from backend.services.statuses import KeptStatus, StatusService
from protocol.vocabulary import AccountId, EmployeeId, StatusSource

log = structlog.get_logger(__name__)

POLL_S = 20.0
"""A third of what is promised (60 s, L972)."""
POLL_PEOPLE = 100
"""Two requests bring so many. For more the poll is slower, up to `SLOWEST_S`: a tenth of a
portal's budget at most."""
SLOWEST_S = 45.0
"""Leaves a quarter of the minute for the reading itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptDay:
    """An employee's working day as it was read or written last."""

    state: DayState
    since: datetime
    """When we learned it."""
    written_at: datetime | None = None
    """When we ourselves made it so; None when the CRM told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Followed:
    """Somebody whose working day is taken over."""

    employee_id: EmployeeId
    user_id: str
    day: KeptDay | None
    """None: never read."""


class WorkdayBook(Protocol):
    """Working days on disk; each method is a transaction."""

    async def followed(self, account_id: AccountId) -> Sequence[Followed]:
        """Active employees with a CRM user whose import is on, for them and for the account, and
        who could be rung or are signed on. Days of all others are forgotten."""

    async def keep(
        self,
        account_id: AccountId,
        employee_id: EmployeeId,
        day: KeptDay,
        *,
        before: KeptDay | None,
    ) -> None:
        """Unless it is no longer as it was `before`: we wrote it while it was read, and the next
        reading tells what it is."""

    async def written(self, account_id: AccountId, employee_id: EmployeeId, day: KeptDay) -> None:
        """What we made of it ourselves, whatever it was."""

    async def writable(self, account_id: AccountId, employee_id: EmployeeId) -> str | None:
        """The CRM user whose day may be written, while that is on for them and the account."""

    async def status(self, account_id: AccountId, employee_id: EmployeeId) -> KeptStatus | None: ...


Sources = Callable[[AccountId], WorkdaySource | None]


class WorkdayImport:
    """Reads the working days of an account; one process at a time (the lease is the caller's)."""

    def __init__(
        self, *, sources: Sources, book: WorkdayBook, statuses: StatusService, clock: Clock
    ) -> None:
        self._sources = sources
        self._book = book
        self._statuses = statuses
        self._clock = clock
        self._failing: set[AccountId] = set()

    async def poll(self, account_id: AccountId) -> float:
        """Take over what changed; returns after how many seconds to look again.

        A CRM in trouble changes nothing: everybody stays as they are.
        """
        source = self._sources(account_id)
        if source is None:
            return POLL_S
        followed = await self._book.followed(account_id)
        if not followed:
            return POLL_S
        read_at = self._clock.now()
        try:
            days = await source.days([someone.user_id for someone in followed])
        except CrmError as error:
            if account_id not in self._failing:
                self._failing.add(account_id)
                log.warning("workday.unread", account=account_id, error=str(error))
            return POLL_S
        if account_id in self._failing:
            self._failing.discard(account_id)
            log.info("workday.recovered", account=account_id)
        for someone in followed:
            state = days.get(someone.user_id)
            if state is not None:
                await self._take(account_id, someone, state, read_at)
        return min(max(POLL_S, POLL_S * len(followed) / POLL_PEOPLE), SLOWEST_S)

    async def _take(
        self, account_id: AccountId, someone: Followed, state: DayState, read_at: datetime
    ) -> None:
        before = someone.day
        if before is not None and before.state is state:
            return
        # The status first: a process that dies in between sees the change once more.
        await self._statuses.follow(
            account_id,
            someone.employee_id,
            STATUS_OF[state],
            read_at=read_at,
            first=before is None,
        )
        day = KeptDay(state=state, since=read_at)
        await self._book.keep(account_id, someone.employee_id, day, before=before)


class WorkdayWriter:
    """Tells the CRM of a break and of its end. Run by a job, as often as it takes."""

    def __init__(self, *, sources: Sources, book: WorkdayBook, clock: Clock) -> None:
        self._sources = sources
        self._book = book
        self._clock = clock

    async def write(self, account_id: AccountId, employee_id: EmployeeId) -> DayWrite | None:
        """Bring the working day in line with what the employee chose last; None when there is
        nothing to write. Raises CrmError.

        The day is read right before: pausing a closed day would resume it, resuming one would
        open it.
        """
        source = self._sources(account_id)
        user_id = await self._book.writable(account_id, employee_id)
        if source is None or user_id is None:
            return None
        status = await self._book.status(account_id, employee_id)
        if status is None or status.source is not StatusSource.PERSON:
            # Only the employee's own choice is theirs to tell; what came from the CRM stays there.
            return None
        state = (await source.days([user_id])).get(user_id)
        wanted = None if state is None else write_for(status.status, state)
        if wanted is None:
            return None
        if wanted is DayWrite.PAUSE:
            await source.pause(user_id)
        else:
            await source.resume(user_id)
        now = self._clock.now()
        day = KeptDay(state=LEADS_TO[wanted], since=now, written_at=now)
        await self._book.written(account_id, employee_id, day)
        log.info("workday.written", account=account_id, employee=employee_id, write=wanted.value)
        return wanted
