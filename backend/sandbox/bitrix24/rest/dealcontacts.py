"""crm.deal.contact.*: the people of a deal, one of them first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from backend.sandbox.bitrix24.errors import plain
from backend.sandbox.bitrix24.rest.entities import changed
from backend.sandbox.bitrix24.rest.params import as_int
from backend.sandbox.bitrix24.rest.registry import method

if TYPE_CHECKING:
    from backend.sandbox.bitrix24.rest.params import Params
    from backend.sandbox.bitrix24.rest.registry import Context

Row = dict[str, Any]


def _deal(context: Context, params: Params) -> Row:
    return context.portal.store.get("DEAL", params.get("id"))


def _known(context: Context, number: int) -> int:
    if context.portal.store.find("CONTACT", number) is None:
        raise plain("The parameter 'CONTACT_ID' is invalid or not defined.")
    return number


def _write(context: Context, deal: Row, numbers: list[int]) -> bool:
    values = {"CONTACT_IDS": list(dict.fromkeys(numbers))}
    context.portal.store.update("DEAL", deal["ID"], values, context.user.id)
    changed(context, "DEAL", "UPDATE", deal["ID"])
    return True


@method("crm.deal.contact.items.get", scope="crm")
def get(context: Context, params: Params) -> list[Row]:
    numbers = context.portal.store.contacts_of(_deal(context, params))
    return [
        {"CONTACT_ID": number, "SORT": place * 10, "IS_PRIMARY": "Y" if place == 1 else "N"}
        for place, number in enumerate(numbers, 1)
    ]


@method("crm.deal.contact.items.set", scope="crm")
def set_all(context: Context, params: Params) -> bool:
    """The new people replace the old; the primary one first, the rest by their sort."""
    deal, items = _deal(context, params), params.get("items")
    if not isinstance(items, list):
        raise plain("Parameter 'items' must be array.")
    ordered = sorted(
        items, key=lambda item: (item.get("IS_PRIMARY") != "Y", as_int(item.get("SORT"), 100))
    )
    return _write(
        context, deal, [_known(context, as_int(item.get("CONTACT_ID"))) for item in ordered]
    )


@method("crm.deal.contact.items.delete", scope="crm")
def delete_all(context: Context, params: Params) -> bool:
    return _write(context, _deal(context, params), [])


@method("crm.deal.contact.add", scope="crm")
def add(context: Context, params: Params) -> bool:
    deal, fields = _deal(context, params), params.mapping("fields")
    number = _known(context, as_int(fields.get("CONTACT_ID")))
    have = context.portal.store.contacts_of(deal)
    first = str(fields.get("IS_PRIMARY", "N")) == "Y"
    return _write(context, deal, [number, *have] if first else [*have, number])


@method("crm.deal.contact.delete", scope="crm")
def delete(context: Context, params: Params) -> bool:
    deal, fields = _deal(context, params), params.mapping("fields")
    number = as_int(fields.get("CONTACT_ID"))
    have = context.portal.store.contacts_of(deal)
    if number not in have:
        raise plain("The parameter 'CONTACT_ID' is invalid or not defined.")
    return _write(context, deal, [item for item in have if item != number])
