"""Call tracking's doors: pages that visitors saw come in, numbers to show them go out.

    POST /api/v1/visits                another server tells of pages, with an account's key
    POST /api/v1/visits/number?site=…  a page of a site asks which number to show, with a site's key

Nothing of whoever asks is kept but what stands in the body: no address, no browser's name.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from backend.api.answers import json_answer, read_body, refusing
from backend.api.doors import Doors, asker_address
from backend.api.settings_shapes import FaultAnswer
from backend.api.sign_on import bearer
from backend.domain.phone_number import canonical, readable
from backend.domain.visits import Source, bare
from backend.errors import AppError, BadProof, BadRequest, NotAllowed, TooMany
from backend.kit.clock import Clock
from backend.kit.rates import Rates
from backend.services.account_shapes import what_is_wrong
from backend.services.call_tracking import CallTracking, NumbersNotLent, Told
from backend.services.settings_texts import CODES, Language, language_of, sentence
from backend.services.visit_keys import KeyOwner, VisitKeys

MAX_BODY_BYTES: Final = 32_768
MAX_EVENTS: Final = 100
_KEY_PER_S, _KEY_BURST = 20.0, 200
"""Requests of one key: two thousand pages a second are more than any site's server has to tell."""
_PAGE_PER_S, _PAGE_BURST = 1.0, 60
"""Requests of one address to one site: an office behind it opens sixty pages at once."""

Word = Annotated[str, Meta(min_length=1, max_length=100, pattern=r"^[\x21-\x7e]+$")]
Address = Annotated[str, Meta(max_length=4000)]
Line = Annotated[str, Meta(max_length=500)]
Instant = Annotated[datetime, Meta(tz=True)]


