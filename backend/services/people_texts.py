"""How a reading of the CRM's people went and who was left out, in words that say what to do."""

from __future__ import annotations

from typing import Final

from backend.services.settings_texts import Blanks, Language

_TEXTS: Final[dict[str, tuple[str, str]]] = {
    # ── people ──
    "no_last_name": (
        "Не заполнена фамилия. Заполните её в CRM.",
        "The last name is missing. Fill it in in the CRM.",
    ),
    "no_email": (
        "Не заполнен e-mail. Заполните его в CRM.",
        "The e-mail is missing. Fill it in in the CRM.",
    ),
    "no_department": (
        "Не указано подразделение. Укажите его в CRM.",
        "No department is given. Give one in the CRM.",
    ),
    "external": (
        "Внешний пользователь. Чтобы добавить, разрешите внешних в настройках сотрудников.",
        "An external user. To add them, allow external users in the settings of people.",
    ),
    "department_left_out": (
        "Подразделение исключено в настройках сотрудников.",
        "The department is left out in the settings of people.",
    ),
    "no_cards": (
        "Бесплатный пользователь amoCRM не видит карточек. Смените ему тариф.",
        "A free user of amoCRM sees no records. Give them a paid seat.",
    ),
    "same_email": (
        "Такой же e-mail у «{other}». Исправьте один из них в CRM.",
        "{other} has the same e-mail. Correct one of them in the CRM.",
    ),
    "several_here": (
        "С этим e-mail здесь несколько сотрудников. Свяжите нужного вручную.",
        "Several employees here have this e-mail. Link the right one by hand.",
    ),
    "switched_off_here": (
        "Сотрудник отключён здесь вручную и остаётся отключённым.",
        "Switched off here by hand, and stays so.",
    ),
    "extension_taken": (
        "Внутренний номер {extension} занят ({other}). Исправьте его в CRM или здесь.",
        "The extension {extension} is taken by {other}. Correct it there or here.",
    ),
    "bad_extension": (
        "Внутренний номер «{extension}» нельзя набрать: нужно от 2 до 5 цифр.",
        "The extension \"{extension}\" cannot be dialled: 2 to 5 digits are needed.",
    ),
    "gone_unconfirmed": (
        "В CRM пропало слишком много людей сразу; перепроверим, прежде чем отключать.",
        "Too many people are missing in the CRM at once; asked again before anybody leaves.",
    ),
    # ── readings ──
    "sync.none": ("Синхронизации ещё не было.", "Not synchronised yet."),
    "sync.running": ("Идёт синхронизация.", "Synchronising."),
    "sync.done": ("Синхронизация выполнена.", "Synchronised."),
    "sync.held": (
        "Синхронизация выполнена, но слишком многие пропали: перепроверим.",
        "Synchronised, but too many people are missing: asked again soon.",
    ),
    "sync.partial": (
        "CRM отдала не всех; ничего не изменено, повторим.",
        "The CRM gave fewer people than it has; nothing was changed, tried again soon.",
    ),
    "sync.empty": (
        "CRM не отдала никого; ничего не изменено. Проверьте права подключившего.",
        "The CRM gave nobody; nothing was changed. Check the rights of who connected it.",
    ),
    "sync.failed": (
        "CRM не ответила; ничего не изменено, повторим.",
        "The CRM did not answer; nothing was changed, tried again soon.",
    ),
    "sync.refused": (
        "CRM не показывает сотрудников; ничего не изменено. Подключите её администратором.",
        "The CRM does not show its users; nothing was changed. Connect it as an administrator.",
    ),
    "sync.reconnect": (
        "Доступ к CRM потерян. Администратору нужно подключить её заново.",
        "Access to the CRM is lost. An administrator has to connect it again.",
    ),
    # ── the connection ──
    "connection.none": (
        "CRM не подключена. Установите приложение в CRM администратором.",
        "No CRM is connected. Install the application in the CRM as an administrator.",
    ),
    "connection.off": (
        "Интеграция выключена: карточек и записей в CRM нет.",
        "The integration is off: no cards, and nothing is written to the CRM.",
    ),
    "connection.ok": ("CRM подключена.", "The CRM is connected."),
    "connection.auth_expired": (
        "Доступ к CRM отозван. Администратору нужно подключить её заново.",
        "Access to the CRM was revoked. An administrator has to connect it again.",
    ),
    "connection.waiting": (
        "Ждём установки приложения в CRM.",
        "Waiting for the application to be installed in the CRM.",
    ),
    "connection.uninstalled": (
        "Приложение удалено из CRM. Установите его заново.",
        "The application was removed from the CRM. Install it again.",
    ),
}  # fmt: skip


def words(code: str, language: Language, **data: object) -> str:
    """The sentence for a code; an unknown code stays as it is."""
    texts = _TEXTS.get(code)
    if texts is None:
        return code
    return texts[0 if language == "ru" else 1].format_map(Blanks(data))
