"""For ASGI servers: `uvicorn backend.main:app`. `dozvon web` does the same with our settings."""

from __future__ import annotations

import os

from backend.bootstrap import create_app
from backend.bootstrap.logs import log_to
from backend.settings import Settings

settings = Settings.from_env(os.environ)
# Nobody else would: without it lines go out as they are, numbers and tokens too.
log_to(level=settings.log_level, form=settings.log_format)
app = create_app(settings)
