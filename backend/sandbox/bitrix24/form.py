"""The callback form: a public page of the portal where a visitor asks to be called."""

from __future__ import annotations

from html import escape
from string import Template
from typing import TYPE_CHECKING

from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from backend.sandbox.bitrix24 import clicks
from backend.sandbox.bitrix24.errors import RestError
from backend.sandbox.bitrix24.texts import text
from backend.sandbox.bitrix24.visitor import language_of

if TYPE_CHECKING:
    from pathlib import Path

    from starlette.requests import Request

    from backend.sandbox.bitrix24.portal import Portal


class CallbackForm:
    """`/pub/form/callback/`, bound to a line of the application; nobody has to sign in."""

    def __init__(self, portal: Portal, folder: Path) -> None:
        self._portal = portal
        self._page = Template((folder / "form.html").read_text("utf-8"))

    def routes(self) -> list[Route]:
        return [Route("/pub/form/callback/", self.form, methods=["GET", "POST"])]

    async def form(self, request: Request) -> Response:
        language = language_of(self._portal, request)
        values = {"phone": "", "name": "", "text": "", "line": ""}
        note, status = "", 200
        if request.method == "POST":
            async with request.form() as form:
                values = {key: str(form.get(key) or "") for key in values}
            try:
                clicks.call_back(self._portal, **values)
                note = text("callback_thanks", language)
            except RestError as error:
                key = "callback_no_line" if error.code == "NOT_FOUND" else "callback_bad_phone"
                note, status = text(key, language), 400
        page = self._page.substitute(
            language=language,
            title=text("callback", language),
            note=escape(note),
            phone_label=text("phone", language),
            name_label=text("name", language),
            text_label=text("callback_text", language),
            line_label=text("line", language),
            button=text("callback_send", language),
            lines=self._lines(),
            **{
                key: escape(values[key] if status != 200 else "", quote=True)
                for key in ("phone", "name", "text")
            },
        )
        return HTMLResponse(page, status)

    def _lines(self) -> str:
        return "".join(
            f'<option value="{escape(line.number, quote=True)}">{escape(line.name)}</option>'
            for line in self._portal.telephony.lines.values()
        )
