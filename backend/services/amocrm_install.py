"""An amoCRM account gets connected: a code is kept, exchanged, described and joined.

    redirect or hook ─► kept: sealed code + job ─► exchanged: sealed tokens ─► joined
                              │                          │
                              └─► failed: why            └─► no account known: waits for a code

Each arrow is a transaction of its own, and every step may be repeated: whoever is interrupted
leaves what is needed to go on. Only the exchange itself cannot be: a code works once, so a lost
answer ends in `failed` and an administrator consents again.
"""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal, Protocol

import structlog

from backend.errors import BadRequest, CrmRejected, NotFound, WrongState
from backend.kit.clock import Clock
from backend.services.ports import Grant
from protocol.vocabulary import AccountId

log = structlog.get_logger(__name__)

Problem = Literal["refused", "not_admin", "taken", "other_connected"]
"""Why an installation cannot go on: the CRM refused the code; whoever consented is no
administrator; the CRM account belongs to another account of ours; ours has another CRM account."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """An integration's credentials."""

    client_id: str
    client_secret: str = field(repr=False)
    redirect_uri: str
    via: Literal["server", "private", "external"] = "server"


@dataclass(frozen=True, slots=True, kw_only=True)
class Installer:
    """Whose account it is over there, and who consented."""

    external_id: str
    account_name: str
    user_id: str
    user_name: str
    email: str
    is_admin: bool | None
    """None: the CRM does not say (external integrations may not read users)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """An installation on its way. `grant` is there once the code was exchanged."""

    id: str
    account_url: str
    client: Client
    code: str = field(default="", repr=False)
    grant: Grant | None = None
    installer: Installer | None = None
    wanted_account: AccountId | None = None
    state: Literal["code", "tokens", "failed"] = "code"
    problem: str = ""
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Joined:
    account_id: AccountId
    account_name: str
    crm_name: str


@dataclass(frozen=True, slots=True)
class NeedsCode:
    """Nobody said which account it is for."""

    pending_id: str
    crm_name: str
    suggestion: str = ""
    """The name of an account with an employee of the same e-mail (A1): a hint, never a proof."""


@dataclass(frozen=True, slots=True)
class Failed:
    problem: Problem
    detail: str = ""


Outcome = Joined | NeedsCode | Failed
_FINAL: tuple[Problem, ...] = ("not_admin", "taken", "other_connected")


def _failed(problem: str) -> Failed:
    """What was kept of a failure: `problem:detail`, or amoCRM's own words for a refused code."""
    name, _, detail = problem.partition(":")
    return next((Failed(one, detail) for one in _FINAL if one == name), Failed("refused", problem))


class Vendor(Protocol):
    """amoCRM's side. Both raise CrmRejected or CrmUnavailable."""

    async def exchange(self, account_url: str, code: str, client: Client) -> Grant: ...

    async def describe(self, grant: Grant, client: Client) -> Installer: ...


class PendingTx(Protocol):
    """One pending installation, locked until the transaction ends."""

    pending: Pending | None

    async def update(self, pending: Pending) -> None: ...


class InstallStore(Protocol):
    """Pending installations on disk, and connections made of them."""

    async def keep(self, pending: Pending) -> None:
        """Store it and queue `finish` for it, in one transaction."""

    def locked(self, pending_id: str) -> AbstractAsyncContextManager[PendingTx]: ...

    async def account_of(self, external_id: str) -> AccountId | None:
        """Whose CRM account it is already."""

    async def suggestion(self, email: str) -> str:
        """The name of the one account with an employee of that e-mail, or ''."""

    async def join(self, pending: Pending, account_id: AccountId, at: datetime) -> str:
        """Make the connection, forget the pending row, queue what follows: one transaction.

        Returns the account's name. Raises WrongState with `problem` `taken` or `other_connected`.
        """


