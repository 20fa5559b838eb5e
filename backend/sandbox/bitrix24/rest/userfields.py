"""crm.{lead,deal,contact,company}.userfield.*: fields a customer adds (reference 5.6)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from backend.sandbox.bitrix24.errors import access_denied, core, plain
from backend.sandbox.bitrix24.query import Listing, matching, ordered
from backend.sandbox.bitrix24.rest.entities import KINDS
from backend.sandbox.bitrix24.rest.registry import method

if TYPE_CHECKING:
    from backend.sandbox.bitrix24.rest.params import Params
    from backend.sandbox.bitrix24.rest.registry import Context

Row = dict[str, Any]
_PREFIX = "UF_CRM_"
_MAX_NAME = 50
_TYPES = frozenset(
    {
        *("string", "integer", "double", "boolean", "date", "datetime", "money", "url"),
        *("address", "enumeration", "file", "employee", "crm_status", "iblock_section"),
        *("iblock_element", "crm", "custom"),
    }
)
_LABELS = ("LABEL", "EDIT_FORM_LABEL", "LIST_COLUMN_LABEL", "LIST_FILTER_LABEL")
_CHANGEABLE = frozenset(
    {*_LABELS, "MANDATORY", "SHOW_FILTER", "SORT", "XML_ID", "SETTINGS", "LIST"}
)


def _fields(params: Params) -> Row:
    fields = params.get("fields")
    if not isinstance(fields, dict):
        raise plain("Parameter 'fields' must be array.")
    return {str(name).upper(): value for name, value in fields.items()}


def _name(values: Row) -> str:
    if not values.get("FIELD_NAME"):
        raise plain("The 'FIELD_NAME' field is not found.")
    name = str(values["FIELD_NAME"]).upper()
    name = name if name.startswith(_PREFIX) else _PREFIX + name
    if len(name) > _MAX_NAME:
        raise core(f"The field name is too long: the maximum is {_MAX_NAME} characters")
    if not re.fullmatch(r"[A-Z0-9_]+", name):
        raise core("The field name contains invalid characters")
    return name


def _options(values: Any, first: int) -> list[Row]:
    """Entries of an enumeration with the ids they are stored under in entities."""
    return [
        {
            "ID": str(first + place),
            "VALUE": str(item.get("VALUE", "")),
            "SORT": str(item.get("SORT", 100)),
            "DEF": item.get("DEF", "N"),
            "XML_ID": str(item.get("XML_ID", "")),
        }
        for place, item in enumerate(values or [])
    ]


def _family(kind: str) -> None:
    base, entity = f"crm.{kind.lower()}.userfield", f"CRM_{kind}"

    def table(context: Context) -> dict[int, Row]:
        return context.portal.papers.user_fields.setdefault(entity, {})

    def found(context: Context, params: Params) -> Row:
        row = table(context).get(params.number("id"))
        if row is None:
            raise plain("The entity with ID is not found")
        return row

    def told(context: Context, verb: str, row: Row) -> None:
        data = {"FIELDS": {key: row[key] for key in ("ID", "ENTITY_ID", "FIELD_NAME", "XML_ID")}}
        context.portal.events.fire(f"ONCRM{kind}USERFIELD{verb}", data, context.user.id)

    @method(f"{base}.add", scope="crm")
    def add(context: Context, params: Params) -> int:
        if not context.user.is_admin:
            raise access_denied("Access denied.")
        values = _fields(params)
        name = _name(values)
        if not values.get("USER_TYPE_ID"):
            raise plain("The 'USER_TYPE_ID' field is not found.")
        if values["USER_TYPE_ID"] not in _TYPES:
            raise core("Invalid custom type")
        rows = table(context)
        xml_id = str(values.get("XML_ID") or name)
        if any(row["FIELD_NAME"] == name for row in rows.values()):
            raise core(f"Field {name} for object {entity} already exists")
        if any(row["XML_ID"] == xml_id for row in rows.values()):
            raise core("XML_ID already exists")
        number = next(context.portal.papers.ids)
        rows[number] = {
            "ID": str(number),
            "ENTITY_ID": entity,
            "FIELD_NAME": name,
            "USER_TYPE_ID": values["USER_TYPE_ID"],
            "XML_ID": xml_id,
            "SORT": str(values.get("SORT", 100)),
            "MULTIPLE": values.get("MULTIPLE", "N"),
            "MANDATORY": values.get("MANDATORY", "N"),
            "SHOW_FILTER": values.get("SHOW_FILTER", "N"),
            "SHOW_IN_LIST": "Y",
            "EDIT_IN_LIST": "Y",
            "IS_SEARCHABLE": "N",
            "SETTINGS": values.get("SETTINGS") or [],
            **{label: values.get(label, values.get("LABEL", "")) for label in _LABELS},
        }
        if values["USER_TYPE_ID"] == "enumeration":
            rows[number]["LIST"] = _options(values.get("LIST"), number * 100)
        for row in context.portal.store.tables[kind].values():
            row.setdefault(name, [] if rows[number]["MULTIPLE"] == "Y" else None)
        told(context, "ADD", rows[number])
        return number

    @method(f"{base}.get", scope="crm")
    def get(context: Context, params: Params) -> Row:
        return found(context, params)

    @method(f"{base}.list", scope="crm")
    def listing(context: Context, params: Params) -> Listing:
        wanted = {str(key).upper(): value for key, value in params.mapping("filter").items()}
        order = {str(key).upper(): way for key, way in params.mapping("order").items()}
        rows = ordered(matching(table(context).values(), wanted), order)
        # All at once: the vendor's method has no pages.
        return Listing(rows, len(rows), None)

    @method(f"{base}.update", scope="crm")
    def update(context: Context, params: Params) -> bool:
        row, values = found(context, params), _fields(params)
        if "LIST" in values:
            values["LIST"] = _options(values["LIST"], int(row["ID"]) * 100)
        row.update({name: value for name, value in values.items() if name in _CHANGEABLE})
        told(context, "UPDATE", row)
        return True

    @method(f"{base}.delete", scope="crm")
    def delete(context: Context, params: Params) -> bool:
        row = found(context, params)
        del table(context)[int(row["ID"])]
        for item in context.portal.store.tables[kind].values():
            item.pop(row["FIELD_NAME"], None)
        told(context, "DELETE", row)
        return True


for _kind in KINDS:
    _family(_kind)
