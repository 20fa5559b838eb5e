"""The integration's life in the account: switched on, configured, switched off."""

from __future__ import annotations

import contextlib
import copy
import hashlib
import hmac
from typing import TYPE_CHECKING

import httpx

if TYPE_CHECKING:
    from backend.kit.clock import Clock
    from backend.sandbox.amocrm.background import Background
    from backend.sandbox.amocrm.config import AmoConfig, Json
    from backend.sandbox.amocrm.faults import Faults
    from backend.sandbox.amocrm.tokens import Tokens

HOOK_TIMEOUT_S = 3.0


class Installs:
    """State of the one integration the account knows, and the two hooks its vendor gets."""

    def __init__(
        self,
        config: AmoConfig,
        tokens: Tokens,
        background: Background,
        faults: Faults,
        clock: Clock,
    ) -> None:
        self._config = config
        self._tokens = tokens
        self._background = background
        self._faults = faults
        self._clock = clock
        widget = config.widget
        self.active = widget is not None and widget.installed
        self.settings: Json = copy.deepcopy(widget.settings) if widget is not None else {}
        self.hooks_sent: list[str] = []  # addresses called, secrets and all, for assertions

    @property
    def configured(self) -> bool:
        """Are all required settings filled?"""
        if self._config.widget is None:
            return False
        fields = self._config.widget.read_manifest().get("settings") or {}
        return all(self.settings.get(k) for k, f in fields.items() if f.get("required"))

    @property
    def status(self) -> str:
        if not self.active:
            return "install"
        return "installed" if self.configured else "not_configured"

    def switch_on(self, settings: Json, user_id: int, host: str) -> None:
        """Save the settings and, on the way from off to on, call the vendor with a code.

        One GET to the redirect URI, three seconds, never repeated (docs, oauth/step-by-step).
        """
        widget = self._config.widget
        self.settings = {**self.settings, **settings}
        if self.active or widget is None:
            return
        self.active = True
        code = self._tokens.code(widget.client_uuid, user_id)
        query = {"code": code, "referer": host, "from_widget": "1", "platform": "1"}
        self._call("install", widget.redirect_uri, query)

    def switch_off(self) -> None:
        """Revoke every grant and tell the vendor, signed with the integration's secret."""
        widget = self._config.widget
        if not self.active or widget is None:
            return
        self.active = False
        self._tokens.revoke(widget.client_uuid)
        if widget.disconnect_uri:
            message = f"{widget.client_uuid}|{self._config.account_id}"
            signature = hmac.new(
                widget.client_secret.encode(), message.encode(), hashlib.sha256
            ).hexdigest()
            query = {
                "account_id": str(self._config.account_id),
                "client_uuid": widget.client_uuid,
                "signature": signature,
            }
            self._call("disconnect", widget.disconnect_uri, query)

    def _call(self, what: str, address: str, query: dict[str, str]) -> None:
        fault = self._faults.take_hook(what)
        if fault is not None and fault.kind == "hook_lost":
            return
        url = str(httpx.URL(address).copy_merge_params(query))
        late = fault.seconds if fault is not None and fault.kind == "hook_late" else 0.0
        for _ in range(2 if fault is not None and fault.kind == "hook_doubled" else 1):
            self.hooks_sent.append(url)
            self._background.spawn(self._get(url, late))

    async def _get(self, url: str, late_s: float) -> None:
        if late_s:
            await self._clock.sleep(late_s)
        async with httpx.AsyncClient(
            transport=self._config.transport, timeout=HOOK_TIMEOUT_S
        ) as http:
            # The platform looks at neither the status nor a failure.
            with contextlib.suppress(httpx.HTTPError):
                await http.get(url)
