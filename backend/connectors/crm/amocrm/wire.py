"""Names and numbers of amoCRM that mean something."""

from __future__ import annotations

PHONE = "PHONE"
"""`field_code` of the multitext field with phones."""
WON, LOST = 142, 143
"""Statuses every pipeline has: a lead there is closed."""
