"""What a portal is made of: its addresses, its one application, its data and its switches."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import urlsplit

from backend.sandbox.dataset import Dataset, generate

DEFAULT_SCOPES = (
    "crm",
    "telephony",
    "user",
    "placement",
    "im",
    "timeman",
    "imopenlines",
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
    placements: tuple[tuple[str, str, str], ...] = ()
    installed: bool = False
    id: int = 3
    version: int = 1
    status: str = "L"


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

    def data(self) -> Dataset:
        """The rows to start with."""
        return self.dataset if self.dataset is not None else generate()
