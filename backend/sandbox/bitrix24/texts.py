"""The portal's own words, Russian first."""

from __future__ import annotations

_TEXTS = {
    "contacts": ("Контакты", "Contacts"),
    "companies": ("Компании", "Companies"),
    "deals": ("Сделки", "Deals"),
    "leads": ("Лиды", "Leads"),
    "staff": ("Сотрудники", "Staff"),
    "apps": ("Приложения", "Applications"),
    "sign_in": ("Вход на портал", "Sign in"),
    "choose": ("Выберите сотрудника", "Choose an employee"),
    "sign_out": ("Выйти", "Sign out"),
    "name": ("Имя", "Name"),
    "phone": ("Телефон", "Phone"),
    "company": ("Компания", "Company"),
    "position": ("Должность", "Position"),
    "responsible": ("Ответственный", "Responsible"),
    "source": ("Источник", "Source"),
    "stage": ("Стадия", "Stage"),
    "amount": ("Сумма", "Amount"),
    "contact": ("Контакт", "Contact"),
    "city": ("Город", "City"),
    "created": ("Создан", "Created"),
    "open_deals": ("Открытые сделки", "Open deals"),
    "activities": ("Дела", "Activities"),
    "search": ("Поиск", "Search"),
    "earlier": ("Назад", "Back"),
    "later": ("Дальше", "Next"),
    "install": ("Установить", "Install"),
    "installed": ("Установлено", "Installed"),
    "not_installed": ("Приложение установлено не полностью", "Not fully installed"),
    "open_app": ("Открыть приложение", "Open application"),
    "extension": ("Внутренний номер", "Extension"),
    "department": ("Отдел", "Department"),
    "nothing": ("Пока ничего нет", "Nothing here yet"),
    "not_found": ("Такой страницы нет", "There is no such page"),
    "general": ("Общие", "General"),
    "administrator": ("администратор", "administrator"),
    "user_menu": ("Меню сотрудника", "User menu"),
    "uninstall": ("Удалить приложение", "Delete the application"),
    "reinstall": ("Установить заново", "Install again"),
    "call_list": ("Обзвон", "Call list"),
    "call_lists": ("Обзвоны", "Call lists"),
    "line": ("Линия", "Line"),
    "callback": ("Заказать звонок", "Ask for a call"),
    "callback_text": ("О чём поговорим", "What about"),
    "callback_send": ("Перезвоните мне", "Call me back"),
    "callback_thanks": ("Спасибо, мы перезвоним.", "Thank you, we will call you."),
    "callback_bad_phone": (
        "Проверьте номер: в нём слишком мало цифр.",
        "Check the number: it has too few digits.",
    ),
    "callback_no_line": (
        "Форма не привязана к линии. Подключите линию приложения и отправьте ещё раз.",
        "The form has no line. Connect a line of the application and send it again.",
    ),
    "portal": ("Учебный портал", "Training portal"),
}


def text(key: str, language: str) -> str:
    """The words for `key` in `ru` or `en`."""
    russian, english = _TEXTS[key]
    return english if language == "en" else russian
