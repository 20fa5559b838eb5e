"""The bus streams of the board."""

from __future__ import annotations

from backend.services.ports import StreamKey
from protocol.vocabulary import AccountId


def board_stream(account_id: AccountId, scope: str) -> StreamKey:
    """What one board shows; supervisors with the same teams share it."""
    return f"board:{account_id}:{scope}"


def hands_stream(account_id: AccountId) -> StreamKey:
    """Raised hands, for whoever keeps the board. No session follows it."""
    return f"hands:{account_id}"
