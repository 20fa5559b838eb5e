"""placement.*: where the application's widgets are shown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from backend.sandbox.bitrix24.errors import RestError
from backend.sandbox.bitrix24.portal import Placement
from backend.sandbox.bitrix24.rest.registry import method

if TYPE_CHECKING:
    from backend.sandbox.bitrix24.rest.params import Params
    from backend.sandbox.bitrix24.rest.registry import Context

WORKER = "PAGE_BACKGROUND_WORKER"
_SINGLE = {WORKER, "REST_APP_URI"}
_ENTITIES = ("LEAD", "DEAL", "CONTACT", "COMPANY", "QUOTE", "SMART_INVOICE", "ORDER")
CODES: dict[str, tuple[str, ...]] = {
    "": (WORKER, "LEFT_MENU", "REST_APP_URI", "DEFAULT"),
    "telephony": ("CALL_CARD", "TELEPHONY_ANALYTICS_MENU"),
    "user": ("USER_PROFILE_MENU", "USER_PROFILE_TOOLBAR"),
    "crm": (
        *(
            f"CRM_{entity}_{place}"
            for entity in _ENTITIES
            for place in (
                "DETAIL_TAB",
                "DETAIL_ACTIVITY",
                "DETAIL_TOOLBAR",
                "ACTIVITY_TIMELINE_MENU",
                "LIST_MENU",
                "LIST_TOOLBAR",
            )
        ),
        "CRM_ANALYTICS_MENU",
        "CRM_ANALYTICS_TOOLBAR",
        "CRM_FUNNELS_TOOLBAR",
    ),
    "contact_center": ("CONTACT_CENTER",),
    "imopenlines": ("SETTING_CONNECTOR",),
    "im": ("IM_SIDEBAR", "IM_TEXTAREA", "IM_CONTEXT_MENU", "IM_NAVIGATION"),
}


def _known(scopes: tuple[str, ...]) -> list[str]:
    return [
        code for scope, group in CODES.items() if not scope or scope in scopes for code in group
    ]


def _required(params: Params, name: str, status: int) -> str:
    value = params.text(name)
    if not value:
        raise RestError(
            "ERROR_ARGUMENT", f"Argument '{name}' is null or empty", status, argument=name
        )
    return value


@method("placement.bind", scope="placement", application=True, admin=True)
def bind(context: Context, params: Params) -> bool:
    """Most of its errors come with HTTP 200: the key `error` alone tells."""
    code = _required(params, "PLACEMENT", 200).upper()
    handler = _required(params, "HANDLER", 200)
    if code not in _known(context.scopes) or code == "DEFAULT":
        raise RestError("ERROR_PLACEMENT_NOT_FOUND", "Placement not found")
    portal = context.portal
    user_id = params.number("USER_ID")
    if user_id and code != WORKER:
        raise RestError("ERROR_PLACEMENT_USER_MODE", "User mode is not available", 200)
    options = params.mapping("OPTIONS")
    if code == WORKER:
        if not options.get("errorHandlerUrl"):
            raise RestError("EMPTY_ERROR_HANDLER_URL", "Empty error handler URL", 200)
        options = {"errorHandlerUrl": options["errorHandlerUrl"]}
    same = [item for item in portal.placements if item.code == code and item.user_id == user_id]
    if (code in _SINGLE and same) or any(item.handler == handler for item in same):
        raise RestError("ERROR_PLACEMENT_MAX_COUNT", "Placement max count", 200)
    lang_all = params.mapping("LANG_ALL")
    title = params.text("TITLE") or str(
        lang_all.get(portal.config.language, {}).get("TITLE", "") or portal.config.application.title
    )
    portal.placements.append(
        Placement(code, handler, title, params.text("DESCRIPTION"), user_id, options, lang_all)
    )
    return True


@method("placement.unbind", scope="placement", application=True, admin=True)
def unbind(context: Context, params: Params) -> dict[str, int]:
    """The portal counts what it found and what it deleted, so usually two for each."""
    code = _required(params, "PLACEMENT", 400).upper()
    handler, user_id = params.text("HANDLER"), params.get("USER_ID")
    portal = context.portal
    gone = [
        item
        for item in portal.placements
        if item.code == code
        and (not handler or item.handler == handler)
        and (user_id is None or item.user_id == params.number("USER_ID"))
    ]
    portal.placements = [item for item in portal.placements if item not in gone]
    return {"count": len(gone) * 2}


@method("placement.get", scope="placement", application=True, admin=True)
def get(context: Context, _: Params) -> list[dict[str, Any]]:
    return [
        {
            "placement": item.code,
            "userId": item.user_id,
            "handler": item.handler,
            "options": item.options or [],
            "title": item.title,
            "description": item.description,
            "langAll": item.lang_all or [],
        }
        for item in context.portal.placements
    ]


@method("placement.list", scope="placement", application=True)
def listing(context: Context, params: Params) -> list[str]:
    scope = params.get("SCOPE")
    if params.flag("FULL", default=False):
        return [code for group in CODES.values() for code in group]
    if scope is not None:
        return list(CODES.get(str(scope), ()))
    return _known(context.scopes)
