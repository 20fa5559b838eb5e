"""The vendor-neutral rows of the seeded data set; each sandbox CRM gives them its own shape."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from datetime import datetime

Semantics = Literal["process", "success", "failure"]
ActivityKind = Literal["call", "meeting", "task", "email"]
OwnerType = Literal["deal", "contact", "company", "lead"]


@dataclass(frozen=True)
class User:
    """Somebody who works in the CRM; `extension` is the internal number of the switch."""

    id: int
    first_name: str
    last_name: str
    email: str
    extension: str
    position: str
    department: str
    is_admin: bool
    active: bool


@dataclass(frozen=True)
class Person:
    """A contact. `phones` are spelled as people type them; `e164` holds the same numbers, clean."""

    id: int
    first_name: str
    last_name: str
    second_name: str
    phones: tuple[str, ...]
    e164: tuple[str, ...]
    email: str | None
    company_id: int | None
    position: str | None
    responsible_id: int
    city: str
    created_at: datetime


@dataclass(frozen=True)
class Company:
    """An organisation; `phones` and `e164` as in Person."""

    id: int
    title: str
    phones: tuple[str, ...]
    e164: tuple[str, ...]
    responsible_id: int
    industry: str
    city: str


@dataclass(frozen=True)
class Stage:
    """One step of a funnel; `id` is unique inside its funnel, `color` is `#rrggbb`."""

    id: str
    name: str
    semantics: Semantics
    color: str


@dataclass(frozen=True)
class Funnel:
    """A sales pipeline; funnel 0 is the default one. Stages are in their working order."""

    id: int
    name: str
    stages: tuple[Stage, ...]


@dataclass(frozen=True)
class Deal:
    """A sale. `amount` is in roubles; `stage_index` counts in the funnel's stages.

    `closed_at` is set exactly when the stage is a success or a failure.
    """

    id: int
    title: str
    funnel_id: int
    stage_index: int
    amount: int
    contact_id: int | None
    company_id: int | None
    responsible_id: int
    created_at: datetime
    closed_at: datetime | None
    source: str


@dataclass(frozen=True)
class Lead:
    """A request nobody has qualified yet; `status` is NEW, IN_PROCESS, PROCESSED or JUNK."""

    id: int
    title: str
    first_name: str
    last_name: str
    phones: tuple[str, ...]
    e164: tuple[str, ...]
    status: str
    responsible_id: int
    source: str
    created_at: datetime


@dataclass(frozen=True)
class Activity:
    """A planned or finished piece of work that belongs to `owner_type` and `owner_id`."""

    id: int
    kind: ActivityKind
    subject: str
    deadline: datetime
    completed: bool
    owner_type: OwnerType
    owner_id: int
    responsible_id: int


@dataclass(frozen=True)
class Dataset:
    """Everything a sandbox CRM starts with; ids count from 1 in each table."""

    users: tuple[User, ...]
    people: tuple[Person, ...]
    companies: tuple[Company, ...]
    funnels: tuple[Funnel, ...]
    deals: tuple[Deal, ...]
    leads: tuple[Lead, ...]
    activities: tuple[Activity, ...]
    seed: int
