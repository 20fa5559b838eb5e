"""Which SIP lines have a phone at them, read now and then."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from backend.kit.clock import Clock
from backend.telephony.uis import names
from backend.telephony.uis.data_api import DataApi

KNOWN_S: Final = 10.0
"""How long the list of SIP lines stands: each reading costs a point."""


class Registrations:
    def __init__(self, data: DataApi | None, clock: Clock) -> None:
        self._data = data
        self._clock = clock
        self._lines: tuple[float, dict[str, bool]] | None = None
        """When the SIP lines were read, and what was told."""

    async def of(self, endpoints: Sequence[str]) -> dict[str, bool]:
        """SIP lines are told by the cloud; an employee as a whole, or a mobile, is not. Raises
        SwitchError."""
        parsed = {name: names.parse(name) for name in endpoints}
        asked = {name: line for name, line in parsed.items() if isinstance(line, names.Line)}
        if self._data is None or not asked:
            return {}
        now = self._clock.monotonic()
        if self._lines is None or now - self._lines[0] >= KNOWN_S:
            self._lines = (now, await self._data.registered())
        known = self._lines[1]
        return {
            name: known.get(line.number, False)
            for name, line in asked.items()
            if line.number and (line.number in known or names.is_sip(line.number))
        }
