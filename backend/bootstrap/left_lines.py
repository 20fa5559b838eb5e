"""Lines of browsers that a web process left behind when it died."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable

import structlog

from backend.bootstrap.foundation import Foundation
from backend.bootstrap.lines import SwitchLineHomes
from backend.errors import AppError
from backend.services.ice_servers import IceConfig
from backend.services.left_lines import LeftLines
from backend.services.phones import Phones
from backend.store.gateways.issued_lines import SqlIssuedLines
from backend.store.gateways.lines import SqlLinePeople
from protocol.vocabulary import AccountId

log = structlog.get_logger(__name__)

LOOK_S = 20.0
"""Beside the minute a line may be left, this does not count."""


class LeftLinesWork:
    """For one process at a time."""

    def __init__(self, base: Foundation, accounts: Callable[[], Iterable[AccountId]]) -> None:
        self._clock = base.clock
        self._accounts = accounts
        self._homes = SwitchLineHomes(base)
        rows = SqlIssuedLines(base.database)
        people = SqlLinePeople(base.database)
        phones = Phones(base.bus, base.clock, people, self._homes, IceConfig(), rows)
        self._lines = LeftLines(rows, base.bus, phones, base.clock)

    async def run(self) -> None:
        while True:
            await self._clock.sleep(LOOK_S)
            for account_id in tuple(self._accounts()):
                try:
                    await self._lines.look(account_id)
                except asyncio.CancelledError:
                    raise
                except (AppError, OSError) as error:
                    log.info("left_lines_not_seen", account=account_id, error=repr(error))
                except Exception:
                    log.exception("left_lines_broke", account=account_id)

    async def aclose(self) -> None:
        await self._homes.aclose()
