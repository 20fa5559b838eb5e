"""Why a leg ended, from the cloud's report of legs, in our words.

Only the report tells: neither `list.calls` nor a notification says why. Values: Data API 2.0,
`finish_reason` of `get.call_legs_report`.
"""

from __future__ import annotations

from typing import Final

from protocol.vocabulary import HangupCause, LegState

_REASONS: Final = {
    "operator_busy": HangupCause.BUSY,
    "employee_busy": HangupCause.BUSY,
    "employee_busy_after_call": HangupCause.BUSY,
    "subscriber_busy": HangupCause.BUSY,
    "max_in_call_reached": HangupCause.BUSY,
    "max_out_call_reached": HangupCause.CONGESTION,
    "operator_not_responsible": HangupCause.NO_ANSWER,
    "subscriber_not_responsible": HangupCause.NO_ANSWER,
    "timeout": HangupCause.NO_ANSWER,
    "operator_number_problems": HangupCause.UNREACHABLE,
    "subscriber_number_problems": HangupCause.INVALID_NUMBER,
    "sip_offline": HangupCause.UNREACHABLE,
    "employee_inactive": HangupCause.UNREACHABLE,
    "phone_protocol_not_allowed_by_status": HangupCause.UNREACHABLE,
    "in_call_not_allowed": HangupCause.UNREACHABLE,
    "out_call_not_allowed_by_status": HangupCause.UNREACHABLE,
    "internal_call_not_allowed_by_status": HangupCause.UNREACHABLE,
    "external_call_not_allowed_by_status": HangupCause.UNREACHABLE,
    "another_operator_answer": HangupCause.ANSWERED_ELSEWHERE,
    "subscriber_disconnects": HangupCause.NORMAL,
    "operator_disconnects": HangupCause.NORMAL,
    "transfer_disconnects": HangupCause.NORMAL,
    "scenario_disconnects": HangupCause.NORMAL,
    "numa_in_black_list": HangupCause.REJECTED,
    "locked_numb": HangupCause.INVALID_NUMBER,
    "not_enough_money": HangupCause.FAILURE,
    "api_permission_denied": HangupCause.FAILURE,
    "internal_error": HangupCause.FAILURE,
}


def cause_of(reason: str) -> HangupCause | None:
    """None for a reason without a word of ours."""
    if reason.startswith("employee_status_"):
        return HangupCause.UNREACHABLE
    return _REASONS.get(reason)


def likely(state: LegState, *, contact: bool, inbound: bool) -> HangupCause:
    """Where no report can be had: what the leg's own course says."""
    if state is LegState.UP:
        return HangupCause.NORMAL
    if contact and inbound:
        return HangupCause.CANCELLED
    return HangupCause.NO_ANSWER
