"""Moving the demo's second account between its two engines, by a file anybody could apply.

| request | does |
|---|---|
| GET `/sandbox/engine` | `{engine}`: `switch` or `cloud` |
| POST `/sandbox/engine/{engine}` | moves lines, numbers and people's phones there |
"""

from __future__ import annotations

from typing import Any

import tomli_w
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from backend.bootstrap import Foundation
from backend.bootstrap.settings_file import account_files
from backend.demo.cast import CLOUD, TRUNK, VEKTOR
from backend.demo.seed import WHO, connection
from backend.domain.account_config import AccountConfig, Employee
from backend.errors import SettingsError
from backend.store.gateways.account_config import SqlAccountConfigs

_ENGINES = ("switch", "cloud")


class Engines:
    def __init__(self, base: Foundation) -> None:
        self._base = base

    def routes(self) -> list[Route]:
        return [
            Route("/sandbox/engine", self._told),
            Route("/sandbox/engine/{engine}", self._move, methods=["POST"]),
        ]

    async def in_cloud(self) -> bool:
        config = await self._read()
        return config is not None and any(line.switch == CLOUD for line in config.lines)

    async def _read(self) -> AccountConfig | None:
        return await SqlAccountConfigs(self._base.database).read(VEKTOR.account_id)

    async def _told(self, _: Request) -> Response:
        return JSONResponse({"engine": _ENGINES[await self.in_cloud()]})

    async def _move(self, request: Request) -> Response:
        engine, config = request.path_params["engine"], await self._read()
        if engine not in _ENGINES or config is None:
            return Response(status_code=404)
        document = moved(config, to_cloud=engine == "cloud", switch=connection(self._base))
        lines = {"version": 1, "accounts": [_only(document["accounts"][0], "lines")]}
        # The other line goes last: until then there are numbers on it.
        await self._apply(document, prune=False)
        await self._apply(lines, prune=True)
        return RedirectResponse("/#engine", 303)

    async def _apply(self, document: dict[str, Any], *, prune: bool) -> None:
        applied = await account_files(self._base).apply(
            tomli_w.dumps(document), env={}, who=WHO, prune=prune
        )
        if applied.troubles:
            raise SettingsError("; ".join(trouble.told("en") for trouble in applied.troubles))


def moved(config: AccountConfig, *, to_cloud: bool, switch: str) -> dict[str, Any]:
    """The account's file with everything on the other engine. `switch` is the id of the first."""
    there = CLOUD if to_cloud else switch
    endpoint = "UIS/{number}" if to_cloud else f"PJSIP/{{digits}}@{TRUNK}"
    line = {"switch": there, "endpoint": endpoint, "caller_id": f"+{VEKTOR.virtual_number}"}
    return {
        "version": 1,
        "accounts": [
            {
                "id": config.id,
                "lines": [line],
                "virtual_numbers": [
                    {"number": number.number, "switch": there} for number in config.virtual_numbers
                ],
                "employees": [
                    {"id": employee.id, "numbers": _phones(employee, to_cloud=to_cloud)}
                    for employee in config.employees
                    if employee.active and employee.extension and employee.numbers
                ],
            }
        ],
    }


def _phones(employee: Employee, *, to_cloud: bool) -> list[dict[str, Any]]:
    """What rings at the employee: a line of either engine becomes the other's, the rest stays."""
    extension = employee.extension or ""
    own = VEKTOR.endpoint(extension), VEKTOR.cloud_endpoint(extension)
    return [
        {
            "kind": number.kind,
            "endpoint": own[to_cloud] if number.endpoint in own else number.endpoint,
            "label": number.label,
            "auto_answer": number.auto_answer,
            "active": number.active,
        }
        for number in employee.numbers
    ]


def _only(account: dict[str, Any], name: str) -> dict[str, Any]:
    return {"id": account["id"], name: account[name]}
