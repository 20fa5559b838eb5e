"""Methods about the portal and the application themselves, options and notices."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from backend.sandbox.bitrix24.errors import RestError
from backend.sandbox.bitrix24.records import stamp
from backend.sandbox.bitrix24.rest.registry import METHODS, method, missing_module

if TYPE_CHECKING:
    from backend.sandbox.bitrix24.rest.params import Params
    from backend.sandbox.bitrix24.rest.registry import Context

# A plan whose request limit is the common one: 50 at once and two a second (reference 2.4).
_LICENSE, _LICENSE_ON_PREMISE = "ru_pro100", "ru_selfhosted_corp"
_FEATURES = {"rest_offline_extended", "rest_auth_connector"}
_NOTICE_LIMIT = 1000


def _license(context: Context) -> str:
    return _LICENSE_ON_PREMISE if context.portal.config.on_premise else _LICENSE


@method("app.info")
def app_info(context: Context, _: Params) -> dict[str, Any]:
    if context.via == "webhook":
        return {"SCOPE": list(context.scopes), "LICENSE": _license(context)}
    application = context.portal.config.application
    return {
        "ID": application.id,
        "CODE": application.client_id,
        "VERSION": application.version,
        "STATUS": application.status,
        "INSTALLED": application.installed,
        "PAYMENT_EXPIRED": "N",
        "DAYS": None,
        "LANGUAGE_ID": context.portal.config.language,
        "LICENSE": _license(context),
        "LICENSE_TYPE": "selfhosted" if context.portal.config.on_premise else "pro100",
        "LICENSE_FAMILY": "selfhosted" if context.portal.config.on_premise else "pro",
    }


@method("scope")
def scope(context: Context, params: Params) -> list[str]:
    if params.flag("full", default=False):
        return sorted({item.scope for item in METHODS.values() if item.scope})
    missing = context.portal.config.missing_modules
    return [name for name in context.scopes if name not in missing]


@method("methods")
def methods(context: Context, params: Params) -> list[str]:
    wanted = params.get("scope")
    full = params.flag("full", default=False)
    return [
        item.name
        for item in METHODS.values()
        if not missing_module(item, context)
        and (
            full
            or (item.scope == wanted if wanted is not None else item.scope in ("", *context.scopes))
        )
    ]


@method("method.get")
def method_get(context: Context, params: Params) -> dict[str, bool]:
    known = METHODS.get(params.required("name").lower())
    if known is not None and missing_module(known, context):
        known = None
    open_to_us = known is not None and known.scope in ("", *context.scopes)
    return {"isExisting": known is not None, "isAvailable": open_to_us}


@method("server.time")
def server_time(context: Context, _: Params) -> str:
    return stamp(context.portal.clock.told())


@method("feature.get")
def feature(_: Context, params: Params) -> dict[str, str]:
    return {"value": "Y" if params.required("CODE") in _FEATURES else "N"}


def _option(values: dict[str, Any], params: Params) -> Any:
    name = params.text("option")
    return values.get(name, "") if name else (values or [])


def _set_options(values: dict[str, Any], params: Params) -> bool:
    options = params.mapping("options")
    if not options:
        raise RestError("ArgumentNullException", "Argument 'options' is null or empty")
    values.update(options)
    return True


@method("app.option.get")
def app_option_get(context: Context, params: Params) -> Any:
    return _option(context.portal.app_options, params)


@method("app.option.set")
def app_option_set(context: Context, params: Params) -> bool:
    if not context.user.is_admin:
        raise RestError("AccessException", "Administrator authorization required", 403)
    return _set_options(context.portal.app_options, params)


@method("user.option.get")
def user_option_get(context: Context, params: Params) -> Any:
    return _option(context.portal.user_options.get(context.user.id, {}), params)


@method("user.option.set")
def user_option_set(context: Context, params: Params) -> bool:
    values = context.portal.user_options.setdefault(context.user.id, {})
    return _set_options(values, params)


def _notice(context: Context, params: Params, kind: str) -> int | bool:
    portal = context.portal
    user = portal.active_user(params.get("USER_ID"))
    if params.get("USER_ID") in (None, ""):
        raise RestError("USER_ID_EMPTY", "User ID can't be empty")
    message = params.text("MESSAGE")
    if not message:
        raise RestError("MESSAGE_EMPTY", "Message can't be empty")
    if user is None:
        return False
    tag = params.text("TAG")
    if tag:
        portal.notices = [
            row for row in portal.notices if (row["user_id"], row["tag"]) != (user.id, tag)
        ]
    number = 1 + max((row["id"] for row in portal.notices), default=0)
    row = {"id": number, "user_id": user.id, "message": message, "tag": tag, "kind": kind}
    portal.notices.append(row)
    del portal.notices[:-_NOTICE_LIMIT]
    portal.hub.tell(user.id, {"type": "notice", "id": number, "message": message})
    return number


@method("im.notify.personal.add", scope="im")
def notify_personal(context: Context, params: Params) -> int | bool:
    return _notice(context, params, "personal")


@method("im.notify.system.add", scope="im")
def notify_system(context: Context, params: Params) -> int | bool:
    return _notice(context, params, "system")
