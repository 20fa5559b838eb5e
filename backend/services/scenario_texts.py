"""What is wrong with scenarios and working hours, in words that say what to do."""

from __future__ import annotations

from typing import Final

SCENARIO_TEXTS: Final[dict[str, tuple[str, str]]] = {
    # ── scenarios ──
    "scenario_steps": (
        "В сценарии от 1 до {most} шагов.",
        "A scenario has 1 to {most} steps.",
    ),
    "scenario_final": (
        "В конце сценария бывает busy (занято) или no_answer (нет ответа).",
        "A scenario ends with busy or no_answer.",
    ),
    "step_unknown_field": (
        "В шаге неизвестные поля: {names}. Уберите их или исправьте; бывают: {known}.",
        "The step has unknown fields: {names}. Remove or correct them; known: {known}.",
    ),
    "step_employees": (
        "employees — список идентификаторов или e-mail сотрудников.",
        "employees is a list of employees' ids or e-mails.",
    ),
    "step_group": ("group — идентификатор группы.", "group is the id of a group."),
    "step_rings_nobody": (
        "Шаг никому не звонит. Добавьте employees или group.",
        "The step rings nobody. Add employees or group.",
    ),
    "step_mode": (
        "mode — parallel (все сразу), in_turn (по очереди) или longest_idle (кто дольше свободен).",
        ("mode is parallel (all at once), in_turn (one after another) or longest_idle (who has not "
        "talked for longest)."),
    ),
    "step_table": (
        "{kind} — таблица, например {{}}.",
        "{kind} is a table, {{}} for example.",
    ),
    "step_external": (
        "number — номер телефона с плюсом и кодом страны: +74951234567.",
        "number is a phone number with its plus and country code: +74951234567.",
    ),
    "step_closed": (
        "closed — сценарий, по которому звонок идёт в нерабочее время.",
        "closed is the scenario calls go on with outside working hours.",
    ),
    "step_hours_week": (
        "Чтобы указать days или timezone, укажите и week; без них действует календарь компании.",
        "With days or timezone, give week too; without any, the account's calendar counts.",
    ),
    "step_sound": (
        ("sound — имя звука на станции: латинские буквы, цифры, дефис, подчёркивание и / для "
        "папок, без расширения."),
        ("sound is the switch's name of a sound: letters, digits, dash, underscore and / for "
        "folders, without an extension."),
    ),
    "step_speech": (
        "max_s — длина сообщения в целых секундах, от {least} до {most}.",
        "max_s is the length of the message in whole seconds, {least} to {most}.",
    ),
    "step_hangup": (
        "hangup — busy (занято), no_answer (нет ответа) или normal (обычное завершение).",
        "hangup is busy, no_answer or normal.",
    ),
    "step_after_voicemail": (
        ("После записи сообщения можно проиграть сообщение, пообещать перезвонить или завершить "
        "звонок. Перенесите этот шаг выше."),
        ("After a voicemail a call can hear a message, be promised a call back, or end. Move this "
        "step up."),
    ),
    "scenario_circle": (
        "Сценарий «{id}» возвращается сюда же. Выберите другой или завершите звонок.",
        "The scenario \"{id}\" leads back here. Choose another or end the call.",
    ),
    "external_without_line": (
        "Внешний номер набирается через линию аккаунта, а её нет. Добавьте линию.",
        "A number outside is dialled through the account's line, and there is none. Add a line.",
    ),
    "sound_foreign": (
        "Это папка другого аккаунта. Свои звуки лежат в папке с вашим именем: {example}.",
        ("This folder is another account's. Your own sounds are in the folder named after you: "
        "{example}."),
    ),
    "bad_time": (
        "Это не время. Пишите 2026-11-04T10:00.",
        "This is no time. Write 2026-11-04T10:00.",
    ),
    # ── working hours ──
    "hours_week": (
        "week — таблица дней недели: mon = [\"09:00-18:00\"].",
        "week is a table of weekdays: mon = [\"09:00-18:00\"].",
    ),
    "hours_weekday": (
        "Нет дня недели «{day}». Бывают mon, tue, wed, thu, fri, sat, sun.",
        "There is no weekday \"{day}\". Known: mon, tue, wed, thu, fri, sat, sun.",
    ),
    "hours_days": (
        "days — таблица дат, не больше {most}.",
        "days is a table of dates, {most} at most.",
    ),
    "hours_day": (
        "«{day}» — не дата. Пишите 2026-11-04, а для ежегодного дня 11-04.",
        "\"{day}\" is no date. Write 2026-11-04, or 11-04 for every year.",
    ),
    "hours_list": (
        "Часы дня «{day}» — список: [\"09:00-13:00\", \"14:00-18:00\"]; пустой — выходной.",
        "The hours of \"{day}\" are a list: [\"09:00-13:00\", \"14:00-18:00\"]; empty is closed.",
    ),
    "hours_interval": (
        "«{text}» ({day}) — не часы работы. Пишите 09:00-18:00.",
        "\"{text}\" ({day}) are no hours. Write 09:00-18:00.",
    ),
    "hours_overlap": (
        "Часы дня «{day}» пересекаются. Исправьте их.",
        "The hours of \"{day}\" overlap. Correct them.",
    ),
    "step_devices": (
        "devices — in_order (по приоритету) или all (все сразу).",
        "devices is in_order (by priority) or all (at once).",
    ),
    "step_timeout": (
        "timeout_s — целые секунды, от {least} до {most}.",
        "timeout_s is whole seconds, {least} to {most}.",
    ),
    "step_ring_busy": ("ring_busy — true или false.", "ring_busy is true or false."),
    "step_wait": (
        "wait_s — секунды ожидания ответа CRM, от {least} до {most}.",
        "wait_s is the seconds the CRM's answer is waited for, {least} to {most}.",
    ),
    "step_check_status": (
        "check_status — true или false: проверять ли, что менеджер сегодня заходил в CRM.",
        "check_status is true or false: whether the manager must have been in the CRM today.",
    ),
    "step_source": (
        "source — contact (менеджер контакта) или deal (менеджер открытой сделки).",
        "source is contact (its manager) or deal (the manager of the open deal).",
    ),
    "step_manager": (
        "manager — таблица: {{ wait_s = 2 }} или пустая {{}}.",
        "manager is a table: {{ wait_s = 2 }} or an empty {{}}.",
    ),
    "bad_step": (
        "Этот шаг нельзя выполнить: {said}.",
        "This step cannot be carried out: {said}.",
    ),
}  # fmt: skip
"""By code; Russian first, English second. Others are in `settings_texts`."""
