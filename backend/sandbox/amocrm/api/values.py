"""Field values of a card as clients write them: checked, completed, merged."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from backend.sandbox.amocrm.config import Json
    from backend.sandbox.amocrm.envelope import Errors
    from backend.sandbox.amocrm.world import World

_CHOICE = "The value you selected is not a valid choice."
_ARRAY = "This value should be of type array."


def check_types(item: Json, types: dict[str, type], errors: Errors) -> None:
    """Report members whose JSON type is wrong. None passes: the platform treats it as absent."""
    names = {str: "string", int: "int", list: "array", dict: "array", bool: "bool"}
    for key, type_ in types.items():
        value = item.get(key)
        if value is None:
            continue
        wrong = not isinstance(value, type_) or (type_ is int and isinstance(value, bool))
        if wrong:
            detail = f"This value should be of type {names[type_]}."
            errors.add(item["request_id"], "InvalidType", key, detail)


def checked_values(
    world: World, plural: str, item: Json, errors: Errors
) -> dict[int, Json | None] | None:
    """`custom_fields_values` by field id; None inside means clear. None: nothing was sent.

    A field is named by field_id or field_code, a choice by enum_id or enum_code.
    """
    sent = item.get("custom_fields_values")
    if sent is None:
        return None
    request_id = item["request_id"]
    if not isinstance(sent, list):
        errors.add(request_id, "InvalidType", "custom_fields_values", _ARRAY)
        return None
    found: dict[int, Json | None] = {}
    for n, one in enumerate(sent):
        path = f"custom_fields_values.{n}"
        field = _field(world, plural, one)
        if field is None:
            key = "field_code" if isinstance(one, dict) and "field_code" in one else "field_id"
            errors.add(request_id, "NotSupportedChoice", f"{path}.{key}", _CHOICE)
            continue
        if one.get("values") is None:
            found[field["id"]] = None
            continue
        if not isinstance(one["values"], list) or not one["values"]:
            errors.add(request_id, "InvalidType", f"{path}.values", _ARRAY)
            continue
        values: list[Json] = []
        for m, value in enumerate(one["values"]):
            shown = _value(field, value)
            if shown is None:
                where = f"{path}.values.{m}.enum_code"
                errors.add(request_id, "NotSupportedChoice", where, _CHOICE)
            else:
                values.append(shown)
        found[field["id"]] = {
            "field_id": field["id"],
            "field_name": field["name"],
            "field_code": field["code"],
            "field_type": field["type"],
            "values": values,
        }
    return found


def merge_values(record: Json, sent: dict[int, Json | None] | None) -> None:
    """Unlisted fields stay; a listed one is replaced as a whole, so phones left out are gone."""
    if sent is None:
        return
    kept = {v["field_id"]: v for v in record["custom_fields_values"] or ()}
    for field_id, value in sent.items():
        if value is None:
            kept.pop(field_id, None)
        else:
            kept[field_id] = value
    record["custom_fields_values"] = list(kept.values()) or None


def merge_tags(world: World, plural: str, record: Json, item: Json, errors: Errors) -> None:
    """`_embedded.tags` replaces, `tags_to_add` and `tags_to_delete` change."""
    embedded = item.get("_embedded")
    if isinstance(embedded, dict) and "tags" in embedded:
        record["_tags"] = _tag_ids(world, plural, embedded["tags"], item, errors)
    if item.get("tags_to_add"):
        added = _tag_ids(world, plural, item["tags_to_add"], item, errors)
        record["_tags"] = list(dict.fromkeys([*record["_tags"], *added]))
    if item.get("tags_to_delete"):
        gone = set(_tag_ids(world, plural, item["tags_to_delete"], item, errors))
        record["_tags"] = [t for t in record["_tags"] if t not in gone]


def _tag_ids(world: World, plural: str, tags: Any, item: Json, errors: Errors) -> list[int]:
    found: list[int] = []
    for n, tag in enumerate(tags or ()):
        tag_id = world.tag(plural, tag) if isinstance(tag, dict) else None
        if tag_id is None:
            path = f"_embedded.tags.{n}.id"
            errors.add(item["request_id"], "NotSupportedChoice", path, _CHOICE)
        else:
            found.append(tag_id)
    return found


def _field(world: World, plural: str, one: object) -> Json | None:
    if not isinstance(one, dict):
        return None
    fields = world.custom_fields[plural]
    if one.get("field_id") is not None:
        return fields.get(one["field_id"])
    code = one.get("field_code")
    return next((f for f in fields.values() if code is not None and f["code"] == code), None)


def _value(field: Json, value: object) -> Json | None:
    if not isinstance(value, dict):
        return None
    if not field["enums"]:
        return {"value": value.get("value")}
    enums = field["enums"]
    if value.get("enum_id") is not None:
        enum = next((e for e in enums if e["id"] == value["enum_id"]), None)
    elif value.get("enum_code") is not None:
        enum = next((e for e in enums if e["value"] == value["enum_code"]), None)
    elif field["type"] != "multitext":
        enum = next((e for e in enums if e["value"] == value.get("value")), None)
    else:
        enum = enums[0]
    if enum is None:
        return None
    text = value.get("value") if field["type"] == "multitext" else enum["value"]
    return {"value": text, "enum_id": enum["id"], "enum_code": enum.get("code") or enum["value"]}
