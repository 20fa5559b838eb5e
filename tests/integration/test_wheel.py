"""The wheel, alone in a fresh environment, runs and serves what was tested."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import sysconfig
import tempfile
import time
import venv
import zipfile
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.e2e.demo import free_port_block

ROOT = Path(__file__).parent.parent.parent
READY_S = 60.0


def run(*words: str | Path, cwd: Path) -> str:
    done = subprocess.run(
        [str(word) for word in words], cwd=cwd, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", directory, cwd=ROOT)
    (built,) = directory.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The programs of an environment with the wheel. What it depends on is lent by ours: added to
    the path, where links to this checkout are not followed. What only the extra `voice` brings is
    not to be had there."""
    home = tmp_path_factory.mktemp("clean")
    venv.create(home / "venv")
    python = home / "venv" / "bin" / "python"
    run(
        sys.executable, "-m", "pip", "--python", python, "install", "--quiet", "--no-index",
        "--no-deps", wheel, cwd=home,
    )  # fmt: skip
    site = run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", cwd=home)
    lent = sysconfig.get_path("purelib")
    (Path(site.strip()) / "lent.pth").write_text(f"{lent}\n", encoding="utf-8")
    voice = "aioice", "OpenSSL", "pylibsrtp", "sipmessage"
    (Path(site.strip()) / "without_voice.pth").write_text(
        f"import sys; sys.modules.update(dict.fromkeys({voice}))\n", encoding="utf-8"
    )
    where = run(python, "-c", "import backend, protocol; print(backend.__file__)", cwd=home)
    assert Path(where.strip()).is_relative_to(home)
    return python.parent


@pytest.fixture
def short_lived() -> Iterator[Path]:
    """Not pytest's own directory: another run of pytest locks the database's user out of it."""
    with tempfile.TemporaryDirectory(prefix="dz") as directory:
        yield Path(directory)


def test_the_wheel_holds_the_built_widget_and_no_test(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    built = {
        f"backend/_static/{path.relative_to(ROOT / 'static')}"
        for path in (ROOT / "static").rglob("*")
        if path.is_file()
    }
    assert built <= names
    tops = {name.split("/")[0] for name in names}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"backend", "protocol"}
    # Read at run time beside the modules.
    for kind in (".lua", "script.py.mako"):
        kept = {p.relative_to(ROOT).as_posix() for p in (ROOT / "backend").rglob(f"*{kind}")}
        assert kept
        assert kept <= names


def test_the_installed_command_lists_every_setting(installed: Path, tmp_path: Path) -> None:
    listed = run(installed / "dozvon", "settings", cwd=tmp_path)
    assert listed == run(sys.executable, "-m", "backend.cli", "settings", cwd=ROOT)
    assert "DOZVON_DATABASE_URL" in listed


@pytest.mark.slow
def test_the_installed_demo_serves_the_widget(installed: Path, short_lived: Path) -> None:
    port = free_port_block()
    log = short_lived / "demo.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [str(installed / "dozvon"), "demo", "--port", str(port)],
            cwd=short_lived, stdout=output, stderr=subprocess.STDOUT,
        )  # fmt: skip
    try:
        deadline = time.monotonic() + READY_S
        while b"is ready" not in log.read_bytes():
            assert process.poll() is None, log.read_text()[-3000:]
            assert time.monotonic() < deadline, log.read_text()[-3000:]
            time.sleep(0.05)
        assert b"install dozvon[voice]" in log.read_bytes()
        _serves(port)
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _serves(port: int) -> None:
    portal = {"DOMAIN": f"portal.localhost:{port + 1}", "PROTOCOL": "0"}
    with httpx.Client(base_url=f"http://127.0.0.1:{port}") as http:
        for page, query in (
            ("/widget/amocrm", {"origin": f"http://amo.localhost:{port + 2}"}),
            ("/bitrix24/app", portal),
            ("/bitrix24/worker", portal),
        ):
            shell = http.get(page, params=query)
            assert shell.status_code == 200, (page, shell.text)
            files = re.findall(r'(?:src|href)="(/static/[^"]+)"', shell.text)
            assert files, page
            for path in files:
                assert http.get(path).status_code == 200, path
        assert http.get("/health/ready").text == "ok\n"
    # The sandboxes' own pages are packed as well.
    for offset in (1, 2, 3):
        first = httpx.get(f"http://127.0.0.1:{port + offset}/", follow_redirects=False)
        assert first.status_code < 400, (offset, first.status_code)
