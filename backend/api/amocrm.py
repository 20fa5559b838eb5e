"""amoCRM's doors: consents, installations, disconnections, webhooks (reference §4, §7).

What comes here without a signature names hosts and accounts as anybody could: a host must be
amoCRM's, an account must come from a signed state, a pairing code, an integration of one account,
or the CRM account that is connected already.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import parse_qs

import msgspec
import structlog
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from backend.api.amocrm_pages import page
from backend.api.answers import Handler, json_answer, place_of, read_body, refusing
from backend.api.doors import Doors
from backend.errors import (
    AppError,
    BadProof,
    BadRequest,
    CrmError,
    CrmRejected,
    CrmUnavailable,
    NotFound,
    TooMany,
    WrongState,
)
from backend.kit.ids import new_id
from backend.kit.secrets_box import SecretsBox, SecretUnreadable
from backend.services.amocrm_install import (
    AmoCrmInstall,
    Client,
    Failed,
    Joined,
    NeedsCode,
    Outcome,
)
from backend.services.pairing import Pairing
from protocol.vocabulary import AccountId, CrmKind

log = structlog.get_logger(__name__)

KIND = CrmKind.AMOCRM
MAX_FORM_BYTES = 16_384
WAIT_S = 12.0
"""How long a person waits for amoCRM before the page says that the rest happens by itself. Longer
than one exchange may take: interrupted, its answer would be lost with the tokens."""
_TICKET = "pending_installs.ticket"


class Arrival(Protocol):
    """What the redirect address was called with, checked for form."""

    @property
    def code(self) -> str: ...
    @property
    def account_url(self) -> str: ...
    @property
    def state(self) -> str: ...
    @property
    def client_id(self) -> str: ...
    @property
    def from_widget(self) -> bool: ...


class Clients(Protocol):
    async def pick(
        self, account_id: AccountId | None, *, client_id: str = "", private: bool = False
    ) -> Client: ...

    async def known(self, client_id: str) -> bool: ...

    async def add(
        self, account_id: AccountId, client_id: str, client_secret: str, via: str
    ) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class AmoCrmInstallApi:
    """`/amocrm/oauth[/{account}]`, `/amocrm/connect`, `/amocrm/secrets`, `/api/amocrm/ready`."""

    install: AmoCrmInstall
    pairing: Pairing
    clients: Clients
    secrets: SecretsBox
    doors: Doors
    arrived: Callable[[dict[str, str]], Arrival]
    """Reads a redirect's parameters. Raises BadRequest, or CrmRejected when the user refused."""
    authorize_url: Callable[[str, str], str]
    """Client id and state → the consent page."""

    def routes(self) -> list[Route]:
        guarded = self.doors.guarded
        return [
            Route("/amocrm/oauth", self._paged(self.oauth)),
            Route("/amocrm/oauth/{account}", self._paged(self.oauth)),
            Route("/amocrm/connect", self._paged(self.connect), methods=["GET", "POST"]),
            Route("/amocrm/secrets", refusing(guarded(self.external_secrets)), methods=["POST"]),
            Route("/api/amocrm/ready", refusing(guarded(self.ready))),
        ]

    def _paged(self, handler: Handler) -> Handler:
        """Refusals as pages: a person looks at them."""
        guarded = self.doors.guarded(handler)

        async def answer(request: Request) -> Response:
            try:
                return await guarded(request)
            except TooMany as error:
                wait_s = str(error.data.get("retry_after_s", 60))
                return PlainTextResponse("429\n", 429, headers={"Retry-After": wait_s})
            except _CodeRefused as error:
                form = {"ticket": error.ticket} if error.ticket else {}
                return page(request, "bad_code", 401, form=form)
            except BadProof:
                return page(request, "bad_state", 401)
            except AppError as error:
                log.info("amocrm.refused", path=place_of(request), error=str(error))
                return page(request, str(error.data.get("page") or "bad_address"), 400)

        return answer

    # ── consents and installations ──

    async def oauth(self, request: Request) -> Response:
        """A code, brought by a browser with our state, or by the platform itself without one."""
        try:
            arrival = self.arrived(dict(request.query_params))
        except CrmRejected:
            return page(request, "denied")
        named = request.path_params.get("account")
        wanted, client = await self._meant(arrival, None if named is None else AccountId(named))
        if not arrival.code:
            raise BadRequest("there is no code in the address")
        if arrival.state:
            await self.pairing.use_state(arrival.state, KIND)
        pending_id = new_id()
        await self.install.keep(
            pending_id,
            account_url=arrival.account_url,
            code=arrival.code,
            client=client,
            wanted_account=wanted,
        )
        if arrival.from_widget or "text/html" not in request.headers.get("accept", ""):
            # The platform itself waits for three seconds at most: the job does the rest.
            return PlainTextResponse("ok\n")
        try:
            async with asyncio.timeout(WAIT_S):
                return self._shown(request, await self.install.finish(pending_id))
        except NotFound:
            # The job was faster.
            return page(request, "connected")
        except (CrmUnavailable, TimeoutError):
            return page(request, "later", 202)
        except CrmError as error:
            log.warning("amocrm.not_described", host=arrival.account_url, error=str(error))
            return page(request, "no_api", 409)

    async def _meant(
        self, arrival: Arrival, named: AccountId | None
    ) -> tuple[AccountId | None, Client]:
        """The account and the integration. Raises BadProof for a state that is not good."""
        wanted = named
        if arrival.state:
            stated = await self.pairing.check_state(arrival.state, KIND)
            if named is not None and stated != named:
                raise BadProof("the state is of another account")
            wanted = stated
        try:
            client = await self.clients.pick(
                wanted, client_id=arrival.client_id, private=named is not None
            )
        except (BadRequest, ValueError):
            raise BadRequest("no such integration", page="unknown_client") from None
        return wanted, client

    def _shown(self, request: Request, outcome: Outcome) -> Response:
        match outcome:
            case Joined(crm_name=name):
                return page(request, "connected", about=name)
            case NeedsCode(pending_id=pending_id, crm_name=name, suggestion=suggestion):
                return page(
                    request,
                    "code",
                    form={"ticket": self._ticket(pending_id)},
                    about=name,
                    suggestion=suggestion,
                )
            case Failed(problem=problem, detail=detail):
                return page(request, problem, 409, about=detail if problem != "refused" else "")

    async def connect(self, request: Request) -> Response:
        """A pairing code: for an installation that waits, or before the consent."""
        if request.method == "GET":
            return page(request, "start", form={})
        form = await _form(request)
        ticket = form.get("ticket", "")
        pending_id = self._pending_id(ticket) if ticket else ""
        try:
            account_id = await self.pairing.redeem(form.get("code", ""), KIND)
        except BadProof:
            # Counted as a knock in vain, and shown with the form to try again.
            raise _CodeRefused(ticket) from None
        if pending_id:
            try:
                return self._shown(request, await self.install.join(pending_id, account_id))
            except NotFound:
                return page(request, "connected")
            except WrongState:
                return page(request, "refused", 409)
        try:
            client = await self.clients.pick(account_id)
        except BadRequest:
            return page(request, "unknown_client", 409)
        state = await self.pairing.state(account_id, KIND)
        return page(request, "go", link=self.authorize_url(client.client_id, state))

    async def external_secrets(self, request: Request) -> Response:
        """Keys of an integration amoCRM has just made for one authorisation (§4.2)."""
        body = await read_body(request, MAX_FORM_BYTES)
        try:
            keys = msgspec.json.decode(body, type=_Keys)
        except msgspec.DecodeError:
            form = {name: values[0] for name, values in parse_qs(body.decode("latin-1")).items()}
            try:
                keys = msgspec.convert(form, _Keys)
            except msgspec.ValidationError:
                raise BadRequest("client_id, client_secret and state are expected") from None
        account_id = await self.pairing.check_state(keys.state, KIND)
        await self.clients.add(account_id, keys.client_id, keys.client_secret, "external")
        log.info("amocrm.external_integration", account=account_id)
        return json_answer({})

    async def ready(self, request: Request) -> Response:
        """Whether this is a Dozvon server that knows the integration: the widget asks before it
        lets itself be installed. Says nothing of any account."""
        known = await self.clients.known(request.query_params.get("client", ""))
        answer = json_answer({"product": "dozvon", "integration": known})
        answer.headers["Access-Control-Allow-Origin"] = "*"
        return answer

    # ── the page that asks for the code knows which installation it is of ──

    def _ticket(self, pending_id: str) -> str:
        sealed = self.secrets.seal(pending_id, account_id="-", column=_TICKET)
        return base64.urlsafe_b64encode(sealed).decode()

    def _pending_id(self, ticket: str) -> str:
        try:
            sealed = base64.urlsafe_b64decode(ticket)
            return self.secrets.open(sealed, account_id="-", column=_TICKET)
        except (binascii.Error, ValueError, SecretUnreadable):
            raise BadRequest("the page is not ours") from None


class _Keys(msgspec.Struct, frozen=True):
    client_id: str
    client_secret: str
    state: str

    def __post_init__(self) -> None:
        if not all(1 <= len(text) <= 1024 for text in (self.client_id, self.client_secret)):
            raise ValueError("keys of an integration have 1 to 1024 characters")


class _CodeRefused(BadProof):
    """Shown as the page with the form, so that nothing typed or installed is lost."""

    def __init__(self, ticket: str) -> None:
        super().__init__("the pairing code does not fit")
        self.ticket = ticket


async def _form(request: Request) -> dict[str, str]:
    """From whatever page: what it holds is all the leave there is, no cookie adds to it."""
    text = (await read_body(request, MAX_FORM_BYTES)).decode("utf-8", "replace")
    return {name: values[0] for name, values in parse_qs(text).items()}
