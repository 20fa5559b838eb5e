"""What repeat business needs: customers made of won leads, and a catalogue of goods."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backend.sandbox.amocrm.card import customer_card
from backend.sandbox.amocrm.world import WON

if TYPE_CHECKING:
    from backend.sandbox.amocrm.config import Json
    from backend.sandbox.amocrm.world import World

CUSTOMER_BASE = 450_000
CATALOG_ID = 600_001
ELEMENT_BASE = 610_000
_CUSTOMERS = 40
_DAY_S = 86_400
_GOODS = (
    "Стеклопакет однокамерный",
    "Стеклопакет двухкамерный",
    "Подоконник белый",
    "Отлив оцинкованный",
    "Москитная сетка",
    "Монтаж окна",
    "Замер на объекте",
    "Доставка по городу",
)


def fill_customers(world: World) -> None:
    """The first contacts with a won lead and no open one become customers."""
    busy = {c for lead in world.leads.values() if not lead["closed_at"] for c in lead["_contacts"]}
    for lead in world.leads.values():
        if len(world.customers) >= _CUSTOMERS:
            return
        if lead["status_id"] != WON or not lead["_contacts"] or busy & set(lead["_contacts"]):
            continue
        contact_id = next(iter(lead["_contacts"]))
        busy.add(contact_id)
        record_id = CUSTOMER_BASE + len(world.customers) + 1
        record = customer_card(
            world,
            record_id,
            world.contacts[contact_id]["name"],
            lead["responsible_user_id"],
            lead["closed_at"],
        )
        price = int(lead["price"])
        record |= {"_contacts": {contact_id: True}, "ltv": price, "average_check": price}
        record |= {"purchases_count": 1, "next_price": price}
        record["next_date"] = world.now() + 30 * _DAY_S
        world.customers[record_id] = record


def fill_catalogs(world: World) -> None:
    """One catalogue of goods, as new accounts have it."""
    world.catalogs[CATALOG_ID] = catalog(world, CATALOG_ID, "Товары", "products")
    for n, name in enumerate(_GOODS, 1):
        world.elements[ELEMENT_BASE + n] = element(world, CATALOG_ID, ELEMENT_BASE + n, name)


def catalog(world: World, catalog_id: int, name: str, type_: str) -> Json:
    now = world.now()
    return {
        "id": catalog_id,
        "name": name,
        "created_by": 0,
        "updated_by": 0,
        "created_at": now,
        "updated_at": now,
        "sort": 10,
        "type": type_,
        "can_add_elements": True,
        "can_show_in_cards": False,
        "can_link_multiple": True,
        "can_be_deleted": type_ == "regular",
        "sdk_widget_code": None,
        "account_id": world.account_id,
    }


def element(world: World, catalog_id: int, element_id: int, name: str) -> Json:
    now = world.now()
    return {
        "id": element_id,
        "catalog_id": catalog_id,
        "name": name,
        "created_by": 0,
        "updated_by": 0,
        "created_at": now,
        "updated_at": now,
        "is_deleted": None,
        "custom_fields_values": None,
        "account_id": world.account_id,
    }
