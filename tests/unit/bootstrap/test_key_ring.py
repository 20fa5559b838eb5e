"""The key nobody configured: made once, kept for its owner alone."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from backend.bootstrap.foundation import _keys
from backend.settings import Settings


def test_processes_that_start_together_have_one_key(tmp_path: Path) -> None:
    # Each used to make the file by itself: the second died, or read it half written.
    together = threading.Barrier(8)
    settings = Settings(var_dir=tmp_path / "var")

    def start(_n: int) -> dict[str, bytes]:
        together.wait()
        return _keys(settings)

    with ThreadPoolExecutor(8) as pool:
        rings = list(pool.map(start, range(8)))
    assert all(ring == rings[0] for ring in rings)
    (kept,) = (tmp_path / "var").iterdir()
    assert kept.stat().st_mode & 0o777 == 0o600
