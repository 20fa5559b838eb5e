"""What `dozvon doctor` says of a connection to the UIS cloud. It asks, and changes nothing."""

from __future__ import annotations

from typing import Final

from backend.bootstrap import uis
from backend.bootstrap.findings import Finding
from backend.errors import AppError
from backend.services.routing import AccountRoute
from backend.settings import Settings
from backend.store.switches import SwitchConnection
from backend.telephony.uis import ask_account
from backend.telephony.uis.names import parse

ASK_TIMEOUT_S: Final = 5.0
_ADVICE: Final = {
    "ip_not_whitelisted": "Add the address of this server to the list of the user in the console "
    "(an empty list refuses everybody).",
    "access_token_invalid": "The key is unknown: make a permanent one in the console and set "
    "DOZVON_UIS_TOKEN.",
    "access_token_expired": "The key has ended: make a new one and set DOZVON_UIS_TOKEN.",
    "access_token_blocked": "The key is blocked in the console.",
    "component_disabled": "The account has no such component: order call management for Call API.",
    "forbidden": "The user of the key may not do this: give him the right in the console.",
    "account_inactive": "The account is switched off over there.",
    "limit_exceeded": "The minute's or the day's points are spent; the tariff has more.",
}


def lines(route: AccountRoute) -> list[Finding]:
    """Lines the cloud cannot ring, as they are written."""
    found = []
    for employee in route.employees.values():
        for device in employee.devices:
            line = parse(device.endpoint)
            if line is None:
                said = f"{device.endpoint} is no line of the cloud; write UIS/<employee>:<number>."
            elif not line.number and any(number.scenario for number in route.virtual_numbers):
                said = f"{device.endpoint} has no number: scenarios cannot ring it."
            else:
                continue
            found.append(Finding(False, f"{route.slug}: {employee.name}: {said}"))
    return found


async def check(connection: SwitchConnection, settings: Settings) -> list[Finding]:
    """Both APIs, and where the cloud has to send to."""
    name, where = f"Switch {connection.id}", uis.addresses(connection.url)
    secret, _, token = connection.credentials.partition(":")
    findings = []
    for title, url, data in (("Call API", where.call, False), ("Data API", where.data, True)):
        try:
            told = await ask_account(url, token, data=data, timeout_s=ASK_TIMEOUT_S)
        except AppError as error:
            mnemonic = str(error.data.get("mnemonic") or "")
            advice = _ADVICE.get(mnemonic, "Is the address right, and reachable from here?")
            findings.append(Finding(False, f"{name}: {title} at {url}: {error}. {advice}"))
        else:
            findings.append(Finding(True, f"{name}: {title} answers at {url}{told}."))
    if not secret:
        findings.append(
            Finding(False, f"{name} has no secret: credentials are secret:key, see docs/uis.md.")
        )
    elif not settings.base_url.startswith("https://") and not settings.sandbox:
        findings.append(
            Finding(False, f"{name}: the cloud cannot send to {settings.base_url}: it wants https.")
        )
    return findings
