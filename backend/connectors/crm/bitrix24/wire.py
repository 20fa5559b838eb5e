"""Fields asked of Bitrix24, by its own names; `*` would leave phones out and cost more."""

from __future__ import annotations

CONTACT = ["ID", "NAME", "LAST_NAME", "SECOND_NAME", "COMPANY_ID", "ASSIGNED_BY_ID"]
COMPANY = ["ID", "TITLE", "ASSIGNED_BY_ID"]
LEAD = [
    "ID",
    "TITLE",
    "NAME",
    "LAST_NAME",
    "SECOND_NAME",
    "COMPANY_TITLE",
    "ASSIGNED_BY_ID",
    "STATUS_SEMANTIC_ID",
]
CONVERTED = "S"
"""STATUS_SEMANTIC_ID of a lead that became a contact or a deal."""
DEAL = [
    "ID",
    "TITLE",
    "CATEGORY_ID",
    "STAGE_ID",
    "OPPORTUNITY",
    "CURRENCY_ID",
    "CONTACT_ID",
    "COMPANY_ID",
    "ASSIGNED_BY_ID",
]
ACTIVITY = ["ID", "SUBJECT", "DEADLINE", "OWNER_TYPE_ID", "OWNER_ID", "RESPONSIBLE_ID"]
