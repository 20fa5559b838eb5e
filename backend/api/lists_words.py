"""Whom not to call, who agreed to be called, and what operators can say of a talk (M12).

GET, POST    /api/v1/do-not-call       DELETE  /api/v1/do-not-call/{number}
GET, POST    /api/v1/consents          DELETE  /api/v1/consents/{number}
GET, PUT     /api/v1/dispositions
"""

from __future__ import annotations

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from backend.api import lists_shapes as shapes
from backend.api.answers import json_answer
from backend.api.lists import read
from backend.api.settings_door import Asker, SettingsDoor, missing
from backend.domain.phone_number import parse
from backend.errors import BadRequest
from backend.kit.clock import Clock
from backend.services.dialer import moves
from backend.services.dialer.lists import Proof, consent
from backend.services.ports.dialer import Consent, DialerBook, DialerTx, Stop


@dataclass(frozen=True, slots=True)
class ListWordsApi:
    book: DialerBook
    clock: Clock
    door: SettingsDoor

    def routes(self) -> list[Route]:
        door, stops, consents = self.door, "/api/v1/do-not-call", "/api/v1/consents"
        words = "/api/v1/dispositions"
        return [
            Route(stops, door.readers(self.stops), methods=["GET"]),
            Route(stops, door.anybody(self.put_stop), methods=["POST"]),
            Route(f"{stops}/{{number}}", door.writers(self.drop_stop), methods=["DELETE"]),
            Route(consents, door.readers(self.consents), methods=["GET"]),
            Route(consents, door.readers(self.put_consent), methods=["POST"]),
            Route(f"{consents}/{{number}}", door.anybody(self.revoke), methods=["DELETE"]),
            Route(words, door.anybody(self.dispositions), methods=["GET"]),
            Route(words, door.writers(self.put_dispositions), methods=["PUT"]),
        ]

    async def stops(self, _request: Request, asker: Asker) -> Response:
        async with self.book.begin(asker.identity.account_id) as tx:
            found = await tx.stops()
        return json_answer(shapes.StopsAnswer(items=tuple(_stop(one) for one in found)))

    async def put_stop(self, request: Request, asker: Asker) -> Response:
        """Anybody may: whoever hears the wish keeps it."""
        wanted = await read(request, shapes.StopIn)
        async with self.book.begin(asker.identity.account_id) as tx:
            stop = Stop(
                number=await _number(tx, wanted.number),
                kind=wanted.kind,
                note=wanted.note.strip(),
                created_at=self.clock.now(),
                created_by=asker.who,
            )
            await tx.put_stop(stop)
        return json_answer(_stop(stop), 201)

    async def drop_stop(self, request: Request, asker: Asker) -> Response:
        async with self.book.begin(asker.identity.account_id) as tx:
            if not await tx.drop_stop(await _number(tx, request.path_params["number"])):
                raise missing()
        return Response(status_code=204)

    async def consents(self, _request: Request, asker: Asker) -> Response:
        async with self.book.begin(asker.identity.account_id) as tx:
            found = await tx.consents()
        return json_answer(shapes.ConsentsAnswer(items=tuple(_consent(one) for one in found)))

    async def put_consent(self, request: Request, asker: Asker) -> Response:
        wanted = await read(request, shapes.ConsentOf)
        async with self.book.begin(asker.identity.account_id) as tx:
            proof = Proof(evidence=wanted.evidence, given_at=wanted.given_at)
            number = await _number(tx, wanted.number)
            kept = consent(number, proof, who=asker.who, at=self.clock.now())
            await tx.put_consents([kept])
        return json_answer(_consent(kept), 201)

    async def revoke(self, request: Request, asker: Asker) -> Response:
        """The proof stays, and when it was taken back."""
        async with self.book.begin(asker.identity.account_id) as tx:
            number = await _number(tx, request.path_params["number"])
            if not await tx.revoke_consent(number, self.clock.now()):
                raise missing()
        return Response(status_code=204)

    async def dispositions(self, _request: Request, asker: Asker) -> Response:
        async with self.book.begin(asker.identity.account_id) as tx:
            return json_answer(shapes.DispositionsAnswer(items=await moves.dispositions(tx)))

    async def put_dispositions(self, request: Request, asker: Asker) -> Response:
        wanted = await read(request, shapes.DispositionsIn)
        if len({one.id for one in wanted.items}) != len(wanted.items):
            raise BadRequest("each disposition once", why="twice")
        async with self.book.begin(asker.identity.account_id) as tx:
            await tx.put_dispositions(wanted.items)
            return json_answer(shapes.DispositionsAnswer(items=await moves.dispositions(tx)))


async def _number(tx: DialerTx, written: str) -> str:
    """Raises BadRequest."""
    found = parse(written, region=(await tx.home()).region)
    if found is None:
        raise BadRequest("not a number", why="list_number")
    return found.e164


def _stop(one: Stop) -> shapes.StopAnswer:
    return shapes.StopAnswer(
        number=one.number,
        kind=one.kind,
        note=one.note,
        created_at=one.created_at,
        created_by=one.created_by,
    )


def _consent(one: Consent) -> shapes.ConsentAnswer:
    return shapes.ConsentAnswer(
        number=one.number,
        evidence=one.evidence,
        given_at=one.given_at,
        digest=one.digest,
        created_at=one.created_at,
        created_by=one.created_by,
        revoked_at=one.revoked_at,
    )
