"""The switches of the portal in words, so that one page can draw them for every sandbox."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from backend.sandbox.bitrix24.portal import Portal


@dataclass(frozen=True)
class Switch:
    """One switch as a page draws it.

    `kind` says what its value is: count (a whole number that runs down), flag, seconds, text,
    methods (a list of method names), seconds_by_method or text_by_method (an object), users (a
    list of ids), choice. `setting` marks what describes the portal rather than a trouble.
    """

    name: str
    kind: str
    title_ru: str
    title_en: str
    setting: bool = False
    choices: tuple[Any, ...] = ()

    def shown(self, value: Any) -> dict[str, Any]:
        param: dict[str, Any] = {"name": "value", "kind": self.kind}
        if self.choices:
            param["choices"] = list(self.choices)
        return {
            "name": self.name,
            "title_ru": self.title_ru,
            "title_en": self.title_en,
            "group": "setting" if self.setting else "fault",
            "params": [param],
            "value": value,
        }


_FAULTS = (
    Switch("drop", "count", "Обрывать соединение", "Cut the connection"),
    Switch(
        "lost_answers",
        "count",
        "Выполнять запрос и терять ответ",
        "Do the request and lose the answer",
    ),
    Switch("half_answers", "count", "Отдавать половину ответа", "Send half of the answer"),
    Switch("html_502", "count", "Страница прокси 502 вместо ответа", "A proxy's 502 page"),
    Switch("slow_s", "seconds_by_method", "Отвечать медленно", "Answer slowly"),
    Switch("moved_to", "text", "Портал переехал на адрес (302)", "The portal moved to (302)"),
    Switch("crm_down", "flag", "Портал не работает (500)", "The portal is down (500)"),
    Switch("burst_503", "count", "Слишком много запросов (503)", "Too many requests (503)"),
    Switch("bucket_full", "flag", "Лимит запросов исчерпан", "The request limit is used up"),
    Switch("overload", "flag", "Блокировка поддержкой (503)", "Blocked by support (503)"),
    Switch(
        "blocked_methods", "methods", "Лимит времени методов (429)", "Methods out of time (429)"
    ),
    Switch("failing_methods", "text_by_method", "Ошибка метода", "A method fails with"),
    Switch("errors_200", "count", "Ошибка со статусом 200", "An error under status 200"),
    Switch("no_plan", "flag", "Тариф без REST", "The plan has no REST"),
    Switch("portal_deleted", "flag", "Портал удалён", "The portal is deleted"),
    Switch("empty_lists", "methods", "Пустые списки", "Empty lists"),
    Switch("short_lists", "methods", "Неполные списки", "Incomplete lists"),
    Switch("expired_tokens", "count", "Токен истёк (401)", "The token has expired (401)"),
    Switch("closed_for", "users", "Приложение закрыто для", "The application is closed for"),
    Switch("auth_503", "count", "Сервер авторизации недоступен", "Authorization is down"),
    Switch("auth_slow_s", "seconds", "Медленный сервер авторизации", "Slow authorization"),
    Switch("auth_lost", "count", "Потерять ответ на обновление", "Lose the answer to a refresh"),
    Switch("auth_error", "text", "Ошибка обновления токена", "Refreshing fails with"),
    Switch("lost_events", "count", "Терять события", "Lose events"),
    Switch("doubled_events", "count", "Присылать события дважды", "Deliver events twice"),
    Switch("late_events_s", "seconds", "Задерживать события", "Delay events"),
    Switch("swapped_events", "flag", "Менять порядок событий", "Swap the order of events"),
)
_CLOCK = (
    Switch("clock_skew_s", "seconds", "Часы портала спешат на", "The portal's clock is ahead by"),
)
_SETTINGS = (
    Switch("crm_mode", "choice", "Режим CRM", "CRM mode", True, (1, 2)),
    Switch("on_premise", "flag", "Коробочная версия", "On-premise", True),
    Switch("old_build", "flag", "Старая сборка", "An old build", True),
    Switch("missing_modules", "methods", "Нет модулей", "Missing modules", True),
    Switch(
        "worker_microphone", "flag", "Микрофон фоновой страницы", "The worker's microphone", True
    ),
    Switch("desktop_app", "flag", "Десктоп-приложение", "Desktop application", True),
    Switch(
        "list_hides_card", "flag", "Обзвон без карточки звонка", "No card over a call list", True
    ),
    Switch(
        "phones_by_digits", "flag", "Поиск номера по цифрам", "Numbers are found by digits", True
    ),
    Switch(
        "operating_counts_batch",
        "flag",
        "Время пакета считать за batch",
        "A batch's time is charged to batch",
        True,
    ),
    Switch("refresh_grace_s", "seconds", "Жизнь старого refresh", "A used refresh lives", True),
    Switch("access_lifetime_s", "seconds", "Жизнь access", "An access token lives", True),
    Switch("operating_limit_s", "seconds", "Лимит времени метода", "Operating limit", True),
    Switch("anyone_installs", "flag", "Ставить приложения могут все", "Anyone installs", True),
    Switch("internal_finish", "flag", "finish внутренних", "finish of internal calls", True),
)


class Switchboard:
    """Reads and sets every switch of one portal; `reset` brings back how it was at its start."""

    def __init__(self, portal: Portal) -> None:
        self._portal = portal
        self._start = {item.name: getattr(portal.config, item.name) for item in _SETTINGS}

    def described(self) -> list[dict[str, Any]]:
        """Every switch with its words, its parameter and its present value."""
        values = self.values()
        return [item.shown(values[item.name]) for item in (*_FAULTS, *_CLOCK, *_SETTINGS)]

    def values(self) -> dict[str, Any]:
        config = self._portal.config
        settings = {item.name: getattr(config, item.name) for item in _SETTINGS}
        skew = {"clock_skew_s": self._portal.clock.skew_s}
        return self._portal.faults.shown() | skew | settings

    def set(self, values: dict[str, Any]) -> None:
        """Set the named switches. Raises KeyError for an unknown one, ValueError for nonsense."""
        settings = {item.name: item for item in _SETTINGS}
        left = dict(values)
        if "clock_skew_s" in left:
            self._portal.clock.skew_s = float(left.pop("clock_skew_s"))
        for name in [name for name in left if name in settings]:
            self._configure(settings[name], left.pop(name))
        self._portal.faults.update(left)

    def reset(self) -> None:
        """Nothing is wrong any more, and the portal is what it was."""
        self._portal.faults.clear()
        self._portal.clock.skew_s = 0.0
        for name, value in self._start.items():
            setattr(self._portal.config, name, value)
        self._portal.refit()

    def _configure(self, item: Switch, value: Any) -> None:
        config = self._portal.config
        if item.kind == "methods":
            setattr(config, item.name, tuple(str(entry) for entry in value))
        elif item.choices and value not in item.choices:
            raise ValueError(f"{item.name} is one of {item.choices}")
        else:
            setattr(config, item.name, type(getattr(config, item.name))(value))
        self._portal.refit()
