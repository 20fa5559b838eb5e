"""Sounds an account uploaded, as scenarios and settings name them."""

from __future__ import annotations

from typing import Final

UPLOADS: Final = "uploads/"
"""`uploads/<id>`, where the name of a sound of the switch's may stand as well."""
MAX_S: Final = 90
"""Of one sound. A message is over after 120 s whatever the switch says; nobody listens as long."""
NOTICE_MS: Final = 6000
"""What a customer hears before the music when his operator was lost: past it, music begins."""


def upload_of(sound: str) -> str | None:
    """The id of the upload this names; None: it is the switch's."""
    return sound.removeprefix(UPLOADS) if sound.startswith(UPLOADS) else None
