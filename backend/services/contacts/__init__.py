"""Who is calling: a local index for the first paint, the CRM for the rest (W2-W4, M9)."""

from backend.services.contacts.index import KnownCaller, PhoneIndex
from backend.services.contacts.service import Contacts
from backend.services.contacts.sync import PhoneIndexStore, PhoneIndexSync

__all__ = ["Contacts", "KnownCaller", "PhoneIndex", "PhoneIndexStore", "PhoneIndexSync"]
