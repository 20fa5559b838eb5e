"""Where everything of the demo is. One port moves all."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Addresses:
    """Pages are on three sites, because ports of one host share storage and cookies and would hide
    every problem of a third-party frame. Servers talk over the loopback address."""

    port: int

    @property
    def app(self) -> str:
        return f"http://dozvon.localhost:{self.port}"

    @property
    def portal(self) -> str:
        return f"http://portal.localhost:{self.port + 1}"

    @property
    def amo(self) -> str:
        return f"http://amo.localhost:{self.port + 2}"

    @property
    def switchboard(self) -> str:
        return f"http://switch.localhost:{self.port + 3}"

    @property
    def cloud(self) -> str:
        return f"http://cloud.localhost:{self.port + 4}"

    def server(self, offset: int) -> str:
        """The same as other servers reach it: `*.localhost` is known to browsers only."""
        return f"http://127.0.0.1:{self.port + offset}"
