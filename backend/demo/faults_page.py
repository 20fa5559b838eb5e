"""The faults page as it leaves the server: its words and empty places; faults.js draws the rest."""

from __future__ import annotations

import json
from typing import Any

SANDBOXES = ("bitrix24", "amocrm", "switch")

_TEXT: dict[str, dict[str, Any]] = {
    "ru": {
        "title": "Неисправности",
        "lead": "Включите неисправность и позвоните с пульта. Под каждой сказано, что должен "
        "увидеть оператор.",
        "back": "К демонстрации",
        "other": ("English", "en"),
        "all_off": "Выключить всё",
        "settings": "Какой бывает CRM",
        "levers": "Что ещё случается",
        "levers_note": "«Выключить всё» этого не отменяет.",
        "names": {
            "amocrm": "CRM вторая, как amoCRM",
            "bitrix24": "CRM первая, как Битрикс24",
            "switch": "Телефонная станция",
        },
        "uninstall": "Удалить приложение и установить заново",
        "uninstall_effect": "Телефон закроется у всех сотрудников аккаунта; откроется страница, "
        "где показано, как подключить его снова.",
        "noscript": "Включите JavaScript: переключатели рисует он.",
        "js": {
            "locale": "ru",
            "values": "Значения",
            "apply": "Применить",
            "do": "Выполнить",
            "done": "Сделано",
            "left": "осталось {n}",
            "changed": "Изменено",
            "switched": "Включено",
            "on": "Включено: {n}",
            "none": "Всё исправно",
            "offline": "Демонстрация не отвечает. Запустите её снова: make demo.",
            "refused": "Значение не принято: {why}",
            "wrong": "Проверьте значение: {what}",
            "all_off": "Все неисправности выключены.",
            "switched_on": "Включено: {what}",
            "switched_off": "Выключено: {what}",
            "value": "Значение",
            "kinds": {
                "count": "Сколько раз",
                "seconds": "Секунды",
                "methods": "Методы, через запятую",
                "users": "Номера пользователей, через запятую",
                "seconds_by_method": "метод=секунды, * для всех",
                "text_by_method": "метод=код ошибки",
            },
        },
    },
    "en": {
        "title": "Faults",
        "lead": "Switch a fault on and call from the switchboard. Each says what an operator "
        "should see.",
        "back": "To the demo",
        "other": ("Русский", "ru"),
        "all_off": "Switch all off",
        "settings": "What the CRM can be like",
        "levers": "What else happens",
        "levers_note": "“Switch all off” does not take these back.",
        "names": {
            "amocrm": "Second CRM, like amoCRM",
            "bitrix24": "First CRM, like Bitrix24",
            "switch": "Telephone switch",
        },
        "uninstall": "Uninstall the application, then install it",
        "uninstall_effect": "The phone closes for everybody of the account; a page opens that "
        "shows how to connect it again.",
        "noscript": "Switch JavaScript on: it draws the switches.",
        "js": {
            "locale": "en",
            "values": "Values",
            "apply": "Apply",
            "do": "Do it",
            "done": "Done",
            "left": "{n} left",
            "changed": "Changed",
            "switched": "On",
            "on": "On: {n}",
            "none": "Nothing is wrong",
            "offline": "The demo does not answer. Start it again: make demo.",
            "refused": "The value was not accepted: {why}",
            "wrong": "Check the value: {what}",
            "all_off": "All faults are off.",
            "switched_on": "On: {what}",
            "switched_off": "Off: {what}",
            "value": "Value",
            "kinds": {
                "count": "How often",
                "seconds": "Seconds",
                "methods": "Methods, separated by commas",
                "users": "User numbers, separated by commas",
                "seconds_by_method": "method=seconds, * for all",
                "text_by_method": "method=error code",
            },
        },
    },
}


def page(locale: str, told: dict[str, Any]) -> str:
    """HTML; `told` is what the script needs beside its words."""
    text = _TEXT[locale]
    other, code = text["other"]
    # `<` alone could end the script element early.
    data = json.dumps(told | {"text": text["js"], "names": text["names"]}, ensure_ascii=False)
    data = data.replace("<", "\\u003c")
    jumps = "".join(f'<a href="#{one}-name">{text["names"][one]}</a>' for one in SANDBOXES)
    return (
        f'<!doctype html><html lang="{locale}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<title>{text["title"]} · Dozvon</title><link rel="icon" href="data:,">'
        '<link rel="stylesheet" href="/sandbox/faults/page.css"></head><body><main>'
        f'<nav><a href="/">{text["back"]}</a>'
        f'<a href="?lang={code}" lang="{code}" hreflang="{code}">{other}</a></nav>'
        f"<h1>{text['title']}</h1><p>{text['lead']}</p>"
        f'<p class="jumps">{jumps}</p>'
        '<div class="bar"><p id="state" class="state"></p><ul id="on" hidden></ul>'
        f'<button id="all-off" class="main" type="button">{text["all_off"]}</button></div>'
        '<p id="say" role="status" class="visually-hidden"></p>'
        '<p id="trouble" role="alert" hidden></p>'
        f"<noscript><p>{text['noscript']}</p></noscript>"
        f"{''.join(_section(text, sandbox) for sandbox in SANDBOXES)}</main>"
        f'<script type="application/json" id="told">{data}</script>'
        '<script type="module" src="/sandbox/faults/page.js"></script></body></html>'
    )


def _section(text: dict[str, Any], sandbox: str) -> str:
    name = text["names"][sandbox]
    rest = ""
    if sandbox != "switch":
        rest = (
            f'<details class="settings"><summary>{text["settings"]}</summary>'
            f'<ul class="rows" data-group="setting"></ul></details>'
            f'<h3 id="{sandbox}-levers">{text["levers"]}</h3><p>{text["levers_note"]}</p>'
            f'<ul class="rows" data-group="levers" aria-labelledby="{sandbox}-levers">'
            f'<li class="last"><div class="words"><span class="title">{text["uninstall"]}</span>'
            f"<p>{text['uninstall_effect']}</p></div>"
            f'<form method="post" action="/sandbox/walks/{sandbox}/begin">'
            f'<button aria-label="{text["uninstall"]}: {name}">{text["js"]["do"]}</button>'
            "</form></li></ul>"
        )
    return (
        f'<section data-sandbox="{sandbox}" aria-labelledby="{sandbox}-name">'
        f'<h2 id="{sandbox}-name" tabindex="-1">{name}</h2>'
        f'<ul class="rows" data-group="fault" aria-labelledby="{sandbox}-name"></ul>'
        f"{rest}</section>"
    )
