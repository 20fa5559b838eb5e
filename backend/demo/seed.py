"""Puts the demo's accounts into the database, by the file anybody could apply (`accounts.toml`).

What somebody changed in the settings since stays: an account that is there is left alone.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import tomli_w

from backend.bootstrap import Foundation
from backend.bootstrap.first_switch import FIRST_SWITCH, keep_first_switch
from backend.bootstrap.settings_file import account_files
from backend.demo.addresses import Addresses
from backend.demo.cast import (
    ARI_PASSWORD,
    ARI_USER,
    CLOUD,
    CLOUD_CREDENTIALS,
    CONNECTION,
    TEAMS,
    VEKTOR,
    Team,
)
from backend.errors import SettingsError
from backend.kit.ids import new_id
from backend.kit.secrets_box import SecretsBox
from backend.services.account_apply import AccountFiles
from backend.services.account_settings import AccountSettings
from backend.store.account_settings import AccountSettingsStore
from backend.store.database import Database
from backend.store.gateways.account_config import SqlAccountConfigs
from backend.store.gateways.switches import SqlSwitches
from protocol.vocabulary import AccountId, EmployeeId

FILE = Path(__file__).parent / "accounts.toml"
WHO = "dozvon demo"


async def seed(base: Foundation, where: Addresses) -> tuple[Team, ...]:
    """Accounts without their CRMs: `installs` connects those. Returns those that were made."""
    document = tomllib.loads(FILE.read_text())
    if base.settings.ari_url:
        # Somebody's own Asterisk, which the settings describe.
        await keep_first_switch(base)
        document["switches"] = []
    else:
        document["switches"][0]["url"] = where.server(3)
    # Of nobody until somebody moves the account to it (`engines`).
    document["switches"].append(
        {
            "id": CLOUD,
            "kind": "uis",
            "url": f"{where.server(4)}/v4.0",
            "credentials": "env:DEMO_CLOUD",
            "owner": VEKTOR.account_id,
        }
    )
    there = [team for team in TEAMS if await _is_seeded(base.database, team)]
    fresh = tuple(team for team in TEAMS if team not in there)
    document["accounts"] = served_by(connection(base), _accounts(document, list(fresh)))
    await _apply(account_files(base), document)
    return fresh


def connection(base: Foundation) -> str:
    """The id of the switch connection the demo's numbers are on."""
    return FIRST_SWITCH if base.settings.ari_url else CONNECTION


def served_by(switch: str, accounts: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Accounts of a file, with their lines and numbers on another connection."""
    for account in accounts:
        for item in (*account.get("lines", ()), *account.get("virtual_numbers", ())):
            item["switch"] = switch
    return accounts


async def seed_team(
    database: Database, secrets: SecretsBox, team: Team, *, connection_id: str
) -> None:
    """One account with its people and routes, served by a switch connection that is there
    already. It needs no CRM."""
    document = tomllib.loads(FILE.read_text())
    del document["switches"]
    document["accounts"] = served_by(connection_id, _accounts(document, [team]))
    settings = AccountSettings(SqlAccountConfigs(database), wake=_nobody, end_sessions=_no_session)
    await _apply(AccountFiles(settings, SqlSwitches(database, secrets), new_id=new_id), document)


async def _apply(files: AccountFiles, document: dict[str, Any]) -> None:
    env = {"DEMO_SWITCH": f"{ARI_USER}:{ARI_PASSWORD}", "DEMO_CLOUD": CLOUD_CREDENTIALS}
    applied = await files.apply(tomli_w.dumps(document), env=env, who=WHO)
    if applied.troubles:
        raise SettingsError("; ".join(trouble.told("en") for trouble in applied.troubles))


def _accounts(document: dict[str, Any], teams: list[Team]) -> list[dict[str, Any]]:
    wanted = {team.account_id for team in teams}
    return [account for account in document["accounts"] if account["id"] in wanted]


async def _is_seeded(database: Database, team: Team) -> bool:
    """Made by this file before; accounts of earlier releases were not and are brought up to it."""
    async with database.begin(team.account_id) as tx:
        return bool(await AccountSettingsStore(tx).changes(team.account_id, limit=1))


async def _nobody(_account_id: AccountId) -> None:
    """No worker runs yet that would have to hear of it."""


async def _no_session(_account_id: AccountId, _employee_id: EmployeeId) -> None:
    """Nobody is signed in yet."""
