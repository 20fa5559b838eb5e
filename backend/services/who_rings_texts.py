"""The lines of "who would ring now", in both languages."""

from __future__ import annotations

from typing import Final

from backend.services.settings_texts import Language
from backend.services.who_rings import Line

_TEXTS: Final[dict[str, tuple[str, str]]] = {
    "hours_open": ("Рабочее время: звонок идёт дальше.", "Working hours: the call goes on."),
    "hours_closed": (
        "Нерабочее время: звонок идёт по другому сценарию.",
        "Outside working hours: the call goes on with another scenario.",
    ),
    "hours_closed_end": (
        "Нерабочее время: звонок завершается.",
        "Outside working hours: the call ends.",
    ),
    "ring_parallel": (
        "Звонит всем сразу, {timeout_s} с.",
        "Rings everybody at once for {timeout_s} s.",
    ),
    "ring_in_turn": (
        "Звонит по очереди, каждому {timeout_s} с.",
        "Rings one after another, each for {timeout_s} s.",
    ),
    "ring_longest_idle": (
        "Звонит по очереди, начиная с того, кто дольше не говорил, каждому {timeout_s} с.",
        "Rings whoever has not talked for longest first, each for {timeout_s} s.",
    ),
    "nobody": ("В шаге никого нет.", "Nobody is in this step."),
    "person_rings": ("{name}: звонит ({devices}).", "{name}: rings ({devices})."),
    "person_gone": (
        "{name}: такого сотрудника больше нет.",
        "{name}: no such employee any more.",
    ),
    "person_calls_off": (
        "{name}: не участвует в звонках.",
        "{name}: takes no part in calls.",
    ),
    "person_no_device": (
        "{name}: нет номера, на который можно звонить.",
        "{name}: has no number that can ring.",
    ),
    "person_status": (
        "{name}: не звонит, статус «{status}».",
        "{name}: does not ring, the status is {status}.",
    ),
    "person_on_list": (
        "{name}: обзванивает список и входящие не берёт.",
        "{name}: works through a list and takes no inbound calls.",
    ),
    "person_talks": ("{name}: уже говорит.", "{name}: is talking."),
    "manager": (
        "Спрашивает CRM об ответственном и звонит ему; нет ответа — следующий шаг.",
        "Asks the CRM who is responsible and rings them; without an answer, the next step.",
    ),
    "external": (
        "Звонит на внешний номер {number}, {timeout_s} с.",
        "Rings the outside number {number} for {timeout_s} s.",
    ),
    "external_off": (
        "Внешний номер {number} не набирается: у аккаунта нет линии.",
        "The outside number {number} is not rung: the account has no line.",
    ),
    "message": ("Проигрывает сообщение «{sound}».", "Plays the message {sound}."),
    "voicemail": (
        "Записывает сообщение после сигнала, до {max_s} с, и ставит задачу перезвонить.",
        "Records a message after the tone, {max_s} s at most, and asks for a call back.",
    ),
    "callback": ("Ставит задачу перезвонить.", "Asks for a call back."),
    "end_busy": ("Завершается: занято.", "Ends: busy."),
    "end_no_answer": ("Завершается: нет ответа.", "Ends: no answer."),
    "end_normal": ("Завершается.", "Ends."),
}
_STATUSES: Final[dict[str, tuple[str, str]]] = {
    "available": ("Доступен", "available"),
    "break": ("Перерыв", "on a break"),
    "do_not_disturb": ("Не беспокоить", "do not disturb"),
    "away": ("Нет на месте", "away"),
    "off_work": ("Не на работе", "off work"),
}
CODES: Final = frozenset(_TEXTS)


def words(line: Line, language: Language) -> str:
    """The line as people read it."""
    which = 0 if language == "ru" else 1
    data = dict(line.data)
    if "status" in data:
        data["status"] = _STATUSES[data["status"]][which]
    return _TEXTS[line.code][which].format(**data)
