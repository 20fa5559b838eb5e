"""The account behind the app: its data, its grants, its hooks, its misbehaviour."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from backend.sandbox.amocrm.background import Background
from backend.sandbox.amocrm.clock import AccountClock
from backend.sandbox.amocrm.faults import Faults
from backend.sandbox.amocrm.hooks import Hooks
from backend.sandbox.amocrm.installs import Installs
from backend.sandbox.amocrm.live import Live
from backend.sandbox.amocrm.registry import Registry
from backend.sandbox.amocrm.seed import build_world
from backend.sandbox.amocrm.tokens import Tokens

if TYPE_CHECKING:
    from starlette.requests import HTTPConnection

    from backend.kit.clock import Clock
    from backend.sandbox.amocrm.config import AmoConfig


class Amo:
    """One sandbox account. Tests reach it as `app.state.amo`."""

    def __init__(self, config: AmoConfig, clock: Clock) -> None:
        self.config = config
        self.clock = AccountClock(clock)
        self.world = build_world(config, self.clock)
        self.tokens = Tokens(self.world, self.clock)
        self.background = Background()
        self.live = Live()
        self.faults = Faults(clock, config)
        self.hooks = Hooks(
            self.world, config, clock, self.background, self.faults, self._hook_disabled
        )
        self.registry = Registry(config, self.tokens)
        self.installs = Installs(config, self.tokens, self.background, self.faults, clock)
        self.neighbours: list[Amo] = []  # other accounts of the same site
        self.host = ""  # where the account lives since it was renamed; empty: where it is asked
        self.former_hosts: set[str] = set()  # names the account had before it was renamed

    def _hook_disabled(self, destination: str) -> None:
        """Administrators are told, on every page of theirs."""
        people = self.world.users.values()
        notice = {
            "id": self.world.next_id(),
            "created_at": self.world.now(),
            "kind": "error",
            "header": "Вебхук отключён",
            "text": f"{destination} не отвечает. Включите его в настройках, когда исправите.",
            "link": "/settings/webhooks/",
        }
        admins = frozenset(int(u["id"]) for u in people if u["rights"]["is_admin"])
        self.live.send({"type": "notification", "data": notice}, admins)

    async def aclose(self) -> None:
        """Stop hooks that still wait. The app's lifespan does this; tests without one must."""
        await self.background.aclose()


def amo_of(request: HTTPConnection) -> Amo:
    return cast("Amo", request.app.state.amo)
