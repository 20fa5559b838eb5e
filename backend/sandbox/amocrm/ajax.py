"""What the CRM's own pages ask in the background: widgets, one-time tokens, notifications."""

from __future__ import annotations

import html
import json
from typing import TYPE_CHECKING

import httpx
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from backend.sandbox.amocrm import envelope
from backend.sandbox.amocrm.amo import amo_of
from backend.sandbox.amocrm.auth import caller_of, language_of, page_user
from backend.sandbox.amocrm.brackets import parse
from backend.sandbox.amocrm.envelope import Problem, origin, plain_json
from backend.sandbox.amocrm.world import KINDS, live, values_of

if TYPE_CHECKING:
    from starlette.requests import Request

    from backend.sandbox.amocrm.amo import Amo
    from backend.sandbox.amocrm.config import Json

_PROXY_TIMEOUT_S = 10.0


async def widgets_list(request: Request) -> Response:
    """Widgets of an area, as the page's loader starts them."""
    amo, user = amo_of(request), page_user(request)
    form = await request.form()
    area = str(form.get("area") or "")
    widget = amo.config.widget
    # Users without a paid seat get no widgets at all.
    shown = widget is not None and not user["rights"]["is_free"] and not amo.faults.safe_mode
    items = {widget.code: widget_item(request, amo)} if widget is not None and shown else {}
    system = {
        "area": _short_area(area),
        "subdomain": amo.world.account["subdomain"],
        "domain": request.url.netloc,
        "server": origin(request),
        "amouser": user["email"],
        "amouser_id": str(user["id"]),
        "amohash": "",
        "displayed_count": len(items),
        "displayed_count_by_area": {area: len(items)},
    }
    return plain_json({"widgets": items, "system": system})


def widget_item(request: Request, amo: Amo) -> Json:
    widget = amo.config.widget
    assert widget is not None  # noqa: S101 - callers looked
    manifest = widget.read_manifest()
    language = language_of(request)
    texts = widget.read_i18n(language).get("widget", {})
    path = f"{origin(request)}/widgets/{widget.code}"
    settings = _settings(amo)
    about = manifest["widget"]
    return {
        "id": 742_001,
        "code": widget.code,
        "src": f"{path}/script.js",
        "lang": f"{path}/i18n/{language}.json",
        "path": path,
        "images_path": f"{path}/images",
        # The platform sends either; a string is the harder case for a widget.
        "settings": json.dumps(settings) if amo.faults.settings_as_string else settings,
        "installed_version": str(about.get("version", "1.0.0")),
        "version": str(about.get("version", "1.0.0")),
        "init_once": "Y" if about.get("init_once") else "N",
        "active": "Y" if amo.installs.active else "N",
        "status": amo.installs.status,
        "name": texts.get("name", widget.code),
        "description": texts.get("description", ""),
        "short_description": texts.get("short_description", ""),
        "support": about.get("support") or {},
        "oauth_client_uuid": widget.client_uuid,
        "category_id": 1,
        "manifest": manifest,
    }


def _settings(amo: Amo) -> Json:
    """Saved values; per-user tables become JSON strings inside, as old widgets meet them."""
    nested = amo.faults.settings_as_string
    return {
        key: json.dumps(value) if nested and isinstance(value, (dict, list)) else value
        for key, value in amo.installs.settings.items()
    }


async def save_widget(request: Request) -> Response:
    """Install, save or switch off from the marketplace window. Administrators only."""
    amo, user = amo_of(request), page_user(request)
    if not user["rights"]["is_admin"]:
        raise Problem(403, "Forbidden")
    body = await envelope.one(request)
    if body.get("active") == "N":
        amo.installs.switch_off()
    else:
        fields = body.get("fields")
        settings = fields if isinstance(fields, dict) else {}
        amo.installs.switch_on(settings, int(user["id"]), request.url.netloc)
    return plain_json({"widget": widget_item(request, amo)})


async def disposable_token(request: Request) -> Response:
    """The page's one-time token for the widget's own server."""
    amo, user = amo_of(request), page_user(request)
    if request.headers.get("x-requested-with", "").lower() != "xmlhttprequest":
        raise Problem(403, "Forbidden")
    widget = amo.config.widget
    known = widget is not None and widget.client_uuid == request.path_params["uuid"]
    if widget is None or not known or not amo.installs.active:
        raise Problem(404, "Integration not found")
    return plain_json({"token": amo.tokens.disposable(widget, user, origin(request))})


