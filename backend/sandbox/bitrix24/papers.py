"""What applications leave on the portal beside the CRM: lists, chats, connectors, pushes."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from typing import Any

Row = dict[str, Any]


@dataclass
class CallList:
    """A list of clients to call; `items` pairs an id with its status in the dictionary."""

    id: int
    entity_type: str
    created_at: str
    created_by: int
    webform_id: int
    items: dict[int, str]
    activity_id: int


@dataclass
class Chat:
    """An open-line dialog of a client; `members` are the operators who may write into it."""

    id: int
    connector: str
    entity_type: str
    entity_id: int
    members: list[int]
    active: bool = True
    messages: list[Row] = field(default_factory=list)


@dataclass
class Connector:
    """A messenger an application registered; `lines` are the open lines it is switched on for."""

    id: str
    name: str
    handler: str
    lines: dict[int, bool] = field(default_factory=dict)


class Papers:
    """Recorded as they came, for pages and assertions."""

    def __init__(self) -> None:
        self.ids = itertools.count(1)
        self.call_lists: dict[int, CallList] = {}
        self.chats: dict[int, Chat] = {}
        self.connectors: dict[str, Connector] = {}
        self.sent: list[Row] = []
        """Messages of imconnector.send.messages in order."""
        self.pushes: list[Row] = []
        """Events of pull.application.event.add in order."""
        self.user_fields: dict[str, dict[int, Row]] = {}
        """Entity (CRM_DEAL …) → id → custom field."""
        self.traces: dict[int, Row] = {}
        self.transcripts: dict[str, Row] = {}
        """CALL_ID → its transcription."""
        self.confirmed: set[str] = set()
        """Methods an administrator allowed the application."""
        self.denied: set[str] = set()
        """Methods an administrator refused."""
        self.files: dict[int, tuple[str, bytes]] = {}
        """File id → name and content, served under `/disk/`."""
