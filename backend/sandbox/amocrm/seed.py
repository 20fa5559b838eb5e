"""The shared data set in this vendor's shape.

Ids: users and contacts keep those of the data set; companies, leads and the contacts made of web
requests are moved up, because contacts, companies and leads never share an id on the platform.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from backend.sandbox.amocrm.card import card, lead_card
from backend.sandbox.amocrm.trade import fill_catalogs, fill_customers
from backend.sandbox.amocrm.world import LOST, WON, World
from backend.sandbox.dataset import generate

if TYPE_CHECKING:
    from collections.abc import Sequence

    from backend.kit.clock import Clock
    from backend.sandbox.amocrm.config import AmoConfig, Json
    from backend.sandbox.dataset import Dataset, Funnel, Lead, User

COMPANY_BASE = 100_000
LEAD_BASE = 200_000
REQUEST_CONTACT_BASE = 300_000
REQUEST_LEAD_BASE = 400_000
PIPELINE_BASE = 9_000

PHONE_FIELD, EMAIL_FIELD, POSITION_FIELD = 801_001, 801_002, 801_003
CITY_FIELD = 801_004
_ENUMS = {
    "PHONE": ("WORK", "WORKDD", "MOB", "FAX", "HOME", "OTHER"),
    "EMAIL": ("WORK", "PRIV", "OTHER"),
}
TASK_TYPES = ((1, "Звонок", "FOLLOW_UP"), (2, "Встреча", "MEETING"))
_TASK_KINDS = {"call": 1, "meeting": 2, "task": 1, "email": 1}
_OWNERS = {"deal": ("leads", LEAD_BASE), "contact": ("contacts", 0)}
_OWNERS |= {"company": ("companies", COMPANY_BASE), "lead": ("leads", REQUEST_LEAD_BASE)}


def build_world(config: AmoConfig, clock: Clock) -> World:
    """The account filled and ready. Dates lie around `config.today`, by default the clock's."""
    today = config.today or clock.now().date()
    data = generate(config.seed, contacts=config.contacts, today=today)
    world = World(clock=clock, account_id=config.account_id)
    _account(world, config)
    _users(world, data.users)
    _fields(world)
    _pipelines(world, data.funnels)
    _companies(world, data)
    _contacts(world, data)
    _leads(world, data)
    _tasks(world, data)
    fill_catalogs(world)
    if config.customers != "disabled":
        fill_customers(world)
    return world


def _account(world: World, config: AmoConfig) -> None:
    now = world.now()
    world.account = {
        "id": config.account_id,
        "name": config.account_name,
        "subdomain": config.subdomain,
        "country": "RU",
        "currency": "RUB",
        "currency_symbol": "₽",
        "created_at": now - 400 * 86_400,
        "created_by": 0,
        "updated_at": now - 86_400,
        "updated_by": 0,
        "customers_mode": config.customers,
        "is_unsorted_on": True,
        "is_loss_reason_enabled": True,
        "is_helpbot_enabled": False,
        "is_technical_account": False,
        "mobile_feature_version": 0,
        "contact_name_display_order": 1,
    }


def _users(world: World, users: Sequence[User]) -> None:
    departments = list(dict.fromkeys(u.department for u in users))
    world.groups = {n if n == 0 else 500_000 + n: name for n, name in enumerate(departments)}
    by_name = {name: group for group, name in world.groups.items()}
    plain = rights(is_admin=False, is_free=False, is_active=True, group_id=0)
    shared = ("leads", "contacts", "companies", "tasks", "mail_access", "catalog_access")
    world.roles[ROLE_ID] = {
        "id": ROLE_ID,
        "name": "Менеджер",
        "rights": {key: plain[key] for key in shared},
    }
    for user in users:
        group = by_name[user.department]
        is_free = user.position == "бухгалтер"  # the account's one user without a paid seat
        world.users[user.id] = {
            "id": user.id,
            "name": f"{user.first_name} {user.last_name}",
            "email": user.email,
            "lang": "ru",
            "rights": rights(
                is_admin=user.is_admin, is_free=is_free, is_active=user.active, group_id=group
            ),
            "_position": user.position,
            "_extension": user.extension,
            "_uuid": f"00000000-0000-4000-8000-{user.id:012d}",
        }


ROLE_ID = 700_101
"""The one role the account begins with; everybody but administrators has it."""


