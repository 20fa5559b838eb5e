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


def told(reason: ItemReason, language: str) -> str:
    return (_RUSSIAN if language == "ru" else _ENGLISH)[reason]
