"""A planned restart as a tab lives it: announced, sent away, and the server gone in order."""

from __future__ import annotations

import asyncio
import base64
import socket
from pathlib import Path

import httpx
import msgspec
import uvicorn
import websockets

from backend.bootstrap import create_app
from backend.bootstrap.serving import Server
from backend.realtime.server import UVICORN
from backend.services.sessions import Identity
from backend.settings import Settings
from backend.store.database import Database
from backend.store.employees import Employee, EmployeeNumber, EmployeeStore
from protocol.close_codes import CloseCode
from protocol.vocabulary import EmployeeId, Feature
from tests import valkey
from tests.integration.conftest import ALPHA

ANNA = EmployeeId("anna")


async def test_a_tab_hears_of_the_restart_before_its_socket_closes(
    database: Database, database_url: str, tmp_path: Path
) -> None:
    async with database.begin(ALPHA) as tx:
        people = EmployeeStore(tx)
        await people.save(ALPHA, [Employee(id=ANNA, name="Анна", extension="101")])
        desk = EmployeeNumber(
            employee_id=ANNA, priority=1, kind="desk", endpoint="PJSIP/alpha-101", label="Desk"
        )
        await people.replace_numbers(ALPHA, ANNA, [desk])
    with socket.socket() as listening, valkey.running() as redis_url:
        listening.bind(("127.0.0.1", 0))
        port = listening.getsockname()[1]
        settings = Settings(
            port=port,
            database_url=database_url,
            redis_url=redis_url,
            var_dir=tmp_path,
            secret_keys=f"k1:{base64.b64encode(bytes(32)).decode()}",
        )
        serving = asyncio.Event()
        app = create_app(settings, ready=serving.set)
        server = Server(uvicorn.Config(app, log_config=None, lifespan="on", **UVICORN))
        async with asyncio.timeout(60), asyncio.TaskGroup() as group:
            done = group.create_task(server.serve(sockets=[listening]))
            await serving.wait()
            identity = Identity(account_id=ALPHA, employee_id=ANNA, name="Анна", extension="101")
            issued = await app.state.web.sessions.open(identity)
            async with httpx.AsyncClient(base_url=settings.origin) as http:
                bearer = {"Authorization": f"Bearer {issued.token}"}
                ticket = (await http.post("/api/ticket", headers=bearer)).json()
                async with websockets.connect(
                    ticket["url"], origin=websockets.Origin(settings.origin), compression=None
                ) as tab:
                    hello = {
                        "type": "hello", "ticket": ticket["ticket"], "protocol": 1,
                        "features": list(Feature), "streams": {}, "tab": "t1",
                        "visible": True, "sound": True,
                    }  # fmt: skip
                    await tab.send(msgspec.json.encode(hello).decode())
                    assert msgspec.json.decode(await tab.recv())["type"] == "welcome"
                    server.should_exit = True
                    heard = ""
                    while heard != "restarting":
                        heard = msgspec.json.decode(await tab.recv())["type"]
                    # Balancers are told while the server still answers.
                    assert (await http.get("/health/ready")).status_code == 503
                    await tab.wait_closed()
                    assert tab.close_code == CloseCode.RESTART
            await done
