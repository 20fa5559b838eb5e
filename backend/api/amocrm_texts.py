"""Words of the pages an administrator sees while amoCRM gets connected."""

from __future__ import annotations

from typing import Final

TEXTS: Final[dict[str, tuple[str, str, str, str]]] = {
    # page: title and text in Russian, title and text in English
    "connected": (
        "amoCRM подключена",
        "Можно закрыть эту страницу и обновить вкладку amoCRM: телефон появится сам.",
        "amoCRM is connected",
        "You may close this page and reload the amoCRM tab: the phone appears by itself.",
    ),
    "code": (
        "Последний шаг: код подключения",
        (
            "amoCRM дала доступ. Введите код подключения, чтобы мы узнали, к какой организации "
            "относится этот аккаунт. Код выдаёт администратор Дозвона; сам доступ уже сохранён."
        ),
        "One last step: the pairing code",
        (
            "amoCRM gave us access. Enter the pairing code, so that we know which organisation "
            "this account is of. The administrator of Dozvon has it; the access itself is already"
            " kept."
        ),
    ),
    "start": (
        "Подключение amoCRM",
        (
            "Введите код подключения, его выдаёт администратор Дозвона. После этого amoCRM "
            "спросит, давать ли доступ."
        ),
        "Connecting amoCRM",
        (
            "Enter the pairing code the administrator of Dozvon gave you. amoCRM will then ask "
            "whether to give access."
        ),
    ),
    "go": (
        "Код принят",
        "Осталось разрешить доступ в amoCRM. Войдите в неё администратором.",
        "The code is right",
        "What is left is to allow access in amoCRM. Sign in there as an administrator.",
    ),
    "bad_code": (
        "Код не подошёл",
        (
            "Он неверен, уже использован или устарел. Ничего не потеряно: попросите новый код и "
            "введите его здесь."
        ),
        "The code does not fit",
        (
            "It is wrong, was used before or is too old. Nothing is lost: ask for a new code and "
            "enter it here."
        ),
    ),
    "denied": (
        "Доступ не разрешён",
        "В amoCRM нажали «Отказать». Если это вышло случайно, откройте ссылку ещё раз.",
        "Access was not allowed",
        "Somebody pressed “Deny” in amoCRM. If that was a mistake, open the link once more.",
    ),
    "bad_state": (
        "Ссылка больше не действует",
        (
            "Она уже использована или устарела. Попросите администратора Дозвона о новой ссылке "
            "или нажмите «Подключить» ещё раз."
        ),
        "This link is no longer good",
        (
            "It was used before or is too old. Ask the administrator of Dozvon for a new one, or "
            "press “Connect” once more."
        ),
    ),
    "bad_address": (
        "Адрес неполный",
        (
            "В адресе нет того, что передаёт amoCRM. Откройте ссылку подключения заново, не "
            "копируя адрес по частям."
        ),
        "The address is incomplete",
        (
            "What amoCRM adds to the address is missing. Open the connecting link anew instead of"
            " copying parts of it."
        ),
    ),
    "unknown_client": (
        "Интеграция не настроена",
        (
            "Этот сервер не знает такой интеграции. Администратор Дозвона задаёт её ключи "
            "настройками DOZVON_AMOCRM_CLIENT_ID и DOZVON_AMOCRM_CLIENT_SECRET или командой "
            "dozvon connect amocrm."
        ),
        "The integration is not set up",
        (
            "This server knows no such integration. The administrator of Dozvon sets its keys "
            "with DOZVON_AMOCRM_CLIENT_ID and DOZVON_AMOCRM_CLIENT_SECRET, or with dozvon connect"
            " amocrm."
        ),
    ),
    "later": (
        "amoCRM пока не отвечает",
        (
            "Доступ сохранён, подключение завершится само, как только amoCRM ответит. Эту "
            "страницу можно закрыть."
        ),
        "amoCRM does not answer yet",
        (
            "The access is kept, and connecting will finish by itself as soon as amoCRM answers. "
            "You may close this page."
        ),
    ),
    "no_api": (
        "amoCRM не открывает данные",
        (
            "Доступ дан, но amoCRM не отвечает на запросы интеграции: проверьте, оплачен ли "
            "аккаунт и включена ли интеграция. Подключение завершится само, когда ответит."
        ),
        "amoCRM does not show its data",
        (
            "Access was given, but amoCRM refuses the integration's requests: see whether the "
            "account is paid for and the integration enabled. Connecting finishes by itself then."
        ),
    ),
    "refused": (
        "amoCRM не приняла код",
        (
            "Так бывает, когда страницу открыли второй раз или прошло больше 20 минут. Откройте "
            "ссылку подключения заново."
        ),
        "amoCRM did not take the code",
        (
            "That happens when the page was opened twice or after more than 20 minutes. Open the "
            "connecting link anew."
        ),
    ),
    "not_admin": (
        "Нужен администратор amoCRM",
        (
            "Доступ дал пользователь без прав администратора: сотрудники и чужие сделки ему не "
            "видны. Попросите администратора amoCRM открыть ссылку подключения."
        ),
        "An administrator of amoCRM is needed",
        (
            "Access was given by a user without administrator's rights, who cannot see employees "
            "and others' deals. Ask an administrator of amoCRM to open the connecting link."
        ),
    ),
    "taken": (
        "Этот аккаунт amoCRM уже подключён",
        "Он подключён к другой организации Дозвона. Сначала отключите его там.",
        "This amoCRM account is connected already",
        "It belongs to another organisation of Dozvon. Disconnect it there first.",
    ),
    "other_connected": (
        "Уже подключён другой аккаунт amoCRM",
        (
            "У организации один аккаунт amoCRM. Чтобы сменить его, сначала отключите интеграцию в"
            " прежнем."
        ),
        "Another amoCRM account is connected",
        (
            "An organisation has one amoCRM account. To change it, disable the integration in the"
            " old one first."
        ),
    ),
}
WORDS: Final = {
    "ru": {
        "label": "Код подключения",
        "join": "Подключить",
        "go": "Перейти в amoCRM",
        "suggest": "Похоже, это организация «{}». Нужен код именно от неё.",
    },
    "en": {
        "label": "Pairing code",
        "join": "Connect",
        "go": "Go to amoCRM",
        "suggest": "This looks like the organisation “{}”. The code has to be from there.",
    },
}
