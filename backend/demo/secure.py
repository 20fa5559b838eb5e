"""Both sandbox CRMs over TLS under their vendors' names, for clients that accept nothing else."""

from __future__ import annotations

from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING, Any

from starlette.responses import FileResponse, Response
from starlette.routing import Route

from backend.sandbox.amocrm import AmoSite
from backend.sandbox.bitrix24.config import OAUTH_HOSTS
from backend.sandbox.tls import Authority, loopback_map, serving_tls

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence
    from pathlib import Path

    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.types import ASGIApp

    from backend.demo.addresses import Addresses
    from backend.sandbox.bitrix24 import PortalConfig

PORTAL_OFFSET, AMO_OFFSET = 5, 6
_AMO_DOMAIN = "amocrm.ru"


class Secure:
    """What `/sandbox/about` tells of TLS, and the authority's certificate to download."""

    def __init__(self, ca_file: Path) -> None:
        self._ca_file = ca_file
        self.names: dict[str, str] = {}
        """Vendor's name → host and port of the loopback that answer for it."""
        self.portal: dict[str, str] = {}
        self.amo: dict[str, str] = {}

    def told(self, about: dict[str, Any]) -> dict[str, Any]:
        """`about` with the addresses under TLS beside the plain ones."""
        about["bitrix24"]["tls"] = self.portal
        about["amocrm"]["tls"] = self.amo
        return about | {"tls": {"ca_file": str(self._ca_file), "names": self.names}}

    def route(self) -> Route:
        return Route("/sandbox/ca.pem", self._download)

    async def _download(self, _: Request) -> Response:
        return FileResponse(self._ca_file, media_type="application/x-pem-file")


@asynccontextmanager
async def secured(
    directory: Path, host: str, where: Addresses, portal: Starlette, amo: Starlette
) -> AsyncIterator[Secure]:
    """Serve both while the block runs: on their offsets, or on free ports when those are taken."""
    authority = Authority(directory)
    secure = Secure(authority.ca_file)
    config: PortalConfig = portal.state.portal.config
    site = AmoSite([amo], _AMO_DOMAIN)
    async with AsyncExitStack() as stack:
        for app, names, offset in (
            (portal, [config.vendor_host, *OAUTH_HOSTS], PORTAL_OFFSET),
            (site, [*site.names(), f"*.{_AMO_DOMAIN}"], AMO_OFFSET),
        ):
            port = await _served(stack, app, authority, names, host, where.port + offset)
            secure.names |= loopback_map((name for name in names if "*" not in name), port)
        url = f"https://{config.vendor_host}"
        secure.portal = {
            "url": url,
            "oauth_server": config.at(config.vendor_host).server_endpoint,
            "incoming_webhook": f"{url}/rest/{config.webhook_user_id}/{config.webhook_secret}/",
        }
        secure.amo = {
            "url": f"https://{amo.state.amo.config.subdomain}.{_AMO_DOMAIN}",
            "consent": f"https://www.{_AMO_DOMAIN}/oauth",
        }
        yield secure


async def _served(
    stack: AsyncExitStack,
    app: ASGIApp,
    authority: Authority,
    names: Sequence[str],
    host: str,
    port: int,
) -> int:
    try:
        return await stack.enter_async_context(
            serving_tls(app, authority, names, host=host, port=port)
        )
    except OSError:
        return await stack.enter_async_context(serving_tls(app, authority, names, host=host))
