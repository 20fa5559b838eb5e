"""Empty cards: what a contact, company, lead or customer has before anything is written to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from backend.sandbox.amocrm.config import Json
    from backend.sandbox.amocrm.world import World

CUSTOMER_STATUS = 880_001
"""The one stage customers of the account are in."""


def card(world: World, record_id: int, name: str, responsible: int, created_at: int) -> Json:
    """What all four kinds have in common."""
    return {
        "id": record_id,
        "name": name,
        "responsible_user_id": responsible,
        "group_id": 0,
        "created_by": responsible,
        "updated_by": responsible,
        "created_at": created_at,
        "updated_at": created_at,
        "closest_task_at": None,
        "is_deleted": False,
        "custom_fields_values": None,
        "account_id": world.account_id,
        "_tags": [],
        "_company": None,
        "_hidden": False,
    }


def lead_card(world: World, record_id: int, name: str, responsible: int, created_at: int) -> Json:
    """A lead in the first stage of the main pipeline, with nobody linked."""
    pipeline_id = int(world.main_pipeline()["id"])
    return card(world, record_id, name, responsible, created_at) | {
        "price": 0,
        "status_id": world.first_status(pipeline_id),
        "pipeline_id": pipeline_id,
        "loss_reason_id": None,
        "source_id": None,
        "closed_at": None,
        "score": None,
        "labor_cost": None,
        "_contacts": {},
    }


def customer_card(
    world: World, record_id: int, name: str, responsible: int, created_at: int
) -> Json:
    """A customer who has bought nothing yet."""
    return card(world, record_id, name, responsible, created_at) | {
        "next_price": 0,
        "next_date": None,
        "periodicity": 0,
        "status_id": CUSTOMER_STATUS,
        "ltv": 0,
        "purchases_count": 0,
        "average_check": 0,
        "_contacts": {},
    }
