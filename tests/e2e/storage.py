"""Browsers whose third-party frames find their storage shared, partitioned or blocked."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Literal

from playwright.async_api import BrowserContext, async_playwright

from tests.e2e.conftest import ARGS

Storage = Literal["shared", "partitioned", "blocked"]
PARTITIONING = "ThirdPartyStoragePartitioning"


def write_preferences(directory: Path, storage: Storage) -> None:
    """Before the browser starts with this profile."""
    preferences = directory / "Default" / "Preferences"
    preferences.parent.mkdir(parents=True)
    blocked = storage == "blocked"
    cookies = {"cookie_controls_mode": int(blocked), "block_third_party_cookies": blocked}
    preferences.write_text(json.dumps({"profile": cookies}))


def storage_flags(storage: Storage) -> list[str]:
    """Blocking third parties leaves them a partition, so to see real refusals partitioning is off
    there too."""
    off = ["HttpsUpgrades", "HttpsFirstBalancedModeAutoEnable"]
    if storage == "partitioned":
        return [f"--disable-features={','.join(off)}", f"--enable-features={PARTITIONING}"]
    return [f"--disable-features={','.join([*off, PARTITIONING])}"]


@asynccontextmanager
async def profile(
    chromium: str, directory: Path, storage: Storage
) -> AsyncIterator[BrowserContext]:
    """A browser of its own whose third-party frames have this kind of storage.

    The library's own flags switch partitioning off; the flag given last counts.
    """
    write_preferences(directory, storage)
    async with async_playwright() as playwright:
        context = await playwright.chromium.launch_persistent_context(
            str(directory),
            executable_path=chromium,
            locale="ru-RU",
            viewport={"width": 1280, "height": 800},
            args=[*ARGS, *storage_flags(storage)],
        )
        try:
            yield context
        finally:
            await context.close()
