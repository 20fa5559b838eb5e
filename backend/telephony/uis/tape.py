"""Recording by command, as far as the account leaves it to us."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from backend.errors import NotFound, SwitchRefused
from backend.telephony.uis.call_api import CallApi
from backend.telephony.uis.errors import mnemonic_of
from backend.telephony.uis.session import Session
from protocol.vocabulary import CallId

_DONE: Final = frozenset({"record_already_started", "record_already_stopped"})
_RULED: Final = "forbidden"
"""The account records by its own settings, and nobody switches that off."""


class Tape:
    """`strict`: recording is ours alone, so a pause that the cloud refuses is a failure; whoever
    was told "paused" may be saying his card's digits."""

    def __init__(
        self,
        calls: CallApi,
        session_of: Callable[[CallId], Session | None],
        *,
        strict: bool = False,
    ) -> None:
        self._strict = strict
        self._calls = calls
        self._session_of = session_of
        self._names: dict[str, CallId] = {}
        """Call by the name its recording was given; until the call is released."""

    async def begin(self, session: Session, name: str) -> None:
        self._names[name] = session.call_id
        await self._record(session, on=True)

    async def mute(self, name: str, *, on: bool) -> None:
        """The cloud has no silence: it stops, and goes on in another file."""
        call_id = self._names.get(name)
        session = None if call_id is None else self._session_of(call_id)
        # On hold the cloud takes no such command: what it records then is its own affair.
        if session is not None and not session.held:
            await self._record(session, on=not on)

    async def stop(self, name: str) -> None:
        await self.mute(name, on=True)
        self._names.pop(name, None)

    def forget(self, call_id: CallId) -> None:
        self._names = {name: owner for name, owner in self._names.items() if owner != call_id}

    async def _record(self, session: Session, *, on: bool) -> None:
        try:
            await self._calls.record(session.session_id, on=on)
        except (SwitchRefused, NotFound) as error:
            mnemonic = mnemonic_of(error)
            done = mnemonic in _DONE or (mnemonic == _RULED and not self._strict)
            if not done and (on or not isinstance(error, NotFound)):
                raise
