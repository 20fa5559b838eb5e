"""One harmless question, for whoever checks a connection."""

from __future__ import annotations

import httpx

from backend.telephony.uis.call_api import CallApi
from backend.telephony.uis.data_api import DataApi
from backend.telephony.uis.rpc import RpcClient


async def ask_account(
    url: str,
    token: str,
    *,
    data: bool,
    timeout_s: float,
    transport: httpx.AsyncBaseTransport | None = None,
) -> str:
    """What to add to "it answers": points left, or the account's name. Raises SwitchUnavailable,
    SwitchRefused with the cloud's mnemonic in its data."""
    rpc = RpcClient(url, token, timeout_s=timeout_s, transport=transport)
    try:
        if data:
            return f" for {await DataApi(rpc).account() or 'an account without a name'}"
        await CallApi(rpc).sessions()
        points = rpc.points
        return "" if points is None else f", {points.remaining} of {points.limit} points a minute"
    finally:
        await rpc.aclose()
