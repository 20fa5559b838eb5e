"""Live calls of the portal's telephony module, its lines and its statistics."""

from __future__ import annotations

import itertools
import secrets
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from datetime import datetime

    from backend.kit.clock import Clock

DEDUP_WINDOW = timedelta(minutes=30)
OUTGOING, INCOMING, REDIRECTED, CALLBACK, INFO = 1, 2, 3, 4, 5
_DIRECTIONS = {INCOMING: "incoming", REDIRECTED: "incoming", CALLBACK: "callback"}


@dataclass
class Call:
    """A registered call that is not finished; `started_at` is what the caller of register said.

    `shown_to` holds the users whose card was asked for; `internal` marks a call between employees,
    which the CRM never hears of; `list_id` is the call list the click came from, 0 for none;
    `comment` is what was typed on the card.
    """

    call_id: str
    user_id: int
    phone: str
    type: int
    line: str
    external_id: str | None
    started_at: datetime
    entity_type: str = ""
    entity_id: int | None = None
    bindings: list[dict[str, Any]] = field(default_factory=list)
    created: list[dict[str, Any]] = field(default_factory=list)
    created_lead: int | None = None
    lead_error: str | None = None
    internal: bool = False
    list_id: int = 0
    comment: str | None = None
    shown_to: set[int] = field(default_factory=set)

    @property
    def direction(self) -> str:
        """As the card and its events name it."""
        return _DIRECTIONS.get(self.type, "outgoing")


@dataclass
class Line:
    """An external line of the application."""

    id: int
    number: str
    name: str
    crm_auto_create: str = "Y"

    def shown(self) -> dict[str, Any]:
        return {
            "NUMBER": self.number,
            "NAME": self.name,
            "CRM_AUTO_CREATE": self.crm_auto_create,
        }


class Telephony:
    """The registry of calls and lines; statistics rows are kept as the wire shows them."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._line_ids = itertools.count(7)
        self._row_ids = itertools.count(1)
        self.calls: dict[str, Call] = {}
        self.lines: dict[str, Line] = {}
        self.statistics: list[dict[str, Any]] = []
        self.records: dict[str, tuple[str, bytes]] = {}
        """CALL_ID → (file name, content) of attached recordings."""
        self.uploads: dict[str, tuple[str, str]] = {}
        """Upload token → (CALL_ID, file name) of a two-step attachment under way."""
        self.default_line: str | None = None

    def new_id(self) -> str:
        return f"externalCall.{secrets.token_hex(16)}.{int(self._clock.now().timestamp())}"

    def next_row(self) -> int:
        return next(self._row_ids)

    def same(
        self, user_id: int, phone: str, kind: int, line: str | None, external_id: str | None
    ) -> Call | None:
        """The unfinished call these values name again within half an hour, or None.

        Line and external id take part only when sent. Counted from the stored start, so a
        back-dated call is never found again.
        """
        since = self._clock.now() - DEDUP_WINDOW
        for call in self.calls.values():
            if (
                (call.user_id, call.phone, call.type) == (user_id, phone, kind)
                and (line is None or call.line == line)
                and (external_id is None or call.external_id == external_id)
                and call.started_at > since
            ):
                return call
        return None

    def line(self, number: str, name: str = "") -> Line:
        """The line; an unknown number makes one."""
        known = self.lines.get(number)
        if known is None:
            known = self.lines[number] = Line(next(self._line_ids), number, name or number)
        return known

    def outgoing_line(self) -> str:
        """The line a click dials through: the chosen one, else the application's first."""
        return self.default_line or next(iter(self.lines), "")

    def statistic(self, call_id: str) -> dict[str, Any] | None:
        return next((row for row in self.statistics if row["CALL_ID"] == call_id), None)
