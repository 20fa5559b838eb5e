"""The people, companies and deals both sandbox CRMs are seeded with."""

from __future__ import annotations

from backend.sandbox.dataset.generator import DEFAULT_SEED, DEFAULT_TODAY, generate
from backend.sandbox.dataset.model import (
    Activity,
    Company,
    Dataset,
    Deal,
    Funnel,
    Lead,
    Person,
    Stage,
    User,
)

__all__ = [
    "DEFAULT_SEED",
    "DEFAULT_TODAY",
    "Activity",
    "Company",
    "Dataset",
    "Deal",
    "Funnel",
    "Lead",
    "Person",
    "Stage",
    "User",
    "generate",
]
