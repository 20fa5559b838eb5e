"""The supervisor's board: kept in the worker, asked through the web process."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from datetime import datetime, timedelta
from typing import get_args

from sqlalchemy.ext.asyncio import AsyncConnection
from starlette.routing import BaseRoute

from backend.api.board import BoardApi
from backend.api.doors import Doors
from backend.api.settings_door import SettingsDoor
from backend.bootstrap.foundation import Foundation
from backend.domain.account_settings import BoardSettings
from backend.kit.clock import Clock
from backend.services.board.boards import Boards
from backend.services.board.desk import BoardDesk
from backend.services.board.keeper import Named
from backend.services.calls import CallOwner
from backend.services.calls.monitoring import MonitoringClient
from backend.services.hands import Hands
from backend.services.ports import Switch
from backend.services.routing import RoutingTable
from backend.services.sessions import Sessions
from backend.services.statuses import StatusService
from backend.store.account_settings import AccountSettingsStore
from backend.store.accounts import AccountStore
from backend.store.board import BoardStore
from backend.store.gateways.board import SqlBoard
from protocol.board import BoardWatcher, WatchMode
from protocol.vocabulary import AccountId, CallId

KEEP_DEEDS = timedelta(days=400)
"""Who listened to whom: a little over a year, as the log of settings."""


class ForgetBoard:
    """`bootstrap.tidying.Prune`: the past, as long as the account keeps it."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    async def __call__(
        self, tx: AsyncConnection, account_id: AccountId, /, *, before: datetime
    ) -> None:
        settings = await AccountSettingsStore(tx).all(account_id)
        now = self._clock.now()
        await BoardStore(tx).prune(
            account_id, past=now - timedelta(days=settings.board.keep_days), deeds=now - KEEP_DEEDS
        )


class BoardWork:
    """The worker's part."""

    def __init__(self, base: Foundation, routing: RoutingTable, named: Named) -> None:
        self.boards = Boards(
            bus=base.bus,
            rows=SqlBoard(base.database),
            routing=routing,
            clock=base.clock,
            named=named,
            drifted=lambda account, calls: base.metrics.board_drift.labels(account).set(calls),
        )

    def beside(
        self, connection_id: str, owner: CallOwner, switch: Switch
    ) -> AbstractAsyncContextManager[None]:
        """Keeps the boards of a connection's accounts while its calls are owned."""
        able = switch.capabilities.watch
        modes = tuple(mode for mode in get_args(WatchMode) if mode in able)
        return self.boards.kept(connection_id, owner.calls_of, modes)

    def watched(self, account_id: AccountId, call_id: CallId, inside: list[BoardWatcher]) -> None:
        """Who listens to a call now."""
        keeper = self.boards.of(account_id)
        if keeper is not None:
            keeper.watched(call_id, inside)


class _Accounts:
    """`services.board.desk.BoardAccounts`."""

    def __init__(self, base: Foundation) -> None:
        self._database = base.database

    async def read(self, account_id: AccountId) -> tuple[str, int]:
        async with self._database.begin(account_id) as tx:
            account = await AccountStore(tx).find(account_id)
            settings = await AccountSettingsStore(tx).get(account_id, BoardSettings)
        return "UTC" if account is None else account.timezone, settings.answer_s


def board_doors(
    base: Foundation, sessions: Sessions, statuses: StatusService, hands: Hands, doors: Doors
) -> list[BaseRoute]:
    desk = BoardDesk(
        SqlBoard(base.database),
        _Accounts(base),
        statuses,
        hands,
        MonitoringClient(base.bus),
        base.clock,
    )
    socket = base.settings.origin.replace("http", "ws", 1) + "/ws"
    return [*BoardApi(desk, sessions, SettingsDoor(sessions, doors), socket).routes()]


def hands(base: Foundation) -> Hands:
    """For processes with sockets."""
    return Hands(base.bus, SqlBoard(base.database), base.clock)
