"""`dozvon asterisk check`: each Asterisk of the database, looked at from here."""

from __future__ import annotations

from backend.bootstrap.first_switch import keep_first_switch
from backend.bootstrap.foundation import Foundation, foundation
from backend.bootstrap.lines import connection_accounts
from backend.domain.account_config import AccountConfig
from backend.errors import BadRequest
from backend.settings import Settings
from backend.store.switches import SIP_WS_URL, SwitchConnection, SwitchStore
from backend.telephony.asterisk.check import AsteriskCheck, Expected, Found
from backend.telephony.asterisk.config import plan_of


async def examine(settings: Settings, account: str = "") -> list[tuple[str, Found]]:
    """Findings with the connection they are about. Raises BadRequest for an unknown account."""
    async with foundation(settings, single=True, migrating=not settings.database_url) as base:
        await keep_first_switch(base)
        accounts = await connection_accounts(base, account)
        if account and not accounts:
            raise BadRequest(f"there is no account {account!r}")
        async with base.database.begin_resolving() as tx:
            connections = await SwitchStore(tx, base.secrets).all()
        asterisks = [one for one in connections if one.kind == "asterisk"]
        if not asterisks:
            return [("", Found(weight="fail", code="no_switch"))]
        found = []
        for connection in asterisks:
            there = [one for one in accounts if _is_on(one, connection)]
            if account and not there:
                continue
            found += [(connection.id, it) for it in await _examine(base, connection, there)]
        return found


def _is_on(account: AccountConfig, connection: SwitchConnection) -> bool:
    return any(line.switch == connection.id for line in account.lines)


async def _examine(
    base: Foundation, connection: SwitchConnection, accounts: list[AccountConfig]
) -> list[Found]:
    user, _, password = connection.credentials.partition(":")
    plan = plan_of(
        accounts,
        ari_url=connection.url,
        ari_user=user,
        ari_app=connection.app,
        switch=connection.id,
    )
    announced = any(account.settings.recording.announce for account in accounts)
    expected = Expected(
        app=connection.app,
        lines=[line.name for line in plan.desks],
        trunks=plan.trunks,
        sounds=[base.settings.recording_notice] if announced else [],
        browser_url=str(connection.settings.get(SIP_WS_URL) or ""),
        secure_pages=base.settings.base_url.startswith("https:"),
    )
    check = AsteriskCheck(connection.url, user, password, expected, now=base.clock.now)
    return await check.findings()
