"""Puts the demo's accounts into the database. Running it again changes nothing but grants."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from backend.bootstrap import Foundation
from backend.demo.addresses import Addresses
from backend.demo.cast import (
    ARI_APP,
    ARI_PASSWORD,
    ARI_USER,
    CONNECTION,
    SEVER,
    TEAMS,
    TRUNK,
    VEKTOR,
    Team,
)
from backend.sandbox.dataset import Dataset
from backend.store.accounts import Account, AccountStore
from backend.store.crm_connections import CrmConnection, CrmConnectionStore
from backend.store.database import Database
from backend.store.employees import Employee, EmployeeNumber, EmployeeStore, Group
from backend.store.routing import RoutingStore, StoredScenario, Trunk, VirtualNumber
from backend.store.switches import SwitchConnection, SwitchStore
from protocol.vocabulary import CrmKind, EmployeeId

SALES = "sales"


async def seed(
    base: Foundation,
    where: Addresses,
    dataset: Dataset,
    portal: dict[str, str],
    amo: dict[str, str],
) -> None:
    """`portal` and `amo` hold this run's grants: the sandboxes forget theirs when they stop."""
    async with base.database.begin_resolving() as tx:
        await SwitchStore(tx, base.secrets).save(
            SwitchConnection(
                id=CONNECTION,
                kind="asterisk",
                url=where.server(3),
                app=ARI_APP,
                credentials=f"{ARI_USER}:{ARI_PASSWORD}",
            )
        )
    for team in TEAMS:
        await seed_team(base.database, team, dataset)
    await _connect(base, SEVER, where.portal, portal)
    await _connect(base, VEKTOR, where.amo, amo)


async def seed_team(
    database: Database, team: Team, dataset: Dataset, *, connection_id: str = CONNECTION
) -> None:
    """One account with its people and routes, served by a switch connection that is there
    already. It needs no CRM."""
    users = {user.id: user for user in dataset.users}
    ids = [EmployeeId(f"{team.slug}-{extension}") for _, extension in team.people]
    async with database.begin(team.account_id) as tx:
        await AccountStore(tx).save(Account(id=team.account_id, slug=team.slug, name=team.name))
        people = EmployeeStore(tx)
        await people.save(
            team.account_id,
            [
                Employee(
                    id=employee_id,
                    name=f"{users[user_id].first_name} {users[user_id].last_name}",
                    email=users[user_id].email,
                    position=users[user_id].position,
                    department=users[user_id].department,
                    extension=extension,
                    crm_user_id=str(user_id),
                    role="administrator" if users[user_id].is_admin else "operator",
                )
                for employee_id, (user_id, extension) in zip(ids, team.people, strict=True)
            ],
        )
        for employee_id, (_, extension) in zip(ids, team.people, strict=True):
            await people.replace_numbers(
                team.account_id,
                employee_id,
                [
                    EmployeeNumber(
                        employee_id=employee_id,
                        priority=1,
                        kind="desk",
                        endpoint=team.endpoint(extension),
                        label=f"Телефон {extension}",
                        auto_answer=True,
                    )
                ],
            )
        await people.save_group(
            team.account_id,
            Group(id=SALES, name="Продажи", extension="600", members=tuple(ids[1:3])),
        )
        routing = RoutingStore(tx)
        await routing.save_trunk(
            team.account_id,
            Trunk(
                connection_id=connection_id,
                trunk_endpoint=f"PJSIP/{{digits}}@{TRUNK}",
                default_caller_id=f"+{team.virtual_number}",
            ),
        )
        await routing.save_scenario(
            team.account_id,
            StoredScenario(
                id="main",
                name=team.scenario,
                steps=[
                    {"group": SALES, "mode": "parallel", "timeout_s": 30},
                    {"employees": list(ids[3:]), "mode": "in_turn", "timeout_s": 20},
                    {"final": "no_answer"},
                ],
            ),
        )
        await routing.save_virtual_number(
            team.account_id,
            VirtualNumber(
                number=team.virtual_number,
                name=team.line_name,
                connection_id=connection_id,
                scenario_id="main",
            ),
        )


async def _connect(base: Foundation, team: Team, pages: str, grant: dict[str, str]) -> None:
    async with base.database.begin(team.account_id) as tx:
        await CrmConnectionStore(tx, base.secrets).save(
            CrmConnection(
                account_id=team.account_id,
                kind=CrmKind(team.crm),
                external_id=grant["external_id"],
                base_url=pages,
                host=pages.split("://", 1)[1],
                client_id=grant["client_id"],
                client_secret=grant["client_secret"],
                access_token=grant["access_token"],
                refresh_token=grant["refresh_token"],
                application_token=grant.get("application_token"),
                expires_at=datetime.now(UTC) + timedelta(seconds=int(grant["expires_in"])),
                settings={
                    "api_url": grant["api_url"],
                    "auth_url": grant["auth_url"],
                    "redirect_uri": grant.get("redirect_uri", ""),
                },
            )
        )
