"""What a portal says of itself when it is checked: licence, modules, rights, people (L4-L11)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from backend.connectors.crm.bitrix24 import mapping
from backend.kit.budget import Priority

if TYPE_CHECKING:
    from backend.connectors.crm.bitrix24.client import Bitrix24Client

SCOPES = {
    "crm": "look-ups, cards, what is written",
    "telephony": "the call card, lines, recordings",
    "placement": "widgets",
    "user": "employees",
    "department": "departments and their heads",
    "im": "notices to people",
    "timeman": "working days",
}
"""What each right is for. `user_basic` does for `user` (section 7.1 of the reference)."""
_METHODS = ("telephony.externalCall.register", "placement.bind", "event.bind", "timeman.status")
_ENTITIES = ("lead", "deal", "contact", "company")
_MOST_PAGES = 40
"""2,000 people: beyond that a sample says enough."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PortalFacts:
    on_premise: bool
    licence: str
    user_name: str
    is_admin: bool
    missing_scopes: tuple[str, ...]
    missing_methods: tuple[str, ...]
    """Methods of ours the portal does not have: their module is not installed."""
    mandatory_fields: tuple[str, ...] | None
    """Custom fields of the CRM that must be filled; None where the portal does not say."""
    without_department: tuple[str, ...] = field(default=())
    """People of an on-premise portal whom the employee sync would skip (L11)."""


async def look(client: Bitrix24Client) -> PortalFacts:
    """Raises CrmError."""
    answers = await client.batch(
        {
            "app": ("app.info", {}),
            "profile": ("profile", {}),
            "scope": ("scope", {}),
            **{f"m{n}": ("method.get", {"name": name}) for n, name in enumerate(_METHODS)},
            **{
                f"fields_{entity}": (
                    f"crm.{entity}.userfield.list",
                    {"filter": {"MANDATORY": "Y"}},
                )
                for entity in _ENTITIES
            },
        },
        priority=Priority.POP_UP,
    )
    found = answers.found
    app, profile = _object(found.get("app")), _object(found.get("profile"))
    granted = {str(scope) for scope in found.get("scope") or []}
    if granted & {"user_basic", "user_brief"}:
        granted.add("user")
    on_premise = "selfhosted" in str(app.get("LICENSE") or "")
    fields: tuple[str, ...] | None = None
    if all(f"fields_{entity}" in found for entity in _ENTITIES):
        fields = tuple(
            f"{entity}: {row.get('FIELD_NAME')}"
            for entity in _ENTITIES
            for row in mapping.rows(found[f"fields_{entity}"])
            if row.get("MANDATORY") == "Y"
        )
    return PortalFacts(
        on_premise=on_premise,
        licence=str(app.get("LICENSE") or ""),
        user_name=mapping.person_name({**profile, "SECOND_NAME": None}),
        is_admin=profile.get("ADMIN") is True,
        missing_scopes=tuple(scope for scope in SCOPES if scope not in granted),
        missing_methods=tuple(
            name
            for n, name in enumerate(_METHODS)
            if _object(found.get(f"m{n}")).get("isExisting") is False
        ),
        mandatory_fields=fields,
        without_department=await _without_department(client) if on_premise else (),
    )


async def _without_department(client: Bitrix24Client) -> tuple[str, ...]:
    names: list[str] = []
    start = 0
    for _ in range(_MOST_PAGES):
        envelope = await client.call(
            "user.get",
            {"FILTER": {"ACTIVE": True, "USER_TYPE": "employee"}, "start": start},
            priority=Priority.POP_UP,
        )
        names += [
            mapping.person_name(row) or f"#{row.get('ID')}"
            for row in mapping.rows(envelope["result"])
            if not row.get("UF_DEPARTMENT")
        ]
        if not isinstance(envelope.get("next"), int):
            break
        start = envelope["next"]
    return tuple(names)


def _object(value: object) -> dict[str, object]:
    return value if isinstance(value, dict) else {}
