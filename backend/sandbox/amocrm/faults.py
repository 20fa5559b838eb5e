"""Trouble on order, the request limiters, and the log of what clients asked."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from backend.kit.clock import Clock
    from backend.sandbox.amocrm.config import AmoConfig, Json

_LOG_SIZE = 2000
_BLOCK_WINDOW_S = 10.0
REQUEST_KINDS = frozenset(
    {"slow", "status", "html", "drop", "lost", "throttle", "block", "partial", "empty"}
)
HOOK_KINDS = frozenset({"hook_lost", "hook_doubled", "hook_late"})
FRAMES, PAGE, NOBODY = "frames", "page", "nobody"
"""Who may hear the person, by the page's Permissions-Policy. What amoCRM's own pages say is not
known (reference, section 3.10)."""
SWITCHES = (
    "down",
    "payment_required",
    "rate_limit",
    "account_limit",
    "block_after",
    "html_429",
    "api_filter",
    "settings_as_string",
    "hook_scale",
    "safe_mode",
    "microphone",
)
"""Attributes of `Faults` that stay as they are set until `clear`."""


@dataclass
class Fault:
    """One way to misbehave for requests whose path starts with `path`.

    kind: `slow` waits `seconds` and then answers properly; `status` answers `status`;
    `html` answers a page with `status`; `throttle` is 429 with `seconds` as retry_after;
    `block` is nginx's 403 page; `drop` ends the connection in the middle of an answer and does
    nothing; `lost` does what was asked and then ends the connection so; `partial` leaves the
    second half of a list out; `empty` answers 204.
    Hooks: `hook_lost` is never sent, `hook_doubled` is sent twice, `hook_late` waits `seconds` and
    is overtaken by those after it. Their `path` is `install`, `disconnect`, `secrets` or the
    beginning of a webhook code. `times` None means until cleared.
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
        self.calls: deque[Call] = deque(maxlen=_LOG_SIZE)
        self._reset()

    def _reset(self) -> None:
        self.down = False  # the whole CRM answers 503
        self.rate_limit = self._config.rate_limit
        self.account_limit = self._config.account_limit
        self.block_after = self._config.block_after
        self.html_429 = self._config.html_429
        self.api_filter = self._config.api_filter
        self.payment_required = False  # subscription over: API answers 402
        self.settings_as_string = self._config.settings_as_string
        self.hook_scale = self._config.hook_scale
        self.safe_mode = False  # pages start no widgets
        self.microphone = FRAMES

    def add(self, fault: Fault) -> Fault:
        """Raises ValueError for a kind nobody knows."""
        if fault.kind not in REQUEST_KINDS | HOOK_KINDS:
            raise ValueError(f"unknown fault {fault.kind!r}")
        self._faults.append(fault)
        return fault

    def remove(self, kind: str) -> None:
        """End every fault of one kind."""
        self._faults = [f for f in self._faults if f.kind != kind]
        if kind == "block":
            self._meters.clear()

    def clear(self) -> None:
        self._faults.clear()
        self._meters.clear()
        self._reset()

    def take(self, method: str, path: str) -> Fault | None:
        """The fault this request meets, counted down; the one added last goes first."""
        return self._take(REQUEST_KINDS, method, path)

    def take_hook(self, name: str) -> Fault | None:
        """The fault a hook meets on its way out; `name` as `Fault.path` describes it."""
        return self._take(HOOK_KINDS, None, name)

    def _take(self, kinds: frozenset[str], method: str | None, path: str) -> Fault | None:
        for fault in reversed(self._faults):
            fits = fault.kind in kinds and path.startswith(fault.path)
            if fits and (method is None or fault.method in (None, method)):
                if fault.times is not None:
                    fault.times -= 1
                    if fault.times <= 0:
                        self._faults.remove(fault)
                return fault
        return None

    def pass_limit(self, key: str) -> str:
        """`ok`, `limited` (too fast) or `blocked` (was told often enough) for this requester.

        The account as a whole is metered beside each integration: fifty a second for all of them
        (reference, section 5). Without a limit per integration there is none for the account.
        """
        if self.rate_limit is None:
            return "ok"
        limits = [(key, self.rate_limit)]
        if self.account_limit is not None:
            limits.append(("account", self.account_limit))
        meters = [(self._meters.setdefault(name, _Meter()), top) for name, top in limits]
        if any(meter.blocked for meter, _ in meters):
            return "blocked"
        now = self._clock.monotonic()
        for meter, _ in meters:
            _forget(meter.passed, now - 1.0)
        full = [meter for meter, top in meters if len(meter.passed) >= top]
        if not full:
            for meter, _ in meters:
                meter.passed.append(now)
            return "ok"
        after = self.block_after
        for meter in full:
            _forget(meter.refused, now - _BLOCK_WINDOW_S)
            meter.refused.append(now)
            meter.blocked = after is not None and len(meter.refused) > after
        return "limited"

    def active(self, kind: str) -> bool:
        return any(f.kind == kind for f in self._faults)

    def state(self) -> Json:
        switches = {name: getattr(self, name) for name in SWITCHES}
        return {"faults": [vars(f) for f in self._faults], **switches}

    def called(self, method: str, path: str) -> list[Call]:
        """Logged requests of this method whose path starts so."""
        return [c for c in self.calls if c.method == method and c.path.startswith(path)]


def _forget(times: deque[float], before: float) -> None:
    while times and times[0] <= before:
        times.popleft()


def fault_from(body: dict[str, Any]) -> Fault:
    """A fault as the control API receives it. Raises TypeError, ValueError for a wrong body."""
    kind = str(body.get("kind") or body["name"])
    times = body.get("times")
    return Fault(
        kind=kind,
        path=str(body.get("path", "" if kind in HOOK_KINDS else "/api/")),
        method=body.get("method") or None,
        seconds=float(body.get("seconds", 1.0)),
        status=int(body.get("status", 503)),
        times=None if times in (None, "", 0) else int(times),
    )
