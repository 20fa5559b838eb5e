"""The fixed persons every demo and test relies on, at the head of each table.

Nobody here or in the generated rows has a number from +79160000000 to +79160000099: those are the
unknown callers.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from backend.sandbox.dataset.model import Activity, Company, Deal, Lead, Person, User

if TYPE_CHECKING:
    from datetime import datetime

    from backend.sandbox.dataset.model import ActivityKind, OwnerType

_SALES = "Отдел продаж"
_SERVICE = "Сервис"

USERS = (
    User(1, "Анна", "Крылова", "anna@demo.example", "100", "руководитель", _SALES, True, True),
    User(2, "Илья", "Соколов", "ilya@demo.example", "101", "менеджер", _SALES, False, True),
    User(3, "Мария", "Ветрова", "maria@demo.example", "102", "менеджер", _SALES, False, True),
    User(4, "Тимур", "Галеев", "timur@demo.example", "103", "инженер", _SERVICE, False, True),
    User(5, "Ольга", "Сафина", "olga@demo.example", "104", "диспетчер", _SERVICE, False, True),
    User(6, "Роман", "Чернов", "roman@demo.example", "105", "менеджер", _SALES, False, True),
    User(7, "Юлия", "Лапина", "yulia@demo.example", "106", "менеджер", "Опт", False, True),
    User(8, "Виктор", "Зимин", "viktor@demo.example", "107", "бухгалтер", "Офис", False, True),
    User(9, "Нина", "Рябова", "nina@demo.example", "108", "менеджер", _SALES, False, False),
)

COMPANIES = (
    Company(
        id=1,
        title="ООО Северный свет",
        phones=("+7 (812) 123-45-10",),
        e164=("+78121234510",),
        responsible_id=2,
        industry="Торговля",
        city="Санкт-Петербург",
    ),
    Company(
        id=2,
        title="АО Вектор",
        phones=("8 (495) 123-45-04",),
        e164=("+74951234504",),
        responsible_id=3,
        industry="Производство",
        city="Москва",
    ),
)


@dataclass(frozen=True)
class PersonPlan:
    """A contact before its dates are known; `phones` pairs the typed spelling with E.164."""

    id: int
    first_name: str
    last_name: str
    second_name: str
    phones: tuple[tuple[str, str], ...]
    responsible_id: int
    email: str | None = None
    company_id: int | None = None
    position: str | None = None
    city: str = "Москва"


PEOPLE = (
    PersonPlan(
        id=1,
        first_name="Елена",
        last_name="Морозова",
        second_name="Андреевна",
        phones=(("+7 (916) 123-45-01", "+79161234501"),),
        responsible_id=2,
        email="morozova@sever.example",
        company_id=1,
        position="директор по закупкам",
        city="Санкт-Петербург",
    ),
    PersonPlan(
        id=2,
        first_name="Павел",
        last_name="Дёмин",
        second_name="Сергеевич",
        phones=(("8 916 123-45-02", "+79161234502"),),
        responsible_id=3,
        email="demin@mail.example",
    ),
    PersonPlan(
        id=3,
        first_name="Светлана",
        last_name="Орлова",
        second_name="Игоревна",
        phones=(("+79161234503", "+79161234503"),),
        responsible_id=2,
        city="Казань",
    ),
    PersonPlan(
        id=4,
        first_name="Игорь",
        last_name="Орлов",
        second_name="Павлович",
        phones=(("8 (916) 123 45 03", "+79161234503"),),
        responsible_id=4,
        city="Казань",
    ),
)


@dataclass(frozen=True)
class DealPlan:
    """A deal whose dates are days before the anchor."""

    id: int
    title: str
    funnel_id: int
    stage_index: int
    amount: int
    contact_id: int | None
    company_id: int | None
    responsible_id: int
    created_days: int
    closed_days: int | None = None
    source: str = "CALL"


DEALS = (
    DealPlan(1, "Поставка: стеллажи для склада", 0, 1, 480_000, 1, 1, 2, 12),
    DealPlan(2, "Обслуживание вентиляции", 1, 2, 75_000, 1, 1, 4, 5, source="WEB"),
    DealPlan(3, "Заказ: светильники", 0, 5, 212_000, 1, 1, 2, 190, 160),
    DealPlan(4, "Заказ: фильтры для воды", 0, 6, 18_000, 2, None, 3, 120, 95, source="WEB"),
)


@dataclass(frozen=True)
class LeadPlan:
    """A lead; `phone` pairs the typed spelling with E.164."""

    id: int
    title: str
    first_name: str
    phone: tuple[str, str]
    responsible_id: int


LEADS = (LeadPlan(1, "Заявка с сайта: Артём", "Артём", ("+7 916 123-45-05", "+79161234505"), 3),)


@dataclass(frozen=True)
class ActivityPlan:
    """Work whose deadline is hours after the anchor (negative: before)."""

    id: int
    kind: ActivityKind
    subject: str
    hours: int
    completed: bool
    owner_type: OwnerType
    owner_id: int
    responsible_id: int


ACTIVITIES = (
    ActivityPlan(1, "task", "Отправить договор", 30, False, "deal", 1, 2),
    ActivityPlan(2, "call", "Звонок по заявке", -290, True, "deal", 1, 2),
    ActivityPlan(3, "email", "Письмо с прайсом", -2200, True, "contact", 2, 3),
)


def person(plan: PersonPlan, anchor: datetime) -> Person:
    """The contact of `plan`, created some months before `anchor`."""
    return Person(
        id=plan.id,
        first_name=plan.first_name,
        last_name=plan.last_name,
        second_name=plan.second_name,
        phones=tuple(typed for typed, _ in plan.phones),
        e164=tuple(clean for _, clean in plan.phones),
        email=plan.email,
        company_id=plan.company_id,
        position=plan.position,
        responsible_id=plan.responsible_id,
        city=plan.city,
        created_at=anchor - timedelta(days=200 + plan.id),
    )


def deal(plan: DealPlan, anchor: datetime) -> Deal:
    """The deal of `plan` with its days counted back from `anchor`."""
    closed_at = None if plan.closed_days is None else anchor - timedelta(days=plan.closed_days)
    return Deal(
        id=plan.id,
        title=plan.title,
        funnel_id=plan.funnel_id,
        stage_index=plan.stage_index,
        amount=plan.amount,
        contact_id=plan.contact_id,
        company_id=plan.company_id,
        responsible_id=plan.responsible_id,
        created_at=anchor - timedelta(days=plan.created_days),
        closed_at=closed_at,
        source=plan.source,
    )


def lead(plan: LeadPlan, anchor: datetime) -> Lead:
    """The lead of `plan`, from yesterday's web form."""
    typed, clean = plan.phone
    return Lead(
        id=plan.id,
        title=plan.title,
        first_name=plan.first_name,
        last_name="",
        phones=(typed,),
        e164=(clean,),
        status="NEW",
        responsible_id=plan.responsible_id,
        source="WEBFORM",
        created_at=anchor - timedelta(days=1),
    )


def activity(plan: ActivityPlan, anchor: datetime) -> Activity:
    """The work of `plan` with its deadline counted from `anchor`."""
    return Activity(
        id=plan.id,
        kind=plan.kind,
        subject=plan.subject,
        deadline=anchor + timedelta(hours=plan.hours),
        completed=plan.completed,
        owner_type=plan.owner_type,
        owner_id=plan.owner_id,
        responsible_id=plan.responsible_id,
    )
