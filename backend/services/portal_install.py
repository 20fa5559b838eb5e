"""A Bitrix24 portal gets connected: who let us in is proven, the account found, the rest begun.

    page or event ─► proven ─► administrator? ─► account known? ─► joined ─► bound (portal_bindings)
                        │           └─► told whom to ask   └─► kept, sealed; waits for a code
                        └─► refused

The account is known by the portal (installed before), by the application (prepared with
`dozvon connect`), or by a signed state; else the page asks for a pairing code. Nothing a portal
says of itself names an account of ours.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal, Protocol

import structlog

from backend.errors import BadProof, CrmUnavailable, NotFound, WrongState
from backend.kit.clock import Clock
from backend.kit.ids import new_id
from protocol.vocabulary import AccountId, CrmKind

log = structlog.get_logger(__name__)
KIND = CrmKind.BITRIX24

Problem = Literal["not_admin", "taken", "other_connected", "too_late"]
"""Why it goes no further: whoever looks is no administrator; the portal is another account's;
the account has another portal; what was kept of the installation is gone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Launch:
    """What a portal handed over with a page or an event. To be believed after `prove` only."""

    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    expires_at: datetime
    member_id: str
    auth_url: str = ""
    """The authorization server it names; taken when we trust it."""
    application_token: str = field(default="", repr=False)
    secure: bool = True
    """Whether the portal's pages are https."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PortalUser:
    """Who is behind a launch, as the authorization server and the portal say."""

    client_id: str
    member_id: str
    user_id: str
    name: str
    is_admin: bool
    page_url: str
    """Origin of the portal's pages."""
    api_url: str
    auth_url: str
    scope: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AppClient:
    """An application's credentials."""

    client_id: str
    client_secret: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A connection there is already, installed or prepared."""

    account_id: AccountId
    member_id: str
    page_url: str
    client: AppClient
    state: str
    auth_url: str
    application_token: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """An installation that waits for its account."""

    id: str
    launch: Launch
    user: PortalUser
    client_secret: str = field(default="", repr=False)
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Joined:
    account_id: AccountId
    account_name: str
    portal: str


@dataclass(frozen=True, slots=True)
class NeedsCode:
    pending_id: str
    portal: str
    client_id: str
    needs_secret: bool
    """A local application: its key is known to its administrator alone."""


@dataclass(frozen=True, slots=True)
class Refused:
    problem: Problem
    detail: str = ""


Outcome = Joined | NeedsCode | Refused


class PortalVendor(Protocol):
    """Bitrix24's side. Raises BadProof and CrmUnavailable."""

    async def prove(self, launch: Launch) -> PortalUser: ...

    async def exchanged(self, launch: Launch, client: AppClient) -> Launch:
        """The launch with a fresh pair: BadProof when the application's key is wrong."""

    async def from_code(self, code: str, client: AppClient, auth_host: str) -> Launch:
        """The launch behind an authorization code."""


class PortalInstallStore(Protocol):
    """Each method is a transaction."""

    async def by_member(self, member_id: str) -> Known | None: ...
    async def by_client(self, client_id: str) -> Known | None:
        """The account that prepared or installed this local application."""

    async def of_account(self, account_id: AccountId) -> Known | None: ...
    async def keep(self, pending: Pending) -> None: ...
    async def keep_unproven(self, launch: Launch, at: datetime) -> None:
        """Keep what cannot be proven now and queue `resume` for it, in one transaction. Raises
        TooMany when too many wait already."""

    async def unproven(self, pending_id: str) -> Launch | None: ...
    async def forget(self, pending_id: str) -> None: ...
    async def pending(self, pending_id: str) -> Pending | None: ...
    async def waiting(self, host: str) -> list[Pending]:
        """Newest first."""

    async def join(self, pending: Pending, account_id: AccountId, at: datetime) -> str:
        """Connect, forget what is pending, queue what follows; returns the account's name.

        Raises WrongState with `problem` `taken` or `other_connected`, NotFound."""

    async def administrator(
        self, account_id: AccountId, launch: Launch, user: PortalUser, at: datetime
    ) -> bool:
        """Keep an administrator's pair; True when it acts from now on."""

    async def renewed(
        self, account_id: AccountId, launch: Launch, user: PortalUser, at: datetime
    ) -> None:
        """The portal updated the application: a new application token, everything to be bound."""

    async def follow(self, account_id: AccountId, page_url: str, api_url: str) -> None:
        """The portal's pages and API are there now."""

    async def prepare(
        self, account_id: AccountId, *, page_url: str, client_id: str, client_secret: str
    ) -> None:
        """Expect this local application from this portal: its installation joins the account.

        Raises WrongState with `problem` `other_connected` when another portal is connected.
        """

    async def uninstalled(self, account_id: AccountId, *, clean: bool, at: datetime) -> None:
        """Forget its tokens; `clean` forgets what came from the portal, too. Nothing happens when
        it was connected anew after `at`."""


