"""Troubles a test or a demo can switch on, and the log of what was asked of the portal."""

from __future__ import annotations

from collections import deque
from dataclasses import asdict, dataclass, field, fields
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from datetime import datetime


@dataclass
class Faults:
    """What goes wrong with REST calls; counters run down to zero, flags stay until cleared."""

    burst_503: int = 0
    """Answer the next n calls with 503 QUERY_LIMIT_EXCEEDED."""
    blocked_methods: set[str] = field(default_factory=set)
    """Lower-case methods answered with 429 OPERATION_TIME_LIMIT."""
    expired_tokens: int = 0
    """Answer the next n calls that carry a token with 401 expired_token."""
    html_502: int = 0
    """Answer the next n calls with a proxy's HTML page."""
    slow_s: dict[str, float] = field(default_factory=dict)
    """Seconds to wait before answering, per lower-case method; `*` is every method."""
    drop: int = 0
    """Cut the connection of the next n calls without an answer."""
    moved_to: str = ""
    """Answer 302 to this base URL: the portal was renamed."""
    crm_down: bool = False
    """Every call is answered 500 until cleared."""

    def update(self, values: dict[str, Any]) -> None:
        """Set the named switches. Raises KeyError for an unknown one."""
        known = {item.name for item in fields(self)}
        for name, value in values.items():
            if name not in known:
                raise KeyError(name)
            if name == "blocked_methods":
                self.blocked_methods = {str(item).lower() for item in value}
            elif name == "slow_s":
                self.slow_s = {str(key).lower(): float(item) for key, item in value.items()}
            else:
                setattr(self, name, type(getattr(self, name))(value))

    def clear(self) -> None:
        fresh = Faults()
        for item in fields(self):
            setattr(self, item.name, getattr(fresh, item.name))

    def spend(self, name: str) -> bool:
        """True while the counter `name` lasts; each call uses one up."""
        left = int(getattr(self, name))
        if left <= 0:
            return False
        setattr(self, name, left - 1)
        return True

    def shown(self) -> dict[str, Any]:
        return asdict(self) | {"blocked_methods": sorted(self.blocked_methods)}


@dataclass(frozen=True)
class Received:
    """One REST request as it came in; `auth` is oauth, webhook or none. No token is kept."""

    at: datetime
    method: str
    params: dict[str, Any]
    auth: str
    user_id: int | None
    status: int
    error: str | None


class CallLog:
    """The newest REST requests, for assertions and the control page."""

    def __init__(self, size: int = 2000) -> None:
        self._rows: deque[Received] = deque(maxlen=size)

    def add(self, row: Received) -> None:
        self._rows.append(row)

    def clear(self) -> None:
        self._rows.clear()

    def rows(self, method: str | None = None) -> list[Received]:
        """Everything, or only the calls of `method` whatever its case."""
        if method is None:
            return list(self._rows)
        return [row for row in self._rows if row.method == method.lower()]

    def shown(self) -> list[dict[str, Any]]:
        return [asdict(row) | {"at": row.at.isoformat()} for row in self._rows]
