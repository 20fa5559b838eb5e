"""Sockets of tabs go past routes and middleware; everything else does not."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.routing import Route
from starlette.testclient import TestClient
from starlette.websockets import WebSocket, WebSocketDisconnect

from backend.realtime.server import SOCKET_PATH, Front


async def _greet(scope: Any, receive: Any, send: Any) -> None:
    socket = WebSocket(scope, receive, send)
    await socket.accept()
    await socket.send_text(f"middleware: {'app' in scope}")
    await socket.close()


def test_the_socket_path_is_served_directly_once_it_is_there() -> None:
    front = Front(routes=[Route("/ws", lambda _request: None)])
    client = TestClient(front)
    with pytest.raises(WebSocketDisconnect), client.websocket_connect(SOCKET_PATH):
        pass
    front.sockets = _greet
    with client.websocket_connect(SOCKET_PATH) as socket:
        assert socket.receive_text() == "middleware: False"
    with pytest.raises(WebSocketDisconnect), client.websocket_connect("/ws/other"):
        pass
    assert client.get("/nowhere").status_code == 404
