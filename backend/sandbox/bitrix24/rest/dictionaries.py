"""Dictionaries, pipelines and the CRM's mode."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from backend.sandbox.bitrix24.errors import RestError, missing, plain
from backend.sandbox.bitrix24.query import Listing, matching, ordered
from backend.sandbox.bitrix24.records import TYPE_NAMES, stage_id
from backend.sandbox.bitrix24.rest.params import as_int
from backend.sandbox.bitrix24.rest.registry import method

if TYPE_CHECKING:
    from backend.sandbox.bitrix24.portal import Portal
    from backend.sandbox.bitrix24.rest.params import Params
    from backend.sandbox.bitrix24.rest.registry import Context

Row = dict[str, Any]
_LEAD_STATUSES = (
    ("NEW", "Не обработан", None, "#5b9bd5"),
    ("IN_PROCESS", "В работе", None, "#56b6c9"),
    ("PROCESSED", "Обработан", None, "#4fc3a1"),
    ("CONVERTED", "Качественный лид", "S", "#4caf6e"),
    ("JUNK", "Некачественный лид", "F", "#d2605a"),
)
_SOURCES = (
    ("CALL", "Звонок"),
    ("EMAIL", "Электронная почта"),
    ("WEB", "Веб-сайт"),
    ("ADVERTISING", "Реклама"),
    ("PARTNER", "Существующий клиент"),
    ("RECOMMENDATION", "По рекомендации"),
    ("TRADE_SHOW", "Выставка"),
    ("WEBFORM", "CRM-форма"),
    ("CALLBACK", "Обратный звонок"),
    ("RC_GENERATOR", "Генератор продаж"),
    ("STORE", "Интернет-магазин"),
    ("OTHER", "Другое"),
)
CALL_LIST_STATUSES = (
    ("IN_WORK", "В работе"),
    ("SUCCESS", "Успешно"),
    ("WRONG_NUMBER", "Неверный номер"),
    ("STOP_CALLING", "Больше не звонить"),
)
_PLAIN = {
    "CALL_LIST": CALL_LIST_STATUSES,
    "CONTACT_TYPE": (("CLIENT", "Клиенты"), ("SUPPLIER", "Поставщики"), ("OTHER", "Другое")),
    "COMPANY_TYPE": (("CUSTOMER", "Клиент"), ("SUPPLIER", "Поставщик"), ("OTHER", "Другое")),
    "DEAL_TYPE": (("SALE", "Продажа"), ("SERVICES", "Услуги"), ("OTHER", "Другое")),
}
_EXTRA = {"P": "process", "S": "success", "F": "failure", None: "process"}


def statuses(portal: Portal) -> list[Row]:
    """Every dictionary entry of the portal, numbered from 1."""
    rows: list[Row] = []

    def entry(dictionary: str, code: str, name: str, sort: int, **more: Any) -> None:
        semantics, color = more.get("semantics"), more.get("color", "")
        rows.append(
            {
                "ID": str(len(rows) + 1),
                "ENTITY_ID": dictionary,
                "STATUS_ID": code,
                "NAME": name,
                "NAME_INIT": name,
                "SORT": str(sort),
                "SYSTEM": "Y",
                "CATEGORY_ID": more.get("category"),
                "COLOR": color,
                "SEMANTICS": semantics,
                "EXTRA": {"SEMANTICS": _EXTRA[semantics], "COLOR": color} if color else [],
            }
        )

    for place, (code, name, semantics, color) in enumerate(_LEAD_STATUSES, 1):
        entry("STATUS", code, name, place * 10, semantics=semantics, color=color)
    for funnel in portal.data.funnels:
        dictionary = "DEAL_STAGE" if funnel.id == 0 else f"DEAL_STAGE_{funnel.id}"
        for place, stage in enumerate(funnel.stages, 1):
            semantics = {"process": None, "success": "S", "failure": "F"}[stage.semantics]
            code, category = stage_id(funnel.id, stage.id), str(funnel.id)
            entry(
                dictionary,
                code,
                stage.name,
                place * 10,
                semantics=semantics,
                color=stage.color,
                category=category,
            )
    for dictionary, entries in {"SOURCE": _SOURCES, **_PLAIN}.items():
        for place, (code, name) in enumerate(entries, 1):
            entry(dictionary, code, name, place * 10)
    return rows


@method("crm.status.list", scope="crm")
def status_list(context: Context, params: Params) -> Listing:
    conditions = {str(key).upper(): value for key, value in params.mapping("filter").items()}
    order = {str(key).upper(): way for key, way in params.mapping("order").items()}
    rows = ordered(matching(statuses(context.portal), conditions), order)
    # Dictionaries come whole: they are short and the method has no pages.
    return Listing(rows, len(rows), None)


@method("crm.status.entity.items", scope="crm")
def status_items(context: Context, params: Params) -> list[Row]:
    dictionary = params.required("entityId")
    return [
        {"NAME": row["NAME"], "SORT": as_int(row["SORT"]), "STATUS_ID": row["STATUS_ID"]}
        for row in statuses(context.portal)
        if row["ENTITY_ID"] == dictionary
    ]


@method("crm.status.get", scope="crm")
def status_get(context: Context, params: Params) -> Row:
    number = params.text("id")
    for row in statuses(context.portal):
        if row["ID"] == number:
            return row
    raise plain("Not found")


@method("crm.status.entity.types", scope="crm")
def status_types(context: Context, _: Params) -> list[Row]:
    names = dict.fromkeys(row["ENTITY_ID"] for row in statuses(context.portal))
    return [{"ID": name, "NAME": name.replace("_", " ").capitalize()} for name in names]


@method("crm.currency.list", scope="crm")
def currencies(_: Context, __: Params) -> Listing:
    rows: list[Any] = [
        {
            "CURRENCY": "RUB",
            "AMOUNT_CNT": "1",
            "AMOUNT": "1.0000",
            "SORT": "100",
            "BASE": "Y",
            "FULL_NAME": "Российский рубль",
            "LID": "ru",
            "FORMAT_STRING": "# ₽",
            "DEC_POINT": ".",
            "THOUSANDS_SEP": " ",
            "DECIMALS": "2",
        }
    ]
    return Listing(rows, len(rows), None)


@method("crm.enum.ownertype", scope="crm")
def owner_types(_: Context, __: Params) -> list[Row]:
    """Types an activity may belong to, with their symbols."""
    names = {1: "Лид", 2: "Сделка", 3: "Контакт", 4: "Компания"}
    return [
        {"ID": number, "NAME": names[number], "SYMBOL_CODE": code}
        for number, code in TYPE_NAMES.items()
    ]


@method("crm.enum.activitytype", scope="crm")
def activity_types(_: Context, __: Params) -> list[Row]:
    names = ("Встреча", "Звонок", "Задача", "E-mail", "Действие", "Пользовательское действие")
    return [{"ID": number, "NAME": name} for number, name in enumerate(names, 1)]


def _categories(context: Context, params: Params) -> list[Row]:
    """Pipelines of the type the call names: only deals have any here."""
    number = params.get("entityTypeId")
    if number is None:
        raise missing("entityTypeId")
    if as_int(number) != 2:
        raise RestError("ENTITY_TYPE_NOT_SUPPORTED", "Тип сущности не поддерживает воронки", 400)
    return [
        {
            "id": funnel.id,
            "name": funnel.name,
            "sort": (funnel.id + 1) * 100,
            "entityTypeId": 2,
            "isDefault": "Y" if funnel.id == 0 else "N",
            "originId": "",
            "originatorId": "",
        }
        for funnel in context.portal.data.funnels
    ]


@method("crm.category.get", scope="crm")
def category_get(context: Context, params: Params) -> Row:
    rows = _categories(context, params)
    if params.get("id") is None:
        raise missing("id")
    for row in rows:
        if row["id"] == params.number("id"):
            return {"category": row}
    raise RestError("NOT_FOUND", "Воронка не найдена")


@method("crm.category.list", scope="crm")
def category_list(context: Context, params: Params) -> Listing:
    rows = _categories(context, params)
    return Listing(rows, len(rows), None, "categories")


@method("crm.settings.mode.get", scope="crm")
def mode(context: Context, _: Params) -> int:
    return context.portal.config.crm_mode
