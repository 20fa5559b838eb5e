"""What a portal is made of: its addresses, its one application, its data and its switches."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import urlsplit

from backend.sandbox.dataset import Dataset, generate

# The vendor's authorization servers: clients have either written into their code (reference 1.5).
OAUTH_HOSTS = ("oauth.bitrix.info", "oauth.bitrix24.tech")
VENDOR_HOST = "dozvon.bitrix24.ru"
"""The portal's name among the vendor's, for clients that accept no other."""
DEFAULT_SCOPES = (
    "crm",
    "telephony",
    "user",
    "placement",
    "im",
    "timeman",
    "imopenlines",
    "imconnector",
    "pull",
    "department",
    "app",
)


@dataclass
class Application:
    """The application the portal knows from the start, installed or waiting for its installation.

    `placements` are (code, handler URL, title) bound at construction; `handler_url` is the main
    page, `install_url` the initial installation path, `redirect_uri` where OAuth codes are sent.
    """

    client_id: str = "local.5a2b0c1d4e6f70.81726354"
    client_secret: str = "sandbox-client-secret"  # noqa: S105  (a sandbox's own, public value)
    application_token: str = "b1f2c3d4e5f60718293a4b5c6d7e8f90"  # noqa: S105  (the same)
    title: str = "Dozvon"
    handler_url: str = "http://127.0.0.1:8000/bitrix24/app"
    install_url: str = "http://127.0.0.1:8000/bitrix24/install"
    redirect_uri: str = "http://127.0.0.1:8000/bitrix24/oauth"
    scopes: tuple[str, ...] = DEFAULT_SCOPES
    api_only: bool = False
    """True for an application without pages: installed at once, told by ONAPPINSTALL."""
    placements: tuple[tuple[str, str, str], ...] = ()
    installed: bool = False
    id: int = 3
    version: int = 1
    status: str = "L"


@dataclass(frozen=True)
class Endpoints:
    """The portal and its authorization server under the names a caller knows them by."""

    domain: str
    protocol: str
    """`1` for https, `0` for http: the PROTOCOL of a launch."""
    client_endpoint: str
    server_endpoint: str
    oauth_host: str


@dataclass
class PortalConfig:
    """How one portal is set up.

    `public_url` is what browsers open (its host is the DOMAIN of every launch); `server_url` is
    the same portal as other servers reach it (where `*.localhost` does not resolve) and becomes
    `client_endpoint`; `oauth_url` is the authorization server's base, by default the same app.
    """

    public_url: str = "http://portal.localhost:8001"
    server_url: str = ""
    oauth_url: str = ""
    dataset: Dataset | None = None
    application: Application = field(default_factory=Application)
    webhook_user_id: int = 1
    webhook_secret: str = "sandboxhook0001"  # noqa: S105  (a sandbox's own, public value)
    webhook_scopes: tuple[str, ...] = DEFAULT_SCOPES
    member_id: str = "6f1e2d3c4b5a69788796a5b4c3d2e1f0"
    language: str = "ru"
    vendor_host: str = VENDOR_HOST
    """Callers who come under this name or an authorization server's get the vendor's addresses."""
    crm_mode: int = 1
    """1 classic (with leads), 2 simple."""
    phones_by_digits: bool = True
    """Look-ups compare the last ten digits (portal country RU) instead of the stored text."""
    bucket_size: float = 50.0
    bucket_leak_per_s: float = 2.0
    operating_limit_s: float = 480.0
    operating_counts_batch: bool = False
    """True charges a batch as `batch`, False charges the methods inside it."""
    operating_keys: bool = True
    """False leaves `operating*` out of the envelope, as on-premise portals do."""
    access_lifetime_s: float = 3600.0
    refresh_lifetime_s: float = 180 * 86400.0
    code_lifetime_s: float = 30.0
    refresh_grace_s: float = 0.0
    """How long a used refresh token still works; 0 is strict."""
    event_delay_s: float = 0.0
    outgoing_webhooks: tuple[tuple[str, str], ...] = ()
    """(event, address) pairs an administrator set up by hand; they get no user's tokens."""
    outgoing_token: str = "sandboxoutgoing01"  # noqa: S105  (a sandbox's own, public value)
    on_premise: bool = False
    """A portal on the customer's server: another licence, limits off, no `operating`."""
    old_build: bool = False
    """Launches lack the fields newer builds added (reference 1.2)."""
    missing_modules: tuple[str, ...] = ()
    """Scopes whose methods are not installed, e.g. `timeman`."""
    worker_microphone: bool = True
    """False leaves the microphone out of what the hidden worker's frame may use; nobody documents
    which it is in today's cloud (reference 1.2, 11)."""
    desktop_app: bool = False
    """Pages behave as inside the vendor's desktop application (reference 4.4)."""
    list_hides_card: bool = False
    """While the page of a call list is open it draws no card of a call (reference 3.9, 4.5)."""
    anyone_installs: bool = False
    """The portal lets everybody install applications, not its administrators alone."""
    internal_finish: bool = False
    """True lets `finish` record a call between employees; False refuses it, as is assumed."""

    def __post_init__(self) -> None:
        self.public_url = self.public_url.rstrip("/")
        self.server_url = (self.server_url or self.public_url).rstrip("/")
        self.oauth_url = (self.oauth_url or self.server_url).rstrip("/")

    @property
    def domain(self) -> str:
        """Host and port of the portal as browsers see it."""
        return urlsplit(self.public_url).netloc

    @property
    def protocol(self) -> str:
        """`1` for https, `0` for http: the PROTOCOL of a launch."""
        return "1" if self.public_url.startswith("https:") else "0"

    @property
    def client_endpoint(self) -> str:
        return f"{self.server_url}/rest/"

    @property
    def server_endpoint(self) -> str:
        return f"{self.oauth_url}/oauth-server/rest/"

    @property
    def webhook_url(self) -> str:
        """The incoming webhook of the administrator, ready for a client."""
        return f"{self.server_url}/rest/{self.webhook_user_id}/{self.webhook_secret}/"

    def at(self, host: str = "") -> Endpoints:
        """The addresses for a caller who named `host` (a Host header's value)."""
        name = host.partition(":")[0].lower()
        if name == self.vendor_host or name in OAUTH_HOSTS:
            return Endpoints(
                domain=self.vendor_host,
                protocol="1",
                client_endpoint=f"https://{self.vendor_host}/rest/",
                server_endpoint=f"https://{OAUTH_HOSTS[0]}/rest/",
                oauth_host=OAUTH_HOSTS[0],
            )
        return Endpoints(
            domain=self.domain,
            protocol=self.protocol,
            client_endpoint=self.client_endpoint,
            server_endpoint=self.server_endpoint,
            oauth_host=urlsplit(self.oauth_url).netloc,
        )

    def data(self) -> Dataset:
        """The rows to start with."""
        return self.dataset if self.dataset is not None else generate()
