"""A file of settings and the database: applied, applied again, exported, pruned."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from backend.domain.account_config import AccountConfig
from backend.errors import NotFound
from backend.kit.ids import new_id
from backend.services.account_merge import merged
from backend.services.account_patch import AccountPatch, EmployeePatch
from backend.services.account_settings import ChangedMeanwhile
from backend.store.account_settings import AccountSettingsStore
from backend.store.gateways import SqlRouting
from backend.store.gateways.account_config import SqlAccountConfigs
from backend.store.gateways.switches import SqlSwitches
from backend.store.tables import employees, switch_connections
from protocol.vocabulary import AccountId, EmployeeId
from tests.integration.settings.house import DEMO, ENV, SEVER, VEKTOR, House


async def test_the_demos_file_makes_its_accounts_and_a_second_time_nothing(house: House) -> None:
    first = await house.done(DEMO)
    assert first.switches == ("demo",)
    assert [plan.slug for plan in first.accounts] == ["sever", "vektor"]
    assert house.woken == [SEVER, VEKTOR]
    assert (await house.done(DEMO)).nothing_to_do
    assert house.woken == [SEVER, VEKTOR]
    loaded = await SqlRouting(house.database).load(SEVER, "demo")
    assert loaded is not None
    assert [number.number for number in loaded.route.virtual_numbers] == ["+74951230001"]
    scenario = loaded.route.virtual_numbers[0].scenario
    assert scenario is not None
    assert scenario.own == 2
    assert loaded.route.settings.outgoing.default_caller_id == "+74951230001"


async def test_a_check_changes_nothing(house: House) -> None:
    planned = await house.apply(DEMO, check=True)
    assert "account:demo-sever" in [c.subject for c in planned.accounts[0].changes]
    assert await SqlAccountConfigs(house.database).read(SEVER) is None
    assert house.woken == []


async def test_what_is_exported_changes_nothing_and_makes_the_same_elsewhere(
    seeded: House,
) -> None:
    text = await seeded.files.export("sever")
    assert "very-secret" not in text
    assert (await seeded.done(text)).nothing_to_do
    assert (await seeded.done(text, prune=True)).nothing_to_do
    before = await seeded.settings.read(SEVER)
    elsewhere = text.replace("demo-sever", "copy").replace('slug = "sever"', 'slug = "copy"')
    elsewhere = elsewhere.replace("+74951230001", "+74951230009")
    await seeded.done(elsewhere)
    made = await seeded.settings.read(AccountId("copy"))
    assert _without_numbers(made) == _without_numbers(before)


def _without_numbers(config: AccountConfig) -> tuple[object, ...]:
    return (config.employees, config.groups, config.scenarios, config.teams, config.name)


async def test_an_account_nobody_has_cannot_be_exported(seeded: House) -> None:
    for name in ("nobody", "no such; account", ""):
        with pytest.raises(NotFound, match="there is no account"):
            await seeded.files.export(name)


async def test_every_change_is_in_the_log_with_who_and_what(seeded: House) -> None:
    await seeded.done(
        """
        [[accounts]]
        id = "demo-sever"
        settings.recording.on = false
        [[accounts.employees]]
        email = "ILYA@demo.example"
        extension = "777"
        """
    )
    async with seeded.database.begin(SEVER) as tx:
        employee, settings = (await AccountSettingsStore(tx).changes(SEVER))[:2]
    assert (settings.subject, settings.who) == ("settings:recording", "tests")
    assert (settings.before, settings.after) == ({"on": True}, {"on": False})
    assert employee.subject == "employee:sever-101"
    assert (employee.before, employee.after) == ({"extension": "101"}, {"extension": "777"})


async def test_two_people_swap_their_extensions(seeded: House) -> None:
    await seeded.done(
        """
        [[accounts]]
        slug = "sever"
        employees = [{id = "sever-101", extension = "102"}, {id = "sever-102", extension = "101"}]
        """
    )
    config = await seeded.settings.read(SEVER)
    assert {e.id: e.extension for e in config.employees if e.id in ("sever-101", "sever-102")} == {
        "sever-101": "102", "sever-102": "101",
    }  # fmt: skip


async def test_what_the_crm_owns_stays_and_is_said(seeded: House) -> None:
    applied = await seeded.done(
        """
        [[accounts]]
        slug = "sever"
        [[accounts.employees]]
        id = "sever-101"
        name = "Somebody Else"
        active = false
        """
    )
    [plan] = applied.accounts
    assert plan.changes == ()
    assert {trouble.path for trouble in plan.kept} == {
        "accounts[0].employees[0].name", "accounts[0].employees[0].active",
    }  # fmt: skip
    assert all("CRM" in trouble.told("en") for trouble in plan.kept)


async def test_pruning_removes_what_the_lists_do_not_name(seeded: House) -> None:
    await seeded.done(
        """
        [[accounts]]
        slug = "sever"
        [[accounts.employees]]
        id = "guest"
        name = "A guest"
        extension = "555"
        [[accounts.groups]]
        id = "guests"
        members = ["guest"]
        [[accounts.teams]]
        id = "team"
        members = ["guest", "sever-101"]
        heads = ["sever-101"]
        """
    )
    pruned = await seeded.done(
        """
        [[accounts]]
        slug = "sever"
        employees = []
        teams = []
        """,
        prune=True,
    )
    [plan] = pruned.accounts
    assert [(c.action, c.subject) for c in plan.changes] == [
        ("change", "employee:guest"), ("remove", "team:team"),
    ]  # fmt: skip
    assert len(plan.kept) == 5, "people of the CRM stay"
    config = await seeded.settings.read(SEVER)
    guest = next(e for e in config.employees if e.id == "guest")
    assert (guest.active, guest.extension) == (False, None)
    assert {group.id for group in config.groups} == {"sales", "guests"}, "not this file's business"
    assert seeded.ended == ["guest"]


async def test_a_number_of_another_account_is_refused_and_nothing_of_the_account_is_done(
    seeded: House,
) -> None:
    applied = await seeded.apply(
        """
        [[accounts]]
        slug = "sever"
        name = "Renamed"
        [[accounts.virtual_numbers]]
        number = "8 (495) 123-00-02"
        """
    )
    [trouble] = applied.troubles
    assert trouble.path == "accounts[0].virtual_numbers[0].number"
    assert "+74951230002" in trouble.told("ru")
    assert "vektor" not in trouble.told("en").lower()
    assert (await seeded.settings.read(SEVER)).name == "Северный свет"


async def test_two_accounts_of_one_file_cannot_have_one_number_or_name(house: House) -> None:
    twice = """
    [[accounts]]
    id = "{id}"
    slug = "same"
    lines = [{{switch = "demo", endpoint = "PJSIP/{{digits}}@t"}}]
    virtual_numbers = [{{number = "{number}"}}]
    """
    text = '[[switches]]\nid = "demo"\nurl = "http://127.0.0.1:1"\ncredentials = "env:DEMO_SWITCH"'
    text += twice.format(id="one", number="+74951110000")
    text += twice.format(id="two", number="8 495 111-00-00")
    applied = await house.apply(text)
    assert {trouble.path for trouble in applied.troubles} == {
        "accounts[1].slug",
        "accounts[1].virtual_numbers[0].number",
    }
    assert await SqlAccountConfigs(house.database).read(AccountId("one")) is None
    assert await SqlSwitches(house.database, house.secrets).all() == []


async def test_a_slug_of_another_account_is_refused(seeded: House) -> None:
    applied = await seeded.apply('[[accounts]]\nid = "demo-sever"\nslug = "vektor"\n')
    assert [t.path for t in applied.troubles] == ["accounts[0].slug"]


async def test_a_switchs_secret_is_sealed_and_kept_when_the_file_does_not_name_it(
    seeded: House,
) -> None:
    async with seeded.database.begin_resolving() as tx:
        row = (await tx.execute(select(switch_connections))).mappings().one()
    assert b"very-secret" not in row["credentials"]
    applied = await seeded.done('[[switches]]\nid = "demo"\nurl = "http://10.0.0.1:8088/"\n')
    assert applied.switches == ("demo",)
    [kept] = await SqlSwitches(seeded.database, seeded.secrets).all()
    assert (kept.config.url, kept.credentials) == ("http://10.0.0.1:8088", "user:very-secret")
    assert "very-secret" not in repr(kept)


async def test_who_was_faster_wins_and_the_other_hears_of_it(seeded: House) -> None:
    files = seeded.files

    async def edited_meanwhile(account_id: AccountId) -> None:
        async with seeded.database.begin(account_id) as tx:
            await tx.execute(
                employees.update().where(employees.c.id == "sever-101").values(extension="199")
            )

    read = seeded.settings.preview

    async def slowly(*args: object, **more: object) -> object:
        found = await read(*args, **more)  # type: ignore[arg-type]
        await edited_meanwhile(SEVER)
        return found

    seeded.settings.preview = slowly  # type: ignore[method-assign,assignment]
    with pytest.raises(ChangedMeanwhile):
        await files.apply('[[accounts]]\nslug = "sever"\nname = "Other"\n', env=ENV, who="tests")
    assert (await seeded.settings.read(SEVER)).name == "Северный свет"


async def test_columns_of_others_survive_a_change_of_ours(seeded: House) -> None:
    async with seeded.database.begin(SEVER) as tx:
        await tx.execute(
            employees.update().where(employees.c.id == "sever-101").values(device="browser")
        )
    await seeded.settings.change(
        SEVER,
        lambda before: merged(
            before,
            AccountPatch(employees=(EmployeePatch(id="sever-101", calls_enabled=False),)),
            new_id=new_id,
        ),
        who="tests",
    )
    async with seeded.database.begin(SEVER) as tx:
        row = (
            (await tx.execute(select(employees).where(employees.c.id == "sever-101")))
            .mappings()
            .one()
        )
    assert (row["device"], row["calls_enabled"]) == ("browser", False)
    assert seeded.ended == ["sever-101"]
    loaded = await SqlRouting(seeded.database).load(SEVER, "demo")
    assert loaded is not None
    ilya = loaded.route.employees[EmployeeId("sever-101")]
    assert (ilya.devices, ilya.calls_enabled) == ((), False)
