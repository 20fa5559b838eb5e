"""The boards of all accounts one owner of calls serves."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager

import structlog

from backend.domain.call import Call
from backend.kit.clock import Clock
from backend.services.board.keeper import BoardKeeper, Live, Named
from backend.services.ports import Bus
from backend.services.ports.board import BoardRows
from backend.services.routing import RoutingTable
from protocol.board import WatchMode
from protocol.vocabulary import AccountId, CallId

log = structlog.get_logger(__name__)

RETRY_S = 5.0
"""When an account's board could not be begun (the database or the bus is away)."""


class Boards:
    def __init__(
        self,
        *,
        bus: Bus,
        rows: BoardRows,
        routing: RoutingTable,
        clock: Clock,
        named: Named,
        drifted: Callable[[AccountId, int], None],
    ) -> None:
        self._bus = bus
        self._rows = rows
        self._routing = routing
        self._clock = clock
        self._named = named
        self._drifted = drifted
        self._keepers: dict[AccountId, BoardKeeper] = {}

    def of(self, account_id: AccountId) -> BoardKeeper | None:
        """Who keeps the account's board in this process."""
        return self._keepers.get(account_id)

    def call_changed(self, call: Call) -> None:
        """Must not wait; calls of accounts without a keeper are found when it begins."""
        keeper = self._keepers.get(call.account_id)
        if keeper is not None:
            keeper.call_changed(call)

    def named(self, call_id: CallId, name: str) -> None:
        """The CRM says who a call's outside party is."""
        for keeper in self._keepers.values():
            keeper.call_named(call_id, name)

    def republish(self) -> None:
        """The bus lost its memory."""
        for keeper in self._keepers.values():
            keeper.republish()

    @asynccontextmanager
    async def kept(
        self, connection_id: str, live: Live, modes: tuple[WatchMode, ...]
    ) -> AsyncIterator[None]:
        """Keep the boards of this connection's accounts, those that come and go included.

        `live` tells the owner's calls, `modes` how the switch lets one listen.
        """
        changed: set[AccountId] = {
            account.account_id for account in self._routing.accounts_on(connection_id)
        }
        something = asyncio.Event()
        something.set()

        def on_change(account_id: AccountId) -> None:
            changed.add(account_id)
            something.set()

        mine: dict[AccountId, BoardKeeper] = {}

        async def settle(account_ids: Iterable[AccountId]) -> None:
            for account_id in account_ids:
                account = self._routing.account(account_id)
                here = account is not None and account.connection_id == connection_id
                known = mine.get(account_id)
                if known is not None and here:
                    await known.reload()
                elif here:
                    keeper = BoardKeeper(
                        account_id,
                        connection_id,
                        bus=self._bus,
                        rows=self._rows,
                        routing=self._routing,
                        clock=self._clock,
                        named=self._named,
                        live=live,
                        modes=modes,
                        drifted=self._drifted,
                    )
                    # Known before it begins: what calls do meanwhile is marked.
                    mine[account_id] = self._keepers[account_id] = keeper
                    try:
                        await keeper.start()
                    except BaseException:
                        self._drop(mine, account_id, keeper)
                        await keeper.aclose()
                        raise
                elif known is not None:
                    self._drop(mine, account_id, known)
                    await known.aclose()

        async def follow() -> None:
            while True:
                await something.wait()
                something.clear()
                named, now = set(changed), self._clock
                changed.clear()
                for account_id in named:
                    try:
                        await settle([account_id])
                    except Exception as error:
                        log.warning("board.not_begun", account=account_id, error=repr(error))
                        changed.add(account_id)
                if changed:
                    await now.sleep(RETRY_S)
                    something.set()

        stop = self._routing.on_change(on_change)
        following = asyncio.create_task(follow(), name=f"boards:{connection_id}")
        try:
            yield
        finally:
            stop()
            following.cancel()
            await asyncio.gather(following, return_exceptions=True)
            for account_id, keeper in tuple(mine.items()):
                self._drop(mine, account_id, keeper)
                try:
                    await keeper.aclose()
                except Exception as error:
                    log.warning("board.not_ended", account=account_id, error=repr(error))

    def _drop(
        self, mine: dict[AccountId, BoardKeeper], account_id: AccountId, keeper: BoardKeeper
    ) -> None:
        del mine[account_id]
        if self._keepers.get(account_id) is keeper:
            del self._keepers[account_id]