class Utm(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """As advertising systems name them; `term` is the keyword."""

    source: Line = ""
    medium: Line = ""
    campaign: Line = ""
    term: Line = ""
    content: Line = ""

    def read(self) -> Source:
        return Source(
            source=self.source.strip(),
            medium=self.medium.strip(),
            campaign=self.campaign.strip(),
            keyword=self.term.strip(),
            content=self.content.strip(),
        )


class PageBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a page of a site sends. `id` makes it known when it is sent twice."""

    id: Word
    visitor: Word
    session: Word
    url: Address
    title: Line = ""
    referrer: Address = ""
    utm: Utm = Utm()


class EventBody(PageBody, frozen=True, kw_only=True):
    """What a server sends. `number`: of the pool, shown on this page until `until`."""

    at: Instant
    number: Line | None = None
    until: Instant | None = None


class Taken(msgspec.Struct, frozen=True, kw_only=True):
    """`taken` events were kept, `known` had come before and changed nothing."""

    taken: int
    known: int


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """`number` in E.164 and as people write it; null, and the page keeps its own. It is the
    visitor's until `until` and longer if asked for again: within `again_s` seconds."""

    number: str | None
    text: str | None
    until: datetime | None
    again_s: int


_Doing = Callable[[Request, KeyOwner, Language], Awaitable[Response]]


@dataclass(slots=True)
class VisitsApi:
    tracking: CallTracking
    keys: VisitKeys
    doors: Doors
    clock: Clock
    _of_keys: Rates = field(init=False)
    _of_pages: Rates = field(init=False)

    def __post_init__(self) -> None:
        self._of_keys = Rates(self.clock, per_s=_KEY_PER_S, burst=_KEY_BURST)
        self._of_pages = Rates(self.clock, per_s=_PAGE_PER_S, burst=_PAGE_BURST)

    def routes(self) -> list[Route]:
        return [
            Route("/api/v1/visits", self._door(self._take, bearer), methods=["POST"]),
            Route("/api/v1/visits/number", self.number, methods=["POST", "OPTIONS"]),
        ]

    async def number(self, request: Request) -> Response:
        """Exactly the account's origins may ask from a browser, and read what is answered."""
        origin = request.headers.get("origin", "")
        if request.method == "OPTIONS":
            answer = await self._door(self._asked_ahead, _site_key)(request)
        else:
            answer = await self._door(self._number, _site_key)(request)
        if origin and getattr(request.state, "origin_allowed", False):
            answer.headers["Access-Control-Allow-Origin"] = origin
            answer.headers["Access-Control-Allow-Headers"] = "Content-Type"
            answer.headers["Access-Control-Allow-Methods"] = "POST"
            answer.headers["Access-Control-Max-Age"] = "600"
            # Not among those a page reads anyway (Fetch, "CORS-safelisted response-header name").
            answer.headers["Access-Control-Expose-Headers"] = "Retry-After"
        answer.headers["Vary"] = "Origin"
        return answer

    # ── what is done ──

    async def _take(self, request: Request, owner: KeyOwner, language: Language) -> Response:
        if owner.kind != "server":
            raise NotAllowed(why="site_key_here")
        self._slow_down(self._of_keys, owner.key_id)
        body = await _body(request)
        events = body.get("events")
        if not isinstance(events, list) or set(body) != {"events"}:
            raise BadRequest(why="events_needed")
        if not 1 <= len(events) <= MAX_EVENTS:
            raise BadRequest(why="events_count", most=MAX_EVENTS)
        settings = await self.tracking.settings(owner.account_id)
        oldest = self.clock.now() - timedelta(days=settings.keep_days)
        faults: list[FaultAnswer] = []
        for place, raw in enumerate(events):
            faults += _wrong(f"events[{place}]", raw, EventBody, language, oldest)
        if faults:
            raise _Faulty(faults)
        told = [_told(msgspec.convert(raw, EventBody)) for raw in events]
        try:
            taken = await self.tracking.take(owner.account_id, told)
        except NumbersNotLent as error:
            raise _Faulty(
                [
                    FaultAnswer(
                        path=f"events[{place}].number",
                        code="number_not_lent",
                        message=sentence("number_not_lent", language, number=told[place].number),
                    )
                    for place in error.places
                ]
            ) from error
        return json_answer(Taken(taken=taken.new, known=taken.known))

    async def _number(self, request: Request, owner: KeyOwner, language: Language) -> Response:
        settings = await self._may_ask(request, owner)
        if owner.kind == "server":
            # One address asks for every visitor of the site.
            self._slow_down(self._of_keys, owner.key_id)
        else:
            self._slow_down(self._of_pages, f"{owner.key_id} {asker_address(request)}")
        body = await _body(request)
        if faults := _wrong("", body, PageBody, language, None):
            raise _Faulty(faults)
        lent = await self.tracking.number(owner.account_id, _told(msgspec.convert(body, PageBody)))
        return json_answer(
            Shown(
                number=None if lent is None else lent.number,
                text=None if lent is None else readable(lent.number),
                until=None if lent is None else lent.until,
                again_s=settings.shown_min * 30,
            )
        )

    async def _asked_ahead(
        self, request: Request, owner: KeyOwner, _language: Language
    ) -> Response:
        await self._may_ask(request, owner)
        return Response(status_code=204)

    async def _may_ask(self, request: Request, owner: KeyOwner) -> Any:
        """Raises NotAllowed. A server that renders pages itself asks with its own key."""
        settings = await self.tracking.settings(owner.account_id)
        if owner.kind == "site":
            if request.headers.get("origin", "") not in settings.origins:
                raise NotAllowed(why="origin_not_allowed")
            request.state.origin_allowed = True
        if not settings.visits:
            raise NotAllowed(why="visits_off")
        return settings

    # ── how it is asked ──

    def _door(
        self, doing: _Doing, key_of: Callable[[Request], str]
    ) -> Callable[[Request], Awaitable[Response]]:
        async def entered(request: Request) -> Response:
            language = language_of(request.headers.get("accept-language", ""))
            try:
                return await doing(request, await self.keys.owner(key_of(request)), language)
            except _Faulty as error:
                data = {"faults": error.faults}
                raise BadRequest(
                    sentence("visits_refused", language), why="invalid", **data
                ) from error
            except BadProof:
                raise BadProof(sentence("bad_visit_key", language)) from None
            except AppError as error:
                why = str(error.data.get("why", ""))
                if why in CODES:
                    error.args = (sentence(why, language, **error.data),)
                raise

        return refusing(self.doors.guarded(entered))

    def _slow_down(self, rates: Rates, asker: str) -> None:
        if wait_s := rates.wait_s(asker):
            raise TooMany(why="visits_too_many", retry_after_s=wait_s)


class _Faulty(Exception):
    def __init__(self, faults: list[FaultAnswer]) -> None:
        super().__init__(", ".join(fault.path for fault in faults))
        self.faults = faults


def _site_key(request: Request) -> str:
    """A site's in the address, where a browser's question ahead names it, too."""
    return request.query_params.get("site") or bearer(request)


async def _body(request: Request) -> dict[str, Any]:
    """JSON by whatever name: pages send it as text, which a browser does not ask ahead for."""
    try:
        text = await read_body(request, MAX_BODY_BYTES)
    except BadRequest:
        raise BadRequest(why="body_too_large", most=MAX_BODY_BYTES) from None
    try:
        body = msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise BadRequest(why="not_json") from None
    if not isinstance(body, dict):
        raise BadRequest(why="not_json")
    return body


def _wrong(
    path: str, raw: Any, kind: type[PageBody], language: Language, oldest: datetime | None
) -> list[FaultAnswer]:
    found = [(w.field, w.code, w.data) for w in what_is_wrong(raw, kind)]
    if not found:
        page = msgspec.convert(raw, kind)
        if not bare(page.url):
            found.append(("url", "bad_page_url", {}))
        if isinstance(page, EventBody) and oldest is not None and page.at < oldest:
            found.append(("at", "visit_too_old", {"oldest": oldest.date().isoformat()}))
    return [
        FaultAnswer(
            path=".".join(filter(None, (path, name))),
            code=code,
            message=sentence(code, language, **data),
        )
        for name, code, data in found
    ]


def _told(page: PageBody) -> Told:
    server = page if isinstance(page, EventBody) else None
    return Told(
        id=page.id,
        visitor=page.visitor,
        session=page.session,
        url=page.url,
        title=page.title,
        referrer=page.referrer,
        source=page.utm.read(),
        at=None if server is None else server.at,
        number=None if server is None or server.number is None else canonical(server.number),
        until=None if server is None else server.until,
    )
