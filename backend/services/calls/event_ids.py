"""Whose event of the switch it is, for the log."""

from __future__ import annotations

from backend.services.calls.core import Core
from backend.services.ports import Arrived, SwitchEvent


def ids_of(core: Core, event: SwitchEvent) -> dict[str, str | None]:
    """Connection, account and call, as far as they are known."""
    account = None
    call_id = getattr(event, "call_id", None)
    live = core.calls.get(call_id) if call_id is not None else None
    if live is not None:
        account = live.call.account_id
    elif isinstance(event, Arrived):
        found = core.routing.dialed(core.connection_id, event.dialed)
        account = found[0].account_id if found else None
    return {"connection": core.connection_id, "account": account, "call": call_id}
