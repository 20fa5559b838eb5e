"""What was asked of the portal, for assertions and the control page."""

from __future__ import annotations

from collections import deque
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from datetime import datetime


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
    """The newest REST requests."""

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
