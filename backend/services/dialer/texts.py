"""Why somebody is not dialled, in words people act on."""

from __future__ import annotations

from typing import Final

from protocol.dialer_words import ItemReason

_RUSSIAN: Final[dict[ItemReason, str]] = {
    ItemReason.NO_NUMBER: "Нет номера. Впишите его в карточку и обновите строку.",
    ItemReason.BAD_NUMBER: "Это не телефонный номер. Исправьте карточку и обновите строку.",
    ItemReason.SAME_PERSON: "Этот человек уже есть в списке: позвоним один раз.",
    ItemReason.DO_NOT_CALL: "Номер в списке тех, кому не звонят.",
    ItemReason.OPTED_OUT: "Человек просил ему не звонить.",
    ItemReason.NO_CONSENT: "Нет подтверждённого согласия на рекламный звонок.",
    ItemReason.RECORD_GONE: "Карточки больше нет в CRM.",
    ItemReason.ATTEMPTS_SPENT: "Попыток больше нет: столько раз позволяет список.",
    ItemReason.REMOVED: "Строку убрали из списка.",
    ItemReason.LIST_CLOSED: "Список убрали.",
    ItemReason.OUTSIDE_HOURS: "Там, где живёт человек, сейчас не время для звонка.",
    ItemReason.TOO_SOON: "Этому человеку недавно уже звонили.",
    ItemReason.IN_OTHER_HANDS: "С этим человеком сейчас занят коллега.",
}
_ENGLISH: Final[dict[ItemReason, str]] = {
    ItemReason.NO_NUMBER: "No number. Add one to the card and refresh the row.",
    ItemReason.BAD_NUMBER: "This is not a phone number. Correct the card and refresh the row.",
    ItemReason.SAME_PERSON: "The same person is in the list already and is called once.",
    ItemReason.DO_NOT_CALL: "The number is on the list of those not to be called.",
    ItemReason.OPTED_OUT: "The person asked not to be called.",
    ItemReason.NO_CONSENT: "There is no proof of consent to an advertising call.",
    ItemReason.RECORD_GONE: "The CRM has no such card any more.",
    ItemReason.ATTEMPTS_SPENT: "No attempts are left: the list allows no more.",
    ItemReason.REMOVED: "The row was taken off the list.",
    ItemReason.LIST_CLOSED: "The list was put away.",
    ItemReason.OUTSIDE_HOURS: "It is no hour for a call where the person is.",
    ItemReason.TOO_SOON: "The person was called a short while ago.",
    ItemReason.IN_OTHER_HANDS: "A colleague has this person right now.",
}

DIALER_TEXTS: Final[dict[str, tuple[str, str]]] = {
    "list_supervisors_only": (
        "Это решает руководитель: попросите его составить список.",
        "Whoever leads decides this: ask them to make the list.",
    ),
    "name": ("Назовите список.", "Give the list a name."),
    "empty": (
        "В списке нет людей. Под строкой заголовков должна быть хотя бы одна строка.",
        "The list has no people. There has to be a row below the headings.",
    ),
    "too_many_rows": (
        "Слишком много строк: в списке бывает до {most}. Разделите его.",
        "Too many rows: a list has up to {most}. Part it.",
    ),
    "row_numbers": (
        "Слишком много номеров в строке: бывает до {most}.",
        "Too many numbers in a row: there may be {most}.",
    ),
    "owner_or_group": (
        "Укажите либо сотрудника, либо группу.",
        "Name an employee or a group, one of both.",
    ),
    "owner": ("Такого сотрудника нет.", "There is no such employee."),
    "group": ("В этой группе никого нет.", "Nobody is in this group."),
    "zone": (
        "Нет часового пояса «{zone}». Пишите так: Asia/Yekaterinburg.",
        "There is no time zone {zone}. Write it like Asia/Yekaterinburg.",
    ),
    "mixed": (
        "В одном списке бывают или люди, или сделки. Соберите два списка.",
        "A list has people or deals, never both. Make two lists.",
    ),
    "advertising_progressive": (
        "Рекламные звонки набирает человек: выберите режим с просмотром карточки.",
        "Advertising is dialled by a person: choose the mode with a look at the card.",
    ),
    "file": (
        "Файл не читается. Сохраните таблицу как CSV или XLSX.",
        "The file cannot be read. Save the table as CSV or XLSX.",
    ),
    "file_too_large": (
        "Файл слишком большой: бывает до 8 МБ.",
        "The file is too large: it may have 8 MB.",
    ),
    "column": (
        "В файле нет столбца «{column}».",
        'The file has no column "{column}".',
    ),
    "call_list": (
        "Такого списка обзвона в портале нет, или он недоступен.",
        "The portal has no such call list, or keeps it to itself.",
    ),
    "columns": (
        "Скажите, в каких столбцах номера.",
        "Say which columns hold the numbers.",
    ),
    "no_number_column": (
        "Скажите, в каких столбцах номера.",
        "Say which columns hold the numbers.",
    ),
    "list_number": ("Это не телефонный номер.", "This is not a phone number."),
    "twice": (
        "Итог назван дважды. У каждого свой id.",
        "A disposition is there twice. Each has an id of its own.",
    ),
    "in_hand": (
        "С кем-то из списка сейчас работают. Остановите список и повторите.",
        "Somebody of the list is in hand. Stop the list and try again.",
    ),
    "part": ("Такой части списка нет.", "The list has no such part."),
    "outcome": ("Такого исхода нет.", "There is no such outcome."),
    "hour": ("Час бывает от 0 до 23.", "An hour is 0 to 23."),
}
"""Refusals of the lists' door, by `why`."""


def told(reason: ItemReason, language: str) -> str:
    return (_RUSSIAN if language == "ru" else _ENGLISH)[reason]
