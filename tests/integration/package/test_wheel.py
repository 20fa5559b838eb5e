"""The built wheel holds all it needs to run: the widget, the scripts, the migrations."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.features import ROOT

SERVES = """
import asyncio, sys
import httpx
from starlette.applications import Starlette
import backend.bus.scripts
from backend.api.pages import PagesApi, static_dir
from backend.store.migrations import head_revision

home = sys.argv[1]
assert backend.__file__.startswith(home), backend.__file__
assert str(static_dir()).startswith(home), static_dir()

class Directory:
    async def pages(self):
        return {"north": ("https://north.test",)}

async def main():
    app = Starlette(routes=PagesApi(Directory(), "https://phone.test").routes())
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="https://phone.test") as http:
        page = await http.get("/widget/amocrm?origin=https://north.test")
        script = page.text.split('src="')[1].split('"')[0]
        for path in (script, "/static/amocrm/script.js", "/static/amocrm/manifest.json"):
            assert (await http.get(path)).status_code == 200, path

asyncio.run(main())
print(head_revision())
"""


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("wheel")
    done = subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(directory)],
        cwd=ROOT, capture_output=True, text=True, check=False, timeout=100,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    (wheel,) = directory.glob("dozvon-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(directory / "home")
    return directory / "home"


def test_what_was_installed_serves_the_widget(unpacked: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error::SyntaxWarning", "-c", SERVES, str(unpacked)],
        cwd=unpacked, env={"PYTHONPATH": str(unpacked), "PATH": "/usr/bin:/bin"},
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()


def test_every_file_of_the_packages_is_in_it(unpacked: Path) -> None:
    listed = subprocess.run(
        ["git", "ls-files", "backend", "protocol"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout.split()  # fmt: skip
    missing = [name for name in listed if not (unpacked / name).exists()]
    assert missing == []
    assert not (unpacked / "tests").exists()
