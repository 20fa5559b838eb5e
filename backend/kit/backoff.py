"""How long to wait before the next attempt."""

from __future__ import annotations

import random
from collections.abc import Callable


class Backoff:
    """Delays that double up to a ceiling, each drawn between half of it and all of it.

    The draw keeps many clients that lost the same server from coming back in one wave; the lower
    half is kept so that a lucky series does not hammer a server that is down.
    """

    def __init__(
        self,
        *,
        first_s: float = 0.5,
        ceiling_s: float = 30.0,
        draw: Callable[[], float] = random.random,
    ) -> None:
        self._first_s = first_s
        self._ceiling_s = ceiling_s
        self._draw = draw
        self._failures = 0
        """Attempts that failed since the last `reset`."""

    def next_s(self) -> float:
        """Seconds to wait now; the next answer will be longer."""
        # 2**30 half-seconds is 17 years: no ceiling is above that, and floats stay finite.
        full_s: float = min(self._ceiling_s, self._first_s * 2.0 ** min(self._failures, 30))
        self._failures += 1
        return full_s * (0.5 + 0.5 * self._draw())

    def reset(self) -> None:
        """It worked: start small again next time."""
        self._failures = 0
