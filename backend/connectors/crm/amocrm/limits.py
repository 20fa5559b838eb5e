"""Rates and sizes of amoCRM's API v4, from its developer documentation."""

RATE_PER_S = 5.0
BURST = 2.0
"""Seven per second and integration are allowed. Within any second a bucket lets rate + burst
through, so together they stay at seven; a card's two requests go at once."""
PAGE = 250
TIMEOUT_S = 20.0
BUSY_PAUSE_S = 1.0
"""After 429 without a named time."""
BLOCKED_PAUSE_S = 300.0
"""After a 403 page in HTML: the address is blocked for flooding, only silence helps."""
LONGEST_WAIT_S = 5.0
"""A pop-up does not wait out a longer silence: it says that the CRM does not answer."""
LONGEST_SILENCE_S = 10.0
"""Nor does anything else: jobs come back later instead of filling the places of other accounts."""
LONGEST_NAMED_S = 300.0
"""A Retry-After longer than a blocked address is silent for is a proxy's mistake."""
MAX_LEADS = 100
"""Ids in one filter: an address stays well under the usual 8 kB."""
SEARCH_DIGITS = 10
"""Calls are matched by the last ten digits, so that +7 and 8 are one number."""
INSTALL_TIMEOUT_S = 10.0
"""A person waits for the page that comes after the consent."""
DOUBT_S = 60.0
"""After a refresh whose answer was lost: amoCRM may be stuck, and people should not wait long."""
RENEW_WITHIN_H = 6
"""An access token lives a day: it is exchanged while it still works, so that a lost answer is
noticed before anybody is without the CRM."""
MAX_GRANTS = 3
"""With how many pairs of tokens one request is repeated: fresh ones, two more administrators'."""
LISTED_IDS = 50
"""Cards of a dialer's list asked for at once; an address of a request has its limits as well."""
MAX_LISTED_SINGLES = 40
"""Those read one by one where the account paid for no filters: six seconds."""
MAX_LISTED_PAGES = 80
"""Whole pages read for a longer list there: 20,000 records in a quarter of a minute."""
