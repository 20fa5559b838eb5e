"""Stand-ins for what issues browser lines their passwords."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from backend.errors import SwitchError
from backend.kit.clock import Clock
from backend.services.ice_servers import IceConfig
from backend.services.phones import LinePerson, Phones
from backend.services.ports import BrowserLine, Bus, IssuedLine, IssuedLines, LineHome
from protocol.vocabulary import AccountId, EmployeeId

WS_URL = "ws://127.0.0.1:8088/ws"


class FakeLines:
    """A switch that keeps the passwords it was given."""

    def __init__(self) -> None:
        self.passwords: dict[str, str] = {}
        self.lines: list[BrowserLine] = []
        self.withdrawn: list[str] = []
        self.error: SwitchError | None = None

    async def issue(self, line: BrowserLine, password: str) -> None:
        if self.error is not None:
            raise self.error
        self.lines.append(line)
        self.passwords[line.username] = password

    async def withdraw(self, line: BrowserLine) -> None:
        if self.error is not None:
            raise self.error
        self.withdrawn.append(line.username)
        self.passwords.pop(line.username, None)


class OneHome:
    """Every account's lines live on one switch."""

    def __init__(self, lines: FakeLines) -> None:
        self.lines = lines

    async def of(self, _account_id: AccountId) -> LineHome | None:
        return LineHome(lines=self.lines, ws_url=WS_URL, domain="127.0.0.1")


class InBrowsers:
    """Everybody talks in the browser, but those named."""

    def __init__(
        self, *, not_these: tuple[EmployeeId, ...] = (), gone: tuple[EmployeeId, ...] = ()
    ) -> None:
        self.not_these = not_these
        self.gone = gone

    async def find(
        self, account_id: AccountId, employee_id: EmployeeId, *, former: bool = False
    ) -> LinePerson | None:
        if employee_id in self.gone and not former:
            return None
        device = "phone" if employee_id in self.not_these else "browser"
        return LinePerson(
            slug=account_id,
            name=employee_id.title(),
            extension=None,
            device="phone" if device == "phone" else "browser",
        )


class FakeIssued:
    """`IssuedLines` without a disk."""

    def __init__(self) -> None:
        self.rows: dict[tuple[AccountId, EmployeeId], IssuedLine] = {}

    async def issued(
        self, account_id: AccountId, employee_id: EmployeeId, extension: str | None
    ) -> None:
        self.rows[account_id, employee_id] = IssuedLine(
            employee_id=employee_id, extension=extension, unheld_since=None
        )

    async def withdrawn(self, account_id: AccountId, employee_id: EmployeeId) -> None:
        self.rows.pop((account_id, employee_id), None)

    async def of_account(self, account_id: AccountId) -> list[IssuedLine]:
        return [line for (account, _), line in self.rows.items() if account == account_id]

    async def unheld(
        self, account_id: AccountId, employee_id: EmployeeId, since: datetime | None
    ) -> None:
        line = self.rows[account_id, employee_id]
        self.rows[account_id, employee_id] = replace(line, unheld_since=since)


def phones_of(
    bus: Bus,
    clock: Clock,
    lines: FakeLines | None = None,
    people: InBrowsers | None = None,
    ice: IceConfig | None = None,
    issued: IssuedLines | None = None,
) -> Phones:
    home = OneHome(lines or FakeLines())
    return Phones(
        bus, clock, people or InBrowsers(), home, ice or IceConfig(), issued or FakeIssued()
    )
