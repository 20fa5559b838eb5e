"""`dozvon uis check`, and what `dozvon doctor` and the settings' page say of a cloud.

It asks, and changes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence

from backend.bootstrap import uis
from backend.bootstrap.findings import Finding
from backend.bootstrap.first_switch import keep_first_switch
from backend.bootstrap.foundation import Foundation, foundation
from backend.bootstrap.lines import connection_accounts
from backend.domain.account_config import AccountConfig
from backend.errors import BadRequest
from backend.settings import Settings
from backend.store.switches import SwitchConnection, SwitchStore
from backend.store.uis import UisStore
from backend.telephony.uis import Expected, Heard, Person, Told, UisCheck
from backend.telephony.uis.check import Found
from backend.telephony.uis.directory import Directory
from backend.telephony.uis.texts import text


async def examine(settings: Settings, account: str = "") -> list[tuple[str, Told]]:
    """Findings by connection. Raises BadRequest for an unknown account."""
    async with foundation(settings, single=True, migrating=not settings.database_url) as base:
        await keep_first_switch(base)
        accounts = await connection_accounts(base, account)
        if account and not accounts:
            raise BadRequest(f"there is no account {account!r}")
        async with base.database.begin_resolving() as tx:
            connections = await SwitchStore(tx, base.secrets).all()
        clouds = [one for one in connections if one.kind == uis.KIND]
        if not clouds:
            return [("", Told(found=[Found(weight="fail", code="no_connection")]))]
        found = []
        for connection in clouds:
            there = on_connection(connection.id, accounts)
            if there or not account:
                found.append((connection.id, await look(base, connection, there)))
        return found


def on_connection(connection_id: str, accounts: Sequence[AccountConfig]) -> list[AccountConfig]:
    return [one for one in accounts if any(line.switch == connection_id for line in one.lines)]


async def look(
    base: Foundation, connection: SwitchConnection, accounts: Sequence[AccountConfig]
) -> Told:
    async with base.database.begin_resolving() as tx:
        notified, questioned, unreadable = await UisStore(tx, connection.id).newest()
    heard = Heard(notification_at=notified, question_at=questioned, unreadable=unreadable)
    return await check(connection, base.settings, accounts, heard)


async def check(
    connection: SwitchConnection,
    settings: Settings,
    accounts: Sequence[AccountConfig] = (),
    heard: Heard | None = None,
) -> Told:
    where = uis.addresses(connection.url)
    secret, _, token = connection.credentials.partition(":")
    expected = Expected(
        has_secret=bool(secret),
        public_url="" if settings.sandbox else settings.base_url,
        people=_people(accounts),
        numbers=[
            (number.number, number.scenario is not None)
            for account in accounts
            for number in account.virtual_numbers
            if number.switch == connection.id
        ],
        by_command=uis.by_command(connection),
        heard=heard or Heard(),
    )
    return await UisCheck(where.call, where.data, token, expected).look()


def _people(accounts: Sequence[AccountConfig]) -> list[Person]:
    """Whoever has a line of a cloud's, or nothing that rings at all but telephones outside."""
    found = []
    for account in accounts:
        for employee in account.employees:
            ends = [one.endpoint for one in employee.numbers if one.active and "/" in one.endpoint]
            if employee.active and ends:
                name = f"{account.slug}: {employee.name}"
                found.append(Person(name=name, endpoints=tuple(ends)))
    return found


def findings(name: str, told: Told) -> list[Finding]:
    """For `dozvon doctor`: what keeps calls from working, and what there is."""
    return [
        Finding(one.weight != "fail", f"Switch {name}: {text(one.code, 'en', **one.data)}")
        for one in told.found
    ]


def told_lines(found: Sequence[tuple[str, Told]], language: str) -> list[str]:
    """Of `dozvon uis check`, one line for each finding."""
    marks = {"ok": "ok  ", "warn": "warn", "fail": "FAIL"}
    return [
        f"{marks[one.weight]} {f'{name}: ' if name else ''}{text(one.code, language, **one.data)}"
        for name, told in found
        for one in told.found
    ]


async def command(
    settings: Settings, what: str, account: str, *, language: str
) -> tuple[list[str], bool]:
    """The lines of `dozvon uis check` or `list`, and whether all is well. Raises BadRequest."""
    found = await examine(settings, account)
    if what == "check":
        wrong = any(one.weight == "fail" for _, told in found for one in told.found)
        return told_lines(found, language), not wrong
    lines, well = [], True
    for name, told in found:
        if told.directory is not None:
            lines += [f"# {name}", *listed(told.directory)]
            continue
        well = False
        refused = Told(found=[one for one in told.found if one.weight == "fail"])
        lines += told_lines([(name, refused)], language)
    return lines, well


def listed(directory: Directory) -> list[str]:
    """Of `dozvon uis list`: what may be written into a file of settings, as it is written there."""
    lines = [f"# {one.name or number(one.number)}: {_scenarios(one.scenarios)}\n"
             f'number = "{number(one.number)}"' for one in directory.numbers]  # fmt: skip
    for employee in directory.employees:
        lines.append(f"# {employee.name}")
        for phone in employee.phones:
            sip = directory.lines.get(phone.number)
            state = "" if phone.active else "  # off"
            if sip is not None and not sip.registered:
                state = "  # no telephone there now"
            lines.append(f'endpoint = "UIS/{employee.id}:{phone.number}"{state}')
    return lines


def number(digits: str) -> str:
    return f"+{digits}"


def _scenarios(names: Sequence[str]) -> str:
    return ", ".join(names) or "no scenario is on"
