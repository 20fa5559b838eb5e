"""A tiny application for the portal's frames: it speaks the frame protocol raw, no library."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from starlette.applications import Starlette
from starlette.responses import FileResponse, HTMLResponse, Response
from starlette.routing import Route

if TYPE_CHECKING:
    from pathlib import Path

    from starlette.requests import Request

_PAGE = """<!doctype html><meta charset=utf-8><body><p>app page</p><script>
const posted = POSTED;
const [host, secure, sid] = window.name.split("|");
const parentOrigin = (secure === "1" ? "https://" : "http://") + host;
const waiting = new Map(); const log = []; let count = 0;
window.addEventListener("message", (event) => {
  if (event.origin !== parentOrigin) return;
  const at = event.data.indexOf(":"); const key = event.data.slice(0, at);
  const text = event.data.slice(at + 1);
  waiting.get(key)?.(text ? JSON.parse(text) : undefined);
});
function send(command, params, key, as = sid) {
  const middle = params === undefined ? "" : JSON.stringify(params) + ":";
  const message = command.includes(":") ? { method: command, params, callback: key, appSid: as }
    : `${command}:${middle}${key}:${as}`;
  parent.postMessage(message, parentOrigin);
}
function command(name, params, as) {
  const key = `k${++count}`;
  return new Promise((done) => {
    waiting.set(key, (value) => done({ value }));
    setTimeout(() => done("silence"), 400);
    send(name, params, key, as);
  });
}
function listen(event) {
  const key = `k${++count}`;
  waiting.set(key, (value) => log.push([event, value]));
  send("placementBindEvent", { event }, key);
}
const click = (name) => `BackgroundCallCard::${name}ButtonClick`;
const clicks = ["answer", "skip", "mute", "hangup", "dialpad", "transfer", "addComment", "next"];
if (posted.PLACEMENT === "PAGE_BACKGROUND_WORKER")
  ["BackgroundCallCard::entityChanged", ...clicks.map(click), "BackgroundCallCard::initialized"]
    .forEach(listen);
if (posted.PLACEMENT === "CALL_CARD")
  ["CallCard::BeforeClose", "CallCard::CallStateChanged"].forEach(listen);
</script>"""


class TestedApp:
    """Remembers every launch POST it received, as (path, query, form)."""

    __test__ = False

    def __init__(self, page: str = _PAGE, library: Path | None = None) -> None:
        """`page` may use `POSTED`, the launch's fields; `library` is served as `/library.js`."""
        self._page = page
        self._library = library
        self.launches: list[tuple[str, dict[str, str], dict[str, str]]] = []
        self.events: list[dict[str, str]] = []
        """Forms posted to `/event` and `/error`, as they came."""

    async def _launched(self, request: Request) -> HTMLResponse:
        async with request.form() as form:
            fields = {key: str(value) for key, value in form.items()}
        self.launches.append((request.url.path, dict(request.query_params), fields))
        return HTMLResponse(self._page.replace("POSTED", json.dumps(fields)))

    def opened(self, path: str) -> list[tuple[dict[str, str], dict[str, str]]]:
        """Query and form of each launch of `path`."""
        return [(query, form) for where, query, form in self.launches if where == path]

    def app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/event", self._heard, methods=["POST"]),
                Route("/error", self._heard, methods=["POST"]),
                Route("/library.js", self._served),
                Route("/{name}", self._launched, methods=["POST"]),
            ]
        )

    async def _served(self, _: Request) -> Response:
        return Response(status_code=404) if self._library is None else FileResponse(self._library)

    async def _heard(self, request: Request) -> HTMLResponse:
        async with request.form() as form:
            self.events.append({key: str(value) for key, value in form.items()})
        return HTMLResponse("")


def rule(value: Any) -> Any:
    """The error form of a card command."""
    return {"value": [{"result": "error", "errorCode": value}]}
