"""imopenlines.*, imconnector.* and pull.*: what is written is kept for assertions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from backend.sandbox.bitrix24.errors import RestError
from backend.sandbox.bitrix24.papers import Chat, Connector
from backend.sandbox.bitrix24.rest.params import as_int
from backend.sandbox.bitrix24.rest.registry import method

if TYPE_CHECKING:
    from backend.sandbox.bitrix24.portal import Portal
    from backend.sandbox.bitrix24.rest.params import Params
    from backend.sandbox.bitrix24.rest.registry import Context

Row = dict[str, Any]
LINE = 1
"""The portal's one open line."""
_KEPT = 1000


def _entity(params: Params) -> tuple[str, int]:
    kind, number = params.text("CRM_ENTITY_TYPE"), params.number("CRM_ENTITY")
    if kind not in {"lead", "deal", "contact", "company"} or number <= 0:
        # The type is documented in lower case only.
        raise RestError("ERROR_ARGUMENT", "Argument 'CRM_ENTITY_TYPE' is null or empty")
    return kind, number


def _of(portal: Portal, kind: str, number: int) -> list[Chat]:
    return [
        chat
        for chat in portal.papers.chats.values()
        if (chat.entity_type, chat.entity_id) == (kind, number)
    ]


def open_chat(portal: Portal, connector: str, kind: str, number: int, members: list[int]) -> Chat:
    """A dialog of a client that began in some messenger."""
    chat = Chat(next(portal.papers.ids), connector, kind, number, members)
    portal.papers.chats[chat.id] = chat
    return chat


@method("imopenlines.crm.chat.get", scope="imopenlines")
def chats(context: Context, params: Params) -> list[Row]:
    kind, number = _entity(params)
    active = params.flag("ACTIVE_ONLY", default=True)
    names = context.portal.papers.connectors
    return [
        {
            "CHAT_ID": str(chat.id),
            "CONNECTOR_ID": chat.connector,
            "CONNECTOR_TITLE": names[chat.connector].name if chat.connector in names else "",
        }
        for chat in _of(context.portal, kind, number)
        if chat.active or not active
    ]


@method("imopenlines.crm.chat.getLastId", scope="imopenlines")
def last_chat(context: Context, params: Params) -> int | None:
    found = _of(context.portal, *_entity(params))
    return found[-1].id if found else None


@method("imopenlines.crm.message.add", scope="imopenlines")
def message(context: Context, params: Params) -> int:
    kind, number = _entity(params)
    text = params.text("MESSAGE")
    if not text:
        raise RestError("ERROR_ARGUMENT", "Argument 'MESSAGE' is null or empty")
    chat = context.portal.papers.chats.get(params.number("CHAT_ID"))
    if chat is None or (chat.entity_type, chat.entity_id) != (kind, number):
        raise RestError("CHAT_NOT_IN_CRM", "Chat does not belong to the CRM entity")
    user_id = params.number("USER_ID")
    if user_id not in chat.members:
        raise RestError("ACCESS_DENIED", "User is not a participant of the chat", 403)
    identity = next(context.portal.papers.ids)
    chat.messages.append({"id": identity, "user_id": user_id, "text": text})
    return identity


@method("imopenlines.session.open", scope="imopenlines")
def session(context: Context, params: Params) -> Row:
    code = params.required("USER_CODE")
    parts = code.split("|")
    if len(parts) != 4:
        raise RestError("ERROR_ARGUMENT", "USER_CODE is connector|line|chat|user")
    papers = context.portal.papers
    known = papers.chats.get(as_int(parts[2]))
    chat = known or open_chat(context.portal, parts[0], "", 0, [context.user.id])
    return {"chatId": chat.id}


@method("imopenlines.config.list.get", scope="imopenlines")
def lines(_: Context, __: Params) -> list[Row]:
    return [{"ID": str(LINE), "LINE_NAME": "Открытая линия", "ACTIVE": "Y", "CRM": "Y"}]


@method("imconnector.register", scope="imconnector", application=True)
def register(context: Context, params: Params) -> Row:
    identity, name = params.required("ID"), params.required("NAME")
    icon = params.mapping("ICON")
    if not icon.get("DATA_IMAGE"):
        raise RestError("ERROR_ARGUMENT", "Argument 'ICON' is null or empty", argument="ICON")
    handler = params.text("PLACEMENT_HANDLER")
    context.portal.papers.connectors[identity] = Connector(identity, name, handler)
    return {"result": True}


