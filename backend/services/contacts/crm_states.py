"""How each account's CRM stands, as look-ups and its connection find it, told when it changes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import structlog

from backend.services.ports import Publication, account_stream
from protocol.pushes import CrmChanged
from protocol.vocabulary import CrmKind, StreamName

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from backend.kit.clock import Clock
    from backend.services.ports import ContactSource
    from protocol.vocabulary import AccountId

log = structlog.get_logger(__name__)

CrmState = Literal["ok", "slow", "down", "auth_expired"]


def version_after(last: int, clock: Clock) -> int:
    """Grows within an owner and over a change of owner: microseconds of the clock."""
    return max(last + 1, int(clock.now().timestamp() * 1_000_000))


class CrmStates:
    def __init__(
        self,
        sources: Callable[[AccountId], ContactSource | None],
        clock: Clock,
        publish: Callable[[list[Publication]], Awaitable[None]],
    ) -> None:
        """`publish` must not raise."""
        self._sources = sources
        self._clock = clock
        self._publish = publish
        self._states: dict[AccountId, CrmState] = {}
        self._lost: set[AccountId] = set()
        """Accounts whose connection said so itself."""
        self._versions: dict[AccountId, int] = {}

    async def connection_is(self, account_id: AccountId, *, lost: bool) -> None:
        """Whether an administrator has to connect again, known without looking anybody up."""
        if lost:
            self._lost.add(account_id)
            await self.becomes(account_id, "auth_expired")
        elif account_id in self._lost:
            self._lost.discard(account_id)
            await self.becomes(account_id, "ok")

    async def becomes(self, account_id: AccountId, state: CrmState) -> None:
        """Told once per change."""
        if self._states.get(account_id, "ok") != state:
            log.info("contacts.crm_state", account=account_id, state=state)
            self._states[account_id] = state
            await self._tell(account_id, state)

    async def republish(self) -> None:
        """Tell everything anew, after the bus lost its memory."""
        for account_id, state in list(self._states.items()):
            await self._tell(account_id, state)

    async def _tell(self, account_id: AccountId, state: CrmState) -> None:
        source = self._sources(account_id)
        if source is None:
            return
        version = version_after(self._versions.get(account_id, 0), self._clock)
        self._versions[account_id] = version
        push = CrmChanged(
            stream=StreamName.ACCOUNT,
            entity="crm",
            version=version,
            crm=CrmKind(source.kind),
            state=state,
            since=self._clock.now(),
        )
        await self._publish([Publication(account_stream(account_id), push)])
