"""Lines in browsers that no tab holds any more: taken back, so that a password lives only as long
as a tab is the phone.

A process remembers those whose tabs left it. One that dies forgets them: a worker finds those by
what is on disk (`services.left_lines`).
"""

from __future__ import annotations

from typing import Final

import structlog

from backend.errors import SwitchError
from backend.kit.clock import Clock
from backend.realtime.services import PhoneService
from backend.services.left_lines import COMES_BACK_S
from backend.services.presence import Seat
from protocol.vocabulary import AccountId, EmployeeId

_log = structlog.get_logger(__name__)

_RETRY_S: Final = 30.0


class UnheldLines:
    def __init__(self, phones: PhoneService, clock: Clock) -> None:
        self._phones = phones
        self._clock = clock
        self._due: dict[tuple[AccountId, EmployeeId], tuple[float, str | None]] = {}
        """Monotonic second at which to see whether somebody holds the line, and its extension:
        whoever is dismissed has none any more, but the line is still called after it."""

    def left(self, seat: Seat, extension: str | None, *, signed_out: bool) -> None:
        """A tab went. `signed_out`: it does not come back by itself."""
        if seat.tab.phone is None:
            return
        at = self._clock.monotonic() + (0.0 if signed_out else COMES_BACK_S)
        self._due[seat.account_id, seat.employee_id] = at, extension

    async def look(self) -> None:
        """Withdraw what is due and held by nobody, in whatever process their tabs are."""
        now = self._clock.monotonic()
        for key in [key for key, (at, _) in self._due.items() if at <= now]:
            _, extension = self._due.pop(key)
            try:
                await self._phones.withdraw_unheld(*key, extension)
            except (SwitchError, OSError) as error:
                _log.warning("line_not_withdrawn", account=key[0], error=repr(error))
                self._due.setdefault(key, (now + _RETRY_S, extension))
