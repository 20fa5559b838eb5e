"""Rates and sizes of Bitrix24's REST, from its developer documentation (`limits.md`)."""

RATE_PER_S = 2.0
"""Leak of the bucket on ordinary plans; Enterprise has 5."""
BURST = 45.0
"""The portal counts to 50; five are left to other applications behind the same address."""
PAGE = 50
BATCH = 50
TIMEOUT_S = 20.0
"""A pop-up has its own shorter deadline; this bounds a hung connection."""
UPLOAD_TIMEOUT_S = 120.0
"""An hour's talk is eleven megabytes, and portals stand behind slow lines."""
BUSY_PAUSE_S = 1.0
"""After 503 QUERY_LIMIT_EXCEEDED."""
POP_UP_TRIES = 3
"""How often a card's request is made when the portal says it was asked too fast: somebody rings,
and a second later there is a token."""
METHOD_PAUSE_S = 10.0
"""After 429 OPERATION_TIME_LIMIT without a time of reset."""
LONGEST_BLOCK_S = 600.0
"""Operating time is counted over ten minutes: no method is out of it for longer."""
MAX_DUPLICATE_VALUES = 20
"""`values` of crm.duplicate.findbycomm."""
MAX_SHOWN = 10
"""How many records of a kind one card looks into: people and employers are asked by reference."""
MAX_DEALS_WITH_WORK = 5
"""How many deals' own activities a card asks for."""
MAX_GRANTS = 5
"""With how many pairs of tokens one request is tried: ours, another process's, a fresh one, two
more administrators'."""
