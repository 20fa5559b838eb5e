"""Which visitor was shown which number, and when: the heart of dynamic call tracking.

A number of the pool is lent to one visitor for a while. The spans of one number never overlap, so
an instant belongs to one visitor at most:

    +7 495 … 11   ├── Anna ──┤      ├──── Boris ────┤├─ Vera ─┤
                        a call ▲                 ▲ a call: nobody / Boris

A span holds its beginning and not its end.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

SKEW: Final = timedelta(seconds=30)
"""How far the switch's clock and ours may be apart: a call just outside of a span still counts as
inside when no other span holds it. Servers that keep time are within a second; this forgives one
that does not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lent:
    """`number` stood before the eyes of `visitor`, in `session`, from `since` until before
    `until`."""

    number: str
    visitor: str
    session: str
    since: datetime
    until: datetime


def lend(
    pool: Collection[str],
    spans: Iterable[Lent],
    *,
    visitor: str,
    session: str,
    now: datetime,
    lasts: timedelta,
) -> Lent | None:
    """The span of this visitor from now on: a new one, or the one they have, made longer.

    `spans` are those of the pool's numbers that end after `now - SKEW` or are the newest of their
    number. A visitor keeps the number they see, for as long as it is in the pool. Otherwise it is
    the one nobody has seen for the longest: whoever wrote a number down finds nobody else's way
    behind it for as long as possible. None when all are lent.
    """
    known = list(spans)
    mine = [
        span
        for span in known
        if span.visitor == visitor and span.number in pool and span.since <= now < span.until
    ]
    if mine:
        old = max(mine, key=lambda span: (span.until, span.number))
        return replace(old, session=session, until=max(old.until, now + lasts))
    newest: dict[str, datetime] = {}
    for span in known:
        newest[span.number] = max(newest.get(span.number, span.until), span.until)
    # Within the skew after its end a number might still be answered for by its last visitor.
    free = [n for n in pool if n not in newest or newest[n] + SKEW <= now]
    if not free:
        return None
    never = datetime.min.replace(tzinfo=now.tzinfo)
    number = min(free, key=lambda n: (newest.get(n, never), n))
    return Lent(number=number, visitor=visitor, session=session, since=now, until=now + lasts)


def told(spans: Iterable[Lent], new: Lent) -> tuple[Lent | None, tuple[tuple[Lent, Lent], ...]]:
    """A span somebody else lent (a site's own tracking), fitted in among those known of its number.

    Returns what is left of it, and known spans with what becomes of them. The later showing wins:
    a known span that began before is cut where the new one begins, and the new one where the next
    known one begins. Of two that begin at one instant the known one stays.
    """
    until = new.until
    cut: list[tuple[Lent, Lent]] = []
    for span in spans:
        if span.number != new.number:
            continue
        if span.since < new.since < span.until:
            cut.append((span, replace(span, until=new.since)))
        elif new.since <= span.since < until:
            until = span.since
    if until <= new.since:
        return None, ()
    return replace(new, until=until), tuple(cut)


def owner(spans: Iterable[Lent], number: str, at: datetime) -> Lent | None:
    """Who was shown the number when it was dialled.

    The span that holds the instant; else the nearest within `SKEW`. Two equally near say nothing:
    a wrong way is worse than none.
    """
    near: list[tuple[timedelta, Lent]] = []
    for span in spans:
        if span.number != number:
            continue
        if span.since <= at < span.until:
            return span
        gap = span.since - at if at < span.since else at - span.until
        if gap <= SKEW:
            near.append((gap, span))
    if not near:
        return None
    least = min(gap for gap, _ in near)
    closest = [span for gap, span in near if gap == least]
    return closest[0] if len({span.visitor for span in closest}) == 1 else None
