"""The site's button: a script that vendors put on their pages to ask for access."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import FileResponse
from starlette.routing import Route

from backend.sandbox.amocrm.shell import PAGE_DIR

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response


async def script(_: Request) -> Response:
    """`/auth/button.min.js`; it finds its own address in its `src` and asks there."""
    return FileResponse(PAGE_DIR / "button.js", headers={"Cache-Control": "no-cache"})


def routes() -> list[Route]:
    return [Route("/auth/button.min.js", script, methods=["GET"])]
