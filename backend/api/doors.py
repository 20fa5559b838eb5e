"""How often one address may knock in vain.

Each knock costs SQL, and signing on asks a CRM's authorization server with whatever the asker
wrote. A whole office sits behind one address, so only knocks that are refused count; those under
way count until they are answered, or a slow CRM would let any number in at once.
"""

from __future__ import annotations

import ipaddress
import math
from collections import OrderedDict
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from backend.api.answers import Handler
from backend.errors import AppError, BadProof, BadRequest, NotAllowed, TooMany
from backend.kit.clock import Clock

BURST = 300
"""Every tab of a large office whose sessions ended over night."""
PER_S = 5.0
ADDRESSES = 10_000
"""How many are remembered; the longest silent one is forgotten first."""
_COUNTED = (BadProof, BadRequest, NotAllowed)


@dataclass(slots=True)
class _Knocks:
    left: float
    at: float


class Doors:
    """`guarded` goes inside `refusing`, which turns TooMany into 429."""

    def __init__(
        self,
        clock: Clock,
        *,
        burst: int = BURST,
        per_s: float = PER_S,
        addresses: int = ADDRESSES,
    ) -> None:
        self._clock = clock
        self._burst = burst
        self._per_s = per_s
        self._addresses = addresses
        self._known: OrderedDict[str, _Knocks] = OrderedDict()

    def guarded(self, handler: Handler) -> Handler:
        async def entered(request: Request) -> Response:
            knocks = self._knock(asker_address(request))
            counted = False
            try:
                return await handler(request)
            except AppError as error:
                # `why` says that the proof was good and the person is known: no stranger.
                counted = isinstance(error, _COUNTED) and "why" not in error.data
                raise
            finally:
                if not counted:
                    knocks.left = min(self._burst, knocks.left + 1)

        return entered

    def _knock(self, address: str) -> _Knocks:
        """Raises TooMany with `retry_after_s`."""
        now = self._clock.monotonic()
        knocks = self._known.setdefault(address, _Knocks(self._burst, now))
        self._known.move_to_end(address)
        if len(self._known) > self._addresses:
            self._known.popitem(last=False)
        knocks.left = min(self._burst, knocks.left + (now - knocks.at) * self._per_s)
        knocks.at = now
        if knocks.left < 1:
            wait_s = math.ceil((1 - knocks.left) / self._per_s)
            raise TooMany("too many refused requests of this address", retry_after_s=wait_s)
        knocks.left -= 1
        return knocks


def asker_address(request: Request) -> str:
    """Who asks; of IPv6 the network, for one household has 2^64 addresses."""
    host = request.client.host if request.client else ""
    try:
        parsed = ipaddress.ip_address(host)
    except ValueError:
        return host
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped is not None:
            return str(parsed.ipv4_mapped)
        return str(ipaddress.ip_network((parsed, 64), strict=False))
    return host
