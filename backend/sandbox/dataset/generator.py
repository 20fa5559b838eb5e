"""Makes the data set: the same seed and day give the same rows on every machine."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING

from backend.sandbox.dataset import cast, words
from backend.sandbox.dataset.model import Activity, Company, Dataset, Deal, Lead, Person

if TYPE_CHECKING:
    from backend.sandbox.dataset.model import ActivityKind, OwnerType

DEFAULT_SEED = 2026
DEFAULT_TODAY = date(2026, 3, 2)
_SUBJECTS: dict[ActivityKind, tuple[str, ...]] = {
    "task": words.TASKS,
    "meeting": words.MEETINGS,
    "call": words.CALLS,
    "email": words.LETTERS,
}


def generate(
    seed: int = DEFAULT_SEED, *, contacts: int = 3000, today: date | None = None
) -> Dataset:
    """The data set for `seed`, with `contacts` people, companies and deals in proportion.

    All dates lie around `today` (DEFAULT_TODAY when not given). The first rows of each table are
    the fixed cast, whatever the seed. Raises ValueError when `contacts` cannot hold the cast.
    """
    if contacts < len(cast.PEOPLE):
        raise ValueError(f"the fixed cast alone has {len(cast.PEOPLE)} contacts, not {contacts}")
    return _generate(seed, contacts, today or DEFAULT_TODAY)


@lru_cache(maxsize=4)
def _generate(seed: int, contacts: int, today: date) -> Dataset:
    return _Generator(seed, contacts, datetime.combine(today, time(9), tzinfo=UTC)).run()


class _Generator:
    def __init__(self, seed: int, contacts: int, anchor: datetime) -> None:
        self._seed = seed
        self._contacts = contacts
        self._anchor = anchor
        # Not cryptography: repeatable rows are the point.
        self._random = random.Random(seed)  # noqa: S311
        self._taken: set[str] = set()
        self._responsibles = [user.id for user in cast.USERS if user.active]

    def run(self) -> Dataset:
        companies = self._companies()
        people = self._people(companies)
        deals = self._deals(people, companies)
        leads = self._leads()
        return Dataset(
            users=cast.USERS,
            people=people,
            companies=companies,
            funnels=words.FUNNELS,
            deals=deals,
            leads=leads,
            activities=self._activities(deals, people),
            seed=self._seed,
        )

    def _past(self, days: int) -> datetime:
        return self._anchor - timedelta(minutes=self._random.randrange(60, days * 1440))

    def _number(self, codes: tuple[str, ...]) -> str:
        """An E.164 number nobody else has."""
        while True:
            number = f"+7{self._random.choice(codes)}{self._random.randrange(10_000_000):07d}"
            if number not in self._taken:
                self._taken.add(number)
                return number

    def _typed(self, number: str) -> str:
        """The number the way somebody in a hurry writes it down."""
        code, a, b, c = number[2:5], number[5:8], number[8:10], number[10:12]
        spellings = (
            f"+7 ({code}) {a}-{b}-{c}",
            f"8 {code} {a}-{b}-{c}",
            f"8({code}){a}{b}{c}",
            f"7{code}{a}{b}{c}",
            number,
            f"+7-{code}-{a}-{b}-{c}",
        )
        return self._random.choice(spellings)

    def _name(self) -> tuple[str, str, str]:
        """First name, surname and patronymic that agree in gender."""
        man, woman = self._random.choice(words.PATRONYMICS)
        surname = self._random.choice(words.SURNAMES)
        if self._random.random() < 0.5:
            return self._random.choice(words.MALE_NAMES), surname, man
        return self._random.choice(words.FEMALE_NAMES), words.feminine(surname), woman

    def _companies(self) -> tuple[Company, ...]:
        rows = list(cast.COMPANIES)
        while len(rows) < max(len(rows), self._contacts // 8):
            city, code = self._random.choice(words.CITIES)
            form = self._random.choice(words.COMPANY_FORMS)
            if form == "ИП":
                first, surname, _ = self._name()
                title = f"ИП {surname} {first[0]}."
            else:
                second = self._random.choice(words.COMPANY_SECOND)
                title = f"{form} {self._random.choice(words.COMPANY_FIRST)} {second}"
            number = self._number((code,))
            rows.append(
                Company(
                    id=len(rows) + 1,
                    title=title,
                    phones=(self._typed(number),),
                    e164=(number,),
                    responsible_id=self._random.choice(self._responsibles),
                    industry=self._random.choice(words.INDUSTRIES),
                    city=city,
                )
            )
        return tuple(rows)

    def _people(self, companies: tuple[Company, ...]) -> tuple[Person, ...]:
        rows = [cast.person(row, self._anchor) for row in cast.PEOPLE]
        # The cast's companies stay as described: nobody else works there.
        hiring = companies[len(cast.COMPANIES) :] or companies
        while len(rows) < self._contacts:
            first, last, second = self._name()
            employer = self._random.choice(hiring) if self._random.random() < 0.55 else None
            numbers = [self._number(words.MOBILE_CODES)]
            if self._random.random() < 0.15:
                numbers.append(self._number(words.MOBILE_CODES))
            number = len(rows) + 1
            rows.append(
                Person(
                    id=number,
                    first_name=first,
                    last_name=last,
                    second_name=second if self._random.random() < 0.7 else "",
                    phones=tuple(self._typed(item) for item in numbers),
                    e164=tuple(numbers),
                    email=f"client{number}@mail.example" if self._random.random() < 0.6 else None,
                    company_id=employer.id if employer else None,
                    position=self._random.choice(words.POSITIONS) if employer else None,
                    responsible_id=self._random.choice(self._responsibles),
                    city=employer.city if employer else self._random.choice(words.CITIES)[0],
                    created_at=self._past(700),
                )
            )
        return tuple(rows)

    def _deals(
        self, people: tuple[Person, ...], companies: tuple[Company, ...]
    ) -> tuple[Deal, ...]:
        rows = [cast.deal(row, self._anchor) for row in cast.DEALS]
        open_to_all = people[len(cast.PEOPLE) :]
        # A small data set may hold the cast alone; it has no one to sell to then.
        wanted = len(rows) + (self._contacts * 2 // 5 if open_to_all else 0)
        while len(rows) < wanted:
            person = self._random.choice(open_to_all)
            funnel = self._random.choices(words.FUNNELS, weights=(6, 2, 2))[0]
            stage_index = self._random.randrange(len(funnel.stages))
            created_at = self._past(200)
            closed = funnel.stages[stage_index].semantics != "process"
            verb, goods = self._random.choice(words.DEAL_VERBS), self._random.choice(words.GOODS)
            rows.append(
                Deal(
                    id=len(rows) + 1,
                    title=f"{verb}: {goods}",
                    funnel_id=funnel.id,
                    stage_index=stage_index,
                    amount=self._random.randrange(5, 900) * 1000,
                    contact_id=person.id,
                    company_id=person.company_id,
                    responsible_id=person.responsible_id,
                    created_at=created_at,
                    closed_at=self._closed(created_at) if closed else None,
                    source=self._random.choice(words.SOURCES),
                )
            )
        return tuple(rows)

    def _closed(self, created_at: datetime) -> datetime:
        return created_at + (self._anchor - created_at) * self._random.uniform(0.2, 0.9)

    def _leads(self) -> tuple[Lead, ...]:
        rows = [cast.lead(row, self._anchor) for row in cast.LEADS]
        while len(rows) < max(len(rows), self._contacts // 12):
            first, last, _ = self._name()
            number = self._number(words.MOBILE_CODES)
            rows.append(
                Lead(
                    id=len(rows) + 1,
                    title=f"Заявка: {self._random.choice(words.GOODS)}",
                    first_name=first,
                    last_name=last if self._random.random() < 0.6 else "",
                    phones=(self._typed(number),),
                    e164=(number,),
                    status=self._random.choice(("NEW", "NEW", "IN_PROCESS", "PROCESSED", "JUNK")),
                    responsible_id=self._random.choice(self._responsibles),
                    source=self._random.choice(words.SOURCES),
                    created_at=self._past(60),
                )
            )
        return tuple(rows)

    def _activities(
        self, deals: tuple[Deal, ...], people: tuple[Person, ...]
    ) -> tuple[Activity, ...]:
        rows = [cast.activity(row, self._anchor) for row in cast.ACTIVITIES]
        kinds: tuple[ActivityKind, ...] = ("task", "task", "call", "meeting", "email")
        for deal in deals[len(cast.DEALS) :]:
            if self._random.random() < 0.6:
                kind = self._random.choice(kinds)
                done = deal.closed_at is not None or self._random.random() < 0.3
                rows.append(self._work(len(rows) + 1, kind, "deal", deal.id, done, deal))
        for person in people[len(cast.PEOPLE) :]:
            if self._random.random() < 0.08:
                kind = self._random.choice(kinds)
                done = self._random.random() < 0.5
                rows.append(self._work(len(rows) + 1, kind, "contact", person.id, done, person))
        return tuple(rows)

    def _work(
        self,
        number: int,
        kind: ActivityKind,
        owner_type: OwnerType,
        owner_id: int,
        done: bool,
        owner: Deal | Person,
    ) -> Activity:
        when = (
            self._past(60) if done else self._anchor + timedelta(hours=self._random.randrange(200))
        )
        return Activity(
            id=number,
            kind=kind,
            subject=self._random.choice(_SUBJECTS[kind]),
            deadline=when,
            completed=done,
            owner_type=owner_type,
            owner_id=owner_id,
            responsible_id=owner.responsible_id,
        )
