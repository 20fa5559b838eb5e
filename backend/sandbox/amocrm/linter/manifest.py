"""manifest.json: strict JSON, the keys moderation wants, and keys that belong together."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from backend.sandbox.amocrm.linter.finding import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from backend.sandbox.amocrm.linter.finding import Package

_PATH = "manifest.json"
_REQUIRED: dict[str, type] = {
    "name": str,
    "description": str,
    "short_description": str,
    "locale": list,
    "installation": bool,
}
_OPTIONAL: dict[str, type] = {"version": str, "init_once": bool, "is_showcase": bool}
_LOCALES = frozenset({"ru", "en", "es", "pt"})
_WITH_SUFFIX = frozenset(
    [
        "lcard",
        "ccard",
        "comcard",
        "cucard",
        "llist",
        "clist",
        "culist",
        "tlist",
        "tline",
        "tcalendar",
        "card_sdk",
    ]
)
_PLAIN = frozenset(
    [
        "settings",
        "advanced_settings",
        "everywhere",
        "catalogs",
        "digital_pipeline",
        "lead_sources",
        "whatsapp_modal",
        "sms",
        "mobile_card",
        "amoforms",
        "salesbot_designer",
        "widget_page",
    ]
)
_CARDS = frozenset({"lcard", "ccard", "comcard"})
_FIELD_TYPES = frozenset({"text", "pass", "users", "users_lp", "custom"})
_OBSOLETE = ("code", "secret_key")
_MENU_AFTER = frozenset(
    ["dashboard", "leads", "customers", "tasks", "catalogs", "mail", "stats", "settings"]
)


def read(raw: bytes) -> tuple[dict[str, Any] | None, list[Finding]]:
    """The manifest, or None when it is not strict JSON: comments of the docs' samples are not."""
    doubled: list[str] = []

    def pairs(items: list[tuple[str, Any]]) -> dict[str, Any]:
        keys = [key for key, _ in items]
        doubled.extend(key for key in set(keys) if keys.count(key) > 1)
        return dict(items)

    try:
        body = json.loads(raw.decode("utf-8-sig"), object_pairs_hook=pairs)
    except ValueError as error:
        return None, [Finding("manifest.json", _PATH, f"not strict JSON: {error}")]
    if not isinstance(body, dict):
        return None, [Finding("manifest.json", _PATH, "not an object")]
    return body, [Finding("manifest.double", _PATH, f"key {key!r} twice") for key in doubled]


def check(package: Package) -> Iterator[Finding]:
    yield from _about(package)
    yield from _locations(package)
    yield from _settings(package)
    yield from _surfaces(package)


def _say(rule: str, text: str) -> Finding:
    return Finding(f"manifest.{rule}", _PATH, text)


def _about(package: Package) -> Iterator[Finding]:
    about = package.widget
    for key, type_ in _REQUIRED.items():
        if not isinstance(about.get(key), type_):
            yield _say("required", f"widget.{key} is missing or no {type_.__name__}")
    for key, type_ in _OPTIONAL.items():
        if key in about and not isinstance(about[key], type_):
            yield _say("type", f"widget.{key} is no {type_.__name__}")
    if about.get("interface_version", 2) != 2:
        yield _say("interface", "widget.interface_version is 2")
    for key in _OBSOLETE:
        if key in about:
            yield _say("obsolete", f"widget.{key} is made at upload")
    unknown = set(package.locales) - _LOCALES
    if unknown or not package.locales:
        yield _say("locale", f"locale takes some of {sorted(_LOCALES)}, not {sorted(unknown)}")
    support = about.get("support")
    support = support if isinstance(support, dict) else {}
    if not support.get("link") and not support.get("email"):
        yield _say("support", "widget.support names a link, or an e-mail when there is none")
    if about.get("is_showcase") and about.get("installation") is not False:
        yield _say("showcase", "is_showcase goes with installation=false")


def _locations(package: Package) -> Iterator[Finding]:
    if not isinstance(package.manifest.get("locations"), list) or not package.locations:
        yield _say("required", "locations is missing or empty")
    plain = set()
    for place in package.locations:
        code, dash, suffix = place.rpartition("-")
        code = code if dash and suffix.isdigit() else place
        plain.add(code)
        if code not in _WITH_SUFFIX | _PLAIN:
            yield _say("location", f"nobody knows the location {place!r}")
        elif code != place and (code in _PLAIN or suffix not in ("0", "1")):
            yield _say("location", f"{code} takes no suffix -{suffix}")
    if len(package.locations) != len(plain):
        yield _say("location", "a location is named twice")
    if "card_sdk" in plain and not plain & _CARDS:
        yield _say("location", "card_sdk needs lcard, ccard or comcard beside it")


def _settings(package: Package) -> Iterator[Finding]:
    fields = package.manifest.get("settings")
    if not isinstance(fields, dict):
        yield _say("required", "settings is missing; an empty object will do")
        return
    if fields and package.widget.get("installation") is False:
        yield _say("settings", "settings need installation=true")
    customs = 0
    for name, field in fields.items():
        if not isinstance(field, dict) or not isinstance(field.get("name"), str):
            yield _say("settings", f"field {name} has no name")
            continue
        if field.get("type") not in _FIELD_TYPES:
            yield _say("settings", f"field {name}: type is one of {sorted(_FIELD_TYPES)}")
        if not isinstance(field.get("required", False), bool):
            yield _say("settings", f"field {name}: required is true or false")
        customs += field.get("type") == "custom"
    if customs > 1:
        yield _say("settings", "at most one field is custom")


def _surfaces(package: Package) -> Iterator[Finding]:
    """Keys that go with a location, and the tour, which is required in practice."""
    body, places = package.manifest, set(package.locations)
    tour = body.get("tour")
    if not isinstance(tour, dict) or tour.get("is_tour") is not True:
        yield _say("tour", "tour.is_tour must be true")
    else:
        shown = tour.get("tour_images")
        for code in package.locales:
            if not isinstance(shown, dict) or not shown.get(code):
                yield _say("tour", f"tour.tour_images.{code} is missing")
        if not isinstance(tour.get("tour_description"), str):
            yield _say("tour", "tour.tour_description is missing")
    pipeline = body.get("dp")
    if ("digital_pipeline" in places) != isinstance(pipeline, dict):
        yield _say("dp", "the location digital_pipeline and the key dp go together")
    if isinstance(pipeline, dict):
        if not isinstance(pipeline.get("action_multiple"), bool):
            yield _say("dp", "dp.action_multiple is required")
        if not str(pipeline.get("webhook_url", "https://")).startswith("https://"):
            yield _say("dp", "dp.webhook_url is https")
    advanced = body.get("advanced")
    title = isinstance(advanced, dict) and isinstance(advanced.get("title"), str)
    if ("advanced_settings" in places) != title:
        yield _say("advanced", "the location advanced_settings and advanced.title go together")
    menu = body.get("left_menu")
    if ("widget_page" in places) != isinstance(menu, dict):
        yield _say("menu", "the location widget_page and the key left_menu go together")
    for name, item in menu.items() if isinstance(menu, dict) else ():
        after = ((item or {}).get("sort") or {}).get("after") if isinstance(item, dict) else None
        if after is not None and after not in _MENU_AFTER:
            yield _say("menu", f"left_menu.{name}.sort.after is one of {sorted(_MENU_AFTER)}")
