"""People as a CRM and as we know them, and what became of comparing the two."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from protocol.vocabulary import EmployeeId


class PersonKind(StrEnum):
    EMPLOYEE = "employee"
    EXTERNAL = "external"
    """Partners and clients who were let into the CRM."""
    MACHINE = "machine"
    """Robots, mail users and the like: never people of the account, nobody is told of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CrmPerson:
    """A user of the CRM as its answer has them."""

    user_id: str
    first_name: str = ""
    last_name: str = ""
    email: str | None = None
    position: str | None = None
    department_ids: tuple[str, ...] = ()
    extension: str | None = None
    phones: tuple[str, ...] = ()
    """As people typed them; kept for whoever sets numbers up, never rung by themselves."""
    active: bool = True
    is_admin: bool | None = False
    """None: the CRM's list does not say; what the person's own page proves counts then."""
    kind: PersonKind = PersonKind.EMPLOYEE
    sees_cards: bool = True
    """False for users whose licence shows them no records (amoCRM's free users)."""
    url: str = ""
    """The person's page in the CRM."""

    @property
    def name(self) -> str:
        return " ".join(part for part in (self.first_name, self.last_name) if part)


@dataclass(frozen=True, slots=True, kw_only=True)
class CrmDepartment:
    department_id: str
    name: str
    parent_id: str | None = None
    head_ids: tuple[str, ...] = ()
    """Users of the CRM. Without one, the department above leads."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PeopleReading:
    """One answer of a CRM about everybody in it."""

    people: tuple[CrmPerson, ...]
    departments: tuple[CrmDepartment, ...] | None
    """None: the CRM does not tell (a right is missing); teams stay as they are."""
    complete: bool
    """Whether as many rows came as the CRM says it has."""
    needs_department: bool = False
    """An on-premise portal: nobody without a department takes part."""
    names_dismissed: bool = False
    """Who was dismissed is still listed, as such: whoever is missing altogether was lost on the
    way, as far as one can tell."""


class Reason(StrEnum):
    """Why somebody of the CRM was left out, or came in differently than the CRM has them."""

    NO_LAST_NAME = "no_last_name"
    NO_EMAIL = "no_email"
    NO_DEPARTMENT = "no_department"
    EXTERNAL = "external"
    DEPARTMENT_LEFT_OUT = "department_left_out"
    NO_CARDS = "no_cards"
    SAME_EMAIL = "same_email"
    """`other`: who has it."""
    SEVERAL_HERE = "several_here"
    """Several employees without a CRM user have this e-mail."""
    SWITCHED_OFF_HERE = "switched_off_here"
    EXTENSION_TAKEN = "extension_taken"
    """`extension`, and `other`: who has it."""
    BAD_EXTENSION = "bad_extension"
    """`extension`: what the CRM has cannot be dialled."""
    GONE_UNCONFIRMED = "gone_unconfirmed"
    """Missing over there together with too many others; asked again before anybody leaves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Remark:
    """One line of a report, about one person."""

    reason: Reason
    user_id: str
    name: str
    url: str
    left_out: bool
    """Whether the person has no part in the account because of it."""
    extension: str | None = None
    other: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownPerson:
    """What was kept of a person after the last good reading."""

    user_id: str
    employee_id: EmployeeId | None
    name: str = ""
    department_ids: tuple[str, ...] = ()
    extension_given: str | None = None
    """What the synchronisation set: as long as it stands it may be changed again."""
    role_given: str | None = None
    left_at: datetime | None = None
    """When the synchronisation switched the employee off."""
    extension_kept: str | None = None
    """What the employee had then."""
    missing_since: datetime | None = None
    """Since when complete readings do without this person."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownEmployee:
    employee_id: EmployeeId
    name: str
    email: str | None = None
    position: str | None = None
    department: str | None = None
    extension: str | None = None
    crm_user_id: str | None = None
    active: bool = True
    role: str = "operator"
    role_by_hand: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownTeam:
    team_id: str
    crm_id: str
    """The department."""
    name: str
    members: tuple[EmployeeId, ...] = ()
    heads: tuple[EmployeeId, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """An account's side of the comparison."""

    people: tuple[KnownPerson, ...] = ()
    employees: tuple[KnownEmployee, ...] = ()
    teams: tuple[KnownTeam, ...] = ()
    """Imported ones; those made by hand are no business of a synchronisation."""
    extensions_of_groups: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptPerson(KnownPerson):
    """A `KnownPerson` to write down, with what else the CRM said."""

    email: str | None = None
    phones: tuple[str, ...] = ()
    active: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What has to be written, all of it in one transaction. Nothing in it: nothing changed."""

    save: tuple[KnownEmployee, ...] = ()
    """New and changed employees."""
    leave: tuple[EmployeeId, ...] = ()
    """To be switched off and signed out."""
    joined: tuple[EmployeeId, ...] = ()
    """Who worked here before and was recognised by their e-mail just now."""
    people: tuple[KeptPerson, ...] = ()
    teams: tuple[KnownTeam, ...] = ()
    """New and changed ones."""
    dissolve: tuple[str, ...] = ()
    """Ids of imported teams whose department is gone."""
    remarks: tuple[Remark, ...] = ()
    counts: dict[str, int] = field(default_factory=dict)
    held: int = 0
    """How many people missing over there were not switched off yet."""
