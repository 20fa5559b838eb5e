"""What the faults page says of each switch: what an operator should see while it is on, and what a
first try sets where the sandbox itself suggests nothing."""

from __future__ import annotations

from typing import Any

_WAITS = (
    (
        "«CRM не отвечает» на карточке с номером; говорить можно, «Повторить поиск» помогает, "
        "запись о звонке ждёт в очереди."
    ),
    (
        "“The CRM does not answer” on a card with the number; talking works, “Look again” helps, "
        "the record of the call waits in the queue."
    ),
)
_EXPIRED = (
    "«Доступ к CRM истёк» над карточками; звонки идут, администратору нужно подключить CRM заново.",
    (
        "“Access to the CRM has expired” above the cards; calls work, an administrator has to "
        "connect the CRM again."
    ),
)
_LOOKING = (
    (
        "Номер, а у известного клиента и имя, сразу; под ними «Ищем в CRM…», пока ответ не придёт. "
        "Ответить можно не дожидаясь."
    ),
    (
        "The number, and a known customer's name, at once; below them “Looking in the CRM…” until "
        "the answer comes. Answering need not wait."
    ),
)
_NOTHING = "Ничего", "Nothing"

_PORTAL = {
    "drop": _WAITS,
    "lost_answers": (
        "«Повторить поиск» на карточке; второй записи о звонке в портале не будет.",
        "“Look again” on the card; yet the portal has the call once.",
    ),
    "half_answers": _WAITS,
    "html_502": _WAITS,
    "slow_s": _LOOKING,
    "moved_to": (
        "Ничего, если по этому адресу отвечает портал; иначе «CRM не отвечает».",
        "Nothing, if the portal answers at that address; else “The CRM does not answer”.",
    ),
    "crm_down": _WAITS,
    "burst_503": _WAITS,
    "bucket_full": _WAITS,
    "overload": _WAITS,
    "blocked_methods": (
        "«CRM не отвечает» и ещё минуты после выключения: метод не трогают, пока не отпустит.",
        "“The CRM does not answer”, and for minutes when off: the method is left alone.",
    ),
    "failing_methods": (
        "Дело этого метода не выходит, и сказано почему: на карточке или в истории звонка.",
        "What the method does fails, and the card or the call's history says why.",
    ),
    "errors_200": (
        "«CRM не отвечает», а не пустой контакт; «Повторить поиск» помогает.",
        "“The CRM does not answer”, not an empty contact; “Look again” helps.",
    ),
    "no_plan": _EXPIRED,
    "portal_deleted": _EXPIRED,
    "empty_lists": (
        "Коллеги и имена клиентов на месте: пустому списку не верят.",
        "Colleagues and customers' names stay: an empty list is not believed.",
    ),
    "short_lists": (
        "Коллеги на месте: из-за неполного списка никто не отключается.",
        "Colleagues stay: nobody is switched off because a list is short.",
    ),
    "expired_tokens": (
        "Ничего: токен обновится сам. Если и новый сразу истёк, «Доступ к CRM истёк».",
        "Nothing: the token is refreshed. If the new one is refused too, “Access has expired”.",
    ),
    "closed_for": (
        "Без другого администратора «Доступ к CRM истёк», и после выключения: подключите заново.",
        "Without another administrator “Access has expired”, even when off: connect it again.",
    ),
    "auth_503": (
        "Ничего, пока жив токен; потом «CRM не отвечает», но не просьба подключить заново.",
        "Nothing while the token lives; then “The CRM does not answer”, not a plea to reconnect.",
    ),
    "auth_slow_s": (
        "Ничего, пока жив токен; потом карточка дольше показывает «Ищем в CRM…».",
        "Nothing while the token lives; then the card says “Looking in the CRM…” for longer.",
    ),
    "auth_lost": (
        "Ничего, если портал примет старый токен ещё раз; иначе «Доступ к CRM истёк».",
        "Nothing if the portal takes the used token once more; else “Access has expired”.",
    ),
    "auth_error": (
        "Ничего, пока жив токен; потом, при отказе вроде invalid_grant, «Доступ к CRM истёк».",
        "Nothing while the token lives; after a refusal like invalid_grant “Access has expired”.",
    ),
    "lost_events": (
        "Потерянный щелчок по номеру не звонит; сотрудников догонит сверка.",
        "A lost click on a number does not dial; employees are caught up with by the sync.",
    ),
    "doubled_events": (
        f"{_NOTHING[0]}: один щелчок по номеру даёт один звонок.",
        f"{_NOTHING[1]}: one click on a number makes one call.",
    ),
    "late_events_s": (
        "Щелчок по номеру звонит с задержкой; новый сотрудник появится позже.",
        "A click on a number dials late; a new employee appears later.",
    ),
    "swapped_events": (
        f"{_NOTHING[0]}: событие только повод спросить портал, каково всё сейчас.",
        f"{_NOTHING[1]}: an event is but a reason to ask how things are now.",
    ),
    "clock_skew_s": (
        f"{_NOTHING[0]}: время и длительность звонка даёт станция.",
        f"{_NOTHING[1]}: the switch tells when a call was and how long.",
    ),
    "crm_mode": (
        "При 2 лидов нет: незнакомый номер становится контактом.",
        "With 2 there are no leads: an unknown number becomes a contact.",
    ),
    "on_premise": (
        "Ничего: у коробки нет облачных лимитов.",
        "Nothing: a portal on premises has no limits of the cloud.",
    ),
    "old_build": (
        "Ничего: телефон открывается и без новых полей запуска.",
        "Nothing: the phone opens without the newer fields of a launch.",
    ),
    "missing_modules": (
        "Нет того, что давал модуль: без timeman статус не приходит из рабочего дня.",
        "What the module gave is missing: without timeman no status comes from working days.",
    ),
    "worker_microphone": (
        "Выключено: разговор в браузере возможен на странице приложения, не в фоне.",
        "Off: talking in the browser works on the application's page, not in the background.",
    ),
    "desktop_app": (
        "Карточка и телефон те же, в странице, какой её открывает приложение портала.",
        "The same card and phone, in a page as the portal's desktop application opens it.",
    ),
    "phones_by_digits": (
        "Выключено: клиент находится только по номеру в том виде, как он записан.",
        "Off: a customer is found only by the number as it is written.",
    ),
    "operating_counts_batch": (
        "Ничего: при исчерпанном времени запросы подождут.",
        "Nothing: requests wait when their time is used up.",
    ),
    "refresh_grace_s": (
        "Ничего: потерянный ответ на обновление токена проходит незаметно.",
        "Nothing: the lost answer to a refresh goes unnoticed.",
    ),
    "access_lifetime_s": (
        "Ничего: токены обновляются чаще.",
        "Nothing: tokens are refreshed more often.",
    ),
    "operating_limit_s": (
        "При малом лимите поиск скоро упрётся в него: карточка останется с номером.",
        "With a small limit look-ups soon hit it: the card keeps the number.",
    ),
    "list_hides_card": (
        "Пока открыт обзвон, карточку звонка показывает только страница Dozvon.",
        "While a call list is open, only Dozvon's own page shows the card of a call.",
    ),
    "anyone_installs": (
        "Кто устанавливает приложение без прав администратора, читает, кого попросить.",
        "Whoever installs the application without being an administrator reads whom to ask.",
    ),
    "internal_finish": (
        "Ничего: о внутренних звонках портал не узнаёт.",
        "Nothing: the portal does not hear of internal calls.",
    ),
}

