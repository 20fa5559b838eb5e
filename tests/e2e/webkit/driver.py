"""WebKit as Debian packages it, driven over the W3C WebDriver protocol on a screen of its own.

The browser is WebKitGTK's MiniBrowser: engine and rules of Safari (storage of third parties, sound
before a gesture, Web Locks), without its WebRTC, which that build leaves out.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

ELEMENT = "element-6066-11e4-a52e-4f735466cecf"
"""Key of an element's reference (WebDriver, section 12.2)."""
START_TIMEOUT_S = 15.0
FIND = """
const [selector, name] = arguments;
const label = (one) => (one.getAttribute('aria-label') || one.textContent || '').trim();
const within = (root) => {
  for (const one of root.querySelectorAll('*')) {
    const shown = one.getClientRects().length > 0;
    if (shown && one.matches(selector) && (name === null || label(one).includes(name))) return one;
    const inside = one.shadowRoot && within(one.shadowRoot);
    if (inside) return inside;
  }
  return null;
};
return within(document);
"""
"""The first shown element by selector and part of its name, in open shadow trees as well."""


class WebKit:
    """One session: tabs, frames, scripts, presses. Raises AssertionError with the refusal."""

    def __init__(self, http: httpx.Client) -> None:
        self._http = http
        self._session = ""

    def begin(self, binary: Path) -> None:
        options = {"binary": str(binary), "args": ["--automation", "--enable-itp"]}
        wish = {"alwaysMatch": {"webkitgtk:browserOptions": options}}
        self._session = self._ask("POST", "session", {"capabilities": wish})["sessionId"]
        self._post("timeouts", pageLoad=20_000, script=5_000)

    def end(self) -> None:
        if self._session:
            self._ask("DELETE", f"session/{self._session}")

    # ── tabs ──

    def tab(self) -> str:
        """The tab in front."""
        return str(self._ask("GET", f"session/{self._session}/window"))

    def open(self, url: str) -> str:
        """A new tab with this page; its handle. It is spoken to at once, and hidden: this browser
        shows the tab it began with."""
        handle = str(self._post("window/new", type="tab")["handle"])
        self.front(handle)
        self.go(url)
        return handle

    def front(self, handle: str) -> None:
        """Speak to this tab; none is shown or hidden by it."""
        self._post("window", handle=handle)

    def go(self, url: str) -> None:
        self._post("url", url=url)

    def close(self) -> None:
        """The tab in front. Another has to be brought to the front after."""
        self._ask("DELETE", f"session/{self._session}/window")

    # ── frames ──

    def into(self, selector: str) -> None:
        """Speak to this frame of the page in front."""
        self.page()
        self._post("frame", id=self.find(selector))

    def page(self) -> None:
        """Speak to the page itself again."""
        self._post("frame", id=None)

    # ── what is there ──

    def js(self, script: str, *args: Any) -> Any:
        return self._post("execute/sync", script=script, args=list(args))

    def wait(self, script: str) -> Any:
        """What the script gives to `done`."""
        body = f"const done = arguments[arguments.length - 1]; {script}"
        return self._post("execute/async", script=body, args=[])

    def find(self, selector: str, name: str | None = None, timeout_s: float = 10.0) -> Any:
        def found() -> Any:
            return self.js(FIND, selector, name)

        try:
            return self.until(found, f"{selector} {name or ''}", timeout_s)
        except AssertionError as error:
            raise AssertionError(f"{error}: {self.js('return document.body.innerText')}") from error

    def press(self, selector: str, name: str | None = None) -> None:
        """With the mouse, as its person does: a page may sound afterwards."""
        element = self.find(selector, name)
        self._post(f"element/{element[ELEMENT]}/click")

    def says(self, text: str, timeout_s: float = 10.0) -> None:
        """The frame or page has this text."""
        script = "return document.body.innerText.includes(arguments[0])"
        try:
            self.until(lambda: self.js(script, text), text, timeout_s)
        except AssertionError as error:
            raise AssertionError(f"{error}: {self.js('return document.body.innerText')}") from error

    def until(self, holds: Any, what: str, timeout_s: float = 10.0) -> Any:
        deadline = time.monotonic() + timeout_s
        while not (found := holds()):
            assert time.monotonic() < deadline, f"not in {timeout_s} s: {what}"
            time.sleep(0.05)
        return found

    # ── the protocol ──

    def _post(self, command: str, **body: Any) -> Any:
        return self._ask("POST", f"session/{self._session}/{command}", body)

    def _ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        answer = self._http.request(method, f"/{path}", json=body)
        value = answer.json()["value"]
        assert answer.status_code == 200, f"{method} {path}: {value}"
        return value


@contextmanager
def running_webkit() -> Iterator[WebKit]:
    """A browser without a tab of ours yet."""
    binary = _binary()
    with _screen() as display, _driver(display) as http:
        webkit = WebKit(http)
        webkit.begin(binary)
        try:
            yield webkit
        finally:
            with contextlib.suppress(httpx.HTTPError):
                webkit.end()


def _binary() -> Path:
    found = sorted(Path("/usr/lib").glob("*/webkit2gtk-4.*/MiniBrowser"))
    if not found or not shutil.which("WebKitWebDriver") or not shutil.which("Xvfb"):
        pytest.fail("no WebKit: run `make test`, or apt install webkit2gtk-driver xvfb")
    return found[-1]


@contextmanager
def _screen() -> Iterator[str]:
    """An X display nobody sees."""
    process = subprocess.Popen(
        ["Xvfb", "-displayfd", "1", "-screen", "0", "1280x900x24", "-nolisten", "tcp"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    try:
        assert process.stdout is not None
        number = process.stdout.readline().decode().strip()
        assert number, "Xvfb did not start"
        yield f":{number}"
    finally:
        _stop(process)


@contextmanager
def _driver(display: str) -> Iterator[httpx.Client]:
    env = {**os.environ, "DISPLAY": display, "GDK_BACKEND": "x11", "LIBGL_ALWAYS_SOFTWARE": "1"}
    # A port the system gave out a moment ago stays free for long.
    port = _free_port()
    process = subprocess.Popen(
        ["WebKitWebDriver", "--host=127.0.0.1", f"--port={port}"],
        env=env,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    http = httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30.0, trust_env=False)
    try:
        deadline = time.monotonic() + START_TIMEOUT_S
        while not _answers(http):
            assert process.poll() is None, "WebKitWebDriver did not start"
            assert time.monotonic() < deadline, "WebKitWebDriver is late"
            time.sleep(0.05)
        yield http
    finally:
        http.close()
        _stop(process)


def _answers(http: httpx.Client) -> bool:
    try:
        return http.get("/status").is_success
    except httpx.TransportError:
        return False


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if process.stdout is not None:
        process.stdout.close()
