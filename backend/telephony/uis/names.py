"""What lines and calls are called, here and in the cloud.

`UIS/<employee>` is all of an employee's active numbers in his own order, `UIS/<employee>:<number>`
one of them, `UIS/<number with plus>` an outside party. `<employee>` is the cloud's id.
"""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass
from typing import Final

from backend.errors import NoDevice
from protocol.vocabulary import CallId, LegId

CONTACT_LEG: Final = LegId("customer-0")
"""The outside party of every session, whoever began it."""

_NAMESPACE: Final = uuid.UUID("1c1e2a54-0c3f-5b43-9a0d-2f6d51c9c7f4")
_LINE: Final = re.compile(r"UIS/(?P<employee>[1-9][0-9]{0,17})(?::(?P<number>\+?[0-9]{2,20}))?")
_OUTSIDE: Final = re.compile(r"UIS/\+(?P<number>[0-9]{5,15})")
_INBOUND: Final = re.compile(r"uis-[0-9a-f]{8}-(?P<session>[0-9]+)$")


@dataclass(frozen=True, slots=True)
class Line:
    """A number of an employee's, or with an empty one all of them."""

    employee: int
    number: str


@dataclass(frozen=True, slots=True)
class Outside:
    """Digits of an E.164 number."""

    number: str


def parse(endpoint: str) -> Line | Outside | None:
    """None when it is no endpoint of this engine."""
    line = _LINE.fullmatch(endpoint)
    if line is not None:
        return Line(int(line["employee"]), (line["number"] or "").removeprefix("+"))
    outside = _OUTSIDE.fullmatch(endpoint)
    return None if outside is None else Outside(outside["number"])


def digits(number: object) -> str:
    return "".join(filter(str.isdigit, str(number or "")))


def inbound_call(identity: str, session_id: int) -> CallId:
    """The call of a session that came in. The session can be read off it (`session_of`)."""
    where = uuid.uuid5(_NAMESPACE, identity).hex[:8]
    return CallId(f"uis-{where}-{session_id}")


def external_id(identity: str, call_id: CallId) -> str:
    """What a call we begin is called over there: other systems begin calls on the account, too."""
    return f"dozvon-{uuid.uuid5(_NAMESPACE, identity).hex[:8]}-{call_id}"


def own_call(identity: str, external: str) -> CallId | None:
    """The call of ours behind an `external_id`; None for somebody else's."""
    prefix = external_id(identity, CallId(""))
    return CallId(external.removeprefix(prefix)) if external.startswith(prefix) else None


def session_of(name: str) -> int | None:
    """The session a call id, or a recording's name that ends in one, was made from."""
    found = _INBOUND.search(name)
    return None if found is None else int(found["session"])


def number_of(target: Line | Outside) -> str:
    """What the cloud is told to ring. Raises NoDevice for an employee without a number."""
    if not target.number:
        raise NoDevice("write the line's number: UIS/<employee>:<number>")
    return target.number


def is_sip(number: str) -> bool:
    """SIP lines of the cloud begin with 0; outside numbers never do."""
    return number.startswith("0")
