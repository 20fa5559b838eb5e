"""How the switch refuses a request: a status and the JSON body Asterisk would send with it."""

from __future__ import annotations


class AriError(Exception):
    """Refusal of one REST request. Most bodies are `{"message": …}`.

    Only failed allocations answer with `{"error": …}`, as Asterisk 22 was seen to do, so a
    client that reads the sentence must look in both places.
    """

    def __init__(self, status: int, message: str, *, member: str = "message") -> None:
        super().__init__(message)
        self.status = status
        self.body: dict[str, str] = {member: message}


class SandboxError(Exception):
    """A simulated person was asked for something that cannot be done now (control API: 409)."""


def not_found(what: str) -> AriError:
    return AriError(404, f"{what} not found")


def allocation_failed() -> AriError:
    """What an originate to an unknown or unregistered endpoint gets: a 500, not a 4xx."""
    return AriError(500, "Allocation failed", member="error")
