"""What a sandbox cloud is built from: one account's numbers, employees, scenarios and limits."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class EmployeePhone:
    """One number of an employee's; a SIP line when it begins with 0."""

    number: str
    registered: bool = True
    active: bool = True
    dial_time: int = 60
    billing: str = "active"
    """Of a SIP line: active, manual_lock or limit_lock."""


@dataclass(frozen=True, kw_only=True)
class Employee:
    id: int
    name: str
    phones: tuple[EmployeePhone, ...] = ()
    status: str = "available"
    recording: str = "all"
    """all, in, out, off: which talks the cloud records by itself."""
    coach: str = ""
    """Who is rung when nobody is named as coach."""


@dataclass(frozen=True, kw_only=True)
class Ask:
    """A scenario's step: ask an HTTP server where to. `branches`: returned code → phones to ring;
    no answer in time, or a code without a branch, goes on to the next step."""

    branches: tuple[tuple[int, tuple[str, ...]], ...] = ()


@dataclass(frozen=True, kw_only=True)
class Forward:
    """A scenario's step: ring these numbers together."""

    phones: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Queue:
    """A scenario's step: the caller waits and hears music."""

    seconds: float


@dataclass(frozen=True, kw_only=True)
class Number:
    """A virtual number and what happens to calls to it."""

    number: str
    steps: tuple[Ask | Forward | Queue, ...] = ()
    name: str = ""
    status: str = "active"


@dataclass(frozen=True, kw_only=True)
class CloudConfig:
    """One account. `notify_url` and `question_url` are ours, empty for none; `question_s` is how
    long the cloud waits for a page, which its documentation does not say."""

    token: str = "sandbox-key"  # noqa: S105  # the sandbox's published default, not a secret
    login: str = "dozvon"
    password: str = "dozvon"  # noqa: S105  # as above
    name: str = "Sandbox"
    numbers: tuple[Number, ...] = ()
    employees: tuple[Employee, ...] = ()
    customers: tuple[tuple[str, str], ...] = ()
    """Name and number of those who may call from the page."""
    notify_url: str = ""
    question_url: str = ""
    question_s: float = 5.0
    minute_limit: int = 100
    day_limit: int = 10_000
    records_all: bool = True
    """Talks are recorded as each employee's card says, and then nobody can switch it off; else by
    command only."""


STATUSES: tuple[tuple[int, str, str], ...] = (
    (1, "available", "Доступен"),
    (2, "break", "Перерыв"),
    (3, "do_not_disturb", "Не беспокоить"),
    (4, "not_at_workplace", "Нет на месте"),
    (5, "not_at_work", "Нет на работе"),
    (6, "unknown", "Неизвестно"),
)
"""Id, mnemonic, caption of the standard ones."""
