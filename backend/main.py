"""For ASGI servers: `uvicorn backend.main:app`. `dozvon web` does the same with our settings."""

from __future__ import annotations

import os

from backend.bootstrap import create_app
from backend.settings import Settings

app = create_app(Settings.from_env(os.environ))
