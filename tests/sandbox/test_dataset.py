"""The seeded data set: repeatable, realistic, with the fixed persons at its head."""

from __future__ import annotations

from datetime import date

import pytest

from backend.sandbox.dataset import Company, Dataset, Lead, Person, generate


@pytest.fixture(scope="module")
def data() -> Dataset:
    return generate()


def _owners(data: Dataset) -> list[Person | Company | Lead]:
    return [*data.people, *data.companies, *data.leads]


def test_the_same_seed_gives_the_same_rows() -> None:
    from backend.sandbox.dataset.generator import _generate

    first = generate(7, contacts=200)
    _generate.cache_clear()
    assert generate(7, contacts=200) == first
    assert generate(8, contacts=200) != first


def test_it_is_as_large_as_asked(data: Dataset) -> None:
    assert len(data.people) == 3000
    assert len(data.companies) >= 300
    assert len(data.deals) >= 1000
    assert len(data.funnels) == 3
    with pytest.raises(ValueError, match="fixed cast"):
        generate(contacts=1)


def test_every_number_in_any_spelling_is_its_e164(data: Dataset) -> None:
    for row in _owners(data):
        for typed, clean in zip(row.phones, row.e164, strict=True):
            digits = "".join(char for char in typed if char.isdigit())
            assert digits[-10:] == clean[2:], row


def test_nobody_has_the_number_of_an_unknown_caller(data: Dataset) -> None:
    assert not [n for row in _owners(data) for n in row.e164 if n.startswith("+791600000")]


def test_references_lead_somewhere(data: Dataset) -> None:
    users = {user.id for user in data.users}
    people = {row.id for row in data.people}
    companies = {row.id for row in data.companies}
    owners = {
        "deal": {row.id for row in data.deals},
        "contact": people,
        "company": companies,
        "lead": {row.id for row in data.leads},
    }
    for person in data.people:
        assert person.responsible_id in users
        assert person.company_id is None or person.company_id in companies
    for deal in data.deals:
        stage = data.funnels[deal.funnel_id].stages[deal.stage_index]
        assert (deal.closed_at is not None) == (stage.semantics != "process")
        assert deal.contact_id is None or deal.contact_id in people
    for work in data.activities:
        assert work.owner_id in owners[work.owner_type]


def test_the_cast_is_what_the_demos_rely_on(data: Dataset) -> None:
    assert [(u.first_name, u.extension) for u in data.users[:5]] == [
        ("Анна", "100"),
        ("Илья", "101"),
        ("Мария", "102"),
        ("Тимур", "103"),
        ("Ольга", "104"),
    ]
    assert data.users[0].is_admin
    elena = [deal for deal in data.deals if deal.contact_id == 1]
    stages = [data.funnels[d.funnel_id].stages[d.stage_index].semantics for d in elena]
    assert sorted(stages) == ["process", "process", "success"]
    assert len({d.funnel_id for d in elena if d.closed_at is None}) == 2
    tasks = [a for a in data.activities if a.owner_id == 1 and a.owner_type == "deal"]
    assert [a.kind for a in tasks if not a.completed] == ["task"]
    assert not [d for d in data.deals if d.contact_id == 2 and d.closed_at is None]
    assert data.people[2].e164 == data.people[3].e164 == ("+79161234503",)
    assert [p.id for p in data.people if p.company_id in {1, 2}] == [1]
    assert data.companies[1].e164 == ("+74951234504",)
    assert data.leads[0].e164 == ("+79161234505",)


def test_dates_move_with_the_day() -> None:
    early = generate(contacts=50, today=date(2026, 1, 1))
    late = generate(contacts=50, today=date(2026, 1, 11))
    assert (late.deals[0].created_at - early.deals[0].created_at).days == 10
