"""What an account tells us: that it disabled the integration, and what changed in it.

The disconnect hook is signed. Webhooks are not: their address holds a secret, nothing in them is
believed without reading the record, and they come again when we were slow (2 s), so the same body
has the same `external_id`.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from backend.errors import BadProof, BadRequest
from backend.kit import php_brackets

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Change:
    """One item of a webhook. `item` has the vendor's names; every leaf is text."""

    entity: str
    """`leads`, `contacts`, `companies`, `task`, `unsorted` and so on."""
    action: str
    item: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    account_id: str
    subdomain: str
    changes: tuple[Change, ...]
    external_id: str


def disconnected(query: Mapping[str, str], *, client_id: str, client_secret: str) -> str:
    """The number of the account that disabled the integration. Raises BadProof.

    An older paragraph of the documentation calls `client_uuid` `client_id`: both are read.
    """
    account_id = query.get("account_id", "")
    client = query.get("client_uuid") or query.get("client_id") or ""
    wanted = hmac.new(client_secret.encode(), f"{client}|{account_id}".encode(), sha256)
    signed = hmac.compare_digest(query.get("signature", "").encode(), wanted.hexdigest().encode())
    if not client_secret or not signed or client != client_id or not account_id.isdigit():
        raise BadProof("the disconnect hook is not signed by the integration's secret")
    return account_id


def decode(body: bytes) -> Webhook:
    """All changes of one body, in its order. Raises BadRequest when it is no webhook."""
    try:
        form = php_brackets.parse(body.decode())
    except ValueError:
        raise BadRequest("not a form") from None
    account = form.pop("account", None)
    if not isinstance(account, dict) or not isinstance(account.get("id"), str):
        raise BadRequest("not a webhook of an account")
    changes = [
        Change(_entity(root, item), action, item)
        for root, actions in form.items()
        if isinstance(actions, dict)
        for action, items in actions.items()
        for item in (_unwrapped(action, entry) for entry in php_brackets.values(items))
        if item is not None
    ]
    return Webhook(
        account_id=account["id"],
        subdomain=str(account.get("subdomain") or ""),
        changes=tuple(changes),
        external_id=sha256(body).hexdigest(),
    )


def _entity(root: str, item: dict[str, Any]) -> str:
    """Companies come under `contacts` and are told apart by `type`."""
    return "companies" if root == "contacts" and item.get("type") == "company" else root


def _unwrapped(action: str, entry: Any) -> dict[str, Any] | None:
    """Notes lie one level deeper: `leads[note][0][note][…]`."""
    if isinstance(entry, dict) and action == "note" and isinstance(entry.get("note"), dict):
        entry = entry["note"]
    return entry if isinstance(entry, dict) else None
