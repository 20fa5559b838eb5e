"""Integrations the account knows: the one with the widget, and external ones made by a button."""

from __future__ import annotations

import secrets
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from backend.sandbox.amocrm.config import AmoConfig
    from backend.sandbox.amocrm.tokens import Tokens

SCOPES = {"crm": "доступ к данным аккаунта", "notifications": "центр уведомлений"}


@dataclass(frozen=True, kw_only=True)
class Integration:
    """Who may hold grants. An external one lives in this account alone, keys and all."""

    client_id: str
    client_secret: str
    redirect_uri: str
    name: str
    description: str = ""
    external: bool = False
    scopes: tuple[str, ...] = ("crm", "notifications")


class Registry:
    """Finds integrations by client_id. External ones are added by each authorisation anew."""

    def __init__(self, config: AmoConfig, tokens: Tokens) -> None:
        self._tokens = tokens
        self._known: dict[str, Integration] = {}
        widget = config.widget
        if widget is not None:
            self._known[widget.client_uuid] = Integration(
                client_id=widget.client_uuid,
                client_secret=widget.client_secret,
                redirect_uri=widget.redirect_uri,
                name=str(widget.read_i18n(config.language)["widget"]["name"]),
            )

    def find(self, client_id: str | None) -> Integration | None:
        return self._known.get(client_id or "")

    def is_external(self, client_id: str | None) -> bool:
        found = self.find(client_id)
        return found is not None and found.external

    @property
    def external(self) -> list[Integration]:
        return [i for i in self._known.values() if i.external]

    def create_external(
        self, *, name: str, description: str, redirect_uri: str, scopes: tuple[str, ...]
    ) -> Integration:
        """A new integration with keys of its own (docs, oauth/oauth-external-integrations)."""
        made = Integration(
            client_id=str(uuid.uuid4()),
            client_secret=secrets.token_urlsafe(48),
            redirect_uri=redirect_uri,
            name=name,
            description=description,
            external=True,
            scopes=scopes,
        )
        self._known[made.client_id] = made
        return made

    def drop(self, client_id: str) -> bool:
        """Switch an external integration off: its grants end. False for any other."""
        if not self.is_external(client_id):
            return False
        del self._known[client_id]
        self._tokens.revoke(client_id)
        return True
