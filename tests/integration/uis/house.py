"""The whole product on a sandbox cloud: door, database, bus, owner, tabs."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from starlette.applications import Starlette

from backend.bootstrap import Foundation, Web, foundation, web, worker
from backend.bootstrap.settings_file import account_files
from backend.bootstrap.uis import credentials
from backend.bootstrap.worker import Worker
from backend.kit.clock import SystemClock
from backend.kit.secrets_box import new_key
from backend.sandbox.uis import Cloud, CloudConfig, create_cloud
from backend.services.sessions import Identity
from backend.settings import Settings
from backend.store.gateways.switches import SqlSwitches
from protocol.vocabulary import AccountId, EmployeeId
from tests.integration.house.single import serving
from tests.integration.house.tab import Tab
from tests.integration.house.town import ORIGIN
from tests.integration.uis.world import CONFIG, TOKEN

SECRET = "0123456789abcdef"
ACCOUNT = "acme"

FILE = """
version = 1

[[switches]]
id = "cloud"
kind = "uis"
url = "{url}"
credentials = "env:CLOUD"

[[accounts]]
id = "acme"
slug = "acme"
name = "Acme"
settings.board.monitoring = true

[[accounts.lines]]
switch = "cloud"
endpoint = "UIS/{{number}}"
caller_id = "+74951234567"

[[accounts.employees]]
id = "e1"
name = "Анна"
extension = "101"
numbers = [{{ kind = "sip", endpoint = "UIS/11:0700101", label = "SIP" }}]

[[accounts.employees]]
id = "e2"
name = "Борис"
extension = "102"
numbers = [{{ kind = "sip", endpoint = "UIS/12:0700102", label = "SIP" }}]

[[accounts.scenarios]]
id = "sales"
name = "Sales"
steps = [{{ employees = ["e1", "e2"] }}]

[[accounts.virtual_numbers]]
switch = "cloud"
number = "+74951234567"
scenario = "sales"

[[accounts.virtual_numbers]]
switch = "cloud"
number = "+74951234568"
"""


@dataclass
class House:
    base: Foundation
    web: Web
    worker: Worker
    app: Starlette
    port: int

    @property
    def cloud(self) -> Cloud:
        cloud: Cloud = self.app.state.cloud
        return cloud

    @property
    def door(self) -> str:
        return f"http://127.0.0.1:{self.port}/uis/{SECRET}"

    async def tab(self, employee: str) -> Tab:
        issued = await self.web.sessions.open(
            Identity(
                account_id=AccountId(ACCOUNT),
                employee_id=EmployeeId(employee),
                name=employee,
                extension=None,
                origins=(ORIGIN,),
                crm=None,
            )
        )
        return Tab(issued.token, self.port, f"tab-{employee}")


@asynccontextmanager
async def house(database_url: str, directory: Path) -> AsyncIterator[House]:
    settings = Settings(
        database_url=database_url,
        var_dir=directory,
        public_url=ORIGIN,
        secret_keys=f"k1:{new_key()}",
        uis_poll_s=2,
        uis_answer_ms=600,
    )
    async with AsyncExitStack() as stack:
        base = await stack.enter_async_context(foundation(settings, single=True, migrating=False))
        served = await stack.enter_async_context(web(base))
        port = await stack.enter_async_context(serving(Starlette(routes=served.routes)))
        door = f"http://127.0.0.1:{port}/uis/{SECRET}"
        app = create_cloud(_config(door), SystemClock())
        stack.push_async_callback(app.state.cloud.close)
        cloud_port = await stack.enter_async_context(serving(app))
        applied = await account_files(base).apply(
            FILE.format(url=f"http://127.0.0.1:{cloud_port}/v4.0"),
            env={"CLOUD": credentials(SECRET, TOKEN)},
            who="tests",
        )
        assert not applied.troubles, applied.troubles
        assert len(await SqlSwitches(base.database, base.secrets).all()) == 1
        working = await stack.enter_async_context(worker(base))
        yield House(base, served, working, app, port)


def _config(door: str) -> CloudConfig:
    return CloudConfig(
        token=TOKEN,
        numbers=CONFIG.numbers,
        employees=CONFIG.employees,
        notify_url=f"{door}/events",
        question_url=f"{door}/route",
        minute_limit=1_000,
    )
