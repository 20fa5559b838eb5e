"""Who is called for which number, kept in memory: ringing never waits for the database.

The integrator loads accounts from storage and hands them over whole with `replace`; statuses are
patched in between by the status service.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

import structlog

from backend.domain.account_settings import AllSettings
from backend.domain.phone_number import Extension, PhoneNumber
from backend.domain.scenario import Device, Scenario
from backend.domain.visits import Way
from backend.domain.working_hours import WorkingHours, parse_hours
from backend.errors import BadRequest
from protocol.vocabulary import AccountId, AgentStatus, EmployeeId

log = structlog.get_logger(__name__)

ROUTING_TOPIC = "routing"
"""Wake-up topic: an account's map changed in storage (payload: its id); load it anew."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VirtualNumber:
    """A number callers dial. Without a scenario nobody is rung."""

    number: str
    name: str | None
    scenario: Scenario | None
    crm_line: bool = False
    """The CRM knows it as a line: forms on its sites may ask for calls from it."""
    pool: bool = False
    """Lent to visitors of sites: whoever dials it may be one of them."""
    way: Way | None = None
    """What it stands for in call tracking where no visitor was shown it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EmployeeRoute:
    """How one employee is reached.

    `devices` are those that take part; nobody's do whose `calls_enabled` is off. `numbers_off`
    counts those switched off, so that a refusal can say which of both it is.
    """

    employee_id: EmployeeId
    name: str
    extension: str | None
    devices: tuple[Device, ...]
    status: AgentStatus = AgentStatus.AVAILABLE
    calls_enabled: bool = True
    numbers_off: int = 0
    caller_id: str | None = None
    """The employee's own outgoing number, E.164."""
    crm_user_id: str | None = None
    """Who this is over in the CRM."""
    caller_id_choice: bool = False
    """May choose another of the account's numbers for each call."""
    on_list: bool = False
    """Works through a list and takes no calls beside it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Team:
    """A group as people know it; whose members are in `AccountRoute.groups`."""

    group_id: str
    name: str
    extension: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountRoute:
    """All one account's calls need to know.

    `trunk` is an endpoint template in the switch's words with `{number}` (E.164 with plus) or
    `{digits}` (without); None when the account cannot call out. `caller_id` is what the called
    party sees.
    """

    account_id: AccountId
    slug: str
    connection_id: str
    virtual_numbers: tuple[VirtualNumber, ...] = ()
    employees: Mapping[EmployeeId, EmployeeRoute] = field(default_factory=dict)
    groups: Mapping[str, tuple[EmployeeId, ...]] = field(default_factory=dict)
    teams: tuple[Team, ...] = ()
    trunk: str | None = None
    caller_id: str = ""
    region: str = "RU"
    timezone: str = "Europe/Moscow"
    settings: AllSettings = field(default_factory=AllSettings)
    sounds: Mapping[str, str] = field(default_factory=dict)
    """Addresses of uploaded sounds, by the name steps and settings have for them."""

    def heard(self, sound: str) -> str:
        """What the switch is asked to play for this name: an address, or its own name for it."""
        return self.sounds.get(sound, sound)

    def outside(self, number: PhoneNumber) -> str | None:
        """The endpoint that rings `number`, or None without a trunk."""
        return None if self.trunk is None else through(self.trunk, number)

    def open_at(self, hours: WorkingHours | None, at: datetime) -> bool:
        """Whether somebody works at `at`: by these hours, else by the account's own. A calendar
        that cannot be read is open: a closed door turns customers away."""
        kept = self.settings.hours
        try:
            calendar = hours or parse_hours(kept.week, kept.days)
            return calendar.open_at(at, self.timezone)
        except (BadRequest, ValueError, KeyError, OSError) as error:
            log.error("working hours not read", account=self.account_id, error=repr(error))
            return True

    def by_extension(self, extension: Extension) -> EmployeeRoute | None:
        return next(
            (e for e in self.employees.values() if e.extension == extension.digits),
            None,
        )


def through(trunk: str, number: PhoneNumber) -> str:
    """The endpoint that rings `number` by a trunk's template."""
    return trunk.replace("{number}", number.e164).replace("{digits}", number.digits)


class RoutingTable:
    """The map of all accounts. Only the loop's thread touches it."""

    def __init__(self) -> None:
        self._accounts: dict[AccountId, AccountRoute] = {}
        self._dialed: dict[tuple[str, str], tuple[AccountId, VirtualNumber]] = {}
        """(connection id, digits) → whose number it is."""
        self._listeners: list[Callable[[AccountId], None]] = []

    def replace(self, account: AccountRoute) -> None:
        """Take an account's newest map in place of the old one."""
        self._drop_numbers(account.account_id)
        self._accounts[account.account_id] = account
        for number in account.virtual_numbers:
            key = (account.connection_id, _digits(number.number))
            self._dialed[key] = (account.account_id, number)
        self._tell(account.account_id)

    def remove(self, account_id: AccountId) -> None:
        self._drop_numbers(account_id)
        if self._accounts.pop(account_id, None) is not None:
            self._tell(account_id)

    def set_status(
        self, account_id: AccountId, employee_id: EmployeeId, status: AgentStatus
    ) -> None:
        """Route by the new status from now on; unknown employees are left alone."""
        account = self._accounts.get(account_id)
        employee = self.employee(account_id, employee_id)
        if account is None or employee is None:
            return
        changed = {**account.employees, employee_id: replace(employee, status=status)}
        self._accounts[account_id] = replace(account, employees=changed)

    def account(self, account_id: AccountId) -> AccountRoute | None:
        return self._accounts.get(account_id)

    def accounts_on(self, connection_id: str) -> tuple[AccountRoute, ...]:
        """The accounts one switch connection serves."""
        return tuple(a for a in self._accounts.values() if a.connection_id == connection_id)

    def employee(self, account_id: AccountId, employee_id: EmployeeId) -> EmployeeRoute | None:
        account = self._accounts.get(account_id)
        return None if account is None else account.employees.get(employee_id)

    def dialed(self, connection_id: str, number: str) -> tuple[AccountRoute, VirtualNumber] | None:
        """Whose virtual number was dialled on this connection."""
        found = self._dialed.get((connection_id, _digits(number)))
        if found is None:
            return None
        return self._accounts[found[0]], found[1]

    def owner_of(self, connection_id: str, employee_id: EmployeeId) -> AccountRoute | None:
        """The account an employee belongs to, among those of this connection."""
        for account in self.accounts_on(connection_id):
            if employee_id in account.employees:
                return account
        return None

    def on_change(self, listener: Callable[[AccountId], None]) -> Callable[[], None]:
        """Call `listener` after every `replace` and `remove`; returns how to stop that."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def _drop_numbers(self, account_id: AccountId) -> None:
        self._dialed = {k: v for k, v in self._dialed.items() if v[0] != account_id}

    def _tell(self, account_id: AccountId) -> None:
        for listener in tuple(self._listeners):
            listener(account_id)


def _digits(number: str) -> str:
    return "".join(filter(str.isdigit, number))
