"""The Bitrix24 connector."""

from backend.connectors.crm.bitrix24.connector import Bitrix24
from backend.connectors.crm.bitrix24.people import Bitrix24People
from backend.connectors.crm.bitrix24.telephony import Bitrix24Telephony, status_code
from backend.connectors.crm.bitrix24.timeman import Bitrix24Workdays

connector = Bitrix24

__all__ = [
    "Bitrix24",
    "Bitrix24People",
    "Bitrix24Telephony",
    "Bitrix24Workdays",
    "connector",
    "status_code",
]
