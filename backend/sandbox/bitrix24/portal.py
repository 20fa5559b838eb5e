"""Everything one sandbox portal remembers, and the few deeds its doors share."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from backend.sandbox.bitrix24.calls import Call, Telephony
from backend.sandbox.bitrix24.events import Events
from backend.sandbox.bitrix24.faults import CallLog, Faults
from backend.sandbox.bitrix24.hub import Hub
from backend.sandbox.bitrix24.limits import LeakyBucket, OperatingTime
from backend.sandbox.bitrix24.store import CrmStore
from backend.sandbox.bitrix24.tokens import Tokens
from backend.sandbox.bitrix24.workday import Workdays

if TYPE_CHECKING:
    from collections.abc import Iterable

    from backend.kit.clock import Clock
    from backend.sandbox.bitrix24.config import PortalConfig
    from backend.sandbox.dataset import User


@dataclass(frozen=True)
class Placement:
    """One bound widget; `user_id` 0 is for everybody, `title` what menus and tabs show."""

    code: str
    handler: str
    title: str
    description: str = ""
    user_id: int = 0
    options: dict[str, Any] = field(default_factory=dict)
    lang_all: dict[str, Any] = field(default_factory=dict)


class Portal:
    """The state behind the portal's REST interface, its authorization server and its pages."""

    def __init__(self, config: PortalConfig, clock: Clock) -> None:
        self.config = config
        self.clock = clock
        self.data = config.data()
        self.users = {user.id: user for user in self.data.users}
        self.store = CrmStore(self.data, clock, by_digits=config.phones_by_digits)
        self.tokens = Tokens(config, clock)
        self.events = Events(config, clock, self.tokens)
        self.telephony = Telephony(clock)
        self.workdays = Workdays(clock)
        self.hub = Hub()
        self.faults = Faults()
        self.log = CallLog()
        self.bucket = LeakyBucket(clock, config.bucket_size, config.bucket_leak_per_s)
        self.operating = OperatingTime(clock, config.operating_limit_s)
        self.placements = [
            Placement(code, handler, title)
            for code, handler, title in config.application.placements
        ]
        self.notices: list[dict[str, Any]] = []
        self.app_options: dict[str, Any] = {}
        self.user_options: dict[int, dict[str, Any]] = {}
        self.sessions: dict[str, int] = {}
        """Cookie of a signed-in browser → user."""

    def sign_in(self, user_id: int) -> str:
        """A browser session of the user."""
        session_id = secrets.token_urlsafe(24)
        self.sessions[session_id] = user_id
        return session_id

    def active_user(self, user_id: Any) -> User | None:
        try:
            user = self.users.get(int(user_id))
        except (TypeError, ValueError):
            return None
        return user if user is not None and user.active else None

    def user_by_extension(self, extension: str) -> User | None:
        return next(
            (item for item in self.users.values() if item.active and item.extension == extension),
            None,
        )

    def bound(self, code: str, user_id: int) -> list[Placement]:
        """Widgets a page of this user shows in that place: none before installation ends."""
        if not self.config.application.installed:
            return []
        return [
            item for item in self.placements if item.code == code and item.user_id in {0, user_id}
        ]

    def finish_installation(self, user_id: int) -> None:
        """Widgets appear and events flow from now on; the application hears it is installed."""
        application = self.config.application
        application.installed = True
        data = {
            "VERSION": application.version,
            "ACTIVE": "Y",
            "INSTALLED": "Y",
            "LANGUAGE_ID": self.config.language,
        }
        self.events.fire("ONAPPINSTALL", data, user_id)

    def uninstall(self) -> None:
        """Everything of the application goes: widgets, handlers, tokens, lines."""
        self.events.fire("ONAPPUNINSTALL", {"LANGUAGE_ID": self.config.language, "CLEAN": 0}, None)
        self.config.application.installed = False
        self.placements.clear()
        self.events.handlers.clear()
        self.tokens.revoke()
        self.telephony.lines.clear()

    def card(self, call: Call) -> dict[str, Any]:
        """The call as its card knows it; keys and types of the `initialized` event."""
        line = self.telephony.lines.get(call.line)
        activity: int | str = ""
        return {
            "CALL_ID": call.call_id,
            "PHONE_NUMBER": call.phone,
            "LINE_NUMBER": call.line,
            "LINE_NAME": line.name if line else "",
            "CRM_ENTITY_TYPE": call.entity_type,
            "CRM_ENTITY_ID": call.entity_id or 0,
            "CRM_ACTIVITY_ID": activity,
            "CRM_BINDINGS": call.bindings,
            "CALL_DIRECTION": call.direction,
            "CALL_STATE": "idle",
            "CALL_LIST_MODE": False,
            # Not part of the event: what the card itself shows.
            "clientName": self.client_name(call),
        }

    def client_name(self, call: Call) -> str:
        if not call.entity_type or not call.entity_id:
            return ""
        row = self.store.find(call.entity_type, call.entity_id)
        return "" if row is None else self.store.title(call.entity_type, row)

    def show_card(self, call: Call, user_ids: Iterable[int]) -> None:
        for user_id in user_ids:
            call.shown_to.add(user_id)
            self.hub.show(user_id, self.card(call))

    def hide_card(self, call: Call, user_ids: Iterable[int]) -> None:
        for user_id in user_ids:
            call.shown_to.discard(user_id)
            self.hub.hide(call.call_id, user_id, {"failedCode": None})
