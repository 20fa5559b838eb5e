"""Parameters of a method, checked as the cloud checks them."""

from __future__ import annotations

import re
from typing import Any

from backend.sandbox.uis.errors import CloudError

_E164 = re.compile(r"[1-9][0-9]{7,14}")


class Params:
    """Take what a method knows; `done` refuses the rest."""

    def __init__(self, given: dict[str, Any], prefix: str = "") -> None:
        self._given = dict(given)
        self._prefix = prefix

    def text(self, name: str, *, among: tuple[str, ...] = (), default: str | None = None) -> str:
        value = self._take(name, str, default)
        if among and value not in among:
            raise CloudError("invalid_parameter_value", self._prefix + name, value)
        return str(value)

    def number(self, name: str) -> int:
        value = self._take(name, int, None)
        if isinstance(value, bool):
            raise CloudError("data_type_error", self._prefix + name, value)
        return int(value)

    def flag(self, name: str, *, default: bool) -> bool:
        return bool(self._take(name, bool, default))

    def e164(self, name: str) -> str:
        """E.164 digits without a plus."""
        value = self.text(name)
        if not _E164.fullmatch(value):
            raise CloudError("invalid_parameter_value", self._prefix + name, value)
        return value

    def table(self, name: str) -> Params:
        value = self._take(name, dict, None)
        return Params(value, f"{self._prefix}{name}.")

    def optional(self, name: str) -> Any:
        return self._given.pop(name, None)

    def done(self) -> None:
        if self._given:
            raise CloudError("unexpected_parameters", ", ".join(sorted(self._given)))

    def _take(self, name: str, kind: type, default: Any) -> Any:
        value = self._given.pop(name, None)
        if value is None:
            if default is None:
                raise CloudError("required_parameter_missed", self._prefix + name)
            return default
        if not isinstance(value, kind):
            raise CloudError("data_type_error", self._prefix + name, value)
        return value
