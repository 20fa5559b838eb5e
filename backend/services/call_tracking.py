"""Call tracking: pages that visitors saw come in, numbers to show go out, callers are matched.

    site ──page──► number ──► a number of the pool, lent to this visitor
    server ─pages─► take                │
                                        ▼
    call ──dialled number, instant──► find ──► the way that led the caller here

What comes in is on disk before it is answered for. Nothing of it is on the way of a ringing call:
the match runs beside and patches the card.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from backend.domain.account_settings import CallTrackingSettings
from backend.domain.number_leases import Lent
from backend.domain.visits import Page, Seen, Source, Way, bare, cleaned, site_of, source_of
from backend.errors import BadRequest, NotAllowed
from backend.kit.clock import Clock
from protocol.vocabulary import AccountId


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One page as a site or a server tells it. `number`: what another tracking showed there, until
    `until`."""

    id: str
    visitor: str
    session: str
    url: str
    at: datetime | None = None
    title: str = ""
    referrer: str = ""
    source: Source = field(default_factory=Source)
    number: str | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """A page ready to be kept; `span` is a number shown on it."""

    id: str
    seen: Seen
    span: Lent | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """`new` events were kept, `known` had come before."""

    new: int
    known: int


class VisitRows(Protocol):
    """Each method is a transaction."""

    async def settings(self, account_id: AccountId) -> CallTrackingSettings: ...

    async def pool(self, account_id: AccountId) -> Sequence[str]: ...

    async def take(self, account_id: AccountId, events: Sequence[Event], now: datetime) -> int:
        """Keep those that are new; how many they were."""

    async def lend(
        self, account_id: AccountId, event: Event, *, now: datetime, lasts: timedelta
    ) -> Lent | None:
        """Keep the page, and the number its visitor is shown from now on; None when all are
        lent."""

    async def find(self, account_id: AccountId, number: str, at: datetime) -> Way | None:
        """The way of whoever was shown the number then."""


class NumbersNotLent(BadRequest):
    """These events name numbers that are none of the pool's; `places` in what was told."""

    def __init__(self, places: Sequence[int]) -> None:
        super().__init__("numbers that are not lent")
        self.places = tuple(places)


class CallTracking:
    def __init__(self, rows: VisitRows, clock: Clock) -> None:
        self._rows = rows
        self._clock = clock

    async def settings(self, account_id: AccountId) -> CallTrackingSettings:
        return await self._rows.settings(account_id)

    async def take(self, account_id: AccountId, told: Sequence[Told]) -> Taken:
        """Pages another server tells of; all of them or none. Raises NotAllowed (`visits_off`),
        NumbersNotLent."""
        settings = await self._on(account_id)
        now = self._clock.now()
        pool = set(await self._rows.pool(account_id)) if any(t.number for t in told) else set()
        if strange := [n for n, t in enumerate(told) if t.number and t.number not in pool]:
            raise NumbersNotLent(strange)
        events = [_event(page, settings, now) for page in told]
        new = await self._rows.take(account_id, events, now)
        return Taken(new=new, known=len(events) - new)

    async def number(self, account_id: AccountId, told: Told) -> Lent | None:
        """The number to show on this page. Raises NotAllowed (`visits_off`)."""
        settings = await self._on(account_id)
        now = self._clock.now()
        return await self._rows.lend(
            account_id,
            _event(told, settings, now),
            now=now,
            lasts=timedelta(minutes=settings.shown_min),
        )

    async def find(self, account_id: AccountId, number: str, at: datetime) -> Way | None:
        """`services.calls.hooks.Ways`."""
        return await self._rows.find(account_id, number, at)

    async def _on(self, account_id: AccountId) -> CallTrackingSettings:
        settings = await self._rows.settings(account_id)
        if not settings.visits:
            raise NotAllowed("call tracking is off", why="visits_off")
        return settings


def _event(told: Told, settings: CallTrackingSettings, now: datetime) -> Event:
    """A clock that is ahead of ours must not make a visit that has not been."""
    at = now if told.at is None else min(told.at, now)
    url = bare(told.url)
    span = None
    if told.number is not None:
        longest = at + timedelta(minutes=settings.shown_min)
        until = longest if told.until is None else told.until
        if until > at:
            span = Lent(
                number=told.number,
                visitor=told.visitor,
                session=told.session,
                since=at,
                until=until,
            )
    return Event(
        id=told.id,
        seen=Seen(
            visitor=told.visitor,
            session=told.session,
            site=site_of(told.url),
            page=Page(url=url, title=cleaned(told.title), at=at),
            referrer=bare(told.referrer),
            source=source_of(told.url, told.referrer, told.source),
        ),
        span=span,
    )
