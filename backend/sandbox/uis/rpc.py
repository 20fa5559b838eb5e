"""JSON-RPC of both APIs: envelope, key, points, answers."""

from __future__ import annotations

import json
import secrets
from typing import TYPE_CHECKING, Any

from backend.sandbox.uis.errors import UNCOUNTED, CloudError
from backend.sandbox.uis.params import Params

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from backend.sandbox.uis.cloud import Cloud

    Methods = Mapping[str, Callable[[Cloud, Params], Any]]

_SESSION_S = 3600


class Rpc:
    """One API of an account; each counts points of its own."""

    def __init__(self, cloud: Cloud, methods: Methods) -> None:
        self._cloud = cloud
        self._methods = methods
        self._minute: list[float] = []
        self._day = 0
        self._keys: dict[str, float] = {}
        """Session keys: until which monotonic second they work."""
        self.asked: list[tuple[str, str | None]] = []
        """Methods with the mnemonic of their refusal, oldest first."""
        self.refuse: str | None = None
        """The mnemonic of the next answer, once."""

    def answer(self, body: bytes) -> dict[str, Any]:
        id_: Any = None
        try:
            try:
                asked = json.loads(body)
            except ValueError:
                raise CloudError("parse_error") from None
            if isinstance(asked, list):
                raise CloudError("batch_opreations_not_supported")
            if not isinstance(asked, dict) or asked.get("jsonrpc") != "2.0":
                raise CloudError("invalid_request")
            if "id" not in asked:
                raise CloudError("notifications_not_supported")
            id_ = asked["id"]
            data = self._carry_out(str(asked.get("method")), asked.get("params"))
        except CloudError as error:
            metadata = {} if error.mnemonic in UNCOUNTED else {"limits": self.limits()}
            return {"jsonrpc": "2.0", "id": id_, "error": error.body(metadata)}
        metadata = {"limits": self.limits()}
        return {"jsonrpc": "2.0", "id": id_, "result": {"data": data, "metadata": metadata}}

    def limits(self) -> dict[str, int]:
        now = self._cloud.clock.monotonic()
        self._minute = [at for at in self._minute if now - at < 60]
        config = self._cloud.config
        oldest = self._minute[0] if self._minute else now
        return {
            "day_limit": config.day_limit,
            "day_remaining": config.day_limit - self._day,
            "day_reset": 86_400,
            "minute_limit": config.minute_limit,
            "minute_remaining": config.minute_limit - len(self._minute),
            "minute_reset": max(1, round(60 - (now - oldest))),
        }

    def _carry_out(self, method: str, given: Any) -> Any:
        refused: str | None = None
        try:
            return self._do(method, given)
        except CloudError as error:
            refused = error.mnemonic
            raise
        finally:
            self.asked.append((method, refused))

    def _do(self, method: str, given: Any) -> Any:
        params = dict(given) if isinstance(given, dict) else {}
        if method == "login.user":
            return self._log_in(Params(params))
        run = self._methods.get(method)
        if run is None and method != "logout.user":
            raise CloudError("method_not_found", "method", method)
        self._check_key(params.pop("access_token", None), leave=method == "logout.user")
        if run is None:
            return {"success": True}  # a boolean here, a text elsewhere: as documented
        if self.refuse is not None:
            mnemonic, self.refuse = self.refuse, None
            raise CloudError(mnemonic)
        limits = self.limits()
        if limits["minute_remaining"] < 1 or limits["day_remaining"] < 1:
            raise CloudError("limit_exceeded")
        told = run(self._cloud, Params(params))
        # Only what succeeded costs a point.
        self._minute.append(self._cloud.clock.monotonic())
        self._day += 1
        return told

    def _log_in(self, params: Params) -> Any:
        login, password = params.text("login"), params.text("password")
        params.done()
        config = self._cloud.config
        if (login, password) != (config.login, config.password):
            raise CloudError("auth_error")
        key = secrets.token_hex(16)
        self._keys[key] = self._cloud.clock.monotonic() + _SESSION_S
        until = round(self._cloud.clock.now().timestamp()) + _SESSION_S
        return {"access_token": key, "expire_at": until}

    def _check_key(self, key: Any, *, leave: bool) -> None:
        if key is None:
            raise CloudError("required_parameter_missed", "access_token")
        if key == self._cloud.config.token:
            return
        until = self._keys.get(key, 0.0)
        if until <= self._cloud.clock.monotonic():
            raise CloudError("access_token_invalid")
        if leave:
            del self._keys[key]
