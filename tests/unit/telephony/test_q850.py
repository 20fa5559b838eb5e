"""Causes: what the numbers mean depends on how far the leg had come."""

from __future__ import annotations

import pytest

from backend.telephony.asterisk.q850 import cause_of, reason_for
from protocol.vocabulary import HangupCause


@pytest.mark.parametrize(
    ("cause", "tech_cause", "expected"),
    [
        (17, 486, HangupCause.BUSY),
        (21, 603, HangupCause.REJECTED),
        (1, 404, HangupCause.INVALID_NUMBER),
        (34, 503, HangupCause.CONGESTION),
        (26, None, HangupCause.ANSWERED_ELSEWHERE),
        (19, 480, HangupCause.NO_ANSWER),
        (16, None, HangupCause.CANCELLED),
        (0, 486, HangupCause.BUSY),
        (127, 603, HangupCause.REJECTED),
        (16, 16, HangupCause.CANCELLED),
        (999, None, HangupCause.FAILURE),
    ],
)
def test_a_leg_we_rang_that_never_answered(
    cause: int, tech_cause: int | None, expected: HangupCause
) -> None:
    assert cause_of(cause, tech_cause, up=False, rang=True, inbound=False) is expected


def test_a_device_that_never_rang_is_unreachable() -> None:
    ended = cause_of(19, 480, up=False, rang=False, inbound=False)
    assert ended is HangupCause.UNREACHABLE


def test_a_caller_who_gives_up_ends_normally() -> None:
    for cause in (0, 16, 127):
        assert cause_of(cause, None, up=False, rang=False, inbound=True) is HangupCause.NORMAL


def test_the_end_of_a_talk_is_normal_unless_the_network_says_otherwise() -> None:
    assert cause_of(0, 200, up=True, rang=True, inbound=False) is HangupCause.NORMAL
    assert cause_of(38, None, up=True, rang=True, inbound=False) is HangupCause.FAILURE


def test_every_cause_has_a_reason_asterisk_accepts() -> None:
    accepted = {
        "normal",
        "busy",
        "congestion",
        "no_answer",
        "timeout",
        "rejected",
        "unallocated",
        "normal_unspecified",
        "number_incomplete",
        "codec_mismatch",
        "interworking",
        "failure",
        "answered_elsewhere",
    }
    assert {reason_for(cause) for cause in HangupCause} <= accepted