class AmoCrmInstall:
    """The steps."""

    def __init__(self, store: InstallStore, vendor: Vendor, clock: Clock) -> None:
        self._store = store
        self._vendor = vendor
        self._clock = clock

    async def keep(
        self,
        pending_id: str,
        *,
        account_url: str,
        code: str,
        client: Client,
        wanted_account: AccountId | None,
    ) -> None:
        """Nothing is asked of anybody: the platform waits three seconds for our answer."""
        if not code:
            raise BadRequest("there is no code in the address")
        await self._store.keep(
            Pending(
                id=pending_id,
                account_url=account_url,
                client=client,
                code=code,
                wanted_account=wanted_account,
                created_at=self._clock.now(),
            )
        )

    async def finish(self, pending_id: str) -> Outcome:
        """As far as it goes now. Raises CrmUnavailable (come again), NotFound (done already)."""
        pending = await self._exchanged(pending_id)
        if pending.state == "failed":
            return _failed(pending.problem)
        installer = pending.installer
        if installer is None:
            raise WrongState("exchanged and not described")
        if installer.is_admin is False:
            return await self._give_up(pending, Failed("not_admin", installer.user_name))
        account_id = pending.wanted_account or await self._store.account_of(installer.external_id)
        if account_id is None:
            suggestion = await self._store.suggestion(installer.email)
            log.info("amocrm.waits_for_pairing", crm_account=installer.external_id)
            return NeedsCode(pending.id, installer.account_name, suggestion)
        outcome = await self._join(pending, account_id)
        return await self._give_up(pending, outcome) if isinstance(outcome, Failed) else outcome

    async def join(self, pending_id: str, account_id: AccountId) -> Outcome:
        """The account was named by a pairing code. Raises NotFound when it was joined already."""
        async with self._store.locked(pending_id) as tx:
            pending = tx.pending
        if pending is None:
            raise NotFound("this installation is not waiting any more")
        if pending.installer is None or pending.grant is None:
            raise WrongState("the installation is not that far")
        return await self._join(pending, account_id)

    async def _give_up(self, pending: Pending, why: Failed) -> Failed:
        """Nobody waits for its tokens any more; whoever asks next hears the same."""
        async with self._store.locked(pending.id) as tx:
            if tx.pending is not None:
                await tx.update(
                    replace(
                        tx.pending,
                        state="failed",
                        grant=None,
                        problem=f"{why.problem}:{why.detail}",
                    )
                )
        return why

    async def _exchanged(self, pending_id: str) -> Pending:
        """The row stays locked while amoCRM is asked: a second exchange would spoil the first."""
        async with self._store.locked(pending_id) as tx:
            pending = tx.pending
            if pending is None:
                raise NotFound(f"installation {pending_id} is done")
            if pending.state == "code":
                pending = await self._exchange(pending)
                await tx.update(pending)
        if pending.state == "failed" or pending.installer is not None:
            return pending
        # Apart from the exchange: its tokens are on disk before anything else can fail.
        async with self._store.locked(pending_id) as tx:
            if tx.pending is None or tx.pending.grant is None:
                raise NotFound(f"installation {pending_id} is done")
            installer = await self._vendor.describe(tx.pending.grant, tx.pending.client)
            pending = replace(tx.pending, installer=installer)
            await tx.update(pending)
        return pending

    async def _exchange(self, pending: Pending) -> Pending:
        try:
            grant = await self._vendor.exchange(pending.account_url, pending.code, pending.client)
        except CrmRejected as refused:
            log.warning("amocrm.code_refused", host=pending.account_url, said=str(refused))
            return replace(pending, state="failed", problem=str(refused), code="")
        return replace(pending, state="tokens", grant=grant, code="")

    async def _join(self, pending: Pending, account_id: AccountId) -> Outcome:
        if pending.installer is None:
            raise WrongState("the installation is not that far")
        try:
            name = await self._store.join(pending, account_id, self._clock.now())
        except WrongState as refused:
            problem: Problem = (
                "taken" if refused.data.get("problem") == "taken" else "other_connected"
            )
            log.warning("amocrm.not_joined", account=account_id, problem=problem)
            return Failed(problem, str(refused.data.get("detail") or ""))
        log.info("amocrm.joined", account=account_id, crm_account=pending.installer.external_id)
        return Joined(account_id, name, pending.installer.account_name)
