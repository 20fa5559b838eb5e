"""Ids and names we give to things on the switch, and the way back from them.

A channel we originate is `dz.<call>.<leg>`: asking twice for the same leg finds the id taken, and
after a restart the id alone tells whose channel it is. An inbound channel has Asterisk's own id
(`<unix time>.<serial>`); its call id is computed from that, so it is the same on every reading.
"""

from __future__ import annotations

import re
import uuid

from protocol.vocabulary import CallId, LegId

INBOUND_LEG = LegId("customer-0")

CALL_VARIABLE = "DOZVON_CALL"
LEG_VARIABLE = "DOZVON_LEG"
ACCOUNT_VARIABLE = "DOZVON_ACCOUNT"
HELD_VARIABLE = "DOZVON_HELD"

CALLER_ID = "CONNECTEDLINE(all)"
"""What a channel that is made before it is dialled shows; `callerId` is for others."""

# Fixed for good: another value would give calls that are up during an update new ids.
_NAMESPACE = uuid.UUID("5f0c8f0e-8f4a-5d5c-9a63-0f6f1f0f7f52")

# AST_MAX_PUBLIC_UNIQUEID in Asterisk's channel.h; a longer id is refused with 400.
MAX_CHANNEL_ID = 149

_WATCH = "dzw."

_UNSAFE = re.compile(r"[^A-Za-z0-9-]")
_ESCAPED = re.compile(r"(?:_[0-9a-f]{2})+")


def channel_id(call_id: CallId, leg_id: LegId) -> str:
    """The id of the channel that is this leg of this call."""
    return f"dz.{_escape(call_id)}.{_escape(leg_id)}"


def leg_of(channel: str) -> tuple[CallId, LegId] | None:
    """The leg a channel id of ours stands for; None when the id is not ours."""
    parts = channel.split(".")
    if len(parts) != 3 or parts[0] != "dz" or not parts[1] or not parts[2]:
        return None
    return CallId(_unescape(parts[1])), LegId(_unescape(parts[2]))


def inbound_call(identity: str, channel: str) -> CallId:
    """The call of an inbound channel.

    `identity` tells switches apart: two of them may well use the same channel id.
    """
    return CallId(str(uuid.uuid5(_NAMESPACE, f"{identity}\n{channel}")))


def bridge_id(call_id: CallId) -> str:
    return f"dz.{_escape(call_id)}"


def consult_bridge_id(call_id: CallId) -> str:
    """The second room of a call, where two talk about it while the customer hears music."""
    return f"dz.{_escape(call_id)}.consult"


def watch_id(watch: str) -> str:
    """A supervisor's telephone beside a talk, and the room it is in; snoops begin with it."""
    return f"{_WATCH}{_escape(watch)}"


def is_watch(identifier: str) -> bool:
    """Of no call: nothing of it is told."""
    return identifier.startswith(_WATCH)


def bridge_name(account: str, call_id: CallId) -> str:
    """What an administrator sees in `bridge show all`."""
    return f"dozvon-{account}-{call_id}"


def caller_id(name: str, number: str) -> str:
    """`"Name" <number>` with nothing in the name that would end the quotes early."""
    clean_name = " ".join(re.sub(r'[\x00-\x1f\x7f"<>\\]', " ", name).split())
    clean_number = re.sub(r"[^+0-9A-Za-z*#._-]", "", number)
    return f'"{clean_name}" <{clean_number}>' if clean_name else clean_number


def _escape(text: str) -> str:
    """Letters, digits and dashes stay; the rest, `_` and `.` included, becomes `_xx` bytes.

    The result is safe in a URL path, in dialplan arguments and in Asterisk's own id parsing.
    """
    return _UNSAFE.sub(lambda match: "".join(f"_{b:02x}" for b in match[0].encode()), text)


def _unescape(text: str) -> str:
    return _ESCAPED.sub(
        lambda match: bytes.fromhex(match[0].replace("_", "")).decode("utf-8", "replace"), text
    )


def is_line(endpoint: str) -> bool:
    """Whether this is a phone that registers (`PJSIP/101`), not a number behind a trunk
    (`PJSIP/79161234567@trunk`) nor a channel into the dialplan (`Local/…@context`)."""
    technology, _, resource = endpoint.partition("/")
    return technology.upper() in {"PJSIP", "SIP", "IAX2"} and bool(resource) and "@" not in resource
