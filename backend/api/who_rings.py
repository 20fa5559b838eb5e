"""Who would ring now, over HTTP.

GET /api/v1/who-rings?number=…    or ?scenario=…, with &at=2026-11-04T10:00 if not now
"""

from __future__ import annotations

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from backend.api.answers import json_answer
from backend.api.settings_door import Asker, SettingsDoor, missing
from backend.api.settings_shapes import WhoRingsAnswer, WhoRingsLine
from backend.kit.clock import Clock
from backend.services.who_rings import WhoRingsSource, instant, who_rings
from backend.services.who_rings_texts import words


@dataclass(frozen=True, slots=True)
class WhoRingsApi:
    source: WhoRingsSource
    door: SettingsDoor
    clock: Clock

    def routes(self) -> list[Route]:
        return [Route("/api/v1/who-rings", self.door.readers(self.ask))]

    async def ask(self, request: Request, asker: Asker) -> Response:
        account_id, asked = asker.identity.account_id, request.query_params
        if "number" in asked:
            planned = await self.source.of_number(account_id, asked["number"])
        else:
            planned = await self.source.of_scenario(account_id, asked.get("scenario", ""))
        if planned is None:
            raise missing()
        account = planned.account
        at = instant(asked.get("at", ""), account.timezone, self.clock.now())
        if planned.scenario is None:
            return json_answer(WhoRingsAnswer(at=at, lines=()))
        now = await self.source.now(account_id)
        found = who_rings(account, planned.scenario, at, now)
        lines = tuple(
            WhoRingsLine(
                step=line.step,
                code=line.code,
                rings=line.rings,
                employee_id=line.employee_id,
                text=words(line, asker.language),
            )
            for line in found
        )
        return json_answer(WhoRingsAnswer(at=at, lines=lines))
