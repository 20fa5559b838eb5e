"""The way to one browser: ICE to find it, DTLS-SRTP to keep it private.

A browser whose network changed offers anew; then another way is found while the old one lasts
(RFC 8445, section 9). The keys stay: they belong to the talk, not to the way.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from typing import TYPE_CHECKING

from aioice import Connection

from backend.sandbox.media import rtp
from backend.sandbox.media.dtls import Dtls, DtlsError

if TYPE_CHECKING:
    from collections.abc import Callable

    from aioice import Candidate

    from backend.sandbox.media.dtls import Role
    from backend.sandbox.media.sdp import Description

_log = logging.getLogger(__name__)

CONNECT_S = 15.0
RESTART_S = 30.0
"""The old way lasts meanwhile, and a browser may take its time to leave it."""


class Ice(Connection):
    """aioice, which leaves the loopback address out: it is used where there is no other.

    It gives way where both ends would be in control: a browser that offers anew takes control of
    the old way as well, and being told off it would lose control of the new one.
    """

    def __init__(self, *, controlling: bool) -> None:
        super().__init__(ice_controlling=controlling, use_ipv6=False)
        self._tie_breaker = 0

    async def get_component_candidates(
        self, component: int, addresses: list[str], timeout: int = 5
    ) -> list[Candidate]:
        return await super().get_component_candidates(
            component, addresses or ["127.0.0.1"], timeout
        )


class Path:
    """`gather`, then `run` until `close`; `restart` in between as often as the browser asks."""

    def __init__(self, *, controlling: bool) -> None:
        self.connected = asyncio.Event()
        self.ended = asyncio.Event()
        """The other end said goodbye, it never connected, or we closed."""
        self._controlling = controlling
        self._ice: Ice | None = None
        self._next: Ice | None = None
        """The way to be, while it is being found."""
        self._dtls: Dtls | None = None
        self._moved = asyncio.Event()
        """There is another way, or none is needed any more."""
        self._restarting: asyncio.Task[None] | None = None
        # The loop holds tasks weakly; this set keeps them until they end.
        self._sending: set[asyncio.Task[None]] = set()

    async def gather(self) -> Ice:
        """The first way's name, password and candidates, or those of the next."""
        await self._give_up_next()
        # Whoever offers anew is in control then, whoever was before: so browsers have it, although
        # RFC 8445, section 6.1.1, would leave the roles as they are. With both in control nothing
        # is heard for seconds.
        controlling = self._controlling and self._ice is None
        ice = Ice(controlling=controlling)
        await ice.gather_candidates()
        if self._ice is None:
            self._ice = ice
        else:
            self._next = ice
        return ice

    async def run(
        self, role: Role, remote: Description, received: Callable[[bytes, bool], None]
    ) -> None:
        """Connect, then hand over what comes: plain packets, and whether they are RTCP.

        Back when it ended; raises nothing.
        """
        try:
            await self._run(role, remote, received)
        except (ConnectionError, DtlsError, TimeoutError) as error:
            _log.info("a browser's sound ended: %s", error)
        finally:
            self.ended.set()

    def restart(self, remote: Description) -> None:
        """Find the way that was gathered last; the old one is kept if there is none."""
        if self._next is not None:
            self._restarting = asyncio.get_running_loop().create_task(
                self._change(self._next, remote)
            )

    def send(self, packet: bytes, *, control: bool = False) -> None:
        """Protected; lost where there is no way, as packets are."""
        if self._dtls is None or not self._dtls.ready or self.ended.is_set():
            return
        data = self._dtls.protect(packet, control=control)
        # Sending never waits in aioice, but is a coroutine: it ends in the loop's next turn.
        task = asyncio.get_running_loop().create_task(self._transmit(data))
        self._sending.add(task)
        task.add_done_callback(self._sending.discard)

    async def close(self) -> None:
        said_goodbye = self.ended.is_set()
        self.ended.set()
        self._moved.set()
        await self._give_up_next()
        for task in tuple(self._sending):
            task.cancel()
        if self._dtls is not None and self._dtls.ready and not said_goodbye:
            await self._dtls.close()
        if self._ice is not None:
            await self._ice.close()

    # -- inside -------------------------------------------------------------------------------

    async def _run(
        self, role: Role, remote: Description, received: Callable[[bytes, bool], None]
    ) -> None:
        ice = self._ice
        if ice is None:
            raise ConnectionError("nothing was gathered")
        await self._connect(ice, remote, CONNECT_S)
        self._dtls = dtls = Dtls(role, remote.fingerprint, self._transmit)
        await dtls.handshake(ice.recv)
        self.connected.set()
        while not self.ended.is_set():
            self._moved.clear()
            with suppress(ConnectionError):
                await self._receive(ice, dtls, received)
                return
            # The way is lost, or was left for a new one. Nobody but the browser brings another,
            # and how long it is waited for is the channel's business.
            if not self.ended.is_set() and self._ice is ice:
                await self._moved.wait()
            ice = self._ice or ice

    async def _receive(self, ice: Ice, dtls: Dtls, received: Callable[[bytes, bool], None]) -> None:
        """Until the other end says goodbye. Raises ConnectionError when the way is lost."""
        while True:
            data = await ice.recv()
            if not data:
                continue
            if 20 <= data[0] < 64:
                if not await dtls.receive(data):
                    return
            elif 128 <= data[0] < 192 and len(data) > 1:
                control = rtp.is_control(data)
                plain = dtls.unprotect(data, control=control)
                if plain is not None:
                    received(plain, control)

    async def _connect(self, ice: Ice, remote: Description, within_s: float) -> None:
        ice.remote_username, ice.remote_password = remote.user, remote.password
        for candidate in remote.candidates:
            await ice.add_remote_candidate(candidate)
        # The end of candidates is never told: checks that come in may bring others, and the
        # deadline is ours.
        async with asyncio.timeout(within_s):
            await ice.connect()

    async def _change(self, ice: Ice, remote: Description) -> None:
        try:
            await self._connect(ice, remote, RESTART_S)
        except (ConnectionError, TimeoutError) as error:
            _log.info("a browser's new way was not found: %s", error)
            await ice.close()
            return
        before, self._ice, self._next = self._ice, ice, None
        self._moved.set()
        if before is not None:
            await before.close()

    async def _give_up_next(self) -> None:
        """A way that is still being found is no use any more."""
        if self._restarting is not None:
            self._restarting.cancel()
            await asyncio.gather(self._restarting, return_exceptions=True)
        if self._next is not None:
            stale, self._next = self._next, None
            await stale.close()

    async def _transmit(self, data: bytes) -> None:
        if self._ice is not None:
            with suppress(ConnectionError):
                await self._ice.send(data)
