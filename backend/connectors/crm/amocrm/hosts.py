"""Which hosts are amoCRM's: secrets are sent to those and to no other.

`referer` of a redirect and `api_domain` of a token name a host, and whoever calls our address may
have written them (reference §4.2).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from backend.errors import BadRequest

_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_PLAIN = re.compile(rf"{_LABEL}(?:\.{_LABEL})*(?::\d{{1,5}})?")


@dataclass(frozen=True, slots=True)
class Hosts:
    """`patterns`: exact hosts, or `*.amocrm.ru` for one label in front of a domain."""

    patterns: tuple[str, ...]

    @classmethod
    def parse(cls, text: str) -> Hosts:
        """From a comma-separated setting."""
        return cls(tuple(filter(None, (part.strip().lower() for part in text.split(",")))))

    def url(self, named: str) -> str:
        """The address of a host somebody named, without a path. Raises BadRequest."""
        host = named.strip().lower()
        if "://" in host:
            host = urlsplit(host).netloc
        if not _PLAIN.fullmatch(host) or not any(self._fits(host, one) for one in self.patterns):
            raise BadRequest("this is no amoCRM host")
        return f"{'http' if _is_local(host) else 'https'}://{host}"

    @staticmethod
    def _fits(host: str, pattern: str) -> bool:
        if not pattern.startswith("*."):
            return host == pattern
        label, _, rest = host.partition(".")
        return bool(label) and rest == pattern[2:]


def _is_local(host: str) -> bool:
    """The demo's CRM, which browsers reach on this machine without TLS."""
    name = host.partition(":")[0]
    return name == "localhost" or name.endswith(".localhost")
