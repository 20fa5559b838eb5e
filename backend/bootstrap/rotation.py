"""`dozvon reseal`: after it, the keys behind the first are needed by nothing."""

from __future__ import annotations

from backend.bootstrap.foundation import foundation
from backend.settings import Settings
from backend.store import resealing


async def reseal(settings: Settings) -> tuple[list[str], bool]:
    """A line for each table and one that sums up, and whether older keys may go."""
    async with foundation(settings, single=True, migrating=False) as base:
        counts = await resealing.reseal(base.database, base.secrets)
    lost = sum(count.unreadable for count in counts)
    lines = [
        f"{count.table}: {count.done} resealed"
        + (f", {count.unreadable} unreadable" if count.unreadable else "")
        for count in counts
    ]
    if lost:
        return [
            *lines,
            f"{lost} secrets do not open with any key: add theirs, keep the rest.",
        ], False
    return [*lines, "Everything is sealed with the first key; the others may go."], True
