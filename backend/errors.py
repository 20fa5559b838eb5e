"""Expected outcomes as exceptions. Anything else that is raised is a bug.

AppError
├── BadRequest            the asker sent something that cannot be meant
├── NotFound              no such thing in this account (another account's counts as none)
├── NotAllowed            the asker may not do this
├── WrongState            not now: the thing is in a state that forbids it
├── TooMany               slow down
├── Expired               the deadline passed before the effect
├── BadTicket, BadProof   who are you
├── SwitchError
│   ├── SwitchUnavailable the switch does not answer; the call goes on without us
│   └── SwitchRefused     it answered no
│       └── NoDevice      nothing of the employee's can ring
└── CrmError
    ├── CrmAuthExpired    an administrator has to connect again
    ├── CrmUnavailable    retry, at `retry_after_s` when the CRM named a time
    │   └── NotYet        nothing was tried: ours to wait, the CRM has no part in it
    └── CrmRejected       give up and keep the answer
        └── CrmUnknownNumber   it keeps nothing of callers it does not know
            └── CrmDeclined    somebody over there wants nothing of this one
"""

from __future__ import annotations

from typing import Any, ClassVar

from protocol.vocabulary import ErrorCode


class AppError(Exception):
    """A refusal with a code and data; the sentence is for the log."""

    code: ClassVar[ErrorCode] = ErrorCode.INTERNAL

    def __init__(self, message: str = "", **data: Any) -> None:
        super().__init__(message or self.code.value)
        self.data: dict[str, Any] = data


class BadRequest(AppError):
    code = ErrorCode.BAD_REQUEST


class NotFound(AppError):
    code = ErrorCode.NOT_FOUND


class NotAllowed(AppError):
    code = ErrorCode.NOT_ALLOWED


class WrongState(AppError):
    code = ErrorCode.WRONG_STATE


class TooMany(AppError):
    code = ErrorCode.TOO_MANY


class Expired(AppError):
    code = ErrorCode.EXPIRED


class BadTicket(AppError):
    code = ErrorCode.BAD_TICKET


class BadProof(AppError):
    code = ErrorCode.BAD_PROOF


class SwitchError(AppError):
    code = ErrorCode.SWITCH_UNAVAILABLE


class SwitchUnavailable(SwitchError):
    code = ErrorCode.SWITCH_UNAVAILABLE


class SwitchRefused(SwitchError):
    code = ErrorCode.SWITCH_UNAVAILABLE


class NoDevice(SwitchRefused):
    code = ErrorCode.NO_DEVICE


class CrmError(AppError):
    code = ErrorCode.CRM_UNAVAILABLE


class CrmAuthExpired(CrmError):
    code = ErrorCode.CRM_AUTH_EXPIRED


class CrmUnavailable(CrmError):
    """Retry with growing delay, or at `retry_after_s` when the CRM named a time."""

    code = ErrorCode.CRM_UNAVAILABLE

    def __init__(self, message: str = "", *, retry_after_s: float | None = None) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class NotYet(CrmUnavailable):
    """Somebody else of ours is at it. Comes back after `retry_after_s` and counts as no attempt."""


class CrmRejected(CrmError):
    code = ErrorCode.CRM_REJECTED


class CrmUnknownNumber(CrmRejected):
    """Nothing is wrong: the CRM has nowhere to put a call of this number."""


class CrmDeclined(CrmUnknownNumber):
    """The caller's request was declined, and the call was waiting for what becomes of it."""


class SettingsError(AppError):
    """A setting is missing or wrong; the sentence names it and says what to do."""

    code = ErrorCode.BAD_REQUEST
