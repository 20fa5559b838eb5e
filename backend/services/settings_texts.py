"""What is wrong with settings, in words that say what to do. Russian first, English second."""

from __future__ import annotations

from typing import Any, Final, Literal

from backend.domain.account_faults import Fault
from backend.services.board.texts import BOARD_TEXTS
from backend.services.dialer.texts import DIALER_TEXTS
from backend.services.scenario_texts import SCENARIO_TEXTS

Language = Literal["ru", "en"]

_TEXTS: Final[dict[str, tuple[str, str]]] = {
    **SCENARIO_TEXTS,
    **BOARD_TEXTS,
    **DIALER_TEXTS,
    # ── shapes ──
    "not_toml": (
        "Файл не читается как TOML: {said}. Исправьте эту строку.",
        "The file cannot be read as TOML: {said}. Correct that line.",
    ),
    "not_a_table": (
        "Здесь ожидается таблица с полями. Запишите поля как имя = значение.",
        "A table with fields is expected here. Write its fields as name = value.",
    ),
    "not_a_list": (
        "Здесь ожидается список. Запишите элементы как [[…]] или в квадратных скобках.",
        "A list is expected here. Write its items as [[…]] or in square brackets.",
    ),
    "unknown_field": (
        "Неизвестное поле «{name}». Уберите его или исправьте имя; здесь бывают: {known}.",
        "Unknown field \"{name}\". Remove it or correct its name; known here: {known}.",
    ),
    "unknown_area": (
        "Неизвестный раздел настроек «{name}». Есть разделы: {known}.",
        "Unknown area of settings \"{name}\". There are: {known}.",
    ),
    "missing": ("Не хватает поля «{name}». Добавьте его.", "\"{name}\" is missing. Add it."),
    "wrong_type": (
        "Неверный тип: нужно {expected}, а записано {got}. Исправьте значение.",
        "Wrong type: {expected} is needed, {got} is written. Correct the value.",
    ),
    "not_one_of": (
        "Такого значения нет. Выберите одно из: {known}.",
        "There is no such value. Choose one of: {known}.",
    ),
    "at_least": ("Слишком мало: нужно не меньше {bound}.", "Too small: at least {bound}."),
    "at_most": ("Слишком много: нужно не больше {bound}.", "Too large: at most {bound}."),
    "bad_value": (
        "Значение не подходит ({said}). Исправьте его.",
        "The value does not fit ({said}). Correct it.",
    ),
    "bad_character": (
        "В тексте недопустимый знак. Наберите его заново.",
        "The text has a character that cannot be kept. Type it again.",
    ),
    "too_long": ("Слишком длинно: не больше {most} знаков.", "Too long: at most {most}."),
    "bad_version": (
        "Файл записан для другой версии формата. Эта версия Dozvon читает version = {known}.",
        "The file is of another version of the format. This Dozvon reads version = {known}.",
    ),
    "double_item": (
        "«{id}» описан дважды. Оставьте одно описание.",
        "\"{id}\" is written twice. Keep one of them.",
    ),
    # ── names and numbers ──
    "bad_id": (
        "Идентификатор — от 1 до 64 латинских букв, цифр, «-» и «_».",
        "An id is 1 to 64 Latin letters, digits, \"-\" and \"_\".",
    ),
    "bad_slug": (
        "Краткое имя — от 1 до 40 строчных латинских букв, цифр и «-».",
        "A slug is 1 to 40 lower-case Latin letters, digits and \"-\".",
    ),
    "slug_taken": (
        "Краткое имя «{number}» уже занято другим аккаунтом. Выберите другое.",
        "The slug \"{number}\" belongs to another account already. Choose another.",
    ),
    "bad_name": (
        "Название обязательно и не длиннее {most} знаков.",
        "A name is needed, of at most {most} characters.",
    ),
    "bad_region": (
        "Неизвестная страна. Укажите код из двух заглавных букв, например RU.",
        "Unknown country. Give its code of two capitals, such as RU.",
    ),
    "bad_timezone": (
        "Неизвестный часовой пояс. Укажите имя IANA, например Europe/Moscow.",
        "Unknown time zone. Give its IANA name, such as Europe/Moscow.",
    ),
    "bad_email": (
        "Это не адрес электронной почты. Исправьте или уберите его.",
        "This is no e-mail address. Correct or remove it.",
    ),
    "bad_extension": (
        "Внутренний номер — от 2 до 5 цифр.",
        "An extension has 2 to 5 digits.",
    ),
    "bad_number": (
        "«{number}» — не телефонный номер. Запишите его в виде +74951234567.",
        "\"{number}\" is no telephone number. Write it like +74951234567.",
    ),
    "number_taken": (
        "Номер {number} на этой станции уже занят. Проверьте номер и станцию.",
        "The number {number} is taken on this switch already. Check number and switch.",
    ),
    "bad_endpoint": (
        "Это не адрес станции. Запишите его словами станции, например {example}.",
        "This is no endpoint. Write it in the switch's words, such as {example}.",
    ),
    "bad_mobile": (
        "Для мобильного нужен телефонный номер (+79161234567) или адрес станции ({example}).",
        "A mobile needs a telephone number (+79161234567) or an endpoint ({example}).",
    ),
    "mobile_without_line": (
        ("Звонить на мобильный не через что: у аккаунта нет линии. Попросите того, кто ведёт "
        "сервер, добавить линию."),
        ("There is nothing to call the mobile through: the account has no line. Ask whoever runs "
        "the server to add one."),
    ),
    "endpoint_foreign": (
        ("Этот адрес станции не принадлежит вашему аккаунту. Укажите свой, например {example}, "
        "либо попросите того, кто ведёт сервер."),
        ("This endpoint is not your account's. Give one of yours, such as {example}, or ask "
        "whoever runs the server."),
    ),
    "bad_priority": ("Приоритет — от 1 до 99.", "A priority is 1 to 99."),
    "double_priority": (
        "Два номера с приоритетом {priority}. Дайте им разные.",
        "Two numbers have priority {priority}. Give them different ones.",
    ),
    "too_many_numbers": (
        "У сотрудника бывает не больше {most} номеров. Уберите лишние.",
        "An employee has at most {most} numbers. Remove some.",
    ),
    "line_without_number": (
        ("В адресе линии нет места для номера. Добавьте {{digits}} или {{number}}, например "
        "PJSIP/{{digits}}@trunk."),
        ("The line's endpoint has no place for the number. Add {{digits}} or {{number}}, as in "
        "PJSIP/{{digits}}@trunk."),
    ),
    # ── references ──
    "caller_id_unknown": (
        "Номер {number} не ваш. Выберите один из виртуальных номеров аккаунта.",
        "The number {number} is not yours. Choose one of the account's virtual numbers.",
    ),
    "unknown_employee": (
        "Нет сотрудника «{id}». Укажите идентификатор или e-mail того, кто есть.",
        "There is no employee \"{id}\". Give the id or e-mail of somebody who is there.",
    ),
    "double_member": (
        "Сотрудник «{id}» указан дважды. Оставьте один раз.",
        "The employee \"{id}\" is named twice. Keep one.",
    ),
    "unknown_group": (
        "Нет группы «{id}». Создайте её или выберите другую.",
        "There is no group \"{id}\". Create it or choose another.",
    ),
    "unknown_scenario": (
        "Нет сценария «{id}». Создайте его или выберите другой.",
        "There is no scenario \"{id}\". Create it or choose another.",
    ),
    "unknown_switch": (
        "Нет станции «{id}». Опишите её в [[switches]] этого файла.",
        "There is no switch \"{id}\". Describe it in [[switches]] of this file.",
    ),
    "switch_without_line": (
        "У аккаунта нет линии на станции «{id}». Добавьте её в [[accounts.lines]].",
        "The account has no line on the switch \"{id}\". Add it in [[accounts.lines]].",
    ),
    "double_extension": (
        "Внутренний номер занят: {other}. Выберите другой.",
        "The extension is taken by {other}. Choose another.",
    ),
    "double_email": (
        "Этот e-mail уже у сотрудника «{other}». Исправьте один из них.",
        "The employee \"{other}\" has this e-mail already. Correct one of them.",
    ),
    "double_crm_user": (
        "С этим пользователем CRM уже связан сотрудник «{other}».",
        "The employee \"{other}\" is linked to this CRM user already.",
    ),
    # ── rules between settings ──
    "override_without_number": (
        "Чтобы всегда показывать один номер, выберите номер для звонка по клику.",
        "To always show one number, choose the number for click-to-call first.",
    ),
    "tracking_without_callback": (
        ("Виртуальные номера передаются в коллтрекинг только при включённом обратном звонке. "
        "Включите callback_form или выключите call_tracking."),
        ("Virtual numbers go to call tracking only while the call-back form is on. Switch "
        "callback_form on or call_tracking off."),
    ),
    "bad_origin": (
        ("«{origin}» — не адрес сайта. Запишите его так, как его называет браузер: "
        "https://example.ru, без пути и косой черты в конце."),
        ("\"{origin}\" is no site. Write it as a browser names it: https://example.org, without a "
        "path or a slash at its end."),
    ),
    "too_many_origins": (
        "Сайтов не больше {most}. Уберите лишние.",
        "There are at most {most} sites. Remove some.",
    ),
    # ── call tracking's doors ──
    "bad_visit_key": (
        ("Такого ключа нет. Выдайте новый в настройках коллтрекинга или командой "
        "dozvon visits key."),
        ("There is no such key. Issue another in the settings of call tracking or with "
        "dozvon visits key."),
    ),
    "site_key_here": (
        ("Этот ключ — для страниц сайта. Серверу выдайте серверный ключ: он начинается "
        "с dvk_."),
        "This key is for a site's pages. Give the server a server's key: it begins with dvk_.",
    ),
    "visits_off": (
        "Коллтрекинг выключен. Включите его в настройках: call_tracking.visits.",
        "Call tracking is off. Switch it on in the settings: call_tracking.visits.",
    ),
    "origin_not_allowed": (
        "Этому сайту нельзя просить номер. Добавьте его адрес в настройки: call_tracking.origins.",
        "This site may not ask for numbers. Add it to the settings: call_tracking.origins.",
    ),
    "visits_too_many": (
        "Слишком часто. Повторите через {retry_after_s} с: дважды ничего не запишется.",
        "Too often. Repeat in {retry_after_s} s: nothing is kept twice.",
    ),
    "visits_refused": (
        "Посещения не записаны: исправьте отмеченное и пришлите их снова целиком.",
        "The visits were not kept: correct what is marked and send all of them again.",
    ),
    "events_needed": (
        "Нужен объект с полем events — списком посещённых страниц, и ничем больше.",
        "An object with events, a list of pages that were seen, is needed, and nothing else.",
    ),
    "events_count": (
        "В одном запросе от 1 до {most} страниц. Разделите их на несколько запросов.",
        "A request has 1 to {most} pages. Split them into several requests.",
    ),
    "body_too_large": (
        "Запрос больше {most} байт. Разделите его на несколько.",
        "The request is longer than {most} bytes. Split it into several.",
    ),
    "bad_page_url": (
        "Это не адрес страницы. Нужен полный: https://example.ru/catalog.",
        "This is no page's address. A whole one is needed: https://example.org/catalog.",
    ),
    "visit_too_old": (
        "Посещения хранятся с {oldest}; это старше. Уберите его из запроса.",
        "Visits are kept since {oldest}; this one is older. Leave it out.",
    ),
    "number_not_lent": (
        "Номер {number} не из пула. Отметьте его в настройках виртуальных номеров (pool).",
        "The number {number} is not of the pool. Mark it so in the virtual numbers (pool).",
    ),
    "too_many_keys": (
        "Ключей уже {most}. Отзовите ненужные.",
        "There are {most} keys already. Withdraw some.",
    ),
    # ── sounds ──
    "not_a_sound": (
        "Это не звуковой файл. Загрузите WAV или MP3.",
        "This is no sound file. Upload a WAV or MP3.",
    ),
    "sound_too_long": (
        "Звук длиннее {most} с. Сократите его.",
        "The sound is longer than {most} s. Cut it.",
    ),
    "sound_too_large": (
        "Файл больше {most} МБ. Сохраните его короче или как MP3.",
        "The file is larger than {most} MB. Make it shorter, or an MP3.",
    ),
    "too_many_sounds": (
        "Звуков уже {most}. Удалите ненужные.",
        "There are {most} sounds already. Delete some.",
    ),
    "sound_used": (
        "Звук ещё нужен: {names}. Сначала выберите там другой.",
        "The sound is still used: {names}. Choose another there first.",
    ),
    "sound_unknown": (
        "Такого звука нет. Выберите из загруженных или загрузите его снова.",
        "There is no such sound. Choose one of those uploaded, or upload it again.",
    ),
    "notice_too_long": (
        "Это слишком долго: через {most} с начнётся музыка. Возьмите звук короче.",
        "This is too long: music begins after {most} s. Take a shorter sound.",
    ),
    # ── secrets ──
    "credentials_missing": (
        ("Для новой станции нужны учётные данные. Запишите credentials = \"env:ИМЯ\" и задайте "
        "переменную окружения ИМЯ как пользователь:пароль."),
        ("A new switch needs credentials. Write credentials = \"env:NAME\" and set the "
        "environment variable NAME to user:password."),
    ),
    "credentials_plain": (
        ("Секрету не место в файле. Запишите credentials = \"env:ИМЯ\" и задайте переменную "
        "окружения ИМЯ."),
        ("A secret has no place in the file. Write credentials = \"env:NAME\" and set the "
        "environment variable NAME."),
    ),
    "credentials_unset": (
        "Переменная окружения {name} не задана. Задайте её и повторите.",
        "The environment variable {name} is not set. Set it and try again.",
    ),
    "bad_hold": (
        "Напишите `media:<номер файла>` или `tts:<текст>`.",
        "Write `media:<id of a file>` or `tts:<text>`.",
    ),
    "bad_ws_url": (
        "Это не адрес. Нужен адрес вида wss://phone.example.ru/sip.",
        "This is no address. It looks like wss://phone.example.com/sip.",
    ),
    "bad_url": (
        "Нужен адрес вида http://host:8088.",
        "An address such as http://host:8088 is needed.",
    ),
    # ── notes ──
    "owned_by_crm": (
        "Поле ведёт CRM; оставлено как там. Измените его в CRM.",
        "The CRM keeps this field; it stays as it is there. Change it in the CRM.",
    ),
    "pruned_linked": (
        "Сотрудник пришёл из CRM и остаётся. Увольте его в CRM, чтобы убрать здесь.",
        "The employee comes from the CRM and stays. Dismiss them there to remove them here.",
    ),
    "workday_both": (
        ("Включены и импорт рабочего дня, и запись в него: статусы могут меняться неожиданно. "
        "Оставьте одно."),
        ("Both importing the working day and writing to it are on: statuses may change "
        "unexpectedly. Keep one of them."),
    ),
    "workday_mixed": (
        ("За последние 7 дней статус меняли и рабочий день в CRM, и сами сотрудники здесь: "
        "{names}. Действует последнее изменение, и оно может оказаться неожиданным. Договоритесь, "
        "где менять статус, или выключите импорт тем, кто выбирает его здесь."),
        ("Within the last 7 days both the CRM's working day and the employees themselves changed "
        "the status here: {names}. The last change counts, which may be unexpected. Agree on one "
        "place, or switch the import off for those who choose it here."),
    ),
    # ── who may ──
    "administrators_only": (
        "Менять настройки может только администратор Dozvon. Попросите администратора.",
        "Only an administrator of Dozvon may change settings. Ask an administrator.",
    ),
    "supervisors_only": (
        "Настройки видят руководители и администраторы. Попросите администратора дать вам роль.",
        "Supervisors and administrators see the settings. Ask an administrator for the role.",
    ),
    "changed_meanwhile": (
        "Это уже изменил кто-то другой. Обновите страницу и повторите.",
        "Somebody else changed this meanwhile. Reload and try again.",
    ),
    "version_needed": (
        "Укажите в заголовке If-Match версию, которую вы меняете.",
        "Name the version you change in the header If-Match.",
    ),
    "last_administrator": (
        "Это последний администратор. Сначала назначьте другого.",
        "This is the last administrator. Make somebody else one first.",
    ),
    "not_found": ("Такого здесь нет. Обновите страницу.", "There is no such thing here. Reload."),
    "id_taken": (
        "«{id}» уже есть. Выберите другой идентификатор.",
        "\"{id}\" is there already. Choose another id.",
    ),
    "operator_only": (
        "Это делает тот, кто ведёт сервер (dozvon apply).",
        "Whoever runs the server does this (dozvon apply).",
    ),
    "in_use": (
        "На это ссылается {other}. Сначала измените его.",
        "{other} refers to this. Change that first.",
    ),
    "not_json": ("Тело запроса — не объект JSON.", "The body is not a JSON object."),
    "invalid": (
        "Настройки не сохранены: исправьте отмеченное.",
        "The settings were not saved: correct what is marked.",
    ),
    "no_crm": ("CRM не подключена.", "No CRM is connected."),
    "cloud_address": ("Выберите адрес из списка.", "Choose one of the addresses."),
    "cloud_key": (
        "Впишите ключ из личного кабинета облака: буквы и цифры, без пробелов.",
        "Write the key of the cloud's console: letters and digits, no spaces.",
    ),
    "cloud_of_server": (
        "Облако этого аккаунта ведёт администратор сервера: попросите его.",
        "Whoever runs the server looks after this account's cloud: ask them.",
    ),
    "no_cloud": (
        "Облако не подключено. Сохраните адрес и ключ.",
        "No cloud is connected. Save an address and a key.",
    ),
}  # fmt: skip

CODES: Final = frozenset(_TEXTS)


def sentence(code: str, language: Language, **data: Any) -> str:
    """The words for a code. An unknown code, of a newer rule, is told with what it said."""
    texts = _TEXTS.get(code) or _TEXTS["bad_step"]
    blanks = Blanks(said=code)
    blanks.update(data)
    return texts[0 if language == "ru" else 1].format_map(blanks)


def told(fault: Fault, language: Language) -> str:
    return sentence(fault.code, language, **fault.data)


def language_of(accepted: str) -> Language:
    """From `Accept-Language` or `LANG`: Russian unless another language comes first."""
    first = accepted.split(",", 1)[0].split(";", 1)[0].strip().lower()
    return "ru" if not first or first == "*" or first.startswith("ru") else "en"


class Blanks(dict[str, Any]):
    """A sentence is worth more than a fault in its data."""

    def __missing__(self, key: str) -> str:
        return "…"
