"""Troubles a test or a demo can switch on. What each is for is told in `switches`."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields
from typing import Any


@dataclass
class Faults:
    """What goes wrong; counters run down to zero, everything else stays until cleared.

    Methods are named in lower case. Counters are spent by whatever comes first, a webhook's call
    or an application's.
    """

    # The way to the REST interface.
    drop: int = 0
    """Cut the connection of the next n calls without an answer; the calls are not done."""
    lost_answers: int = 0
    """Do the next n calls and cut the connection instead of answering."""
    half_answers: int = 0
    """Send half of the JSON of the next n answers."""
    html_502: int = 0
    """Answer the next n calls with a proxy's HTML page."""
    slow_s: dict[str, float] = field(default_factory=dict)
    """Seconds to wait before answering, per method; `*` is every method."""
    moved_to: str = ""
    """Answer 302 to this base URL: the portal was renamed. Calls that come there are answered."""

    # What it answers.
    crm_down: bool = False
    """Every call is answered 500 until cleared."""
    burst_503: int = 0
    """Answer the next n calls with 503 QUERY_LIMIT_EXCEEDED."""
    bucket_full: bool = False
    """The request limit is used up until cleared."""
    overload: bool = False
    """503 OVERLOAD_LIMIT: the vendor's support blocked the portal by hand."""
    blocked_methods: set[str] = field(default_factory=set)
    """Methods answered with 429 OPERATION_TIME_LIMIT."""
    failing_methods: dict[str, str] = field(default_factory=dict)
    """Method → the error code it answers with (HTTP 400)."""
    errors_200: int = 0
    """Answer the next n calls with an error under HTTP 200."""
    no_plan: bool = False
    """The portal's plan has no REST interface: 403 ACCESS_DENIED, PAYMENT_REQUIRED on refresh."""
    portal_deleted: bool = False
    """500 PORTAL_DELETED."""
    empty_lists: set[str] = field(default_factory=set)
    """List methods that answer nothing at all, total 0."""
    short_lists: set[str] = field(default_factory=set)
    """List methods that answer half of a page and claim that this is all."""

    # Tokens.
    expired_tokens: int = 0
    """Answer the next n calls that carry a token with 401 expired_token."""
    closed_for: set[int] = field(default_factory=set)
    """Users the application is closed for: 403 user_access_error."""
    auth_503: int = 0
    """Answer the next n requests to the authorization server with 503 and HTML."""
    auth_slow_s: float = 0.0
    """Seconds the authorization server waits before answering."""
    auth_lost: int = 0
    """Spend the refresh token of the next n refreshes and cut the connection."""
    auth_error: str = ""
    """Answer every token request with this error code."""

    # Events.
    lost_events: int = 0
    """Drop the next n events on the way."""
    doubled_events: int = 0
    """Deliver the next n events twice."""
    late_events_s: float = 0.0
    """Seconds every event waits in the vendor's queue."""
    swapped_events: bool = False
    """Of what waits, the newest is delivered first."""

    def update(self, values: dict[str, Any]) -> None:
        """Set the named switches. Raises KeyError for an unknown one, ValueError for nonsense."""
        known = {item.name for item in fields(self)}
        for name in values:
            if name not in known:
                raise KeyError(name)
        for name, value in values.items():
            if name in {"blocked_methods", "empty_lists", "short_lists"}:
                setattr(self, name, {str(item).lower() for item in value})
            elif name == "closed_for":
                self.closed_for = {int(item) for item in value}
            elif name == "slow_s":
                self.slow_s = {str(key).lower(): float(item) for key, item in value.items()}
            elif name == "failing_methods":
                self.failing_methods = {str(key).lower(): str(item) for key, item in value.items()}
            else:
                setattr(self, name, type(getattr(self, name))(value))

    def clear(self) -> None:
        fresh = Faults()
        for item in fields(self):
            setattr(self, item.name, getattr(fresh, item.name))

    def spend(self, name: str) -> bool:
        """True while the counter `name` lasts; each call uses one up."""
        left = int(getattr(self, name))
        if left <= 0:
            return False
        setattr(self, name, left - 1)
        return True

    def shown(self) -> dict[str, Any]:
        """Every switch with its value, ready for JSON."""
        return {
            name: sorted(value) if isinstance(value, set) else value
            for name, value in asdict(self).items()
        }
