"""Hang-up causes: the switch's Q.850 and SIP numbers to our words and back.

Q.850 numbers as in Asterisk's causes.h; SIP answers as RFC 3261 §21 and RFC 8197 name them.
"""

from __future__ import annotations

from typing import Final

from protocol.vocabulary import HangupCause

_BY_CAUSE: Final[dict[int, HangupCause]] = {
    1: HangupCause.INVALID_NUMBER,  # unallocated
    2: HangupCause.UNREACHABLE,  # no route to transit network
    3: HangupCause.UNREACHABLE,  # no route to destination
    16: HangupCause.NORMAL,
    17: HangupCause.BUSY,
    18: HangupCause.NO_ANSWER,  # no user response
    19: HangupCause.NO_ANSWER,
    20: HangupCause.UNREACHABLE,  # subscriber absent
    21: HangupCause.REJECTED,
    22: HangupCause.INVALID_NUMBER,  # number changed
    26: HangupCause.ANSWERED_ELSEWHERE,
    27: HangupCause.UNREACHABLE,  # destination out of order
    28: HangupCause.INVALID_NUMBER,  # incomplete
    29: HangupCause.REJECTED,  # facility rejected
    31: HangupCause.NORMAL,
    34: HangupCause.CONGESTION,
    38: HangupCause.FAILURE,  # network out of order
    41: HangupCause.FAILURE,  # temporary failure
    42: HangupCause.CONGESTION,
    44: HangupCause.CONGESTION,  # requested channel unavailable
    58: HangupCause.FAILURE,  # no common codec
    102: HangupCause.LOST_CONTACT,  # recovery on timer expiry
    127: HangupCause.FAILURE,  # interworking
}

_BY_SIP: Final[dict[int, HangupCause]] = {
    403: HangupCause.REJECTED,
    404: HangupCause.INVALID_NUMBER,
    408: HangupCause.UNREACHABLE,
    410: HangupCause.INVALID_NUMBER,
    480: HangupCause.UNREACHABLE,
    484: HangupCause.INVALID_NUMBER,
    486: HangupCause.BUSY,
    487: HangupCause.CANCELLED,
    488: HangupCause.FAILURE,
    503: HangupCause.CONGESTION,
    600: HangupCause.BUSY,
    603: HangupCause.REJECTED,
    604: HangupCause.INVALID_NUMBER,
    606: HangupCause.FAILURE,
    607: HangupCause.REJECTED,
}

# Causes that say so little that the SIP answer, when there is one, knows better.
_VAGUE: Final = frozenset({0, 16, 31, 127})

_SILENT: Final = 1
"""AST_SOFTHANGUP_DEV: no sound came for `rtp_timeout` (seen with 22.10.1). 32, EXPLICIT, is a REST
client's or an administrator's wish."""

# DELETE /channels/{id}?reason=…; the names are Asterisk's.
_REASON: Final[dict[HangupCause, str]] = {
    HangupCause.NORMAL: "normal",
    HangupCause.BUSY: "busy",
    HangupCause.NO_ANSWER: "no_answer",
    HangupCause.REJECTED: "rejected",
    HangupCause.ANSWERED_ELSEWHERE: "answered_elsewhere",
    HangupCause.CANCELLED: "normal",
    HangupCause.INVALID_NUMBER: "unallocated",
    # Cause 19 leaves as SIP 480 "temporarily unavailable", which is what is meant.
    HangupCause.UNREACHABLE: "no_answer",
    HangupCause.CONGESTION: "congestion",
    HangupCause.FAILURE: "failure",
    HangupCause.LOST_CONTACT: "failure",
}


def cause_of(
    cause: int, tech_cause: int | None, *, up: bool, rang: bool, inbound: bool
) -> HangupCause:
    """Why a leg ended. `up` and `rang`: how far it had come.

    The same pair of numbers means different things: 19 with 480 is "nobody picked up" after
    ringing and "nobody is there" without, and a normal clearing before the answer is the caller
    giving up on an inbound leg but our own cancelling on a leg we rang.
    """
    sip = tech_cause if tech_cause is not None and tech_cause >= 300 else None
    if up:
        # After the answer the numbers of the set-up phase mean nothing any more.
        return HangupCause.NORMAL if cause in _VAGUE else _BY_CAUSE.get(cause, HangupCause.FAILURE)
    if cause == 19:
        return HangupCause.UNREACHABLE if sip == 480 and not rang else HangupCause.NO_ANSWER
    if cause in _VAGUE:
        if inbound and sip == 487:
            return HangupCause.NORMAL  # the caller gave up, which Asterisk calls 127 with 487
        if sip is not None and sip in _BY_SIP:
            return _BY_SIP[sip]
        return HangupCause.NORMAL if inbound else HangupCause.CANCELLED
    return _BY_CAUSE.get(cause, HangupCause.FAILURE)


def asked_cause(flag: int) -> HangupCause:
    """Why somebody on the switch's side asked for the end: `cause` of a ChannelHangupRequest with
    `soft` is a flag of channel.h, not Q.850."""
    return HangupCause.LOST_CONTACT if flag == _SILENT else HangupCause.NORMAL


def reason_for(cause: HangupCause) -> str:
    """The `reason` that makes the switch tell the far end this cause."""
    return _REASON[cause]
