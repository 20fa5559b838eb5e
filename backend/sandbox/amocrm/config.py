"""What one sandbox account is made of."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path

    import httpx

Json = dict[str, Any]
"""A JSON object in the vendor's own names."""


@dataclass(frozen=True, kw_only=True)
class WidgetPackage:
    """The integration known to the account, with or without a widget archive.

    `directory` holds the unpacked archive (manifest.json, script.js, i18n/…). `script_url` replaces
    the archive's script.js, `manifest` and `i18n` its files, so a test can do without a directory.
    """

    code: str
    client_uuid: str
    client_secret: str
    redirect_uri: str
    disconnect_uri: str | None = None
    directory: Path | None = None
    script_url: str | None = None
    manifest: Json | None = None
    i18n: dict[str, Json] | None = None
    settings: Json = field(default_factory=dict)
    installed: bool = True

    def read_manifest(self) -> Json:
        """The manifest given, else the archive's, else one of a phone widget without settings."""
        if self.manifest is not None:
            return self.manifest
        path = None if self.directory is None else self.directory / "manifest.json"
        if path is not None and path.is_file():
            found: Json = json.loads(path.read_text("utf-8"))
            return found
        return {
            "widget": {
                "name": "widget.name",
                "description": "widget.description",
                "short_description": "widget.short_description",
                "version": "1.0.0",
                "interface_version": 2,
                "init_once": True,
                "locale": ["ru", "en"],
                "installation": True,
            },
            "locations": ["everywhere"],
            "settings": {},
        }

    def read_i18n(self, language: str) -> Json:
        """Texts of one language; Russian stands in for a language the widget lacks."""
        for wanted in (language, "ru"):
            if self.i18n is not None and wanted in self.i18n:
                return self.i18n[wanted]
            if self.directory is not None:
                path = self.directory / "i18n" / f"{wanted}.json"
                if path.is_file():
                    texts: Json = json.loads(path.read_text("utf-8"))
                    return texts
        return {"widget": {"name": self.code, "short_description": "", "description": ""}}


@dataclass(frozen=True, kw_only=True)
class AmoConfig:
    """Everything that may differ between two sandbox accounts.

    `rate_limit` is requests per second and integration, `account_limit` those of all integrations
    together (None: no limit; without the first there is no second); `block_after` counts refused
    requests within ten seconds before the requester gets 403 on everything (None: never).
    `customers` is `customers_mode` of the account: with `disabled` there are none. `hook_scale`
    shortens the waits between attempts of a webhook: 0.01 makes a minute 0.6 seconds.
    `transport` is how hooks leave the sandbox; None means the network.
    """

    widget: WidgetPackage | None = None
    account_id: int = 31004217
    subdomain: str = "demo"
    account_name: str = "Северный свет. Демо"
    language: str = "ru"
    seed: int = 2026
    contacts: int = 3000
    today: date | None = None
    api_filter: bool = True
    settings_as_string: bool = True
    customers: str = "disabled"
    rate_limit: int | None = 7
    account_limit: int | None = 50
    html_429: bool = False
    block_after: int | None = None
    hook_scale: float = 1.0
    transport: httpx.AsyncBaseTransport | None = None
