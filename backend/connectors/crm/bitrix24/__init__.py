"""The Bitrix24 connector."""

from backend.connectors.crm.bitrix24.connector import Bitrix24
from backend.connectors.crm.bitrix24.telephony import Bitrix24Telephony, status_code

connector = Bitrix24

__all__ = ["Bitrix24", "Bitrix24Telephony", "connector", "status_code"]
