"""The Bitrix24 connector."""

from backend.connectors.crm.bitrix24.connector import Bitrix24

connector = Bitrix24

__all__ = ["connector"]
