"""The amoCRM connector."""

from backend.connectors.crm.amocrm.connector import AmoCrm

connector = AmoCrm

__all__ = ["AmoCrm", "connector"]
