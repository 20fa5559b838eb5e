"""A Bitrix24-like portal with its authorization server, for the demo and the tests."""

from __future__ import annotations

from backend.sandbox.bitrix24.app import create_portal
from backend.sandbox.bitrix24.config import Application, PortalConfig
from backend.sandbox.bitrix24.portal import Portal

__all__ = ["Application", "Portal", "PortalConfig", "create_portal"]
