"""Users of the account come, change and leave."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backend.sandbox.amocrm.seed import rights

if TYPE_CHECKING:
    from backend.sandbox.amocrm.amo import Amo
    from backend.sandbox.amocrm.config import Json

UUID = "00000000-0000-4000-9000-{:012d}"


def add(amo: Amo, sent: Json) -> Json:
    """A new user. `sent` is what `POST /api/v4/users` takes."""
    user_id = amo.world.next_id()
    wanted = sent.get("rights") or {}
    amo.world.users[user_id] = {
        "id": user_id,
        "name": str(sent.get("name") or f"Сотрудник {user_id}"),
        "email": str(sent.get("email") or f"user{user_id}@example.test"),
        "lang": sent.get("lang") or "ru",
        "rights": rights(
            is_admin=bool(wanted.get("is_admin")),
            is_free=bool(wanted.get("is_free")),
            is_active=bool(wanted.get("is_active", True)),
            group_id=wanted.get("group_id") or 0,
        ),
        "_position": "",
        "_extension": "",
        "_uuid": UUID.format(user_id),
    }
    _tell(amo)
    return amo.world.users[user_id]


def change(amo: Amo, user_id: int, sent: Json) -> Json:
    """Change name, e-mail or any of `rights`: is_active, is_free, is_admin, group_id.

    Grants of a deactivated administrator stay good, those of others obey the rights that are left
    (reference, section 1, scopes).
    """
    user = amo.world.users[user_id]
    user |= {k: sent[k] for k in ("name", "email", "lang") if k in sent}
    user["rights"] |= {k: v for k, v in (sent.get("rights") or {}).items() if k in user["rights"]}
    _tell(amo)
    return user


def delete(amo: Amo, user_id: int) -> None:
    """The user leaves the account: absent from every list, sessions and grants end.

    That grants die with their user is assumed; no source says so. The records keep the id.
    """
    amo.world.deleted_users[user_id] = amo.world.users.pop(user_id)
    amo.tokens.revoke(user_id=user_id)
    _tell(amo)


def _tell(amo: Amo) -> None:
    amo.live.send({"type": "users"})
