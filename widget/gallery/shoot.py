"""Screenshots of the gallery, and an accessibility check of each: `python widget/gallery/shoot.py`.

Needs `npm run gallery` first. Pictures go to `widget/.gallery/shots/`; rule violations are printed
and make the exit code 1.
"""

from __future__ import annotations

import functools
import http.server
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, sync_playwright

BUILT = Path(__file__).parents[1] / ".gallery"
SCENES = (
    "ringing",
    "looking",
    "visitor",
    "not_found",
    "unavailable",
    "several",
    "pick_up",
    "second",
    "talking",
    "held",
    "ended",
    "taken",
    "idle",
    "outgoing_choice",
    "connecting",
    "waiting",
    "offline",
    "stopped",
    "list_shown",
    "list_wrap_up",
    "list_stopped",
    "trouble",
)
SECTIONS = ("lists", "history", "colleagues")


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_args: object) -> None:
        """The pictures are the report."""


@contextmanager
def served() -> Iterator[str]:
    handler = functools.partial(Quiet, directory=str(BUILT))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/index.html"
        server.shutdown()


def violations(page: Page) -> list[str]:
    found = Axe().run(page).response["violations"]
    return [f"{one['id']}: {one['nodes'][0]['html'][:160]}" for one in found]


def main() -> int:
    shots = BUILT / "shots"
    shots.mkdir(exist_ok=True)
    bad = 0
    with served() as base, sync_playwright() as play:
        browser = play.chromium.launch(executable_path="/usr/bin/chromium")
        for lang, theme, width in (("ru", "light", 380), ("en", "dark", 380), ("ru", "dark", 1280)):
            page = browser.new_page(viewport={"width": width, "height": 640})
            for name in (*SCENES, *SECTIONS, "status", "sound"):
                scene = name if name in SCENES else "idle"
                sound = "0" if name == "sound" else "1"
                page.goto(f"{base}?scene={scene}&lang={lang}&theme={theme}&sound={sound}")
                if name in SECTIONS:
                    page.click(f"#tab-{name}")
                if name == "status":
                    page.click(".status-button")
                page.wait_for_selector(".panel")
                page.screenshot(path=str(shots / f"{name}-{lang}-{theme}-{width}.png"))
                for problem in violations(page):
                    bad += 1
                    sys.stdout.write(f"{name} {lang} {theme} {width}: {problem}\n")
            page.close()
        browser.close()
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
