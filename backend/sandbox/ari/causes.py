"""Q.850 hang-up causes with the words and SIP codes the switch reports beside them."""

from __future__ import annotations

from typing import Final

UNALLOCATED: Final = 1
NORMAL: Final = 16
BUSY: Final = 17
NO_USER_RESPONSE: Final = 18
NO_ANSWER: Final = 19
REJECTED: Final = 21
ANSWERED_ELSEWHERE: Final = 26
NUMBER_INCOMPLETE: Final = 28
NORMAL_UNSPECIFIED: Final = 31
CONGESTION: Final = 34
FAILURE: Final = 38
REQUESTED_UNAVAILABLE: Final = 44
CODEC_MISMATCH: Final = 58
INTERWORKING: Final = 127

# Flags of AST_SOFTHANGUP in channel.h, which a request to hang up shows instead of a cause.
SOFT_DEVICE: Final = 1
"""No sound came for `rtp_timeout`."""
SOFT_EXPLICIT: Final = 32
"""A REST client or an administrator."""

TEXT: Final[dict[int, str]] = {
    0: "Unknown",
    UNALLOCATED: "Unallocated (unassigned) number",
    NORMAL: "Normal Clearing",
    BUSY: "User busy",
    NO_USER_RESPONSE: "No user responding",
    NO_ANSWER: "User alerting, no answer",
    REJECTED: "Call Rejected",
    ANSWERED_ELSEWHERE: "Answered elsewhere",
    NUMBER_INCOMPLETE: "Invalid number format",
    NORMAL_UNSPECIFIED: "Normal, unspecified",
    CONGESTION: "Circuit/channel congestion",
    FAILURE: "Network out of order",
    REQUESTED_UNAVAILABLE: "Requested channel not available",
    CODEC_MISMATCH: "Bearer capability not available",
    INTERWORKING: "Interworking, unspecified",
}

# The names `DELETE /channels/{id}?reason=` accepts.
BY_REASON: Final[dict[str, int]] = {
    "normal": NORMAL,
    "busy": BUSY,
    "congestion": CONGESTION,
    "no_answer": NO_ANSWER,
    "timeout": NO_USER_RESPONSE,
    "rejected": REJECTED,
    "unallocated": UNALLOCATED,
    "normal_unspecified": NORMAL_UNSPECIFIED,
    "number_incomplete": NUMBER_INCOMPLETE,
    "codec_mismatch": CODEC_MISMATCH,
    "interworking": INTERWORKING,
    "failure": FAILURE,
    "answered_elsewhere": ANSWERED_ELSEWHERE,
}

# SIP final answer of a called party → (cause, what the last Dial event says).
BY_SIP: Final[dict[int, tuple[int, str]]] = {
    403: (REJECTED, "NOANSWER"),
    404: (UNALLOCATED, "NOANSWER"),
    408: (NO_USER_RESPONSE, "NOANSWER"),
    480: (NO_ANSWER, "NOANSWER"),
    486: (BUSY, "BUSY"),
    488: (CODEC_MISMATCH, "NOANSWER"),
    500: (FAILURE, "NOANSWER"),
    503: (CONGESTION, "CONGESTION"),
    600: (BUSY, "BUSY"),
    603: (REJECTED, "NOANSWER"),
}


def text(cause: int) -> str:
    return TEXT.get(cause, "Unknown")
