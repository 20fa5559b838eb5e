"""Parameters of a REST call, forgiving about case and about text where a number is meant."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from backend.sandbox.bitrix24.errors import RestError, plain
from backend.sandbox.bitrix24.records import PORTAL_ZONE


class Params:
    """A call's parameters; names are looked up exactly first, then in any case."""

    def __init__(self, values: dict[str, Any]) -> None:
        self.values = values
        self._lower = {str(name).lower(): value for name, value in values.items()}

    def get(self, name: str, default: Any = None) -> Any:
        if name in self.values:
            return self.values[name]
        return self._lower.get(name.lower(), default)

    def text(self, name: str, default: str = "") -> str:
        value = self.get(name)
        return default if value is None or isinstance(value, dict | list) else str(value)

    def required(self, name: str) -> str:
        """The text. Raises ERROR_ARGUMENT when absent or empty."""
        value = self.text(name)
        if not value:
            raise RestError(
                "ERROR_ARGUMENT",
                f"Argument '{name}' is null or empty",
                argument=name,
            )
        return value

    def number(self, name: str, default: int = 0) -> int:
        """A whole number; anything that is none counts as `default`."""
        return as_int(self.get(name), default)

    def flag(self, name: str, default: bool) -> bool:
        value = self.get(name)
        if value is None or value == "":
            return default
        return str(value).lower() in {"1", "y", "true"}

    def mapping(self, name: str) -> dict[str, Any]:
        """A nested object; PHP's empty array counts as one. Raises when it is anything else."""
        value = self.get(name)
        if value is None or value in ("", []):
            return {}
        if isinstance(value, list):
            return {str(index): item for index, item in enumerate(value)}
        if not isinstance(value, dict):
            raise plain(f"Parameter '{name.lower()}' must be array.")
        return value

    def listing(self, name: str) -> list[Any]:
        """A list; a single value counts as a list of one."""
        value = self.get(name)
        if value is None or value == "":
            return []
        if isinstance(value, dict):
            return list(value.values())
        return list(value) if isinstance(value, list) else [value]

    def moment(self, name: str) -> datetime | None:
        """An ISO-8601 instant or None when not sent. Raises ValueError for anything else."""
        text = self.text(name)
        if not text:
            return None
        moment = datetime.fromisoformat(text.replace(" ", "+") if "T" in text else text)
        return moment if moment.tzinfo else moment.replace(tzinfo=PORTAL_ZONE)


def as_int(value: Any, default: int = 0) -> int:
    """The number a lenient server reads from `value`."""
    try:
        return int(value)
    except (TypeError, ValueError):
        return default