async def notify(request: Request) -> Response:
    """A notification for all channels of the user: it reaches each open page of theirs."""
    amo, user = amo_of(request), page_user(request)
    body = await envelope.one(request)
    message = {"id": amo.world.next_id(), "created_at": amo.world.now(), **body}
    amo.live.send({"type": "notification", "data": message}, frozenset({int(user["id"])}))
    return plain_json({"id": message["id"]})


async def inbox_delete(request: Request) -> Response:
    """Take notifications away from every page of the user."""
    amo, user = amo_of(request), page_user(request)
    body = await envelope.one(request)
    gone = {"type": "notification_delete", "ids": body.get("id") or [], "all": body.get("all")}
    amo.live.send(gone, frozenset({int(user["id"])}))
    return plain_json({"response": True})


async def users_online(request: Request) -> Response:
    page_user(request)
    return plain_json({"online": sorted(amo_of(request).live.online())})


async def proxy(request: Request) -> Response:
    """The platform's own POST to a vendor's server on behalf of `crm_post`."""
    page_user(request)
    body = await envelope.one(request)
    url = str(body.get("url", ""))
    if not url.startswith(("http://", "https://")):
        raise Problem(400, "Bad address")
    config = amo_of(request).config
    async with httpx.AsyncClient(transport=config.transport, timeout=_PROXY_TIMEOUT_S) as http:
        try:
            answer = await http.post(url, data=body.get("data") or {})
        except httpx.HTTPError:
            raise Problem(502, "The address does not answer") from None
    return Response(
        answer.content,
        answer.status_code,
        media_type=answer.headers.get("content-type", "text/plain"),
    )


async def legacy_list(request: Request) -> Response:
    """The search of old widgets over contacts and companies, in JSON."""
    amo = amo_of(request)
    caller_of(request)
    return plain_json({"response": {"contacts": _legacy(amo, _query(request, "query"))}})


async def legacy_search(request: Request) -> Response:
    """The same search in XML."""
    amo = amo_of(request)
    caller_of(request)
    rows = "".join(
        f"<contact><id>{c['id']}</id><name>{html.escape(c['name'])}</name>"
        f"<type>{c['type']}</type></contact>"
        for c in _legacy(amo, _query(request, "SEARCH"))
    )
    body = f'<?xml version="1.0" encoding="UTF-8"?><contacts>{rows}</contacts>'
    return PlainTextResponse(body, media_type="application/xml")


def _query(request: Request, key: str) -> str:
    return str(parse(request.query_params.multi_items()).get(key, ""))


def _legacy(amo: Amo, query: str) -> list[Json]:
    found: list[Json] = []
    for plural in ("contacts", "companies"):
        for record in live(amo.world.table(plural).values()):
            if query and amo.world.search(record, query):
                company = amo.world.companies.get(record["_company"] or 0)
                found.append(
                    {
                        "id": record["id"],
                        "name": record["name"],
                        "type": KINDS[plural].singular,
                        "phones": values_of(record, "PHONE"),
                        "linked_company_id": record["_company"],
                        "company_name": "" if company is None else company["name"],
                    }
                )
    return found


def _short_area(area: str) -> str:
    codes = {"contacts_card": "ccard", "leads_card": "lcard", "companies_card": "comcard"}
    codes |= {"contacts": "clist", "leads": "llist", "todo": "tlist", "widgetsSettings": "settings"}
    codes |= {"companies": "clist", "customers": "culist", "customers_card": "cucard"}
    return codes.get(area, area)


def routes() -> list[Route]:
    return [
        Route("/ajax/widgets/list", widgets_list, methods=["POST"]),
        Route("/ajax/widgets/save", save_widget, methods=["POST"]),
        Route("/ajax/v2/integrations/{uuid}/disposable_token", disposable_token, methods=["GET"]),
        Route("/ajax/notify", notify, methods=["POST"]),
        Route("/ajax/users/online", users_online, methods=["GET"]),
        Route("/ajax/proxy", proxy, methods=["POST"]),
        Route("/v3/inbox/delete", inbox_delete, methods=["POST"]),
        Route("/private/api/v2/json/contacts/list", legacy_list, methods=["GET"]),
        Route("/private/api/contact_search.php", legacy_search, methods=["GET"]),
    ]
