"""Lines in browsers that were left behind: whoever was to take one back is gone itself (M14).

A web process remembers whose tabs left it and takes their lines back a minute later. When it dies
before that, what is on disk still says which lines have a password, and the bus says, within the
time a tab's presence lives, that nobody holds them. One worker looks at both.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final, Protocol

import structlog

from backend.domain.tab_phone import holder
from backend.errors import SwitchError
from backend.kit.clock import Clock
from backend.services.ports import Bus, IssuedLines
from protocol.vocabulary import AccountId, EmployeeId

log = structlog.get_logger(__name__)

COMES_BACK_S: Final = 60.0
"""A reload, a restart of ours or a change of network is over by then."""


class Withdraws(Protocol):
    async def withdraw_unheld(
        self, account_id: AccountId, employee_id: EmployeeId, extension: str | None
    ) -> None:
        """Raises SwitchUnavailable."""


class LeftLines:
    def __init__(self, rows: IssuedLines, bus: Bus, phones: Withdraws, clock: Clock) -> None:
        self._rows = rows
        self._bus = bus
        self._phones = phones
        self._clock = clock

    async def look(self, account_id: AccountId) -> None:
        """See which lines of the account nobody holds, and take back those of a minute ago.

        Raises OSError where the bus is away: nothing can be told of any line then.
        """
        now = self._clock.now()
        for line in await self._rows.of_account(account_id):
            who = line.employee_id
            if holder(await self._bus.present(account_id, who)) is not None:
                if line.unheld_since is not None:
                    await self._rows.unheld(account_id, who, None)
            elif line.unheld_since is None:
                await self._rows.unheld(account_id, who, now)
            elif now - line.unheld_since >= timedelta(seconds=COMES_BACK_S):
                try:
                    await self._phones.withdraw_unheld(account_id, who, line.extension)
                except SwitchError as error:
                    log.warning("left_line_not_withdrawn", account=account_id, error=repr(error))
