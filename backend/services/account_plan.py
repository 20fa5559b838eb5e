"""What differs between two configurations: the plan people read, the log, the writer's list."""

from __future__ import annotations

import hashlib
from typing import Any, Literal

import msgspec

from backend.domain.account_config import AccountConfig, Item, Kind, items
from backend.domain.account_settings import AREAS

Action = Literal["create", "change", "remove"]


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that becomes different. `before` and `after` hold the fields that differ."""

    kind: Kind
    key: str
    name: str
    action: Action
    before: dict[str, Any] | None
    after: dict[str, Any] | None

    @property
    def subject(self) -> str:
        """As the log names it."""
        return f"{self.kind}:{self.key}"

    @property
    def fields(self) -> tuple[str, ...]:
        return tuple(sorted({*(self.before or {}), *(self.after or {})}))


def changes(before: AccountConfig | None, after: AccountConfig) -> list[Change]:
    """In the order they can be written: what others refer to comes first. Removals stand where
    their kind stands; a writer does them last, in the other order."""
    found = [*_account(before, after), *_settings(before, after)]
    old = {} if before is None else {(k, key): item for k, key, item in items(before)}
    new = {(k, key): item for k, key, item in items(after)}
    for kind, key in dict.fromkeys([*new, *old]):
        was, is_ = old.get((kind, key)), new.get((kind, key))
        if was != is_:
            found.append(_change(kind, key, was, is_))
    order = list(_ORDER)
    return sorted(found, key=lambda change: order.index(change.kind))


_ORDER: tuple[Kind, ...] = (
    "account", "settings", "line", "employee", "group", "scenario", "virtual_number", "team",
)  # fmt: skip


def version_of(value: Any) -> str:
    """What a reader has seen, for `If-Match`: the same content has the same version."""
    return hashlib.sha256(msgspec.json.encode(value, order="sorted")).hexdigest()[:16]


def _change(kind: Kind, key: str, was: Item | None, is_: Item | None) -> Change:
    name = _name(is_ if is_ is not None else was)
    if was is None or is_ is None:
        action: Action = "create" if was is None else "remove"
        return Change(
            kind=kind, key=key, name=name, action=action, before=_plain(was), after=_plain(is_)
        )
    return _differing(kind, key, name, _plain(was) or {}, _plain(is_) or {})


def _differing(kind: Kind, key: str, name: str, was: dict[str, Any], is_: dict[str, Any]) -> Change:
    differ = [field for field in is_ if was.get(field) != is_[field]]
    return Change(
        kind=kind,
        key=key,
        name=name,
        action="change",
        before={field: was.get(field) for field in differ},
        after={field: is_[field] for field in differ},
    )


def _name(item: Item | None) -> str:
    return str(getattr(item, "name", "") or "")


def _plain(item: Item | None) -> dict[str, Any] | None:
    plain: dict[str, Any] | None = None if item is None else msgspec.to_builtins(item)
    return plain


_OWN = ("id", "slug", "name", "region", "timezone")


def _account(before: AccountConfig | None, after: AccountConfig) -> list[Change]:
    new = {field: getattr(after, field) for field in _OWN}
    if before is None:
        return [
            Change(
                kind="account",
                key=after.id,
                name=after.name,
                action="create",
                before=None,
                after=new,
            )
        ]
    old = {field: getattr(before, field) for field in _OWN}
    return [] if old == new else [_differing("account", after.id, after.name, old, new)]


def _settings(before: AccountConfig | None, after: AccountConfig) -> list[Change]:
    found = []
    for name, kind in AREAS.items():
        was = msgspec.to_builtins(kind() if before is None else getattr(before.settings, name))
        is_ = msgspec.to_builtins(getattr(after.settings, name))
        if was != is_:
            found.append(_differing("settings", name, "", was, is_))
    return found
