"""The ports of the use cases, fulfilled over transactions: each method is one."""

from backend.store.gateways.crm_calls import SqlCrmCalls
from backend.store.gateways.directory import SqlDirectory
from backend.store.gateways.grants import SqlGrants
from backend.store.gateways.history import SqlHistory
from backend.store.gateways.inbox import SqlInbox
from backend.store.gateways.pairing import SqlPairings
from backend.store.gateways.phone_index import SqlPhoneIndex
from backend.store.gateways.portal_calls import SqlPortalCalls
from backend.store.gateways.recordings import SqlRecordings
from backend.store.gateways.routing import SqlRouting
from backend.store.gateways.sessions import SqlSessions
from backend.store.gateways.statuses import SqlStatuses

__all__ = [
    "SqlCrmCalls",
    "SqlDirectory",
    "SqlGrants",
    "SqlHistory",
    "SqlInbox",
    "SqlPairings",
    "SqlPhoneIndex",
    "SqlPortalCalls",
    "SqlRecordings",
    "SqlRouting",
    "SqlSessions",
    "SqlStatuses",
]
