"""Why a call could not be placed, in words that say what to do: for notifications in a CRM.

The widget has its own sentences for the same reasons. Russian first, English second.
"""

from __future__ import annotations

from typing import Final

from backend.errors import AppError, Expired, SwitchError, WrongState
from protocol.vocabulary import RefusalReason

_TEXTS: Final[dict[RefusalReason, tuple[str, str]]] = {
    RefusalReason.NO_CALLER_ID: (
        (
            "нет зарегистрированной SIP-линии и не задан «Номер для звонка по клику». Включите"
            " телефон или попросите администратора выбрать номер в настройках исходящих звонков."
        ),
        (
            "no SIP line is registered and no number for clicks is chosen. Turn your phone on, or"
            " ask the administrator to choose a number in the settings of outgoing calls."
        ),
    ),
    RefusalReason.NO_REGISTERED_LINE: (
        "нет зарегистрированной SIP-линии. Включите телефон и повторите звонок.",
        "no SIP line is registered. Turn your phone on and call again.",
    ),
    RefusalReason.NO_NUMBERS: (
        "у вас нет номеров в Дозвоне. Попросите администратора добавить номер.",
        "you have no numbers in Dozvon. Ask the administrator to add one.",
    ),
    RefusalReason.NUMBERS_OFF: (
        "все ваши номера в Дозвоне выключены. Попросите администратора включить номер.",
        "all your numbers in Dozvon are switched off. Ask the administrator to turn one on.",
    ),
    RefusalReason.CALLS_OFF: (
        "обработка звонков для вас отключена. Попросите администратора включить её.",
        "calls are switched off for you. Ask the administrator to turn them on.",
    ),
    RefusalReason.NOT_AN_EMPLOYEE: (
        (
            "вас нет среди сотрудников Дозвона. Попросите администратора выполнить синхронизацию"
            " сотрудников."
        ),
        "you are not among the employees of Dozvon. Ask the administrator to synchronise them.",
    ),
    RefusalReason.CLICK_OFF: (
        "звонки по клику выключены. Администратор включает их в настройках исходящих звонков.",
        (
            "calls by a click are switched off. The administrator turns them on in the settings of"
            " outgoing calls."
        ),
    ),
    RefusalReason.NOT_PICKED_UP: (
        "вы не сняли трубку. Повторите звонок и ответьте на своём телефоне.",
        "you did not pick up. Call again and answer on your own phone.",
    ),
    RefusalReason.CALLER_ID_NOT_ALLOWED: (
        "этот исходящий номер вам недоступен. Выберите другой.",
        "you may not show this number. Choose another.",
    ),
    RefusalReason.BAD_NUMBER: (
        "это не телефонный номер. Исправьте его в карточке.",
        "this is no phone number. Correct it in the card.",
    ),
    RefusalReason.BUSY: (
        "вы уже разговариваете. Завершите разговор и повторите звонок.",
        "you are on a call already. End it and call again.",
    ),
    RefusalReason.NO_TRUNK: (
        "у компании нет линии для исходящих звонков. Попросите администратора её настроить.",
        "the company has no line to call out. Ask the administrator to set one up.",
    ),
    RefusalReason.NO_SCENARIO: (
        "у номера формы нет сценария, звонить некому. Выберите сценарий виртуальному номеру.",
        "the form's number has no scenario, so nobody can be rung. Choose one for that number.",
    ),
    RefusalReason.CALLBACK_OFF: (
        (
            "приём заявок на обратный звонок выключен. Включите его в настройках CRM и отметьте"
            " номер как линию CRM."
        ),
        (
            "call-backs are switched off. Turn them on in the CRM settings and mark the number as a"
            " line of the CRM."
        ),
    ),
    RefusalReason.TOO_LATE: (
        "запрос на звонок пришёл слишком поздно. Повторите звонок.",
        "the request came too late. Call again.",
    ),
    RefusalReason.SWITCH_AWAY: (
        "телефонная станция не отвечает. Повторите звонок через минуту.",
        "the phone switch does not answer. Call again in a minute.",
    ),
}
RUSSIAN: Final = frozenset({"RU", "BY", "KZ", "KG"})
"""Regions whose notifications are in Russian; an event does not name its reader's language."""


def text(reason: RefusalReason, number: str, *, region: str, callback: bool = False) -> str:
    """A whole sentence: which call, and why not."""
    russian, english = _TEXTS[reason]
    if region in RUSSIAN:
        what = "Обратный звонок на" if callback else "Звонок на"
        return f"{what} {number} невозможен: {russian}"
    return f"{'No call-back to' if callback else 'No call to'} {number}: {english}"


def reason_of(error: AppError) -> RefusalReason:
    """The reason an owner of calls gave; by the error's kind where it gave none."""
    named = error.data.get("reason")
    if isinstance(named, str) and named in set(RefusalReason):
        return RefusalReason(named)
    if isinstance(error, Expired | SwitchError):
        return RefusalReason.SWITCH_AWAY
    return RefusalReason.BUSY if isinstance(error, WrongState) else RefusalReason.BAD_NUMBER
