"""Deeds of the faults page that are no switch: an address changes, tokens end, time passes. What is
done so stays done; switching the faults off does not take it back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from starlette.applications import Starlette

from backend.demo.addresses import Addresses

Body = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Lever:
    """One button. `param`, when named, is what the page asks for: its kind, `text` or `seconds`,
    its words and what is there at first."""

    name: str
    method: str
    path: str
    title: tuple[str, str]
    effect: tuple[str, str]
    """The sentence of what an operator should see, Russian and English as everywhere here."""
    param: str = ""
    kind: str = "text"
    label: tuple[str, str] = ("", "")
    first: str | float = ""
    body: Callable[[str], Body] = lambda _: {}
    """What is sent for the value given. Raises ValueError when it is nonsense."""
    base: Callable[[], str] = lambda: "http://127.0.0.1"
    """The address the sandbox is asked at: some look at the name they were called by."""

    def shown(self, locale: int) -> Body:
        """For the page; `locale` 0 is Russian, 1 English."""
        param = {"kind": self.kind, "title": self.label[locale], "first": self.first}
        return {
            "name": self.name,
            "title": self.title[locale],
            "effect": self.effect[locale],
            "param": param if self.param else None,
        }


def levers(where: Addresses, amo: Starlette) -> dict[str, tuple[Lever, ...]]:
    """Of each sandbox those it has."""
    port = where.portal.rpartition(":")[2]
    first_portal, first_amo = (_label(url) for url in (where.portal, where.amo))

    def renamed(name: str) -> Body:
        url = f"http://{_word(name)}.localhost:{port}"
        back = url == where.portal
        return {"public_url": url, "server_url": where.server(1) if back else url}

    def amo_now() -> str:
        return f"http://{amo.state.amo.host}" if amo.state.amo.host else where.amo

    return {
        "bitrix24": (
            Lever(
                *("expire_tokens", "DELETE", "/sandbox/tokens"),
                ("Состарить токены доступа", "Make access tokens old"),
                (
                    "Ничего: при следующем запросе токен обновится сам.",
                    "Nothing: the next request refreshes the token.",
                ),
            ),
            Lever(
                *("revoke_tokens", "DELETE", "/sandbox/tokens?revoke=all"),
                ("Отозвать все токены", "Revoke every token"),
                (
                    "При следующем звонке «Доступ к CRM истёк»; подключить — ниже, заново.",
                    "With the next call “Access to the CRM has expired”; connect it again below.",
                ),
            ),
            Lever(
                *("rename", "POST", "/sandbox/rename"),
                ("Переименовать портал", "Rename the portal"),
                (
                    f"Ничего: сервер идёт следом. Вернуть: {first_portal}.",
                    f"Nothing: the server follows. To take it back: {first_portal}.",
                ),
                param="name",
                label=("Новое имя", "New name"),
                first="sever-new",
                body=renamed,
            ),
            _clock(),
        ),
        "amocrm": (
            Lever(
                *("rename", "POST", "/sandbox/rename"),
                ("Переименовать аккаунт", "Rename the account"),
                (
                    f"Откройте CRM по новому имени: там всё работает. Вернуть: {first_amo}.",
                    f"Open the CRM by its new name: all works there. To take it back: {first_amo}.",
                ),
                param="name",
                label=("Новый поддомен", "New subdomain"),
                first="vektor-new",
                body=lambda name: {"subdomain": _word(name)},
                base=amo_now,
            ),
            _clock(),
            Lever(
                *("release", "POST", "/sandbox/release"),
                ("Выпустить новую версию CRM", "Bring out a new version of the CRM"),
                (
                    "Вкладка CRM обновится сама, а с разговором дождётся его конца.",
                    "The CRM's tab reloads itself, after the conversation if there is one.",
                ),
            ),
        ),
        "switch": (),
    }


def _clock() -> Lever:
    return Lever(
        *("clock", "POST", "/sandbox/clock"),
        ("Перевести часы CRM вперёд", "Put the CRM's clock forward"),
        (
            "Ничего: состарившийся токен обновится сам.",
            "Nothing: a token grown old refreshes itself.",
        ),
        param="seconds",
        kind="seconds",
        label=("Секунды", "Seconds"),
        first=3600,
        body=lambda seconds: {"advance_s": _positive(seconds)},
    )


def _label(url: str) -> str:
    return url.split("://", 1)[1].partition(".")[0]


def _word(name: str) -> str:
    word = name.strip().lower()
    if not (word.isascii() and word.replace("-", "").isalnum() and len(word) < 64):
        raise ValueError(name)
    return word


def _positive(text: str) -> float:
    seconds = float(text)
    if not 0 < seconds <= 10 * 365 * 86_400:
        raise ValueError(text)
    return seconds