class PairingCodes(Protocol):
    """`services.pairing.Pairing`."""

    async def redeem(self, code: str, kind: CrmKind) -> AccountId: ...
    async def check_state(self, state: str, kind: CrmKind) -> AccountId: ...
    async def use_state(self, state: str, kind: CrmKind) -> AccountId: ...


class PortalInstall:
    """The steps."""

    def __init__(
        self,
        *,
        store: PortalInstallStore,
        vendor: PortalVendor,
        pairing: PairingCodes,
        clock: Clock,
        own: AppClient | None,
    ) -> None:
        """`own` is our Market application, the same on every portal."""
        self._store = store
        self._vendor = vendor
        self._pairing = pairing
        self._clock = clock
        self._own = own

    async def begin(self, launch: Launch, *, state: str = "") -> Outcome:
        """An administrator opened the installation page, or the portal reports an installation.

        Raises BadProof (forged, or another's state), CrmUnavailable (come again).
        """
        user = await self._vendor.prove(launch)
        if not user.is_admin:
            return Refused("not_admin", user.name)
        pending = Pending(id=new_id(), launch=launch, user=user, created_at=self._clock.now())
        known = await self._store.by_member(user.member_id)
        if known is not None and known.client.client_id == user.client_id:
            pending = replace(pending, client_secret=known.client.client_secret)
            return await self._join(pending, known.account_id)
        prepared = await self._store.by_client(user.client_id)
        secret = self._secret(user.client_id, prepared)
        pending = replace(pending, client_secret=secret)
        if secret and state:
            return await self._join(pending, await self._pairing.use_state(state, KIND))
        if prepared is not None and not self._is_own(user.client_id):
            return await self._join(pending, prepared.account_id)
        await self._store.keep(pending)
        log.info("bitrix24.waits_for_pairing", portal=user.page_url)
        return NeedsCode(pending.id, user.page_url, user.client_id, not secret)

    async def reported(self, launch: Launch) -> None:
        """ONAPPINSTALL, which a portal sends once: when nobody can prove it now, it is kept and
        proven later. Raises BadProof, TooMany."""
        try:
            await self.begin(launch)
        except CrmUnavailable as error:
            log.warning("bitrix24.installation_waits", error=str(error))
            await self._store.keep_unproven(launch, self._clock.now())

    async def resume(self, pending_id: str) -> None:
        """What `reported` kept. Raises CrmUnavailable (come again)."""
        launch = await self._store.unproven(pending_id)
        if launch is None:
            return
        try:
            await self.begin(launch)
        except BadProof as forged:
            log.info("bitrix24.installation_forged", error=str(forged))
        await self._store.forget(pending_id)

    async def complete(self, pending_id: str, *, code: str, client_secret: str = "") -> Outcome:
        """The administrator typed what was missing. Raises BadProof with `field` `code` or
        `client_secret`; what was kept stays for another try."""
        pending = await self._store.pending(pending_id)
        if pending is None:
            return Refused("too_late")
        if not pending.client_secret:
            pending = await self._with_secret(pending, client_secret)
        try:
            account_id = await self._pairing.redeem(code, KIND)
        except BadProof as refused:
            raise BadProof(str(refused), field="code") from None
        return await self._join(pending, account_id)

    async def authorized(self, code: str, state: str, auth_host: str) -> Outcome:
        """The browser came back from the portal's consent page. Raises BadProof,
        CrmUnavailable."""
        account_id = await self._pairing.check_state(state, KIND)
        prepared = await self._store.of_account(account_id)
        client = self._own if prepared is None else prepared.client
        if client is None:
            raise BadProof("nobody prepared an application for this account")
        launch = await self._vendor.from_code(code, client, auth_host)
        await self._pairing.use_state(state, KIND)
        user = await self._vendor.prove(launch)
        if not user.is_admin:
            return Refused("not_admin", user.name)
        return await self._join(
            Pending(
                id=new_id(),
                launch=launch,
                user=user,
                client_secret=client.client_secret,
                created_at=self._clock.now(),
            ),
            account_id,
        )

    async def claim(self, host: str, account_id: AccountId) -> Outcome | None:
        """Join what waits from this portal: for applications without pages. None: nothing does."""
        for pending in await self._store.waiting(host):
            prepared = await self._store.of_account(account_id)
            secret = pending.client_secret or self._secret(pending.user.client_id, prepared)
            if secret:
                return await self._join(replace(pending, client_secret=secret), account_id)
        return None

    async def updated(self, launch: Launch) -> None:
        """ONAPPUPDATE: it brings a new application token and takes our bindings away."""
        user = await self._vendor.prove(launch)
        known = await self._store.by_member(user.member_id)
        if known is None or known.client.client_id != user.client_id:
            raise BadProof("the portal is not connected")
        if not user.is_admin:
            raise BadProof("whoever updated is no administrator")
        await self._store.renewed(known.account_id, launch, user, self._clock.now())

    async def opened(self, launch: Launch) -> str | None:
        """Somebody opened the application: an administrator's leave is kept in reserve, and a
        portal that has a new name is followed. The origin of the portal's pages; None when it is
        not connected. Raises BadProof, CrmUnavailable."""
        known = await self._store.by_member(launch.member_id)
        if known is None or known.state == "uninstalled":
            return None
        user = await self._vendor.prove(launch)
        if user.client_id != known.client.client_id or user.member_id != known.member_id:
            raise BadProof("the token is of another application or portal")
        if user.page_url != known.page_url:
            await self._store.follow(known.account_id, user.page_url, user.api_url)
        if user.is_admin and launch.refresh_token:
            acts = await self._store.administrator(
                known.account_id, launch, user, self._clock.now()
            )
            kept = {"account": known.account_id, "crm": KIND.value, "crm_user": user.user_id}
            if acts:
                log.warning("crm.grant_restored", **kept)
            else:
                log.info("crm.grant_kept", **kept)
        return user.page_url

    async def _with_secret(self, pending: Pending, client_secret: str) -> Pending:
        client = AppClient(client_id=pending.user.client_id, client_secret=client_secret.strip())
        try:
            launch = await self._vendor.exchanged(pending.launch, client)
        except BadProof as refused:
            raise BadProof(str(refused), field="client_secret") from None
        # The old refresh token is spent: what came for it must be kept, whatever the code is.
        pending = replace(pending, launch=launch, client_secret=client.client_secret)
        await self._store.keep(pending)
        return pending

    async def _join(self, pending: Pending, account_id: AccountId) -> Outcome:
        try:
            name = await self._store.join(pending, account_id, self._clock.now())
        except WrongState as refused:
            problem: Problem = "taken" if refused.data.get("problem") == "taken" else _OTHER
            log.warning("bitrix24.not_joined", account=account_id, problem=problem)
            return Refused(problem, str(refused.data.get("detail") or ""))
        except NotFound:
            return Refused("too_late")
        log.info("bitrix24.joined", account=account_id, portal=pending.user.page_url)
        return Joined(account_id, name, pending.user.page_url)

    def _is_own(self, client_id: str) -> bool:
        return self._own is not None and self._own.client_id == client_id

    def _secret(self, client_id: str, prepared: Known | None) -> str:
        if self._own is not None and self._own.client_id == client_id:
            return self._own.client_secret
        if prepared is not None and prepared.client.client_id == client_id:
            return prepared.client.client_secret
        return ""


_OTHER: Problem = "other_connected"
