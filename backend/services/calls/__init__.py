"""Calls: one owner per switch connection turns events into calls, and commands into orders."""

from backend.services.calls.hooks import Callers
from backend.services.calls.owner import CallOwner
from backend.services.calls.wire import CallsClient, serve_name

__all__ = ["CallOwner", "Callers", "CallsClient", "serve_name"]
