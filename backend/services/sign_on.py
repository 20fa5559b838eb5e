"""From a CRM's proof of who somebody is to a session of ours (W16).

Only employees linked to the CRM user who have a line get one; everybody else is told what is
missing, in words an administrator can act on.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol
from urllib.parse import urlsplit

from backend.domain.account_config import Role
from backend.errors import BadProof, CrmUnavailable, NotAllowed
from backend.services.crm_admins import Administers, Admins
from backend.services.sessions import Identity, IssuedToken, Sessions
from backend.services.visitors import Visits
from protocol.vocabulary import AccountId, CrmKind, EmployeeId


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """An account's link to its CRM, as far as signing on needs it."""

    account_id: AccountId
    kind: CrmKind
    external_id: str
    """`member_id` of a portal, number of an amoCRM account."""
    base_url: str
    """Where its pages are."""
    auth_url: str
    client_id: str
    client_secret: str
    redirect_uri: str
    application_token: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    employee_id: EmployeeId
    name: str
    extension: str | None
    is_supervisor: bool
    has_line: bool
    role: Role = "operator"
    calls_enabled: bool = True

    @property
    def no_phone(self) -> str:
        """Why they may not phone; '' when they may."""
        return "calls_off" if not self.calls_enabled else "" if self.has_line else "no_line"


@dataclass(frozen=True, slots=True, kw_only=True)
class Proven:
    """What a CRM vouches for."""

    external_id: str
    crm_user_id: str
    is_admin: bool = False
    administers: Administers | None = None
    """Asks the CRM in the user's own name, where its proof and its list of users do not say who
    is an administrator. Raises BadProof or CrmUnavailable."""


READ_AGAIN_S = 2.0
"""A first reading takes a few requests."""


class Directory(Protocol):
    """Accounts and people by the names the CRMs have for them."""

    async def connection(self, kind: CrmKind, external_id: str) -> Connection | None: ...

    async def person(self, account_id: AccountId, crm_user_id: str) -> Person | None:
        """An active employee."""

    async def pages(self) -> dict[AccountId, tuple[str, ...]]:
        """Addresses of every account's CRM pages."""


class Prover(Protocol):
    """One CRM's way to check a proof. Raises BadProof or CrmUnavailable."""

    kind: CrmKind

    def claimed(self, proof: str, hint: str) -> str:
        """The external id the proof says it is of; not to be believed before `prove`."""

    async def prove(self, proof: str, connection: Connection) -> Proven: ...


class SignOn:
    """Checks a proof once and opens a session."""

    def __init__(
        self,
        directory: Directory,
        sessions: Sessions,
        provers: list[Prover],
        own_origin: str,
        visits: Visits | None = None,
        admins: Admins | None = None,
    ) -> None:
        self._visits = visits
        self._admins = admins
        self._directory = directory
        self._sessions = sessions
        self._own_origin = own_origin
        self._provers = {prover.kind: prover for prover in provers}

    async def open(
        self,
        kind: CrmKind,
        proof: str,
        *,
        hint: str = "",
        origin: str | None = None,
        settings: bool = False,
    ) -> tuple[IssuedToken, Identity]:
        """Raises BadProof, NotAllowed (not an employee, calls off, or no line) or CrmUnavailable,
        which the page takes for "ask again": also while a CRM that was just connected is read.

        `settings`: the page of settings asks, which supervisors see without a line of their own;
        such a session gets no ticket for a socket.

        `hint` is what a page says of itself where the proof does not name its account. `origin`,
        when a browser sent one, must be the account's own page or ours.
        """
        prover = self._provers.get(kind)
        if prover is None:
            raise BadProof("nobody here can check proofs of this CRM")
        connection = await self._directory.connection(kind, prover.claimed(proof, hint))
        if connection is None:
            raise BadProof("this CRM account is not connected")
        proven = await prover.prove(proof, connection)
        if proven.external_id != connection.external_id:
            raise BadProof("the proof is of another account")
        page = origin_of(connection.base_url)
        if origin is not None and origin not in (page, self._own_origin):
            raise BadProof("the page is not of this account")
        person = await self._known(connection.account_id, kind, proven.crm_user_id)
        if person is None:
            if self._visits is not None and await self._visits.expected(
                connection.account_id, kind
            ):
                # The page that ends an installation opens at once: it must not end in a refusal.
                raise CrmUnavailable("the CRM's users are being read", retry_after_s=READ_AGAIN_S)
            raise NotAllowed("this CRM user is not an employee here", why="not_an_employee")
        if self._admins is not None and proven.administers is not None:
            # The phone never waits for it; the page of settings shows what one may do.
            changed = await self._admins.seen(
                connection.account_id,
                kind,
                proven.crm_user_id,
                proven.administers,
                wait=settings and person.role != "administrator",
            )
            if changed:
                found = await self._directory.person(connection.account_id, proven.crm_user_id)
                person = found or person
        if person.no_phone and not (settings and person.role != "operator"):
            raise NotAllowed("this employee may not phone", why=person.no_phone)
        identity = Identity(
            account_id=connection.account_id,
            employee_id=person.employee_id,
            name=person.name,
            extension=person.extension,
            is_supervisor=person.is_supervisor,
            role=person.role,
            no_phone=person.no_phone,
            origins=(self._own_origin, page),
            crm=kind,
        )
        return await self._sessions.open(identity), identity

    async def _known(self, account_id: AccountId, kind: CrmKind, crm_user_id: str) -> Person | None:
        """Who that user is here; somebody unknown is looked for in the CRM first (A2)."""
        if self._visits is None:
            return await self._directory.person(account_id, crm_user_id)
        await self._visits.proven(account_id, kind, crm_user_id)
        person = await self._directory.person(account_id, crm_user_id)
        if person is None:

            async def known() -> bool:
                return await self._directory.person(account_id, crm_user_id) is not None

            await self._visits.unknown(account_id, kind, crm_user_id, known)
            person = await self._directory.person(account_id, crm_user_id)
        return person


def origin_of(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
