"""The settings over HTTP: who may, what is said when it cannot be, nothing of others."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import update

from backend.domain.people import Reason, Remark
from backend.errors import NotAllowed
from backend.services.employee_sync import SyncReport, SyncState
from backend.store.crm_connections import CrmConnection, CrmConnectionStore
from backend.store.crm_people import CrmPeopleStore
from backend.store.gateways import SqlRouting
from backend.store.installs import InstallFact, InstallLog
from backend.store.tables import crm_connections, employees, status_log
from protocol.vocabulary import CrmKind, EmployeeId, StatusSource
from tests.integration.settings.house import SEVER, VEKTOR, House


async def _patch(
    client: httpx.AsyncClient, path: str, body: dict[str, Any], version: str | None = None
) -> httpx.Response:
    """With the version there is, unless the test has another."""
    if version is None:
        version = (await client.get(path)).json()["version"]
    return await client.patch(path, json=body, headers={"If-Match": f'"{version}"'})


def _faults(answer: httpx.Response) -> dict[str, str]:
    assert answer.status_code == 400, answer.text
    return {f["path"]: f["code"] for f in answer.json()["error"]["data"]["faults"]}


@pytest.mark.feature("B2")
async def test_an_administrator_changes_an_area_and_it_is_logged(
    seeded: House, anna: httpx.AsyncClient
) -> None:
    before = (await anna.get("/settings/crm")).json()
    assert before["value"]["on"] is True
    answer = await _patch(anna, "/settings/crm", {"on": False})
    assert answer.status_code == 200
    assert answer.json()["value"] == {**before["value"], "on": False}
    assert answer.headers["etag"] == f'"{answer.json()["version"]}"' != f'"{before["version"]}"'
    assert seeded.woken == [SEVER]
    [line, *_] = (await anna.get("/log")).json()["items"]
    assert (line["who"], line["subject"]) == ("employee:sever-100", "settings:crm")
    assert (line["before"], line["after"]) == ({"on": True}, {"on": False})
    connection = (await anna.get("/connection")).json()
    assert connection["on"] is False
    assert connection["state"] == "none"


async def test_who_read_something_older_is_told_and_changes_nothing(
    anna: httpx.AsyncClient,
) -> None:
    old = (await anna.get("/settings/recording")).json()["version"]
    newer = await _patch(anna, "/settings/recording", {"keep_days": 30})
    answer = await _patch(anna, "/settings/recording", {"keep_days": 7}, version=old)
    assert answer.status_code == 409
    assert answer.json()["error"]["data"]["version"] == newer.json()["version"]
    assert (await anna.get("/settings/recording")).json()["value"]["keep_days"] == 30
    blind = await anna.patch("/settings/recording", json={"keep_days": 7})
    assert blind.status_code == 400
    assert blind.json()["error"]["data"]["why"] == "version_needed"


async def test_operators_see_only_themselves_and_supervisors_change_nothing(
    seeded: House, anna: httpx.AsyncClient
) -> None:
    async with seeded.client(await seeded.token("sever-101"), "ru") as ilya:
        me = (await ilya.get("/me")).json()
        assert (me["role"], me["may_see"], me["may_change"]) == ("operator", False, False)
        refused = await ilya.get("/employees")
        assert refused.status_code == 403
        assert "Попросите администратора" in refused.json()["error"]["message"]
        await _patch(anna, "/employees/sever-101", {"role": "supervisor"})
        people = (await ilya.get("/employees")).json()["items"]
        assert len(people) == 5
        version = people[0]["version"]
        refused = await ilya.patch(
            f"/employees/{people[0]['value']['id']}",
            json={"role": "administrator"},
            headers={"If-Match": version},
        )
        assert refused.status_code == 403
        assert refused.json()["error"]["data"]["why"] == "administrators_only"


async def test_nobody_comes_in_without_a_session(seeded: House) -> None:
    async with seeded.client("no such token") as stranger:
        for path in ("/me", "/settings", "/employees", "/connection", "/log", "/lines"):
            assert (await stranger.get(path)).status_code == 403, path


async def test_the_other_account_is_not_there(seeded: House, anna: httpx.AsyncClient) -> None:
    assert (await anna.get("/employees/vektor-101")).status_code == 404
    text = ""
    for path in ("/employees", "/groups", "/scenarios", "/virtual-numbers", "/lines", "/log"):
        text += (await anna.get(path)).text
    assert "vektor" not in text
    assert "74951230002" not in text
    missing = await anna.patch(
        "/employees/vektor-101", json={"role": "operator"}, headers={"If-Match": "*"}
    )
    assert missing.status_code == 404
    assert VEKTOR not in seeded.woken


async def test_every_fault_is_named_with_its_place_and_what_to_do(
    seeded: House, anna: httpx.AsyncClient
) -> None:
    answer = await _patch(
        anna,
        "/employees/sever-101",
        {
            "extension": "1",
            "caller_id": "+74990000000",
            "numbers": [
                {"kind": "desk", "endpoint": "PJSIP/vektor-101"},
                {"kind": "mobile", "endpoint": "not a number"},
            ],
        },
    )
    assert _faults(answer) == {
        "extension": "bad_extension",
        "caller_id": "caller_id_unknown",
        "numbers[0].endpoint": "endpoint_foreign",
        "numbers[1].endpoint": "bad_mobile",
    }
    shape = await _patch(anna, "/employees/sever-101", {"roel": "x", "calls_enabled": "yes"})
    assert _faults(shape) == {"roel": "unknown_field", "calls_enabled": "wrong_type"}
    assert all(f["message"] for f in shape.json()["error"]["data"]["faults"])
    assert (await anna.get("/employees/sever-101")).json()["value"]["extension"] == "101"


async def test_numbers_by_priority_with_a_plain_mobile(
    seeded: House, anna: httpx.AsyncClient
) -> None:
    numbers = [
        {"kind": "desk", "endpoint": "PJSIP/sever-101", "label": "Desk", "auto_answer": True},
        {"kind": "mobile", "endpoint": "8 (916) 123-45-67", "label": "Mobile"},
    ]
    answer = await _patch(anna, "/employees/sever-101", {"numbers": numbers})
    assert answer.status_code == 200, answer.text
    kept = answer.json()["value"]["numbers"]
    assert [(n["priority"], n["endpoint"]) for n in kept] == [
        (1, "PJSIP/sever-101"), (2, "+79161234567"),
    ]  # fmt: skip
    loaded = await SqlRouting(seeded.database).load(SEVER, "demo")
    assert loaded is not None
    devices = loaded.route.employees[EmployeeId("sever-101")].devices
    assert [d.endpoint for d in devices if d.kind != "browser"] == [
        "PJSIP/sever-101", "PJSIP/79161234567@trunk-demo",
    ]  # fmt: skip


async def test_what_the_crm_keeps_is_refused_here(anna: httpx.AsyncClient) -> None:
    answer = await _patch(anna, "/employees/sever-101", {"name": "Other", "role": "supervisor"})
    assert _faults(answer) == {"name": "owned_by_crm"}
    item = (await anna.get("/employees/sever-101")).json()
    assert item["value"]["role"] == "operator"
    assert "name" in item["owned_by_crm"]
    gone = await anna.delete("/employees/sever-101", headers={"If-Match": item["version"]})
    assert _faults(gone) == {"": "pruned_linked"}


async def test_the_last_administrator_stays_one(anna: httpx.AsyncClient) -> None:
    answer = await _patch(anna, "/employees/sever-100", {"role": "operator"})
    assert _faults(answer) == {"role": "last_administrator"}


async def test_groups_scenarios_and_teams_are_made_changed_and_removed(
    seeded: House, anna: httpx.AsyncClient
) -> None:
    made = await anna.post("/groups", json={"name": "Night", "members": ["sever-103"]})
    assert made.status_code == 201, made.text
    group = made.json()["value"]["id"]
    assert made.headers["location"] == f"/api/v1/groups/{group}"
    again = await anna.post("/groups", json={"id": group, "name": "Twice"})
    assert _faults(again) == {"id": "id_taken"}
    scenario = await anna.post(
        "/scenarios",
        json={"id": "night", "name": "Night", "steps": [{"group": group, "timeout_s": 20}]},
    )
    assert scenario.status_code == 201, scenario.text
    number = await _patch(anna, "/virtual-numbers/+74951230001", {"scenario": "night"})
    assert number.json()["value"]["scenario"] == "night"
    used = await anna.delete("/scenarios/night", headers={"If-Match": "*"})
    assert _faults(used) == {"virtual_number.+74951230001.scenario": "unknown_scenario"}
    wrong = await _patch(
        anna, "/scenarios/night", {"steps": [{"group": group}, {"group": "nobody"}, {"mode": "x"}]}
    )
    assert set(_faults(wrong)) == {"steps[1].group", "steps[2]"}
    await _patch(anna, "/virtual-numbers/84951230001", {"scenario": "main"})
    for path in ("scenarios/night", f"groups/{group}"):
        assert (await anna.delete(path, headers={"If-Match": "*"})).status_code == 204
    team = await anna.post(
        "/teams", json={"name": "Team", "members": ["sever-101"], "heads": ["sever-100"]}
    )
    assert team.json()["value"]["heads"] == ["sever-100"]


async def test_an_account_takes_no_numbers_and_lines_by_itself(anna: httpx.AsyncClient) -> None:
    refused = await anna.post("/virtual-numbers", json={"number": "+74951239999", "switch": "demo"})
    assert refused.status_code == 403
    assert refused.json()["error"]["data"]["why"] == "operator_only"
    moved = await _patch(anna, "/virtual-numbers/74951230001", {"switch": "other"})
    assert _faults(moved) == {"switch": "operator_only"}
    line = await _patch(anna, "/lines/demo", {"endpoint": "PJSIP/{digits}@elsewhere"})
    assert _faults(line) == {"endpoint": "operator_only"}
    assert (await anna.delete("/lines/demo", headers={"If-Match": "*"})).status_code == 403


@pytest.mark.feature("W16")
async def test_whose_calls_are_off_gets_no_socket_and_is_told_why(
    seeded: House, anna: httpx.AsyncClient
) -> None:
    token = await seeded.token("sever-101")
    await seeded.sessions.ticket(token)
    await _patch(anna, "/employees/sever-101", {"calls_enabled": False})
    assert seeded.ended == ["sever-101"]
    with pytest.raises(NotAllowed, match="no such session"):
        await seeded.sessions.ticket(token)
    with pytest.raises(NotAllowed, match="may not phone") as refused:
        await seeded.sessions.ticket(await seeded.token("sever-101"))
    assert refused.value.data["why"] == "calls_off"


async def test_a_manual_sync_is_asked_for_once_a_crm_is_there(
    seeded: House, anna: httpx.AsyncClient
) -> None:
    refused = await anna.post("/employees/sync")
    assert refused.status_code == 409
    assert refused.json()["error"]["data"]["why"] == "no_crm"
    assert seeded.asked == []


async def test_a_workday_both_ways_is_warned_of(anna: httpx.AsyncClient) -> None:
    one = await _patch(anna, "/settings/workday", {"import_on": True})
    assert one.json()["warnings"] == []
    both = await _patch(anna, "/settings/workday", {"write_on": True})
    assert len(both.json()["warnings"]) == 1


@pytest.mark.feature("B12")
async def test_who_has_their_status_from_both_sides_is_named_and_told(
    seeded: House, anna: httpx.AsyncClient
) -> None:
    """Two sources lead to changes nobody expects (L967)."""
    now = datetime.now(UTC)
    changes = (
        ("sever-101", StatusSource.PERSON, 1),
        ("sever-101", StatusSource.CRM, 2),
        ("sever-102", StatusSource.PERSON, 1),
        ("sever-102", StatusSource.CRM, 8),  # long ago
        ("sever-100", StatusSource.CRM, 1),
        ("sever-100", StatusSource.SUPERVISOR, 1),
    )
    async with seeded.database.begin(SEVER) as tx:
        for who, source, days in changes:
            await tx.execute(
                status_log.insert().values(
                    account_id=SEVER,
                    employee_id=who,
                    status="break",
                    source=source.value,
                    since=now - timedelta(days=days),
                )
            )
    assert (await anna.get("/settings/workday")).json()["warnings"] == []
    on = await _patch(anna, "/settings/workday", {"import_on": True})
    (warning,) = on.json()["warnings"]
    async with seeded.client(await seeded.token("sever-101")) as ilya:
        me = (await ilya.get("/me")).json()
        assert me["name"]
        assert me["workday_mixed"]
        person = (await anna.get("/employees/sever-101")).json()["value"]
        assert f": {person['name']}." in warning, "and nobody else"
        newer = {"If-Match": f'"{me["version"]}"'}
        off = await ilya.patch("/me", json={"workday_import": False}, headers=newer)
        assert not off.json()["workday_mixed"]
    assert (await anna.get("/settings/workday")).json()["warnings"] == []


async def test_what_is_no_json_or_too_large_is_refused_in_words(anna: httpx.AsyncClient) -> None:
    for body in (b"", b"[]", b"{", b'{"a": "\xff"}', b"null", b"[" * 100_000):
        answer = await anna.patch("/settings/crm", content=body, headers={"If-Match": "*"})
        assert answer.status_code == 400, body
        assert answer.json()["error"]["message"]
    huge = await anna.patch(
        "/settings/crm", content=b"{" + b" " * 300_000, headers={"If-Match": "*"}
    )
    assert huge.status_code == 400
    nul = await _patch(anna, "/groups/sales", {"name": "a\0b"})
    assert _faults(nul) == {"name": "bad_character"}
    deep: Any = 1
    for _ in range(500):
        deep = [deep]
    steps = await _patch(anna, "/scenarios/main", {"steps": [{"group": deep}]})
    assert _faults(steps) == {"steps": "bad_character"}


async def test_a_change_by_the_sync_makes_the_version_older(
    seeded: House, anna: httpx.AsyncClient
) -> None:
    version = (await anna.get("/employees/sever-101")).json()["version"]
    async with seeded.database.begin(SEVER) as tx:
        await tx.execute(
            employees.update().where(employees.c.id == "sever-101").values(position="lead")
        )
    answer = await _patch(anna, "/employees/sever-101", {"role": "supervisor"}, version=version)
    assert answer.status_code == 409


async def test_of_two_who_save_at_once_one_is_told(anna: httpx.AsyncClient) -> None:
    version = (await anna.get("/groups/sales")).json()["version"]
    answers = await asyncio.gather(
        *(_patch(anna, "/groups/sales", {"name": f"Name {n}"}, version=version) for n in range(6))
    )
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409, 409, 409]
    [saved] = [answer for answer in answers if answer.status_code == 200]
    assert (await anna.get("/groups/sales")).json() == saved.json()


@pytest.mark.feature("B2")
async def test_the_connection_says_who_connected_it_and_how_the_last_reading_went(
    seeded: House, anna: httpx.AsyncClient
) -> None:
    async with seeded.database.begin(SEVER) as tx:
        await CrmConnectionStore(tx, seeded.secrets).save(
            CrmConnection(
                account_id=SEVER,
                kind=CrmKind.BITRIX24,
                external_id="member",
                base_url="https://sever.bitrix24.example",
                host="sever.bitrix24.example",
                access_token="hidden-token",
                grant_user_id="1",
            )
        )
        log = InstallLog(tx)
        for what, user, name, day in (
            ("connected", "7", "Давний Администратор", 1),
            ("connected_again", "1", "", 2),
            ("moved", "8", "Кто-то", 3),
        ):
            at = datetime(2026, 2, day, 12, 0, tzinfo=UTC)
            fact = InstallFact(kind=CrmKind.BITRIX24, what=what, at=at, crm_user_id=user, name=name)
            await log.add(SEVER, fact)
        await CrmPeopleStore(tx).save_report(
            SEVER,
            SyncReport(
                id="sync-1",
                kind=CrmKind.BITRIX24,
                asked_by="schedule",
                started_at=datetime(2026, 3, 2, 9, 0, tzinfo=UTC),
                finished_at=datetime(2026, 3, 2, 9, 1, tzinfo=UTC),
                state=SyncState.DONE,
                counts={"seen": 6},
                remarks=(
                    Remark(reason=Reason.NO_EMAIL, user_id="9", name="Пётр", url="", left_out=True),
                ),
            ),
        )
    answer = await anna.get("/connection", headers={"Accept-Language": "ru"})
    assert "hidden-token" not in answer.text
    found = answer.json()
    assert (found["crm"], found["state"], found["on"]) == ("bitrix24", "ok", True)
    assert (found["address"], found["connected_by"]) == (
        "https://sever.bitrix24.example",
        "Анна Крылова",
    )
    assert found["connected_at"] == "2026-02-02T12:00:00Z"
    # Tokens are renewed by themselves, which connects nobody anew.
    assert found["renewed_at"] > found["connected_at"]
    assert found["acting"] is None
    async with seeded.database.begin(SEVER) as tx:
        await tx.execute(update(crm_connections).values(grant_user_id="44"))
    taken_over = (await anna.get("/connection")).json()
    assert (taken_over["connected_by"], taken_over["acting"]) == ("Анна Крылова", "44")
    assert found["sync"]["counts"] == {"seen": 6}
    [remark] = found["sync"]["remarks"]
    assert (remark["name"], remark["reason"]) == ("Пётр", "no_email")
    assert "Заполните" in remark["text"]
    assert (await anna.get("/employees")).json()["sync"]["remarks"] != []
    asked = await anna.post("/employees/sync")
    assert (asked.status_code, asked.json()) == (202, {"state": "queued"})
    assert seeded.asked == [(SEVER, "sever-100")]
