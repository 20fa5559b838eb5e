"""Stops and starts the tests' own PostgreSQL, as an administrator would."""

from __future__ import annotations

import subprocess
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from backend.store.embedded import _binaries, _service_user


def stop(url: str) -> None:
    """Every client is thrown out; what was committed stays."""
    _ctl(url, "stop", "-m", "fast")


def start(url: str) -> None:
    """With the options it ran with."""
    options = (_data(url) / "postmaster.opts").read_text().split('"')[1::2]
    words = [f"'{word}'" for word in options if word not in ("-D", str(_data(url)))]
    _ctl(url, "start", "-o", " ".join(words))


def _data(url: str) -> Path:
    # The socket lies beside the data.
    return Path(parse_qs(urlsplit(url).query)["host"][0]) / "data"


def _ctl(url: str, *words: str) -> None:
    user = _service_user()
    data = _data(url)
    done = subprocess.run(
        [str(_binaries() / "pg_ctl"), "-D", str(data), "-w", "-t", "20", *words],
        user=None if user is None else user[0],
        group=None if user is None else user[1],
        extra_groups=None if user is None else [],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL,
        timeout=30, check=False,
    )  # fmt: skip
    assert done.returncode == 0, (data.parent / "postgres.log").read_text()[-2000:]
