"""The switch each account's browser lines live on (`LineHomes`), for the processes of browsers."""

from __future__ import annotations

from urllib.parse import urlsplit

from backend.bootstrap.foundation import Foundation
from backend.domain.account_config import AccountConfig
from backend.errors import SwitchRefused
from backend.services.ports import LineHome
from backend.store.accounts import AccountStore
from backend.store.gateways.account_config import SqlAccountConfigs
from backend.store.switches import SIP_WS_URL, SwitchConnection, SwitchStore
from backend.telephony.asterisk import AsteriskLines
from backend.telephony.asterisk.lines import websocket_url
from protocol.vocabulary import AccountId


class SwitchLineHomes:
    """`LineHomes` over the switch connections. Wants `aclose()`."""

    def __init__(self, base: Foundation) -> None:
        self._base = base
        self._built: dict[str, tuple[SwitchConnection, AsteriskLines]] = {}
        """By connection, as it was when its client was built."""

    async def of(self, account_id: AccountId) -> LineHome | None:
        async with self._base.database.begin_resolving() as tx:
            connection = await SwitchStore(tx, self._base.secrets).of_account(account_id)
        if connection is None:
            return None
        if connection.kind != "asterisk":
            raise SwitchRefused(f"a switch of kind {connection.kind!r} has no lines for browsers")
        ws_url = sip_ws_url(connection)
        return LineHome(
            lines=await self._lines(connection),
            ws_url=ws_url,
            domain=urlsplit(ws_url).hostname or "localhost",
        )

    async def _lines(self, connection: SwitchConnection) -> AsteriskLines:
        known = self._built.get(connection.id)
        if known is not None and known[0] == connection:
            return known[1]
        user, _, password = connection.credentials.partition(":")
        lines = AsteriskLines(connection.url, user, password)
        self._built[connection.id] = (connection, lines)
        if known is not None:
            await known[1].aclose()
        return lines

    async def aclose(self) -> None:
        built, self._built = self._built, {}
        for _, lines in built.values():
            await lines.aclose()


def sip_ws_url(connection: SwitchConnection) -> str:
    """The address browsers use: the one set for this connection, else beside its ARI."""
    return str(connection.settings.get(SIP_WS_URL) or "") or websocket_url(connection.url)


async def connection_accounts(base: Foundation, account: str = "") -> list[AccountConfig]:
    """Every account whole, or the one with this id or slug; empty when there is none."""
    async with base.database.begin_resolving() as tx:
        known = await AccountStore(tx).all()
    chosen = [one for one in known if not account or account in (one.id, one.slug)]
    configs = SqlAccountConfigs(base.database)
    found = [await configs.read(one.id) for one in chosen]
    return [config for config in found if config is not None]
