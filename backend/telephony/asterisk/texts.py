"""What `dozvon asterisk` says, in words that say what to do. Russian first, English second."""

from __future__ import annotations

from typing import Any, Final

_TEXTS: Final[dict[str, tuple[str, str]]] = {
    # ── init ──
    "new": ("+ {subject}", "+ {subject}"),
    "changed": ("~ {subject}", "~ {subject}"),
    "same": ("= {subject}: без изменений", "= {subject}: unchanged"),
    "put_aside": (
        "! файл меняли руками: прежний сохранён как {subject}, перенесите из него своё",
        "! it was edited by hand: what it said is kept as {subject}, carry your part over",
    ),
    "trunk_added": (
        "+ pjsip_trunks.conf: линия {subject}; впишите адрес, имя и пароль от оператора связи",
        "+ pjsip_trunks.conf: line {subject}; write the provider's host, user and password there",
    ),
    "passwords_made": (
        "+ созданы пароли телефонов: {subject}; они в pjsip.conf, для настройки аппаратов",
        "+ passwords made for phones: {subject}; they stand in pjsip.conf, for setting phones up",
    ),
    "unwritable": (
        (
            "! {subject}: такое имя в pjsip.conf не запишешь. Назовите номер сотрудника латинскими "
            "буквами, цифрами, точкой, дефисом."
        ),
        (
            "! {subject} cannot be a name in pjsip.conf. Name the employee's number with letters, "
            "digits, dots and dashes."
        ),
    ),
    "other_trunk": (
        "! линия {subject} не через PJSIP: её описываете вы сами",
        "! line {subject} is not PJSIP: describing it is up to you",
    ),
    "taken": (
        "! {subject}: это имя уже у линии браузера или у выхода в город. Назовите телефон иначе.",
        "! {subject} is the name of a browser line or a trunk. Name the phone otherwise.",
    ),
    "next": (
        (
            "\nДальше: скопируйте *.conf из {out} в /etc/asterisk (файлы с паролями: владелец "
            "asterisk, права 0640),\nзаполните pjsip_trunks.conf и перезапустите Asterisk. "
            "DOZVON_ARI_USER и DOZVON_ARI_PASSWORD: раздел и пароль из ari.conf.\n"
            "Потом проверьте всё командой `dozvon asterisk check`."
        ),
        (
            "\nNext: copy *.conf from {out} to /etc/asterisk (files with passwords: owned by "
            "asterisk, mode 0640),\nfill pjsip_trunks.conf in and restart Asterisk. "
            "DOZVON_ARI_USER and DOZVON_ARI_PASSWORD: section and password of ari.conf.\n"
            "Then look at all of it with `dozvon asterisk check`."
        ),
    ),
    # ── check ──
    "unreachable": (
        (
            "{url} не отвечает ({said}). Включён ли веб-сервер Asterisk (http.conf: enabled "
            "= yes) и "
            "доступен ли он отсюда?"
        ),
        (
            "{url} does not answer ({said}). Is Asterisk's web server on (http.conf: "
            "enabled = yes) "
            "and reachable from here?"
        ),
    ),
    "bad_user": (
        (
            "Asterisk не принимает пользователя {user}. Сверьте имя и пароль с ari.conf и "
            "выполните "
            "`module reload res_ari.so`."
        ),
        (
            "Asterisk refuses the user {user}. Compare name and password with ari.conf and run "
            "`module reload res_ari.so`."
        ),
    ),
    "no_ari": (
        (
            "{url} отвечает {status}: ARI там нет. Нужны enabled = yes в ari.conf и модуль "
            "res_ari_asterisk.so, которому нужен res_http_websocket.so."
        ),
        (
            "{url} answers {status}: there is no ARI. It needs enabled = yes in ari.conf and the "
            "module res_ari_asterisk.so, which needs res_http_websocket.so."
        ),
    ),
    "answers": (
        "Asterisk {version} отвечает по адресу {url}.",
        "Asterisk {version} answers at {url}.",
    ),
    "old": (
        "Это Asterisk {version}. До {wanted} пользователи ARI могли больше дозволенного: обновите.",
        (
            "This is Asterisk {version}. Before {wanted} users of ARI could do more than they were "
            "given: update."
        ),
    ),
    "clock_ok": ("Часы Asterisk и наши сходятся.", "Asterisk's clock agrees with ours."),
    "clock_off": (
        (
            "Часы Asterisk расходятся с нашими на {seconds} с: включите там и здесь chrony или "
            "systemd-timesyncd, иначе длительность разговоров неверна."
        ),
        (
            "Asterisk's clock is {seconds} s off ours: run chrony or systemd-timesyncd on both, or "
            "talk times are wrong."
        ),
    ),
    "read_only": (
        (
            "Пользователь {user} только читает. Поставьте read_only = no в ari.conf: иначе ни одна "
            "команда не пройдёт."
        ),
        "The user {user} may only read. Set read_only = no in ari.conf: no command gets through.",
    ),
    "may_write": ("Пользователь {user} может управлять.", "The user {user} may command."),
    "modules_missing": (
        "Не загружены модули: {names}. Загрузите их (modules.conf) и перезапустите Asterisk.",
        "Modules are not loaded: {names}. Load them (modules.conf) and restart Asterisk.",
    ),
    "modules_ok": ("Нужные модули загружены.", "The modules needed are loaded."),
    "modules_untold": (
        "Asterisk не говорит, какие модули загружены ({said}).",
        "Asterisk does not say which modules are loaded ({said}).",
    ),
    "app_ok": ("Приложение {app} подключено.", "The application {app} is connected."),
    "app_away": (
        (
            "Приложение {app} не подключено: работает ли `dozvon worker` (или `dozvon up`)? "
            "Пока его "
            "нет, звонящие слышат запасной план extensions.conf."
        ),
        (
            "The application {app} is not connected: does `dozvon worker` (or `dozvon up`) run? "
            "Until it does callers get the emergency plan of extensions.conf."
        ),
    ),
    "events_ok": ("События приходят.", "Events come."),
    "events_refused": (
        "Канал событий не открылся ({said}). Нужны res_http_websocket.so и res_ari_events.so.",
        (
            "The event socket did not open ({said}). It needs res_http_websocket.so and "
            "res_ari_events.so."
        ),
    ),
    "config_ok": (
        "Пароли линий браузера записываются.",
        "Passwords of browser lines can be written.",
    ),
    "config_closed": (
        (
            "Объекты {kind} нельзя записать: в sorcery.conf нет строк, которые пишет "
            "`dozvon asterisk "
            "init`. Без них браузер не зарегистрируется."
        ),
        (
            "Objects {kind} cannot be written: sorcery.conf lacks the lines that `dozvon asterisk "
            "init` writes. Without them no browser can register."
        ),
    ),
    "config_broken": (
        "Asterisk не принял пробную линию браузера ({said}).",
        "Asterisk did not take a browser line on trial ({said}).",
    ),
    "endpoints_missing": (
        (
            "В pjsip.conf нет: {names}. Выполните `dozvon asterisk init`, скопируйте файлы и "
            "`module reload res_pjsip.so`."
        ),
        (
            "pjsip.conf lacks: {names}. Run `dozvon asterisk init`, copy the files and run "
            "`module reload res_pjsip.so`."
        ),
    ),
    "endpoints_ok": (
        "Телефоны и линии описаны: {count}.",
        "Phones and trunks are described: {count}.",
    ),
    "trunk_offline": (
        (
            "Линия {name} не на связи: проверьте адрес и пароль оператора в pjsip_trunks.conf и "
            "регистрацию (`pjsip show registrations`)."
        ),
        (
            "Trunk {name} is offline: check the provider's host and password in "
            "pjsip_trunks.conf and "
            "the registration (`pjsip show registrations`)."
        ),
    ),
    "sound_missing": (
        (
            "Нет звука {name}: положите такой файл в каталог sounds или задайте другой в "
            "DOZVON_RECORDING_NOTICE. Без него предупреждение о записи не прозвучит."
        ),
        (
            "There is no sound {name}: put such a file into the sounds folder or name another in "
            "DOZVON_RECORDING_NOTICE. Without it nobody is told of the recording."
        ),
    ),
    "sound_ok": ("Звук {name} есть.", "The sound {name} is there."),
    "recordings_broken": (
        "Папка записей не читается ({said}): проверьте права на recording в каталоге spool.",
        (
            "The folder of recordings cannot be read ({said}): check the rights of "
            "recording in the "
            "spool folder."
        ),
    ),
    "recordings_ok": ("Папка записей читается.", "The folder of recordings can be read."),
    "recordings_left": (
        (
            "В папке записей лежит {count} файлов Dozvon: работает ли `dozvon worker`, который их "
            "забирает?"
        ),
        (
            "{count} files of Dozvon lie in the folder of recordings: does the `dozvon "
            "worker` that "
            "fetches them run?"
        ),
    ),
    "sip_ok": ("SIP для браузеров отвечает по адресу {url}.", "SIP for browsers answers at {url}."),
    "sip_refused": (
        (
            "По адресу {url} нет SIP для браузеров ({said}). Нужны транспорт ws в "
            "pjsip.conf и модуль "
            "res_pjsip_transport_websocket.so; за прокси проверьте location /sip."
        ),
        (
            "There is no SIP for browsers at {url} ({said}). It needs a ws transport in "
            "pjsip.conf and "
            "res_pjsip_transport_websocket.so; behind a proxy look at location /sip."
        ),
    ),
    "sip_insecure": (
        (
            "Страницы CRM открыты по https, а браузерам назван адрес {url}: туда им нельзя. "
            "Задайте "
            "DOZVON_SIP_WS_URL с wss (пример в docs/nginx)."
        ),
        (
            "CRM pages are https and browsers are told {url}: they may not go there. Set "
            "DOZVON_SIP_WS_URL to a wss address (docs/nginx has an example)."
        ),
    ),
    "rtp_hint": (
        (
            "Проверьте сами: порты UDP из rtp.conf (10000–20000) открыты для браузеров и "
            "оператора, "
            "иначе никто никого не слышит."
        ),
        (
            "Check yourself: the UDP ports of rtp.conf (10000–20000) are open to browsers and the "
            "provider, or nobody hears anybody."
        ),
    ),
    "no_switch": (
        "Станция не подключена. Задайте DOZVON_ARI_URL, DOZVON_ARI_USER и DOZVON_ARI_PASSWORD.",
        "No switch is connected. Set DOZVON_ARI_URL, DOZVON_ARI_USER and DOZVON_ARI_PASSWORD.",
    ),
}


def text(code: str, language: str, **data: Any) -> str:
    """The sentence of a code. Raises KeyError for a code there is none of."""
    russian, english = _TEXTS[code]
    return (russian if language == "ru" else english).format(**data)