def rights(*, is_admin: bool, is_free: bool, is_active: bool, group_id: int) -> Json:
    """A user's rights: everything for everybody, as in a small firm."""
    full = {"view": "A", "edit": "A", "add": "A", "delete": "A", "export": "A"}
    return {
        "leads": dict(full),
        "contacts": dict(full),
        "companies": dict(full),
        "tasks": {"edit": "A", "delete": "A"},
        "mail_access": False,
        "catalog_access": True,
        "status_rights": None,
        "is_admin": is_admin,
        "is_free": is_free,
        "is_active": is_active,
        "group_id": None if is_admin else group_id,
        "role_id": None if is_admin else ROLE_ID,
    }


def _fields(world: World) -> None:
    def fields(plural: str) -> dict[int, Json]:
        rows = [
            (PHONE_FIELD, "Телефон", "PHONE", "multitext"),
            (EMAIL_FIELD, "Email", "EMAIL", "multitext"),
            (CITY_FIELD, "Город", "CITY", "text"),
        ]
        if plural == "contacts":
            rows.append((POSITION_FIELD, "Должность", "POSITION", "text"))
        if plural == "leads":
            rows = []
        return {
            field_id: custom_field(world, field_id, name, code, type_, plural, sort)
            for sort, (field_id, name, code, type_) in enumerate(rows)
        }

    world.custom_fields = {plural: fields(plural) for plural in ("contacts", "companies", "leads")}
    world.custom_fields["customers"] = {}
    world.tags = {plural: {} for plural in ("contacts", "companies", "leads", "customers")}


def custom_field(
    world: World, field_id: int, name: str, code: str | None, type_: str, plural: str, sort: int
) -> Json:
    """A field as API v4 shows it; PHONE and EMAIL come with their fixed choices."""
    choices = _ENUMS.get(code or "")
    enums = [
        {"id": field_id * 10 + n, "value": choice, "sort": n + 1}
        for n, choice in enumerate(choices or ())
    ]
    return {
        "id": field_id,
        "name": name,
        "type": type_,
        "account_id": world.account_id,
        "code": code,
        "sort": 500 + sort,
        "is_api_only": False,
        "enums": enums or None,
        "group_id": None,
        "required_statuses": [],
        "is_deletable": choices is None,
        "is_predefined": choices is not None,
        "entity_type": plural,
        "remind": None,
        "settings": [],
        "currency": None,
    }


def multitext(world: World, plural: str, code: str, texts: Sequence[str], enum: str) -> Json:
    """A PHONE or EMAIL value as a card keeps it."""
    field = next(f for f in world.custom_fields[plural].values() if f["code"] == code)
    choice = next(e for e in field["enums"] if e["value"] == enum)
    return {
        "field_id": field["id"],
        "field_name": field["name"],
        "field_code": code,
        "field_type": field["type"],
        "values": [{"value": text, "enum_id": choice["id"], "enum_code": enum} for text in texts],
    }


def _text(world: World, plural: str, field_id: int, text: str) -> Json:
    field = world.custom_fields[plural][field_id]
    return {
        "field_id": field_id,
        "field_name": field["name"],
        "field_code": field["code"],
        "field_type": field["type"],
        "values": [{"value": text}],
    }


def _pipelines(world: World, funnels: Sequence[Funnel]) -> None:
    for sort, funnel in enumerate(funnels):
        pipeline_id = PIPELINE_BASE + funnel.id
        middle = [s for s in funnel.stages if s.semantics == "process"]
        statuses = [status(world, pipeline_id, pipeline_id * 100, "Неразобранное", 10, "#c1c1c1")]
        statuses[0] |= {"type": 1, "is_editable": False}
        for n, stage in enumerate(middle, 1):
            statuses.append(
                status(
                    world, pipeline_id, pipeline_id * 100 + n, stage.name, 10 + n * 10, stage.color
                )
            )
        won = status(world, pipeline_id, WON, "Успешно реализовано", 10_000, "#CCFF66")
        lost = status(world, pipeline_id, LOST, "Закрыто и не реализовано", 11_000, "#D5D8DB")
        statuses += [won | {"is_editable": False}, lost | {"is_editable": False}]
        world.pipelines[pipeline_id] = {
            "id": pipeline_id,
            "name": funnel.name,
            "sort": sort + 1,
            "is_main": sort == 0,
            "is_unsorted_on": True,
            "is_archive": False,
            "account_id": world.account_id,
            "_statuses": statuses,
        }


def status(
    world: World, pipeline_id: int, status_id: int, name: str, sort: int, color: str
) -> Json:
    return {
        "id": status_id,
        "name": name,
        "sort": sort,
        "is_editable": True,
        "pipeline_id": pipeline_id,
        "color": color,
        "type": 0,
        "account_id": world.account_id,
    }


