"""The working day of an employee: opened, paused, closed, or forgotten overnight."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from backend.sandbox.bitrix24.errors import RestError
from backend.sandbox.bitrix24.records import PORTAL_ZONE, stamp

if TYPE_CHECKING:
    from backend.kit.clock import Clock


@dataclass
class Day:
    """One person's latest working day; `leaks` is the time spent on breaks so far."""

    status: str
    opened_at: datetime
    finished_at: datetime | None = None
    paused_at: datetime | None = None
    leaks: timedelta = timedelta()


def _span(value: timedelta) -> str:
    seconds = int(value.total_seconds())
    return f"{seconds // 3600:02d}:{seconds % 3600 // 60:02d}:{seconds % 60:02d}"


class Workdays:
    """Working days by user id; everybody's day starts closed."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._days: dict[int, Day] = {}
        self._untracked: set[int] = set()

    def track(self, user_id: int, *, on: bool) -> None:
        """Keep this person's working day, or not at all."""
        if on:
            self._untracked.discard(user_id)
        else:
            self._untracked.add(user_id)

    def tracked(self, user_id: int) -> bool:
        return user_id not in self._untracked

    def status(self, user_id: int) -> str:
        """OPENED, PAUSED, CLOSED, or EXPIRED when an earlier day was never closed.

        UNAVAILABLE for somebody whose working day is not kept.
        """
        if user_id in self._untracked:
            return "UNAVAILABLE"
        day = self._days.get(user_id)
        if day is None:
            return "CLOSED"
        today = self._clock.now().astimezone(PORTAL_ZONE).date()
        if day.status != "CLOSED" and day.opened_at.astimezone(PORTAL_ZONE).date() < today:
            return "EXPIRED"
        return day.status

    def open(self, user_id: int, at: datetime | None) -> dict[str, Any]:
        """Start the day, or go on after a pause or a close."""
        now, day = self._clock.now(), self._days.get(user_id)
        status = self.status(user_id)
        if at is not None:
            if status != "CLOSED":
                raise RestError("TIME", "Unable to set time, work day is paused")
            if at.astimezone(PORTAL_ZONE).date() != now.astimezone(PORTAL_ZONE).date():
                raise RestError("WRONG_DATETIME", "Day open date should be equal to current")
        same_day = day is not None and (
            day.opened_at.astimezone(PORTAL_ZONE).date() == now.astimezone(PORTAL_ZONE).date()
        )
        if day is None or not same_day:
            self._days[user_id] = Day("OPENED", at or now)
        else:
            self._resume(day, now)
        return self.shown(user_id)

    def pause(self, user_id: int) -> dict[str, Any]:
        """Begin a break; on a closed day this resumes it, as documented."""
        now, day = self._clock.now(), self._days.get(user_id)
        if day is not None and day.status == "CLOSED":
            self._resume(day, now)
        elif day is not None and day.status == "OPENED":
            day.status, day.paused_at = "PAUSED", now
        return self.shown(user_id)

    def close(self, user_id: int, at: datetime | None) -> dict[str, Any]:
        now, day = self._clock.now(), self._days.get(user_id)
        if day is not None and day.status != "CLOSED":
            if day.paused_at is not None:
                day.leaks += now - day.paused_at
                day.paused_at = None
            day.status, day.finished_at = "CLOSED", at or now
        return self.shown(user_id)

    def shown(self, user_id: int) -> dict[str, Any]:
        """The day as timeman.status answers."""
        day = self._days.get(user_id)
        status = self.status(user_id)
        zone_s = int(PORTAL_ZONE.utcoffset(None).total_seconds())
        result: dict[str, Any] = {
            "STATUS": status,
            "TIME_START": None if day is None else stamp(day.opened_at),
            "TIME_FINISH": None,
            "DURATION": "00:00:00",
            "TIME_LEAKS": _span(day.leaks) if day is not None else "00:00:00",
            "ACTIVE": True,
            "IP_OPEN": "",
            "IP_CLOSE": "",
            "LAT_OPEN": 0,
            "LON_OPEN": 0,
            "LAT_CLOSE": 0,
            "LON_CLOSE": 0,
            "TZ_OFFSET": zone_s,
        }
        if day is not None and day.finished_at is not None:
            result["TIME_FINISH"] = stamp(day.finished_at)
            result["DURATION"] = _span(day.finished_at - day.opened_at - day.leaks)
        if status == "EXPIRED" and day is not None:
            result["TIME_FINISH_DEFAULT"] = stamp(
                day.opened_at.astimezone(PORTAL_ZONE).replace(hour=18, minute=0, second=0)
            )
        return result

    def _resume(self, day: Day, now: datetime) -> None:
        since = day.paused_at or day.finished_at
        if since is not None:
            day.leaks += now - since
        day.status, day.paused_at, day.finished_at = "OPENED", None, None