_AMO = {
    "slow": _LOOKING,
    "status": _WAITS,
    "html": _WAITS,
    "drop": _WAITS,
    "lost": (
        "Ничего лишнего: вторая запись о звонке не появится.",
        "Nothing extra: the call is not recorded twice.",
    ),
    "throttle": _WAITS,
    "block": (
        "«CRM не отвечает» и ещё пять минут после выключения: блокировку пережидают молча.",
        "“The CRM does not answer”, for five more minutes when off: only silence lifts a block.",
    ),
    "partial": (
        "Коллеги на месте; клиент может не найтись, сделок может быть меньше.",
        "Colleagues stay; the customer may not be found, or have fewer deals.",
    ),
    "empty": (
        "Коллеги на месте; клиент может не найтись, «Создать контакт» предложит его завести.",
        "Colleagues stay; the customer may not be found, “Create contact” offers to make one.",
    ),
    "hook_lost": (
        "Новое имя клиента появится позже: изменения догонит сверка.",
        "A customer's new name comes later: the sync catches up with changes.",
    ),
    "hook_doubled": (
        f"{_NOTHING[0]}: второе такое же сообщение ничего не меняет.",
        f"{_NOTHING[1]}: the same message again changes nothing.",
    ),
    "hook_late": (
        "Новое имя клиента появится с задержкой.",
        "A customer's new name comes late.",
    ),
    "down": _WAITS,
    "payment_required": _EXPIRED,
    "safe_mode": (
        "Обновите вкладку CRM: телефона в ней нет, звонки идут на аппараты.",
        "Reload the CRM's tab: it has no phone, calls go to the telephones.",
    ),
    "microphone": (
        "Обновите вкладку CRM: голос живёт в её странице, а где никому нельзя, в окне телефона.",
        "Reload the CRM's tab: the voice lives in its page, or in the phone's window.",
    ),
    "html_429": (
        "Ничего само по себе: меняет вид отказов «слишком много запросов».",
        "Nothing by itself: it changes how “too many requests” looks.",
    ),
    "rate_limit": (
        "При одном в секунду «CRM не отвечает»: поиску нужно больше. При семи ничего.",
        "With one “The CRM does not answer”: a look-up needs more. With seven nothing.",
    ),
    "account_limit": (
        "То же, когда лимит общий для всех интеграций аккаунта.",
        "The same, with one limit for all integrations of the account.",
    ),
    "block_after": (
        "После блокировки «CRM не отвечает», пока её не снимут.",
        "After the block “The CRM does not answer”, until it is lifted.",
    ),
    "api_filter": (
        f"{_NOTHING[0]}: поиск обходится без платных фильтров.",
        f"{_NOTHING[1]}: look-ups do without the paid filters.",
    ),
    "settings_as_string": (
        "Обновите вкладку CRM: телефон появляется, как и прежде.",
        "Reload the CRM's tab: the phone appears as before.",
    ),
    "hook_scale": (
        "Ничего: меньше единицы, и CRM повторяет непринятое скорее.",
        "Nothing: below one the CRM repeats sooner what was not taken.",
    ),
    "clock_skew_s": (
        "Ничего при секундах и минутах; через сутки токен стареет и обновляется сам.",
        "Nothing with seconds and minutes; after a day the token is old and refreshes itself.",
    ),
    "expire_tokens": (
        f"{_NOTHING[0]}: при следующем запросе токен обновится сам.",
        f"{_NOTHING[1]}: the next request refreshes the token.",
    ),
    "revoke_tokens": (
        f"При следующем звонке {_EXPIRED[0]}",
        f"With the next call {_EXPIRED[1]}",
    ),
}

