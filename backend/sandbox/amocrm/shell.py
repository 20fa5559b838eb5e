"""The frame of pages the server draws by itself: sign-in and consent."""

from __future__ import annotations

import html
from pathlib import Path

PAGE_DIR = Path(__file__).parent / "page"


def page_of(title: str, body: str) -> str:
    """A small page in the host's style around `body`, which is markup already."""
    return (
        '<!doctype html><html lang="ru"><head><meta charset="utf-8">'
        f"<title>{html.escape(title)}</title>"
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<link rel="icon" href="data:,"><link rel="stylesheet" href="/page/host.css"></head>'
        f'<body class="plain"><main class="plain__box">{body}</main></body></html>'
    )


def own_page(address: str) -> str:
    """`address` when it is a path of this site, else the front page.

    Browsers read `//host` and `/\\host` as another site: following them would be an open redirect.
    """
    inside = address.startswith("/") and not address.startswith(("//", "/\\"))
    return address if inside else "/"
