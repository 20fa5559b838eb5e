"""The switches of the account in words, so that one page can draw them for every sandbox."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from backend.sandbox.amocrm.faults import (
    FRAMES,
    HOOK_KINDS,
    NOBODY,
    PAGE,
    REQUEST_KINDS,
    fault_from,
)

if TYPE_CHECKING:
    from backend.sandbox.amocrm.amo import Amo
    from backend.sandbox.amocrm.config import Json


@dataclass(frozen=True)
class Param:
    """One value a switch takes; `kind` is count, flag, seconds, ratio, text or choice."""

    name: str
    kind: str
    title_ru: str
    title_en: str
    default: Any
    choices: tuple[Any, ...] = ()

    def shown(self) -> Json:
        body = {
            "name": self.name,
            "kind": self.kind,
            "title_ru": self.title_ru,
            "title_en": self.title_en,
            "default": self.default,
        }
        return body | ({"choices": list(self.choices)} if self.choices else {})


@dataclass(frozen=True)
class Switch:
    """What a page draws: a row of its own with the inputs of `params`."""

    name: str
    title_ru: str
    title_en: str
    params: tuple[Param, ...]
    group: str = "fault"

    def shown(self, value: object) -> Json:
        return {
            "name": self.name,
            "title_ru": self.title_ru,
            "title_en": self.title_en,
            "group": self.group,
            "params": [p.shown() for p in self.params],
            "value": value,
        }


_PATH = Param("path", "text", "Адреса, начинающиеся с", "Paths that begin with", "/api/")
_HOOK = Param(
    "path",
    "text",
    "install, disconnect, secrets или начало кода хука",
    "install, disconnect, secrets or the beginning of a hook's code",
    "",
)
_METHOD = Param(
    "method",
    "choice",
    "Метод (пусто: любой)",
    "Method (empty: any)",
    "",
    ("", "GET", "POST", "PATCH", "DELETE"),
)
_TIMES = Param("times", "count", "Сколько раз (0: пока не снимут)", "How often (0: for good)", 1)
_SECONDS = Param("seconds", "seconds", "Секунды", "Seconds", 1.0)
_STATUS = Param("status", "count", "Код ответа", "Status", 503)
_WHERE = (_PATH, _METHOD, _TIMES)


def _value(kind: str, default: object) -> tuple[Param, ...]:
    return (Param("value", kind, "Значение", "Value", default),)


_ON = _value("flag", default=False)
_NOW = (Param("value", "flag", "Выполнить сейчас", "Do it now", default=False),)

FAULTS = (
    Switch("slow", "Отвечать медленно", "Answer slowly", (_SECONDS, *_WHERE)),
    Switch("status", "Отвечать ошибкой", "Answer with an error", (_STATUS, *_WHERE)),
    Switch("html", "HTML-страница вместо JSON", "An HTML page for JSON", (_STATUS, *_WHERE)),
    Switch("drop", "Обрывать соединение", "Cut the connection", _WHERE),
    Switch("lost", "Выполнять и терять ответ", "Do the request and lose the answer", _WHERE),
    Switch(
        "throttle", "Слишком много запросов (429)", "Too many requests (429)", (_SECONDS, *_WHERE)
    ),
    Switch("block", "Блокировка (403, HTML)", "Blocked (403, HTML)", _WHERE),
    Switch("partial", "Неполные списки", "Incomplete lists", _WHERE),
    Switch("empty", "Пустые списки (204)", "Empty lists (204)", _WHERE),
    Switch("hook_lost", "Терять хуки", "Lose hooks", (_HOOK, _TIMES)),
    Switch("hook_doubled", "Присылать хуки дважды", "Send hooks twice", (_HOOK, _TIMES)),
    Switch("hook_late", "Задерживать хуки", "Delay hooks", (_SECONDS, _HOOK, _TIMES)),
)
_FLAGS = (
    Switch("down", "CRM не работает (503)", "The CRM is down (503)", _ON),
    Switch("payment_required", "Подписка кончилась (402)", "Subscription over (402)", _ON),
    Switch("safe_mode", "Безопасный режим: без виджетов", "Safe mode: no widgets", _ON),
    Switch(
        "microphone",
        "Микрофон: фреймам, только самой странице, никому",
        "The microphone: for frames, for the page alone, for nobody",
        (Param("value", "choice", "Значение", "Value", FRAMES, (FRAMES, PAGE, NOBODY)),),
    ),
    Switch("html_429", "429 страницей HTML", "429 as an HTML page", _ON),
    Switch(
        "rate_limit",
        "Запросов в секунду на интеграцию",
        "Requests a second for an integration",
        _value("count", 7),
        "setting",
    ),
    Switch(
        "account_limit",
        "Запросов в секунду на аккаунт",
        "Requests a second for the account",
        _value("count", 50),
        "setting",
    ),
    Switch(
        "block_after",
        "Блокировать после стольких отказов (пусто: никогда)",
        "Block after so many refusals (empty: never)",
        _value("count", 20),
        "setting",
    ),
    Switch("api_filter", "Платные фильтры API", "The API's paid filters", _ON, "setting"),
    Switch(
        "settings_as_string",
        "Настройки виджета строкой JSON",
        "Widget settings as a JSON string",
        _ON,
        "setting",
    ),
    Switch(
        "hook_scale",
        "Масштаб пауз между попытками хука",
        "Scale of the waits between hook attempts",
        _value("ratio", 1.0),
        "setting",
    ),
)
_CLOCK = Switch(
    "clock_skew_s", "Часы CRM спешат на", "The CRM's clock is ahead by", _value("seconds", 0.0)
)
_ACTIONS = (
    Switch("expire_tokens", "Состарить токены доступа", "Make access tokens old", _NOW),
    Switch("revoke_tokens", "Отозвать все токены", "Revoke every token", _NOW),
)


def described(amo: Amo) -> list[Json]:
    """Every switch with its words, its parameters and its present value."""
    set_now: dict[str, list[Json]] = {}
    for fault in amo.faults.state()["faults"]:
        set_now.setdefault(fault["kind"], []).append(fault)
    rows = [switch.shown(set_now.get(switch.name)) for switch in FAULTS]
    rows += [switch.shown(getattr(amo.faults, switch.name)) for switch in _FLAGS]
    rows.append(_CLOCK.shown(amo.clock.offset_s))
    return rows + [switch.shown(None) for switch in _ACTIONS]


def switch(amo: Amo, body: Json) -> None:
    """Set the switches named in `body`: `{name: value}`, for a fault `{name: {param: value}}`.

    None or False ends the faults of a name. Also one fault spelt out: `{"kind": …, "path": …}`.
    Raises KeyError for an unknown name, TypeError and ValueError for nonsense; nothing is set then.
    """
    if "kind" in body:
        amo.faults.add(fault_from(body))
        return
    known = {s.name: s for s in (*_FLAGS, _CLOCK, *_ACTIONS)}
    ready = []
    for name, value in body.items():
        if name in REQUEST_KINDS | HOOK_KINDS:
            given = value if isinstance(value, dict) else {}
            ready.append((name, fault_from({**given, "kind": name}) if value else None))
        else:
            ready.append((name, _cast(known[name].params[0], value)))
    for name, found in ready:
        _set(amo, name, found)


def _set(amo: Amo, name: str, value: Any) -> None:
    if name in REQUEST_KINDS | HOOK_KINDS:
        if value is None:
            amo.faults.remove(name)
        else:
            amo.faults.add(value)
    elif name == _CLOCK.name:
        amo.clock.offset_s = value
    elif name == "expire_tokens":
        amo.tokens.expire_access()
    elif name == "revoke_tokens":
        amo.tokens.revoke()
    else:
        setattr(amo.faults, name, value)


def _cast(param: Param, value: object) -> Any:
    if value in (None, "") and param.kind == "count":
        return None  # no limit
    if param.kind == "flag":
        return bool(value)
    if param.kind == "choice":
        if value not in param.choices:
            raise ValueError(f"one of {', '.join(param.choices)} is needed")
        return value
    if not isinstance(value, (int, float, str)):
        raise TypeError("a number is needed")
    return int(value) if param.kind == "count" else float(value)


def reset(amo: Amo) -> None:
    """Nothing is wrong any more. Tokens that were revoked stay so."""
    amo.faults.clear()
    amo.clock.offset_s = 0.0
