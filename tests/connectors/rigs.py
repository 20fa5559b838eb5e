"""Both CRMs as the connectors' tests need them: a sandbox, its connector, its troubles."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import httpx

from backend.connectors.crm.amocrm import connector as amocrm
from backend.connectors.crm.bitrix24 import connector as bitrix24
from backend.connectors.crm.bitrix24.limits import POP_UP_TRIES
from backend.errors import CrmAuthExpired
from backend.kit.clock import ManualClock
from backend.sandbox.amocrm import AmoConfig, Fault, WidgetPackage, create_amo
from backend.sandbox.bitrix24 import Application, PortalConfig, create_portal
from backend.sandbox.dataset import generate
from backend.services.ports import Grant

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from backend.domain.phone_number import PhoneNumber
    from backend.sandbox.amocrm.amo import Amo
    from backend.sandbox.bitrix24 import Portal
    from protocol.vocabulary import RecordKind

AMO = "http://demo.amo.test"
PORTAL = "http://portal.test"
UNKNOWN = "+79160000001"
"""Nobody in the data set has it."""


class MemoryGrants:
    """One account's grant without a database."""

    def __init__(self, grant: Grant) -> None:
        self.grant = grant
        self.refreshes = 0

    async def current(self) -> Grant:
        return self.grant

    async def refreshed(self, stale: Grant, exchange: Callable[[Grant], Awaitable[Grant]]) -> Grant:
        if self.grant == stale:
            self.refreshes += 1
            self.grant = await exchange(stale)
        return self.grant

    async def replaced(
        self, dead: Grant, exchange: Callable[[Grant], Awaitable[Grant]], *, certain: bool
    ) -> Grant:
        raise CrmAuthExpired("nobody else")

    async def moved(self, base_url: str) -> None:
        self.grant = replace(self.grant, base_url=base_url)


@dataclass
class PortalRig:
    source: bitrix24
    clock: ManualClock
    grants: MemoryGrants
    portal: Portal
    http: httpx.AsyncClient

    def requests(self) -> int:
        return len(self.portal.log.rows())

    def reset(self) -> None:
        self.portal.log.clear()

    def down(self) -> None:
        self.portal.faults.crm_down = True

    def html(self) -> None:
        self.portal.faults.html_502 = 100

    def throttle(self) -> None:
        self.portal.faults.burst_503 = POP_UP_TRIES

    def expire(self) -> None:
        self.portal.tokens.expire_all()

    def revoke(self) -> None:
        self.portal.tokens.revoke()


@dataclass
class AmoRig:
    source: amocrm
    clock: ManualClock
    grants: MemoryGrants
    amo: Amo
    http: httpx.AsyncClient
    index: dict[str, RecordKind]

    def requests(self) -> int:
        return len(self.amo.faults.called("GET", "/api/"))

    def reset(self) -> None:
        self.amo.faults.calls.clear()

    def down(self) -> None:
        self.amo.faults.down = True

    def html(self) -> None:
        self.amo.faults.add(Fault("html", status=502))

    def throttle(self) -> None:
        self.amo.faults.add(Fault("throttle", path="/api/v4/contacts", seconds=2, times=1))

    def expire(self) -> None:
        self.amo.tokens.expire_access()

    def revoke(self) -> None:
        widget = self.amo.config.widget
        assert widget is not None
        self.amo.tokens.revoke(widget.client_uuid)


@asynccontextmanager
async def portal_rig(**config: Any) -> AsyncIterator[PortalRig]:
    clock = ManualClock()
    given: dict[str, Any] = {
        "public_url": PORTAL,
        "dataset": generate(contacts=300),
        "application": Application(installed=True),
        "bucket_size": 1000.0,
    }
    app = create_portal(PortalConfig(**{**given, **config}), clock)
    portal: Portal = app.state.portal
    issued = portal.tokens.issue(1)
    application = portal.config.application
    grants = MemoryGrants(
        Grant(
            access_token=issued.access_token,
            refresh_token=issued.refresh_token,
            expires_at=clock.now(),
            base_url=portal.config.client_endpoint,
            auth_url=portal.config.server_endpoint,
        )
    )
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app)) as http:
        source = bitrix24(
            http=http,
            grants=grants,
            portal_url=PORTAL,
            client_id=application.client_id,
            client_secret=application.client_secret,
            clock=clock,
        )
        yield PortalRig(source, clock, grants, portal, http)
        await source.budget.aclose()


@asynccontextmanager
async def amo_rig(**config: Any) -> AsyncIterator[AmoRig]:
    clock = ManualClock()
    widget = WidgetPackage(
        code="dozvon_test",
        client_uuid="11111111-2222-4333-8444-555555555555",
        client_secret="sandbox-integration-secret-of-some-length",
        redirect_uri="https://vendor.example:8443/oauth/amocrm",
    )
    given: dict[str, Any] = {"widget": widget, "contacts": 300, "rate_limit": None}
    app = create_amo(AmoConfig(**{**given, **config}), clock)
    amo: Amo = app.state.amo
    pair = amo.tokens.exchange(amo.tokens.code(widget.client_uuid, 1), "demo.amo.test")
    grants = MemoryGrants(
        Grant(
            access_token=pair["access_token"],
            refresh_token=pair["refresh_token"],
            expires_at=clock.now(),
            base_url=AMO,
            auth_url=AMO,
        )
    )
    index: dict[str, RecordKind] = {}

    def known(number: PhoneNumber) -> RecordKind | None:
        return index.get(number.e164)

    async with httpx.AsyncClient(transport=httpx.ASGITransport(app)) as http:
        source = amocrm(
            http=http,
            grants=grants,
            account_url=AMO,
            client_id=widget.client_uuid,
            client_secret=widget.client_secret,
            redirect_uri=widget.redirect_uri,
            clock=clock,
            known_kind=known,
        )
        try:
            yield AmoRig(source, clock, grants, amo, http, index)
        finally:
            await source.budget.aclose()
            await amo.aclose()


Rig = Callable[..., AbstractAsyncContextManager["PortalRig | AmoRig"]]
RIGS: dict[str, Rig] = {"bitrix24": portal_rig, "amocrm": amo_rig}