_SWITCH = {
    "drop": (
        "Карточка может опоздать или задержаться: пропущенное сервер узнаёт, спросив станцию.",
        "A card may come or go late: what was missed is learnt by asking the switch.",
    ),
    "double": (
        f"{_NOTHING[0]}: одна карточка и одна запись в истории.",
        f"{_NOTHING[1]}: one card and one entry in the history.",
    ),
    "delay": (
        "Карточка появляется и меняется с задержкой, но остановится на верном состоянии.",
        "The card appears and changes late, yet ends in the right state.",
    ),
    "rest_slow": (
        "Кнопки «Ответить» и «Завершить» действуют с задержкой и второй раз не нажимаются.",
        "Answer and Hang up take effect late and cannot be pressed twice.",
    ),
    "rest_error": (
        "Ничего или отказ кнопки; сам разговор остаётся.",
        "Nothing, or a button that says no; the conversation itself stays.",
    ),
    "cut": (
        "Ничего или на мгновение «Телефонная станция не отвечает»; разговор продолжается.",
        "Nothing, or “The switch does not answer” for a moment; the conversation goes on.",
    ),
    "voice_out": (
        (
            "Оценка связи на карточке падает и говорит, что плохо слышно сотруднику; "
            "клиент слышит хорошо."
        ),
        "The card's meter falls and says the employee hears badly; the customer hears well.",
    ),
    "voice_in": (
        "Оценка связи на карточке падает и говорит, что плохо слышно клиенту.",
        "The card's meter falls and says the customer hears badly.",
    ),
    "sip_refuse": (
        "Вкладка не готова к звонкам и говорит почему; звонит другой телефон сотрудника.",
        "The tab is not ready for calls and says why; another phone of the employee rings.",
    ),
    "sip_cut": (
        "Разговор слышен дальше; вкладка сама возвращает линию за несколько секунд.",
        "The conversation is heard on; the tab gets its line back by itself within seconds.",
    ),
    "forget": (
        "Разговоры обрываются, карточки закрываются; новый звонок проходит как обычно.",
        "Conversations end, cards close; a new call goes as usual.",
    ),
}