def _companies(world: World, data: Dataset) -> None:
    opened = world.now() - 300 * 86_400
    for company in data.companies:
        record = card(
            world, COMPANY_BASE + company.id, company.title, company.responsible_id, opened
        )
        values = [_text(world, "companies", CITY_FIELD, company.city)]
        if company.phones:
            values.insert(0, multitext(world, "companies", "PHONE", company.phones, "WORK"))
        record["custom_fields_values"] = values
        world.companies[record["id"]] = record


def _contacts(world: World, data: Dataset) -> None:
    for person in data.people:
        name = f"{person.first_name} {person.last_name}"
        created_at = int(person.created_at.timestamp())
        record = card(world, person.id, name, person.responsible_id, created_at)
        record |= {"first_name": person.first_name, "last_name": person.last_name}
        if person.company_id is not None:
            record["_company"] = COMPANY_BASE + person.company_id
        values = [_text(world, "contacts", CITY_FIELD, person.city)]
        if person.position:
            values.insert(0, _text(world, "contacts", POSITION_FIELD, person.position))
        if person.email:
            values.insert(0, multitext(world, "contacts", "EMAIL", [person.email], "WORK"))
        if person.phones:
            values.insert(0, multitext(world, "contacts", "PHONE", person.phones, "MOB"))
        record["custom_fields_values"] = values
        world.contacts[record["id"]] = record


def _leads(world: World, data: Dataset) -> None:
    funnels = {f.id: f for f in data.funnels}
    for deal in data.deals:
        created_at = int(deal.created_at.timestamp())
        record = lead_card(world, LEAD_BASE + deal.id, deal.title, deal.responsible_id, created_at)
        funnel = funnels[deal.funnel_id]
        stage = funnel.stages[deal.stage_index]
        process = [s.id for s in funnel.stages if s.semantics == "process"]
        pipeline_id = PIPELINE_BASE + funnel.id
        if stage.semantics == "process":
            record["status_id"] = pipeline_id * 100 + process.index(stage.id) + 1
        else:
            record["status_id"] = WON if stage.semantics == "success" else LOST
        record["pipeline_id"] = pipeline_id
        record["price"] = deal.amount
        if deal.closed_at is not None:
            record["closed_at"] = record["updated_at"] = int(deal.closed_at.timestamp())
        if deal.contact_id is not None:
            record["_contacts"] = {deal.contact_id: True}
        if deal.company_id is not None:
            record["_company"] = COMPANY_BASE + deal.company_id
        world.leads[record["id"]] = record
    for request in data.leads:
        _request(world, request)


def _request(world: World, request: Lead) -> None:
    """What a web form left: a contact and its lead in the first stage."""
    created_at = int(request.created_at.timestamp())
    name = f"{request.first_name} {request.last_name}".strip()
    contact = card(
        world, REQUEST_CONTACT_BASE + request.id, name, request.responsible_id, created_at
    )
    contact |= {"first_name": request.first_name, "last_name": request.last_name}
    if request.phones:
        contact["custom_fields_values"] = [
            multitext(world, "contacts", "PHONE", request.phones, "MOB")
        ]
    world.contacts[contact["id"]] = contact
    lead = lead_card(
        world, REQUEST_LEAD_BASE + request.id, request.title, request.responsible_id, created_at
    )
    lead["_contacts"] = {contact["id"]: True}
    world.leads[lead["id"]] = lead


def _tasks(world: World, data: Dataset) -> None:
    for activity in data.activities:
        if activity.kind == "email":
            continue  # letters are no tasks here
        plural, base = _OWNERS[activity.owner_type]
        owner = base + activity.owner_id
        if owner not in world.table(plural):
            continue
        task = task_record(world, activity.id, activity.subject, int(activity.deadline.timestamp()))
        task |= {
            "responsible_user_id": activity.responsible_id,
            "created_by": activity.responsible_id,
            "entity_id": owner,
            "entity_type": plural,
            "task_type_id": _TASK_KINDS[activity.kind],
            "is_completed": activity.completed,
        }
        world.tasks[activity.id] = task
        if not activity.completed:
            record = world.table(plural)[owner]
            known = record["closest_task_at"]
            till = task["complete_till"]
            record["closest_task_at"] = till if known is None else min(known, till)


def task_record(world: World, task_id: int, text: str, complete_till: int) -> Json:
    now = world.now()
    return {
        "id": task_id,
        "created_by": 0,
        "updated_by": 0,
        "created_at": now,
        "updated_at": now,
        "responsible_user_id": 0,
        "group_id": 0,
        "entity_id": None,
        "entity_type": None,
        "duration": 0,
        "is_completed": False,
        "task_type_id": 1,
        "text": text,
        "result": [],
        "complete_till": complete_till,
        "account_id": world.account_id,
    }
