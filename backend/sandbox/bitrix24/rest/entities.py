"""crm.{lead,contact,company,deal}.*: the old methods, whose values are text on the wire."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from backend.sandbox.bitrix24.errors import RestError, plain
from backend.sandbox.bitrix24.query import HIDDEN, PAGE, matching, ordered, page, selected
from backend.sandbox.bitrix24.rest.params import as_int
from backend.sandbox.bitrix24.rest.registry import method

if TYPE_CHECKING:
    from backend.sandbox.bitrix24.query import Listing
    from backend.sandbox.bitrix24.rest.params import Params
    from backend.sandbox.bitrix24.rest.registry import Context

KINDS = ("LEAD", "CONTACT", "COMPANY", "DEAL")
_READ_ONLY = {"ID", "DATE_CREATE", "DATE_MODIFY", "CREATED_BY_ID", "MODIFY_BY_ID", "CLOSED"}
_TYPES = {
    "ID": "integer",
    "OPPORTUNITY": "double",
    "PHONE": "crm_multifield",
    "EMAIL": "crm_multifield",
    "CATEGORY_ID": "crm_category",
    "STAGE_ID": "crm_status",
    "STATUS_ID": "crm_status",
    "SOURCE_ID": "crm_status",
    "CONTACT_ID": "crm_contact",
    "COMPANY_ID": "crm_company",
}
# findbycomm stops looking in later types once one has this many hits.
_ENOUGH = 20


def field_type(name: str) -> str:
    """The type `fields` names for a field."""
    if name in _TYPES:
        return _TYPES[name]
    if name.endswith("_BY_ID"):
        return "user"
    if name.startswith("DATE_") or name.endswith(("_TIME", "DATE")):
        return "datetime"
    return "char" if name.startswith(("IS_", "HAS_")) or name == "OPENED" else "string"


def described(name: str) -> dict[str, Any]:
    """A field as the `fields` methods tell of it."""
    return {
        "type": field_type(name),
        "isRequired": False,
        "isReadOnly": name in _READ_ONLY,
        "isImmutable": False,
        "isMultiple": name in {"PHONE", "EMAIL"},
        "isDynamic": name.startswith("UF_"),
        "title": name.replace("_", " ").capitalize(),
    }


def changed(context: Context, kind: str, verb: str, number: str) -> None:
    """Tell subscribers that a row came, changed or went."""
    context.portal.events.fire(f"ONCRM{kind}{verb}", {"FIELDS": {"ID": number}}, context.user.id)


def moved(context: Context, kind: str, number: Any, before: Any) -> None:
    """Tell that a deal left the pipeline it was in."""
    row = context.portal.store.get(kind, number)
    if kind == "DEAL" and row["CATEGORY_ID"] != before:
        facts = {name: row[name] for name in ("ID", "CATEGORY_ID", "STAGE_ID")}
        context.portal.events.fire("ONCRMDEALMOVETOCATEGORY", {"FIELDS": facts}, context.user.id)


def written(params: Params) -> dict[str, Any]:
    """The `fields` of a write with upper-case names. Raises when they are no object."""
    fields = params.get("fields")
    if not isinstance(fields, dict):
        raise plain("Parameter 'fields' must be array.")
    values = {str(name).upper(): value for name, value in fields.items()}
    contacts = values.get("CONTACT_IDS")
    if isinstance(contacts, list):
        values["CONTACT_IDS"] = [as_int(item) for item in contacts]
    return values


def rows_for(context: Context, kind: str, params: Params) -> Listing:
    """A page of a list method with the common parameters."""
    store = context.portal.store
    wanted = params.mapping("filter")
    conditions = {_upper(key): value for key, value in wanted.items()}
    order = {str(key).upper(): way for key, way in params.mapping("order").items()}
    rows = ordered(matching(store.rows(kind), conditions), order)
    found = page(rows, params.get("start"))
    select = [str(name) for name in params.listing("select")]
    return type(found)(
        [selected(row, select) for row in found.rows[:PAGE]], found.total, found.next, found.key
    )


def _upper(key: str) -> str:
    return key if key.lower() == "logic" else key.upper()


def _family(kind: str) -> None:
    name = f"crm.{kind.lower()}"

    @method(f"{name}.get", scope="crm")
    def get(context: Context, params: Params) -> dict[str, Any]:
        row = context.portal.store.get(kind, params.get("id"))
        return {
            key: value
            for key, value in row.items()
            if key not in HIDDEN and (value or key not in {"PHONE", "EMAIL"})
        }

    @method(f"{name}.list", scope="crm")
    def listing(context: Context, params: Params) -> Listing:
        return rows_for(context, kind, params)

    @method(f"{name}.add", scope="crm")
    def add(context: Context, params: Params) -> int:
        portal = context.portal
        row = portal.store.add(kind, written(params), context.user.id)
        changed(context, kind, "ADD", row["ID"])
        number = int(row["ID"])
        if kind == "LEAD" and portal.config.crm_mode == 2:
            convert_lead(context, number)
        return number

    @method(f"{name}.update", scope="crm")
    def update(context: Context, params: Params) -> bool:
        number = params.get("id")
        funnel = context.portal.store.get(kind, number).get("CATEGORY_ID")
        if context.portal.store.update(kind, number, written(params), context.user.id):
            changed(context, kind, "UPDATE", str(number))
            moved(context, kind, number, funnel)
        return True

    @method(f"{name}.delete", scope="crm")
    def delete(context: Context, params: Params) -> bool:
        context.portal.store.delete(kind, params.get("id"))
        changed(context, kind, "DELETE", params.text("id"))
        return True

    @method(f"{name}.fields", scope="crm")
    def fields(context: Context, _: Params) -> dict[str, Any]:
        template = next(iter(context.portal.store.tables[kind].values()), {})
        return {field: described(field) for field in template if field not in HIDDEN}


for _kind in KINDS:
    _family(_kind)


def convert_lead(context: Context, number: int) -> list[dict[str, Any]]:
    """Simple mode: the lead becomes a contact with a deal at once and can be read no more."""
    store = context.portal.store
    lead = store.get("LEAD", number)
    contact = store.add(
        "CONTACT",
        {
            "NAME": lead.get("NAME") or lead.get("TITLE"),
            "LAST_NAME": lead.get("LAST_NAME"),
            "ASSIGNED_BY_ID": lead["ASSIGNED_BY_ID"],
            "PHONE": [{"VALUE": item["VALUE"]} for item in lead.get("PHONE") or []],
        },
        context.user.id,
    )
    deal = store.add(
        "DEAL",
        {
            "TITLE": lead["TITLE"],
            "CONTACT_ID": contact["ID"],
            "ASSIGNED_BY_ID": lead["ASSIGNED_BY_ID"],
            "SOURCE_ID": lead.get("SOURCE_ID"),
        },
        context.user.id,
    )
    store.delete("LEAD", number)
    return [
        {"ENTITY_TYPE": "CONTACT", "ENTITY_ID": int(contact["ID"])},
        {"ENTITY_TYPE": "DEAL", "ENTITY_ID": int(deal["ID"])},
    ]


@method("crm.duplicate.findbycomm", scope="crm")
def find_by_comm(context: Context, params: Params) -> dict[str, list[int]] | list[Any]:
    """Ids by type; errors put their text where others put a code."""
    kind = params.text("type").upper()
    if kind not in {"PHONE", "EMAIL"}:
        raise RestError("Communication type is not defined", "")
    values = [str(value) for value in params.listing("values")][:20]
    if not values:
        raise RestError("Communication values is not defined", "")
    store = context.portal.store
    wanted = params.text("entity_type").upper()
    result: dict[str, list[int]] = {}
    for entity in ("LEAD", "CONTACT", "COMPANY"):
        if wanted and wanted != entity:
            continue
        ids: list[int] = []
        for value in values:
            if kind == "PHONE":
                found = [row for _, row in store.by_phone(value, (entity,))]
            else:
                found = matching(store.rows(entity), {"EMAIL": value})
            ids += [int(row["ID"]) for row in found if int(row["ID"]) not in ids]
        if ids:
            result[entity] = ids
        if len(ids) >= _ENOUGH:
            break
    # A PHP array without entries is a list.
    return result or []