EFFECTS: dict[str, dict[str, tuple[str, str]]] = {
    "bitrix24": _PORTAL,
    "amocrm": _AMO,
    "switch": _SWITCH,
}
"""Sandbox → switch → the sentence in Russian and in English."""

_LONG = {"seconds": 3.0, "times": 0}
_LASTS = {"times": 0}
FIRST_TRY: dict[str, dict[str, dict[str, Any]]] = {
    "bitrix24": {
        "slow_s": {"value": {"*": 3}},
        "expired_tokens": {"value": 1},
        "moved_to": {"value": "http://127.0.0.1:9"},
        "blocked_methods": {"value": ["crm.duplicate.findbycomm"]},
        "failing_methods": {"value": {"telephony.externalcall.finish": "ERROR_CORE"}},
        "empty_lists": {"value": ["user.get"]},
        "short_lists": {"value": ["user.get"]},
        "closed_for": {"value": [1]},
        "auth_error": {"value": "invalid_grant"},
        "clock_skew_s": {"value": 300},
        "crm_mode": {"value": 2},
        "missing_modules": {"value": ["timeman"]},
        "refresh_grace_s": {"value": 60},
        "access_lifetime_s": {"value": 60},
        "operating_limit_s": {"value": 5},
    },
    "amocrm": {
        **dict.fromkeys(("slow", "throttle"), _LONG),
        **dict.fromkeys(("status", "html", "drop", "block", "partial", "empty"), _LASTS),
        "lost": {"method": "POST"},
        **dict.fromkeys(("hook_lost", "hook_doubled"), _LASTS),
        "hook_late": _LONG,
        "microphone": {"value": "page"},
        "rate_limit": {"value": 1},
        "account_limit": {"value": 1},
        "block_after": {"value": 1},
        "hook_scale": {"value": 0.01},
        "clock_skew_s": {"value": 300},
    },
    "switch": {
        "drop": {"event": "ChannelStateChange", "count": 3},
        "double": {"count": 0},
        "delay": {"seconds": 3.0, "count": 0},
        "rest_slow": {"seconds": 3.0, "count": 0},
        "rest_error": {"count": 1},
        "voice_out": {"share": 20},
        "voice_in": {"share": 20},
        "sip_refuse": {"status": 403, "count": 0},
    },
}
"""Sandbox → switch → parameter → value: enough to be seen, and lasting where that is harmless."""
