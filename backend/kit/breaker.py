"""A circuit breaker: a service that keeps failing is left alone for a while (X15)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from backend.kit.clock import Clock

State = Literal["closed", "open", "half_open"]


class Breaker:
    """closed ──failures──► open ──time──► half_open ──success──► closed, ──failure──► open."""

    def __init__(
        self, clock: Clock, *, failures: int = 3, rest_s: float = 5.0, longest_s: float = 60.0
    ) -> None:
        self._clock = clock
        self._limit = failures
        self._shortest = rest_s
        self._longest = longest_s
        self._rest = rest_s
        self._failed = 0
        self._open_until: float | None = None
        self._trying = False

    @property
    def state(self) -> State:
        if self._open_until is None:
            return "closed"
        return "open" if self._clock.monotonic() < self._open_until else "half_open"

    def allows(self) -> bool:
        """Whether to ask now; half open lets one through."""
        state = self.state
        if state == "half_open" and not self._trying:
            self._trying = True
            return True
        return state == "closed"

    def gave_up(self) -> None:
        """The question was withdrawn unanswered (cancelled): the next one may try."""
        self._trying = False

    def succeeded(self) -> None:
        self._failed = 0
        self._open_until = None
        self._rest = self._shortest
        self._trying = False

    def failed(self) -> None:
        self._failed += 1
        if self._trying or self._failed >= self._limit:
            if self._trying:
                self._rest = min(self._rest * 2, self._longest)
            self._open_until = self._clock.monotonic() + self._rest
            self._trying = False
