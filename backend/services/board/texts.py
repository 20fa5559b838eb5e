"""Why the board says no, and what its exports are headed with. Russian first, English second."""

from __future__ import annotations

from typing import Final

BOARD_TEXTS: Final[dict[str, tuple[str, str]]] = {
    "board_supervisors_only": (
        "Доску видят руководители и администраторы. Попросите администратора дать вам роль.",
        "Supervisors and administrators see the board. Ask an administrator for the role.",
    ),
    "board_no_team": (
        ("Вы пока не руководите ни одной командой. Попросите администратора назначить вас"
        " руководителем команды в настройках сотрудников."),
        ("You lead no team yet. Ask an administrator to make you the head of a team in the"
        " settings of people."),
    ),
    "board_not_yours": (
        "Этого сотрудника нет в ваших командах. Обновите доску.",
        "This person is not in your teams. Reload the board.",
    ),
    "board_no_hand": (
        "Рука уже опущена: помощь больше не нужна.",
        "The hand is down again: no help is needed any more.",
    ),
    "board_bad_span": (
        "Укажите начало и конец периода (не длиннее {most} дней), начало — раньше конца.",
        "Give the beginning and the end of a period of at most {most} days, in that order.",
    ),
    "board_bad_time": (
        "Укажите время как 2026-11-04T10:42:00Z.",
        "Give times like 2026-11-04T10:42:00Z.",
    ),
    "board_bad_status": (
        "Выберите статус из списка и повторите.",
        "Choose one of the statuses and try again.",
    ),
    "board_reason": (
        "Напишите причину: от 1 до {most} знаков. Сотрудник увидит её.",
        "Write a reason of 1 to {most} characters. The employee sees it.",
    ),
    "board_bad_mode": (
        "Выберите: слушать, подсказывать или войти в разговор.",
        "Choose to listen, to whisper or to join in.",
    ),
    "board_monitoring_off": (
        ("Прослушивание выключено в настройках доски (board.monitoring). Включает его"
        " администратор."),
        ("Listening is switched off in the board's settings (board.monitoring). An administrator"
        " switches it on."),
    ),
    "board_engine": (
        "Эта телефонная станция не умеет подключать руководителя к разговору.",
        "This telephone switch cannot let a supervisor into a talk.",
    ),
    "board_no_phone": (
        "Вам некуда позвонить: включите телефон или попросите администратора дать вам номер.",
        "Nothing of yours can be rung: turn your phone on, or ask the administrator for a number.",
    ),
    "board_own_talk": (
        "Это ваш собственный разговор.",
        "This is your own talk.",
    ),
    "board_not_talking": (
        "Разговор уже закончился или сотрудник ещё не ответил.",
        "The talk is over, or the employee has not answered yet.",
    ),
}  # fmt: skip

HEADINGS: Final[dict[str, tuple[str, str]]] = {
    "name": ("Сотрудник", "Person"),
    "answered": ("Принято", "Answered"),
    "missed": ("Пропущено", "Missed"),
    "placed": ("Исходящих", "Placed"),
    "reached": ("Дозвонов", "Reached"),
    "talk_s": ("Разговор, с", "Talk, s"),
    "all": ("Все", "Everybody"),
    "day": ("День", "Day"),
    "inbound": ("Входящих", "Inbound"),
    "lost": ("Потеряно", "Lost"),
    "failed": ("Не соединено", "Failed"),
    "in_time": ("Вовремя", "In time"),
    "wait_s": ("Ожидание всего, с", "Waiting in all, s"),
    "longest_wait_s": ("Дольше всего ждали, с", "Longest wait, s"),
    "outbound": ("Исходящих", "Outbound"),
    "internal": ("Внутренних", "Internal"),
    "people": ("Сотрудники", "People"),
    "days": ("Дни", "Days"),
}
"""Column → words."""


def heading(key: str, language: str) -> str:
    return HEADINGS[key][0 if language == "ru" else 1]
