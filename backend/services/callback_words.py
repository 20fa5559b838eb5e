"""What a CRM's task to call somebody back says, in the language of the account's country."""

from __future__ import annotations

from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from backend.services.call_words import Language
from backend.services.ports.callbacks import CallbackTask
from protocol.vocabulary import CallbackReason

_TITLE: Final = {"ru": "Перезвонить: {who}{key}", "en": "Call back: {who}{key}"}
_KEY: Final = {"ru": "{number}, звонок {at}", "en": "{number}, call of {at}"}
_WHY: Final[dict[CallbackReason, tuple[str, str]]] = {
    CallbackReason.ASKED: ("Клиенту обещали перезвонить.", "The customer was promised a call."),
    CallbackReason.VOICEMAIL: ("Клиент оставил сообщение.", "The customer left a message."),
    CallbackReason.LOST: (
        "Разговор прервался: связь с сотрудником потеряна.",
        "The talk broke off: the employee's connection was lost.",
    ),
}
_LINE: Final = {"ru": "Звонил на {line}.", "en": "The number dialled: {line}."}
_MESSAGE: Final = {"ru": "Сообщение: {url}", "en": "Message: {url}"}
_DONE: Final = {"ru": "Клиенту перезвонили", "en": "The customer was called back"}


def key(number: str, called_at: datetime, timezone: str, language: Language) -> str:
    """The number and the second of its call: no two tasks of an account share both."""
    at = called_at.astimezone(ZoneInfo(timezone)).strftime("%d.%m.%Y %H:%M:%S")
    return _KEY[language].format(number=number, at=at)


def title(task: CallbackTask, key: str, language: Language) -> str:
    return _TITLE[language].format(who=f"{task.name}, " if task.name else "", key=key)


def details(task: CallbackTask, message_url: str | None, language: Language) -> str:
    """Sentences, one a line."""
    lines = [_WHY[task.reason][0 if language == "ru" else 1]]
    if task.virtual_number:
        lines.append(_LINE[language].format(line=task.virtual_number))
    if message_url is not None:
        lines.append(_MESSAGE[language].format(url=message_url))
    return "\n".join(lines)


def done(language: Language) -> str:
    return _DONE[language]
