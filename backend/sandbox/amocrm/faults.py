"""Trouble on order, the request limiter, and the log of what clients asked."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from backend.kit.clock import Clock
    from backend.sandbox.amocrm.config import AmoConfig, Json

_LOG_SIZE = 2000
_BLOCK_WINDOW_S = 10.0
_KINDS = frozenset({"slow", "status", "html", "drop", "throttle"})


@dataclass
class Fault:
    """One way to misbehave for requests whose path starts with `path`.

    kind: `slow` waits `seconds` and then answers properly; `status` answers `status`;
    `html` answers a page with `status`; `throttle` is 429 with `seconds` as retry_after;
    `drop` ends the connection in the middle of an answer. `times` None means until cleared.
    """

    kind: str
    path: str = "/api/"
    method: str | None = None
    seconds: float = 1.0
    status: int = 503
    times: int | None = None


@dataclass
class Call:
    """A request as it came, and what it was answered."""

    method: str
    path: str
    query: str
    body: str
    user_agent: str
    at: str
    status: int = 0


@dataclass
class _Meter:
    passed: deque[float] = field(default_factory=deque)  # times of the last second's requests
    refused: deque[float] = field(default_factory=deque)
    blocked: bool = False  # set by block_after; only `clear` lifts it, as support would


class Faults:
    """Everything tests and the control API switch."""

    def __init__(self, clock: Clock, config: AmoConfig) -> None:
        self._clock = clock
        self._config = config
        self._faults: list[Fault] = []
        self._meters: dict[str, _Meter] = {}
        self.down = False  # the whole CRM answers 503
        self.rate_limit = config.rate_limit
        self.html_429 = config.html_429
        self.api_filter = config.api_filter
        self.payment_required = False  # subscription over: API answers 402
        self.settings_as_string = config.settings_as_string
        self.calls: deque[Call] = deque(maxlen=_LOG_SIZE)

    def add(self, fault: Fault) -> Fault:
        """Raises ValueError for a kind nobody knows."""
        if fault.kind not in _KINDS:
            raise ValueError(f"unknown fault {fault.kind!r}")
        self._faults.append(fault)
        return fault

    def clear(self) -> None:
        self._faults.clear()
        self._meters.clear()
        self.down = False
        self.payment_required = False
        self.rate_limit = self._config.rate_limit
        self.html_429 = self._config.html_429
        self.api_filter = self._config.api_filter

    def take(self, method: str, path: str) -> Fault | None:
        """The fault this request meets, counted down; the one added last goes first."""
        for fault in reversed(self._faults):
            if path.startswith(fault.path) and fault.method in (None, method):
                if fault.times is not None:
                    fault.times -= 1
                    if fault.times <= 0:
                        self._faults.remove(fault)
                return fault
        return None

    def pass_limit(self, key: str) -> str:
        """`ok`, `limited` (too fast) or `blocked` (was told often enough) for this requester."""
        if self.rate_limit is None:
            return "ok"
        meter = self._meters.setdefault(key, _Meter())
        if meter.blocked:
            return "blocked"
        now = self._clock.monotonic()
        _forget(meter.passed, now - 1.0)
        if len(meter.passed) < self.rate_limit:
            meter.passed.append(now)
            return "ok"
        _forget(meter.refused, now - _BLOCK_WINDOW_S)
        meter.refused.append(now)
        after = self._config.block_after
        meter.blocked = after is not None and len(meter.refused) > after
        return "limited"

    def state(self) -> Json:
        return {
            "faults": [vars(f) for f in self._faults],
            "down": self.down,
            "payment_required": self.payment_required,
            "rate_limit": self.rate_limit,
            "html_429": self.html_429,
            "api_filter": self.api_filter,
        }

    def called(self, method: str, path: str) -> list[Call]:
        """Logged requests of this method whose path starts so."""
        return [c for c in self.calls if c.method == method and c.path.startswith(path)]


def _forget(times: deque[float], before: float) -> None:
    while times and times[0] <= before:
        times.popleft()


def fault_from(body: dict[str, Any]) -> Fault:
    """A fault as the control API receives it. Raises TypeError, ValueError for a wrong body."""
    times = body.get("times")
    return Fault(
        kind=str(body["kind"]),
        path=str(body.get("path", "/api/")),
        method=body.get("method"),
        seconds=float(body.get("seconds", 1.0)),
        status=int(body.get("status", 503)),
        times=None if times is None else int(times),
    )
