"""Events a portal posts to us: form-encoded, sent once and never again, proven by one token.

Every leaf is text. An event names what changed, not how: the record has to be read anew. Events
arrive late and out of order; writes of our own come back as events too.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from backend.errors import BadProof, BadRequest
from backend.kit import php_brackets
from backend.services.portal_events import Decoded


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """`auth` holds tokens of whoever acted (or none): `repr` shows neither."""

    name: str
    """Upper case, as delivered; the documentation writes it both ways."""
    member_id: str
    """The portal it claims to be from; to be believed after `verify`."""
    application_token: str = field(repr=False)
    data: dict[str, Any]
    auth: dict[str, Any] = field(repr=False)
    sent: str
    """Unix second by the portal's clock, as delivered; empty when it is missing."""
    external_id: str
    """The same for the same event, for the inbox."""


def decode(body: bytes) -> Event:
    """Raises BadRequest when it is no event."""
    try:
        form = php_brackets.parse(body.decode())
    except ValueError:
        raise BadRequest("not a form") from None
    name, auth, data = form.get("event"), form.get("auth"), form.get("data")
    if not isinstance(name, str) or not name or not isinstance(auth, dict):
        raise BadRequest("not an event of a portal")
    member_id, token = auth.get("member_id"), auth.get("application_token")
    sent = form.get("ts")
    known = data if isinstance(data, dict) else {}
    # Without the tokens: they are not what makes two events the same.
    seal = repr((name, member_id, form.get("event_handler_id"), sent, known))
    return Event(
        name=name.upper(),
        member_id=member_id if isinstance(member_id, str) else "",
        application_token=token if isinstance(token, str) else "",
        data=known,
        auth=auth,
        sent=sent if isinstance(sent, str) else "",
        external_id=sha256(seal.encode()).hexdigest(),
    )


def verify(event: Decoded, member_id: str, application_token: str) -> None:
    """Raises BadProof unless the event carries the secret this portal gave at installation.

    ONAPPINSTALL and ONAPPUPDATE bring a new one: those are proven by their access token instead.
    """
    same = hmac.compare_digest(event.application_token.encode(), application_token.encode())
    if not application_token or not same or event.member_id != member_id:
        raise BadProof("the event does not carry the portal's application token")
