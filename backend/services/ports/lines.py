"""Browser lines on the switch: SIP identities whose password lives as long as a tab's session."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

from protocol.vocabulary import AccountId, EmployeeId

CODECS: Final = ("ulaw", "alaw", "g722")
"""Before Opus: a switch without Opus to transcode gives silence to G.711 legs and to recordings
(reference/telephony.md §5.7)."""

CALL_HEADER: Final = "X-Dozvon-Call"
LEG_HEADER: Final = "X-Dozvon-Leg"
"""In the INVITE to a line: by them the tab knows which card the ringing belongs to."""
RESCUE_HEADER: Final = "X-Dozvon-Rescue"
"""`1`: the talk was lost by this person and comes back: the tab picks up by itself."""
MOVE_HEADER: Final = "X-Dozvon-Move"
"""`1`: the talk is still in another tab of this person and comes here as soon as this tab says that
sound is up (`call.take_voice`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BrowserLine:
    """One employee's line in the browser, as the switch has to know it."""

    account: str
    """The account's slug."""
    username: str
    """SIP user name, and the endpoint's part after `PJSIP/` (`domain.browser_line`)."""
    caller_name: str
    caller_number: str
    """Whom others see calling: the person's name and extension."""
    codecs: tuple[str, ...] = CODECS


class SwitchLines(Protocol):
    """Raises SwitchUnavailable (ask again), SwitchRefused (its configuration forbids it)."""

    async def issue(self, line: BrowserLine, password: str) -> None:
        """Let the line register with this password from now on; the one before opens nothing."""

    async def withdraw(self, line: BrowserLine) -> None:
        """Nobody registers as this line until it is issued again. Talks under way go on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LineHome:
    """The switch an account's browser lines live on."""

    lines: SwitchLines
    ws_url: str
    """Where browsers speak SIP over WebSocket (RFC 7118)."""
    domain: str
    """The host part of the lines' SIP addresses; the realm is told by the switch's challenge."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuedLine:
    """A line that has a password on the switch."""

    employee_id: EmployeeId
    extension: str | None
    """With which it was called."""
    unheld_since: datetime | None
    """When no tab held it for the first time; None while one does, as far as anybody looked."""


class IssuedLines(Protocol):
    """Which lines have passwords, on disk: whoever issued one may die. Each is a transaction."""

    async def issued(
        self, account_id: AccountId, employee_id: EmployeeId, extension: str | None
    ) -> None: ...
    async def withdrawn(self, account_id: AccountId, employee_id: EmployeeId) -> None: ...
    async def of_account(self, account_id: AccountId) -> list[IssuedLine]: ...
    async def unheld(
        self, account_id: AccountId, employee_id: EmployeeId, since: datetime | None
    ) -> None:
        """None: a tab holds it again."""


class LineHomes(Protocol):
    async def of(self, account_id: AccountId) -> LineHome | None:
        """None: the account has no switch. Raises SwitchRefused when its kind has no such lines."""
