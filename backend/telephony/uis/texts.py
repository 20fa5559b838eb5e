"""What a check of the cloud says, in words that say what to do. Russian first, English second."""

from __future__ import annotations

from typing import Any, Final

TEXTS: Final[dict[str, tuple[str, str]]] = {
    "call_api": ("Call API отвечает: {url}.", "Call API answers at {url}."),
    "call_api_points": (
        "Call API отвечает: {url}, осталось {left} из {limit} баллов в минуту.",
        "Call API answers at {url}, {left} of {limit} points a minute are left.",
    ),
    "data_api": (
        "Data API отвечает: {url}, аккаунт «{name}».",
        "Data API answers at {url}, account {name}.",
    ),
    "few_points": (
        (
            "По тарифу {limit} баллов в минуту; пока кто-то звонит, нужно не меньше {least}. "
            "Карточки будут опаздывать."
        ),
        (
            "The tariff gives {limit} points a minute; while somebody rings {least} are needed. "
            "Cards will be late."
        ),
    ),
    "silent": (
        "{api} не отвечает ({said}). Верен ли адрес {url} и доступен ли он отсюда?",
        "{api} does not answer ({said}). Is the address {url} right, and reachable from here?",
    ),
    "refused_auth_error": (
        "{api} не принимает ключ. Создайте в личном кабинете бессрочный ключ и впишите его.",
        "{api} refuses the key. Make a permanent one in the console and set it.",
    ),
    "refused_ip_not_whitelisted": (
        (
            "{api}: адреса этого сервера нет в списке разрешённых. Добавьте его у пользователя "
            "ключа (пустой список запрещает всем)."
        ),
        (
            "{api}: add the address of this server to the list of the key's user in the console "
            "(an empty list refuses everybody)."
        ),
    ),
    "refused_access_token_invalid": (
        "{api} не знает такого ключа. Создайте в личном кабинете бессрочный ключ и впишите его.",
        "{api}: the key is unknown. Make a permanent one in the console and set it.",
    ),
    "refused_access_token_expired": (
        "{api}: срок ключа вышел. Создайте новый и впишите его.",
        "{api}: the key has ended. Make a new one and set it.",
    ),
    "refused_access_token_blocked": (
        "{api}: ключ заблокирован в личном кабинете.",
        "{api}: the key is blocked in the console.",
    ),
    "refused_component_disabled": (
        "{api}: компонент не подключён. Закажите Call API с управлением вызовами и Data API.",
        (
            "{api}: the account has no such component. Order Call API with call management, and "
            "Data API."
        ),
    ),
    "refused_forbidden": (
        "{api}: пользователю ключа это не разрешено. Дайте ему право в личном кабинете.",
        "{api}: the user of the key may not do this. Give him the right in the console.",
    ),
    "refused_account_inactive": (
        "{api}: аккаунт облака отключён. Обратитесь в поддержку облака.",
        "{api}: the account is switched off over there. Ask the cloud's support.",
    ),
    "refused_limit_exceeded": (
        "{api}: баллы на эту минуту или на сегодня кончились. Подождите или смените тариф.",
        "{api}: the minute's or the day's points are spent. Wait, or take a larger tariff.",
    ),
    "people": ("Линии сотрудников найдены в облаке: {n}.", "People whose lines are there: {n}."),
    "no_line": (
        "{who}: {endpoint} — не линия облака. Запишите UIS/<сотрудник>:<номер>.",
        "{who}: {endpoint} is no line of the cloud. Write UIS/<employee>:<number>.",
    ),
    "no_phone": (
        "{who}: {endpoint} без номера: с неё можно звонить, но наши сценарии её не вызовут.",
        "{who}: {endpoint} has no number: it can place calls, but our scenarios cannot ring it.",
    ),
    "no_employee": (
        "{who}: сотрудника из {endpoint} в облаке нет. Там есть: {known}.",
        "{who}: the cloud has no employee of {endpoint}. It has: {known}.",
    ),
    "not_his": (
        "{who}: номер из {endpoint} не его. Его номера в облаке: {known}.",
        "{who}: the number of {endpoint} is not his. His over there: {known}.",
    ),
    "number_off": (
        "{who}: номер из {endpoint} в облаке выключен. Включите его в карточке сотрудника.",
        "{who}: the number of {endpoint} is switched off. Switch it on in the employee's card.",
    ),
    "line_locked": (
        "{who}: линия из {endpoint} заблокирована. Проверьте баланс и линию в личном кабинете.",
        "{who}: the line of {endpoint} is locked. Look at the balance and the line in the console.",
    ),
    "unregistered": (
        "{who}: на линии из {endpoint} сейчас нет телефона.",
        "{who}: no telephone is registered at the line of {endpoint} now.",
    ),
    "records_by_itself": (
        (
            "Запись ведём мы, но облако само записывает: {names}. Пауза записи там не сработает: "
            "выключите запись в карточках этих сотрудников."
        ),
        (
            "Recordings are ours to begin, but the cloud records by itself: {names}. A pause would "
            "not hold there: switch recording off in these employees' cards."
        ),
    ),
    "numbers": ("Виртуальные номера работают: {n}.", "Virtual numbers that work: {n}."),
    "no_number": (
        "Номера {number} в облаке нет. Там есть: {known}.",
        "The cloud has no number {number}. It has: {known}.",
    ),
    "number_locked": (
        "Номер {number} не работает ({status}). Включите его в личном кабинете.",
        "Number {number} does not work ({status}). Switch it on in the console.",
    ),
    "no_scenario": (
        "У номера {number} нет включённого сценария в облаке: звонки не дойдут ни до кого.",
        "Number {number} has no scenario that is on over there: its calls reach nobody.",
    ),
    "no_secret": (
        "Нет секрета наших адресов: ключ доступа — это secret:key.",
        "There is no secret for our addresses: credentials are secret:key.",
    ),
    "no_https": (
        "Облако шлёт уведомления только на https, а адрес сервера — {url}.",
        "The cloud wants https for what it sends, and the server is at {url}.",
    ),
    "no_notification": (
        "За неделю не пришло ни одного уведомления. Создайте их в личном кабинете.",
        "Not one notification has come for a week. Make them in the console.",
    ),
    "notified": ("Последнее уведомление: {at}.", "The newest notification came {at}."),
    "no_question": (
        (
            "За неделю облако ни разу не спросило, кого вызвать. Поставьте в сценарии номеров шаг "
            "«интерактивная обработка»."
        ),
        (
            "The cloud has not asked whom to ring for a week. Put an interactive processing step "
            "into the numbers' scenarios."
        ),
    ),
    "questioned": ("Последний вопрос облака: {at}.", "The cloud's newest question came {at}."),
    "unreadable": (
        "Не прочитано уведомлений: {n}. В шаблоне подстановки пишутся без кавычек.",
        "Notifications that could not be read: {n}. Place-holders stand without quotes.",
    ),
    "no_connection": (
        "Облако не подключено. Задайте DOZVON_UIS_URL, DOZVON_UIS_TOKEN и DOZVON_UIS_SECRET.",
        "No cloud is connected. Set DOZVON_UIS_URL, DOZVON_UIS_TOKEN and DOZVON_UIS_SECRET.",
    ),
}


def text(code: str, language: str, **data: Any) -> str:
    """The sentence of a code. Raises KeyError for a code there is none of."""
    russian, english = TEXTS[code]
    return (russian if language == "ru" else english).format(**data)
