"""What people read in their CRM about how a call went, in the language of the account's country."""

from __future__ import annotations

from typing import Final, Literal

from backend.services.refusals import RUSSIAN
from protocol.vocabulary import HangupCause

Language = Literal["ru", "en"]
Word = Literal[
    "talked",
    "missed",
    "no_answer",
    "busy",
    "wrong_number",
    "unreachable",
    "declined",
    "cancelled",
    "congestion",
    "failure",
]

_TEXTS: Final[dict[Word, tuple[str, str]]] = {
    "talked": ("Разговор состоялся", "Conversation took place"),
    "missed": ("Пропущенный звонок", "Missed call"),
    "no_answer": ("Не дозвонились", "No answer"),
    "busy": ("Занято", "Busy"),
    "wrong_number": ("Неправильный номер", "Wrong number"),
    "unreachable": ("Номер недоступен", "Number unreachable"),
    "declined": ("Вызов отклонён", "Call declined"),
    "cancelled": ("Вызов отменён", "Call cancelled"),
    "congestion": ("Линия перегружена", "Line congested"),
    "failure": ("Сбой связи", "Connection failure"),
}
_OF_CAUSE: Final[dict[HangupCause, Word]] = {
    HangupCause.BUSY: "busy",
    HangupCause.REJECTED: "declined",
    HangupCause.CANCELLED: "cancelled",
    HangupCause.INVALID_NUMBER: "wrong_number",
    HangupCause.UNREACHABLE: "unreachable",
    HangupCause.CONGESTION: "congestion",
    HangupCause.FAILURE: "failure",
    HangupCause.LOST_CONTACT: "failure",
}


def language_of(region: str) -> Language:
    """`region` is the account's (ISO 3166)."""
    return "ru" if region in RUSSIAN else "en"


def said(word: Word, language: Language) -> str:
    return _TEXTS[word][0 if language == "ru" else 1]


def why(cause: HangupCause, language: Language) -> str:
    """Why there was no conversation."""
    return said(_OF_CAUSE.get(cause, "no_answer"), language)
