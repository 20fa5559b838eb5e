"""What the cloud sends, in its own names; tolerant, because little of it is promised.

Absent scalars come as null, numbers of phones as text, success as a string in some methods. The
times of `list.calls` have no zone and the zone of notifications is not documented: our own clock
dates what we hear.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from protocol.vocabulary import LegState

_CAPTIONS: Final = {
    # `list.calls` names states by captions people read, in Russian.
    "дозвон": LegState.RINGING,
    "на очереди": LegState.RINGING,
    "разговор": LegState.UP,
    "разговор операторов": LegState.UP,
    "на удержании": LegState.UP,
    "перевод вызова": LegState.UP,
    "отправка dtmf": LegState.UP,
    "разъединено": LegState.ENDED,
}
_ON_HOLD: Final = "на удержании"
_APART: Final = "разговор операторов"

EVENTS: Final = (
    "incoming",
    "ringing",
    "outgoing",
    "talk_started",
    "talk_ended",
    "ended",
    "lost",
    "recorded",
)
"""What a notification is about. It is our own word, written into each template by hand: the values
of the cloud's `notification_mnemonic` are published nowhere."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LegRow:
    """One leg of a session in `list.calls`."""

    leg_id: int
    calling: str
    called: str
    is_operator: bool
    employee: int | None
    caption: str

    @property
    def state(self) -> LegState | None:
        """None for a caption nobody told us of: it changes nothing."""
        return _CAPTIONS.get(self.caption)

    @property
    def on_hold(self) -> bool:
        return self.caption == _ON_HOLD

    @property
    def apart(self) -> bool:
        """Talks to a colleague while the contact waits."""
        return self.caption == _APART


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionRow:
    """One session of `list.calls`."""

    session_id: int
    inbound: bool
    virtual: str
    contact: str
    external_id: str
    legs: tuple[LegRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Notification:
    """What the console's templates were told to send (`docs/connectors/uis.md`)."""

    event: str
    session_id: int
    virtual: str = ""
    contact: str = ""
    leg_ids: tuple[int, ...] = ()
    employee: int | None = None
    employee_number: str = ""
    direction: str = ""
    external_id: str = ""


def sessions(data: Any) -> list[SessionRow]:
    """Rows without an id are left out: nothing can be done with them."""
    rows = data if isinstance(data, list) else []
    return [row for raw in rows if (row := _session(raw)) is not None]


def _session(raw: Any) -> SessionRow | None:
    session_id = whole(raw.get("call_session_id")) if isinstance(raw, Mapping) else None
    if session_id is None:
        return None
    legs = raw.get("legs")
    return SessionRow(
        session_id=session_id,
        inbound=raw.get("direction") != "out",
        virtual=text(raw.get("virtual_phone_number")),
        contact=text(raw.get("contact_phone_number")),
        external_id=text(raw.get("external_id")),
        legs=tuple(
            LegRow(
                leg_id=leg_id,
                calling=text(leg.get("calling_phone_number")),
                called=text(leg.get("called_phone_number")),
                is_operator=leg.get("is_operator") in (True, "true"),
                employee=whole(leg.get("employee_id")),
                caption=text(leg.get("state")).strip().lower(),
            )
            for leg in (legs if isinstance(legs, list) else [])
            if isinstance(leg, Mapping) and (leg_id := whole(leg.get("leg_id"))) is not None
        ),
    )


def notification(body: Mapping[str, Any]) -> Notification | None:
    """None when it cannot be told which event of which session it is."""
    session_id, event = whole(body.get("call_session_id")), text(body.get("event"))
    if session_id is None or event not in EVENTS:
        return None
    listed = body.get("leg_ids")
    if isinstance(listed, str):
        listed = listed.strip("[]").split(",")
    legs = [*(listed if isinstance(listed, list) else []), body.get("leg_id")]
    return Notification(
        event=event,
        session_id=session_id,
        virtual=text(body.get("virtual_phone_number")),
        contact=text(body.get("contact_phone_number")),
        leg_ids=tuple(dict.fromkeys(leg for raw in legs if (leg := whole(raw)) is not None)),
        employee=whole(body.get("employee_id")),
        employee_number=text(body.get("employee_phone_number")),
        direction=text(body.get("direction")),
        external_id=text(body.get("external_id")),
    )


def whole(value: Any) -> int | None:
    """A number, or text that is one: in addresses everything is text."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    if isinstance(value, str) and value.strip().isdigit():
        return int(value)
    return None


def text(value: Any) -> str:
    return "" if value is None else str(value)