@method("imconnector.list", scope="imconnector", application=True)
def connectors(context: Context, _: Params) -> dict[str, str]:
    return {item.id: item.name for item in context.portal.papers.connectors.values()}


@method("imconnector.unregister", scope="imconnector", application=True)
def unregister(context: Context, params: Params) -> Row:
    found = context.portal.papers.connectors.pop(params.required("ID"), None)
    return {"result": found is not None}


def _connector(context: Context, params: Params) -> tuple[Connector, int]:
    connector = context.portal.papers.connectors.get(params.required("CONNECTOR"))
    if connector is None:
        raise RestError("NOT_CONNECTOR", "Connector is not registered")
    return connector, params.number("LINE")


@method("imconnector.activate", scope="imconnector", application=True)
def activate(context: Context, params: Params) -> bool:
    connector, line = _connector(context, params)
    connector.lines[line] = params.flag("ACTIVE", default=False)
    return True


@method("imconnector.status", scope="imconnector", application=True)
def status(context: Context, params: Params) -> Row:
    connector, line = _connector(context, params)
    on = connector.lines.get(line, False)
    return {
        "LINE": line,
        "CONNECTOR": connector.id,
        "CONFIGURED": on,
        "STATUS": on,
        "ERROR": False,
    }


@method("imconnector.send.messages", scope="imconnector", application=True)
def send(context: Context, params: Params) -> Row:
    """Each message opens the client's chat or goes on in it; all are kept in order."""
    connector, line = _connector(context, params)
    if not connector.lines.get(line):
        raise RestError("NOT_ACTIVE_LINE", "Line is not active for the connector")
    papers, results = context.portal.papers, []
    for item in params.listing("MESSAGES"):
        client = str((item.get("user") or {}).get("id") or "")
        chat = next(
            (
                known
                for known in papers.chats.values()
                if known.connector == connector.id and known.entity_type == f"client:{client}"
            ),
            None,
        )
        chat = chat or open_chat(context.portal, connector.id, f"client:{client}", 0, [])
        identity = next(papers.ids)
        papers.sent.append({"connector": connector.id, "line": line, "chat": chat.id, **item})
        del papers.sent[:-_KEPT]
        results.append(
            {
                "user": client,
                "message": (item.get("message") or {}).get("id"),
                "session": {"ID": str(identity), "CHAT_ID": str(chat.id)},
                "SUCCESS": True,
            }
        )
    return {"SUCCESS": True, "DATA": {"RESULT": results}}


@method("pull.application.config.get", scope="pull", application=True)
def pull_config(context: Context, _: Params) -> Row:
    portal = context.portal
    host = portal.config.at(context.host).domain
    return {
        "server": {
            "version": 4,
            "server_enabled": True,
            "websocket_enabled": True,
            "websocket_secure": f"wss://{host}/sub/",
            "websocket": f"ws://{host}/sub/",
            "long_polling": f"http://{host}/sub/",
            "long_pooling_secure": f"https://{host}/sub/",
        },
        "api": {"revision_web": 19, "revision_mobile": 3},
        "channels": {
            "private": {"id": f"app{context.user.id}", "type": "private"},
            "shared": {"id": "app", "type": "shared"},
        },
        "exp": int(portal.clock.told().timestamp()) + 12 * 3600,
        "publicChannels": {},
    }


@method("pull.application.event.add", scope="pull", application=True)
def pull_event(context: Context, params: Params) -> bool:
    """To oneself, or to anybody for an administrator; pages of the portal hear it."""
    command, papers = params.required("COMMAND"), context.portal.papers
    user_id = params.number("USER_ID", context.user.id)
    if user_id != context.user.id and not context.user.is_admin:
        raise RestError("ACCESS_DENIED", "You do not have access to send events to others", 403)
    row = {
        "module": params.text("MODULE_ID", "application"),
        "command": command,
        "params": params.get("PARAMS") or {},
        "user_id": user_id,
    }
    papers.pushes.append(row)
    del papers.pushes[:-_KEPT]
    context.portal.hub.tell(user_id, {"type": "pull", **row})
    return True
