"""Settings: environment variables, read once, checked at start, frozen afterwards.

Every variable is declared here with its sentence; `dozvon settings` prints the table and the
documentation's copy of it is compared with this file by a test.
"""

from __future__ import annotations

import base64
import binascii
import ipaddress
import re
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from backend.domain.phone_number import known_region
from backend.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Mapping

PREFIX = "DOZVON_"
TEST_PREFIX = "DOZVON_TEST_"
"""What the test suite is told; no setting of the product."""


def _setting(default: Any, what: str, *, secret: bool = False) -> Any:
    """`secret` ones are left out when settings are printed, by a traceback for one."""
    return field(default=default, repr=not secret, metadata={"what": what})


@dataclass(frozen=True, kw_only=True)
class Settings:
    """One installation. Empty text means "not set"."""

    host: str = _setting("127.0.0.1", "Address the web server listens on.")
    port: int = _setting(8080, "Port the web server listens on.")
    worker_port: int = _setting(
        0,
        "Port a worker that runs apart answers /health and /metrics at. 0: any free one of "
        "127.0.0.1, named in its log.",
    )
    public_url: str = _setting(
        "", "Address browsers and CRMs reach us at, with https. Default: the listening address."
    )
    trusted_proxies: str = _setting(
        "127.0.0.1,::1",
        "Proxies whose X-Forwarded-For and X-Forwarded-Proto are believed: addresses or networks, "
        "comma-separated. Empty: nobody's.",
    )
    var_dir: Path = _setting(Path("var"), "Where the embedded database and generated keys live.")
    database_url: str = _setting(
        "",
        "PostgreSQL, `postgresql://user:password@host/name`. Default: embedded, in var_dir.",
        secret=True,
    )
    redis_url: str = _setting(
        "", "Redis or Valkey, `redis://host:6379/0`. Needed when processes run apart.", secret=True
    )
    secret_keys: str = _setting(
        "",
        "Keys that encrypt secrets at rest: `id:base64`, comma-separated, the first encrypts. "
        "Default: generated once in var_dir.",
        secret=True,
    )
    log_level: str = _setting("info", "debug, info, warning or error.")
    log_format: str = _setting("text", "text for people, json for machines.")
    ari_url: str = _setting(
        "", "Asterisk's HTTP address, e.g. http://127.0.0.1:8088. Seeds the first connection."
    )
    ari_user: str = _setting("", "User in ari.conf.")
    ari_password: str = _setting("", "Its password.", secret=True)
    ari_app: str = _setting("dozvon", "Name of our Stasis application.")
    sip_ws_url: str = _setting(
        "",
        "Where browsers reach Asterisk's SIP over WebSocket, `wss://phone.example.ru/sip`. "
        "Default: `/ws` beside DOZVON_ARI_URL.",
    )
    stun_urls: str = _setting(
        "", "STUN servers for browsers, comma-separated: `stun:turn.example.ru:3478`."
    )
    turn_urls: str = _setting(
        "",
        "TURN servers for browsers behind strict firewalls, comma-separated: "
        "`turn:turn.example.ru:3478?transport=udp,turns:turn.example.ru:5349?transport=tcp`.",
    )
    turn_secret: str = _setting(
        "",
        "The secret shared with the TURN server (coturn's `static-auth-secret`): each browser gets "
        "a password of its own that ends after a shift.",
        secret=True,
    )
    uis_url: str = _setting(
        "",
        "Call API of the UIS/CoMagic cloud, `https://callapi.uiscom.ru/v4.0`. Seeds a connection.",
    )
    uis_token: str = _setting("", "The permanent key of a user of that account.", secret=True)
    uis_secret: str = _setting(
        "",
        "What the cloud's requests to us carry in their address; 16 letters and digits or more.",
        secret=True,
    )
    uis_hold: str = _setting(
        "tts:Пожалуйста, подождите на линии.",
        "What whoever is put on hold hears in the cloud: `media:<id>` or `tts:<text>`.",
    )
    uis_poll_s: int = _setting(
        30, "Seconds between two readings of the cloud's list of calls while nobody rings."
    )
    uis_answer_ms: int = _setting(
        3000, "How long the cloud's question whom to ring waits for an answer of ours, at most."
    )
    bitrix24_hosts: str = _setting(
        "*.bitrix24.ru,*.bitrix24.by,*.bitrix24.kz,*.bitrix24.com,*.bitrix24.eu",
        "Hosts whose pages may open a socket before their account is known.",
    )
    bitrix24_client_id: str = _setting(
        "", "Code of our Bitrix24 Market application, `app.…`. Local applications bring their own."
    )
    bitrix24_client_secret: str = _setting("", "Its key.", secret=True)
    bitrix24_auth_urls: str = _setting(
        "https://oauth.bitrix.info/rest/,https://oauth.bitrix24.tech/rest/",
        "Bitrix24 authorization servers whose word is taken, the usual one first.",
    )
    amocrm_hosts: str = _setting(
        "*.amocrm.ru,*.amocrm.com,*.kommo.com",
        "Hosts of amoCRM accounts: their pages may open a socket, secrets go to no other.",
    )
    amocrm_client_id: str = _setting(
        "", "Id of our amoCRM integration. Private integrations bring their own."
    )
    amocrm_client_secret: str = _setting("", "Its secret key.", secret=True)
    amocrm_site: str = _setting(
        "https://www.amocrm.ru", "Where administrators consent; https://www.kommo.com for Kommo."
    )
    recording_notice: str = _setting(
        "this-call-may-be-monitored-or-recorded",
        "Asterisk's sound for accounts that announce recording.",
    )
    rescue_notice: str = _setting(
        "queue-thankyou",
        "Asterisk's sound for a caller whose operator was lost, before the music; "
        "empty: music at once.",
    )
    recordings_url: str = _setting(
        "",
        "Where recordings are kept: `s3://bucket/prefix?endpoint=https://…&region=…`. "
        "Default: the folder recordings in var_dir.",
    )
    recordings_key: str = _setting("", "Access key of that bucket; empty: the machine's own role.")
    recordings_secret: str = _setting("", "Its secret key.", secret=True)
    region: str = _setting("RU", "Country whose national phone numbers are understood.")
    max_unauthenticated: int = _setting(
        50, "Sockets one address may hold open before it has shown a ticket."
    )
    sandbox: bool = _setting(
        False, "Set by `dozvon demo`: the switch and the CRMs are our own sandbox."
    )

    @classmethod
    def from_env(cls, env: Mapping[str, str], **overrides: Any) -> Settings:
        """Settings of `env`. Raises SettingsError naming the first variable that is wrong."""
        values: dict[str, Any] = {}
        known = {PREFIX + f.name.upper(): f for f in fields(cls)}
        for name in env:
            ours = name.startswith(PREFIX) and not name.startswith(TEST_PREFIX)
            if ours and name not in known:
                raise SettingsError(
                    f"{name} is not a setting of this version; `dozvon settings` lists them all"
                )
        for name, spec in known.items():
            if name in env:
                values[spec.name] = _read(name, spec.type, env[name])
        values.update(overrides)
        settings = cls(**values)
        settings.check()
        return settings

    def check(self) -> None:
        """Raises SettingsError with what to do."""
        if self.log_level not in ("debug", "info", "warning", "error"):
            raise SettingsError(f"DOZVON_LOG_LEVEL is {self.log_level!r}; use info, for example")
        if self.log_format not in ("text", "json"):
            raise SettingsError("DOZVON_LOG_FORMAT must be text or json")
        for name, value, schemes in (
            ("PUBLIC_URL", self.public_url, ("http", "https")),
            ("ARI_URL", self.ari_url, ("http", "https")),
            ("SIP_WS_URL", self.sip_ws_url, ("wss", "ws")),
            ("UIS_URL", self.uis_url, ("https", "http")),
            ("AMOCRM_SITE", self.amocrm_site, ("https", "http")),
            ("DATABASE_URL", self.database_url, ("postgresql", "postgres")),
            ("REDIS_URL", self.redis_url, ("redis", "rediss", "unix")),
        ):
            if value and urlsplit(value).scheme not in schemes:
                raise SettingsError(
                    f"{PREFIX}{name} must begin with {schemes[0]}://, and it does not"
                )
        for name, port in (("PORT", self.port), ("WORKER_PORT", self.worker_port)):
            if not 0 <= port <= 65_535:
                raise SettingsError(f"{PREFIX}{name} is {port}; a port is 0 to 65535")
        for proxy in self.proxies:
            try:
                ipaddress.ip_network(proxy)
            except ValueError:
                raise SettingsError(
                    f"DOZVON_TRUSTED_PROXIES names {proxy!r}; addresses or networks are wanted, "
                    "192.0.2.7 or 10.0.0.0/8 for example"
                ) from None
        if self.max_unauthenticated < 1:
            raise SettingsError("DOZVON_MAX_UNAUTHENTICATED must be 1 or more: nobody could come")
        if self.recordings_url and urlsplit(self.recordings_url).scheme != "s3":
            raise SettingsError(
                "DOZVON_RECORDINGS_URL must look like s3://bucket?endpoint=https://storage.example;"
                " leave it empty to keep recordings in DOZVON_VAR_DIR"
            )
        if bool(self.recordings_key) != bool(self.recordings_secret):
            raise SettingsError(
                "DOZVON_RECORDINGS_KEY and _SECRET belong together: set both or none"
            )
        for name, text, prefixes in (
            ("STUN_URLS", self.stun_urls, ("stun", "stuns")),
            ("TURN_URLS", self.turn_urls, ("turn", "turns")),
        ):
            for url in listed(text):
                scheme, _, rest = url.partition(":")
                if scheme not in prefixes or not rest or rest.startswith("/"):
                    raise SettingsError(
                        f"{PREFIX}{name} names {url!r}; an address looks like "
                        f"{prefixes[0]}:server.example.ru:3478, without //"
                    )
        if bool(self.turn_urls) != bool(self.turn_secret):
            raise SettingsError("DOZVON_TURN_URLS and _SECRET belong together: set both or none")
        if not known_region(self.region):
            raise SettingsError(
                f"DOZVON_REGION is {self.region!r}; use a country's two letters, RU for example"
            )
        if bool(self.amocrm_client_id) != bool(self.amocrm_client_secret):
            raise SettingsError(
                "DOZVON_AMOCRM_CLIENT_ID and _CLIENT_SECRET belong together: set both or none"
            )
        if bool(self.bitrix24_client_id) != bool(self.bitrix24_client_secret):
            raise SettingsError(
                "DOZVON_BITRIX24_CLIENT_ID and _CLIENT_SECRET belong together: set both or none"
            )
        if self.ari_url and not (self.ari_user and self.ari_password):
            raise SettingsError("DOZVON_ARI_URL is set: DOZVON_ARI_USER and _PASSWORD must be too")
        self._check_uis()
        self.keys()

    def _check_uis(self) -> None:
        if self.uis_url and not (self.uis_token and self.uis_secret):
            raise SettingsError("DOZVON_UIS_URL is set: DOZVON_UIS_TOKEN and _SECRET must be too")
        if self.uis_secret and not re.fullmatch(r"[A-Za-z0-9_-]{16,}", self.uis_secret):
            raise SettingsError(
                "DOZVON_UIS_SECRET must be 16 or more letters and digits, as it is part of an "
                "address; `openssl rand -hex 16` makes one"
            )
        if not re.fullmatch(r"media:[0-9]+|tts:.+", self.uis_hold):
            raise SettingsError("DOZVON_UIS_HOLD must be media:<id> or tts:<text>")
        if not 2 <= self.uis_poll_s <= 600:
            raise SettingsError(f"DOZVON_UIS_POLL_S is {self.uis_poll_s}; 2 to 600 are possible")
        if not 500 <= self.uis_answer_ms <= 15_000:
            raise SettingsError(
                f"DOZVON_UIS_ANSWER_MS is {self.uis_answer_ms}; 500 to 15000 are possible"
            )

    def keys(self) -> dict[str, bytes]:
        """Encryption keys by id, the encrypting one first; empty when they are to be generated."""
        found: dict[str, bytes] = {}
        for part in filter(None, (p.strip() for p in self.secret_keys.split(","))):
            key_id, _, encoded = part.partition(":")
            try:
                key = base64.b64decode(encoded, validate=True)
            except (binascii.Error, ValueError):
                key = b""
            if not key_id or len(key) != 32:
                raise SettingsError(
                    "DOZVON_SECRET_KEYS must hold id:base64 pairs of 32-byte keys; "
                    "`dozvon new-key` prints one"
                )
            found[key_id] = key
        return found

    @property
    def proxies(self) -> list[str]:
        return listed(self.trusted_proxies)

    @property
    def base_url(self) -> str:
        """How browsers reach us, without a trailing slash."""
        return self.public_url.rstrip("/") or f"http://{self.host}:{self.port}"

    @property
    def origin(self) -> str:
        parts = urlsplit(self.base_url)
        return f"{parts.scheme}://{parts.netloc}"


def listed(text: str) -> list[str]:
    """The parts of a comma-separated setting."""
    return [part for part in (piece.strip() for piece in text.split(",")) if part]


def _read(name: str, kind: Any, text: str) -> Any:
    if kind == "int":
        try:
            return int(text)
        except ValueError:
            raise SettingsError(f"{name} must be a whole number, not {text!r}") from None
    if kind == "bool":
        if text.lower() not in ("1", "0", "true", "false", "yes", "no"):
            raise SettingsError(f"{name} must be yes or no, not {text!r}")
        return text.lower() in ("1", "true", "yes")
    if kind == "Path":
        return Path(text)
    return text


def table() -> list[tuple[str, str, str]]:
    """(variable, default, what it is) for people."""
    return [
        (PREFIX + f.name.upper(), str(f.default) if f.default != "" else "", f.metadata["what"])
        for f in fields(Settings)
    ]
