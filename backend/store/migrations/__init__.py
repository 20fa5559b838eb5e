"""Schema changes, and `migrate` that applies them."""

from __future__ import annotations

from backend.store.migrations.run import current_revision, head_revision, migrate

__all__ = ["current_revision", "head_revision", "migrate"]
