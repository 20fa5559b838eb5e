"""Everything one sandbox portal remembers, and the few deeds its doors share."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from backend.sandbox.bitrix24.calls import Call, Telephony
from backend.sandbox.bitrix24.events import Events
from backend.sandbox.bitrix24.faults import Faults
from backend.sandbox.bitrix24.hub import Hub
from backend.sandbox.bitrix24.limits import LeakyBucket, OperatingTime
from backend.sandbox.bitrix24.log import CallLog
from backend.sandbox.bitrix24.overtime import Overtime
from backend.sandbox.bitrix24.papers import Papers
from backend.sandbox.bitrix24.shift import ShiftedClock
from backend.sandbox.bitrix24.staff import EXTRA_USERS, PHONES, structure
from backend.sandbox.bitrix24.store import CrmStore
from backend.sandbox.bitrix24.switches import Switchboard
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
        self.clock = ShiftedClock(clock)
        self.data = config.data()
        self.users = {user.id: user for user in (*self.data.users, *EXTRA_USERS)}
        self.departments = structure(self.users.values())
        self.phones = {user_id: dict(numbers) for user_id, numbers in PHONES.items()}
        """User → telephones of the profile by field."""
        self.store = CrmStore(self.data, self.clock, by_digits=config.phones_by_digits)
        self.faults = Faults()
        self.tokens = Tokens(config, self.clock)
        self.events = Events(config, self.clock, self.tokens, self.faults)
        self.telephony = Telephony(self.clock)
        self.workdays = Workdays(self.clock)
        self.papers = Papers()
        self.hub = Hub()
        self.log = CallLog()
        self.bucket = LeakyBucket(self.clock, config.bucket_size, config.bucket_leak_per_s)
        self.operating = OperatingTime(self.clock, config.operating_limit_s)
        self.placements = [
            Placement(code, handler, title)
            for code, handler, title in config.application.placements
        ]
        self.overtime = Overtime(self)
        self.switches = Switchboard(self)
        self.notices: list[dict[str, Any]] = []
        self.app_options: dict[str, Any] = {}
        self.user_options: dict[int, dict[str, Any]] = {}
        self.sessions: dict[str, int] = {}
        """Cookie of a signed-in browser → user."""
        self.old_hosts: set[str] = set()
        """Hosts the portal had before it was renamed; they answer 302."""

    def refit(self) -> None:
        """Hand on what of the configuration others have copied."""
        self.operating.limit_s = self.config.operating_limit_s
        self.store.set_phone_search(by_digits=self.config.phones_by_digits)

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

    # The application's life.

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
        if application.api_only:
            # Without pages the installation handler itself is told (reference 1.3).
            self.events.send("ONAPPINSTALL", application.install_url, data, user_id)

    def update_application(self, user_id: int) -> None:
        """A new version with a new application token: handlers go, its installer has to run."""
        application = self.config.application
        before = application.version
        application.version += 1
        application.application_token = secrets.token_hex(16)
        data = {
            "VERSION": application.version,
            "PREVIOUS_VERSION": before,
            "LANGUAGE_ID": self.config.language,
        }
        self.events.fire("ONAPPUPDATE", data, user_id)
        self.events.handlers.clear()
        application.installed = False

    def uninstall(self, *, clean: bool = False) -> None:
        """Everything of the application goes: widgets, handlers, tokens, lines.

        The event is the last thing the old handlers get; a later installation has another token.
        """
        application = self.config.application
        data = {"LANGUAGE_ID": self.config.language, "CLEAN": int(clean)}
        self.events.fire("ONAPPUNINSTALL", data, None)
        if application.api_only:
            self.events.send("ONAPPUNINSTALL", application.install_url, data, None)
        application.installed = False
        application.application_token = secrets.token_hex(16)
        self.placements.clear()
        self.events.handlers.clear()
        self.events.offline.clear()
        self.tokens.revoke()
        self.telephony.lines.clear()
        self.telephony.default_line = None
        self.papers.connectors.clear()

    def rename(self, public_url: str, server_url: str = "") -> None:
        """The portal moves to another address; the old one answers 302 from now on."""
        config = self.config
        self.old_hosts |= {urlsplit(config.public_url).netloc, urlsplit(config.server_url).netloc}
        config.public_url = public_url.rstrip("/")
        config.server_url = (server_url or public_url).rstrip("/")
        self.old_hosts -= {urlsplit(config.public_url).netloc, urlsplit(config.server_url).netloc}

    # The call card.

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
            "CALL_LIST_MODE": bool(call.list_id),
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
