"""The amoCRM connector."""

from backend.connectors.crm.amocrm.calls import AmoCalls
from backend.connectors.crm.amocrm.connector import AmoCrm
from backend.connectors.crm.amocrm.people import AmoCrmPeople

connector = AmoCrm

__all__ = ["AmoCalls", "AmoCrm", "AmoCrmPeople", "connector"]
