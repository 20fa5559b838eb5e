"""`dozvon uis check` on a sandbox cloud with something wrong in it."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from string import Formatter
from typing import Any

from starlette.applications import Starlette

from backend.bootstrap import uis_check
from backend.bootstrap.uis import credentials
from backend.domain.account_config import AccountConfig, Employee, Line, OwnNumber, VirtualNumber
from backend.kit.clock import SystemClock
from backend.sandbox.uis import Employee as CloudEmployee
from backend.sandbox.uis import EmployeePhone, Number, create_cloud
from backend.settings import Settings
from backend.store.switches import SwitchConnection
from backend.telephony.uis import Heard, Told
from backend.telephony.uis import check as uis_check_module
from backend.telephony.uis.texts import TEXTS
from tests.integration.house.single import serving
from tests.integration.uis.world import ANNA, CONFIG, DID, PLAIN_DID, TOKEN


def _account(**changes: Any) -> AccountConfig:
    people = (
        ("a", "UIS/11:0700101"),
        ("b", "UIS/12"),
        ("c", "PJSIP/103"),
        ("d", "UIS/99:0700109"),
        ("e", "UIS/11:0700102"),
        ("f", "UIS/13:0700103"),
    )
    employees = tuple(
        Employee(id=name, name=name, numbers=(OwnNumber(kind="sip", endpoint=endpoint),))
        for name, endpoint in people
    )
    fields: dict[str, Any] = {
        "id": "acme",
        "slug": "acme",
        "name": "Acme",
        "employees": employees,
        "lines": (Line(switch="uis", endpoint="UIS/{number}"),),
        "virtual_numbers": (
            VirtualNumber(number=f"+{DID}", switch="uis", scenario="sales"),
            VirtualNumber(number=f"+{PLAIN_DID}", switch="uis"),
            VirtualNumber(number="+74959999999", switch="uis"),
        ),
    }
    return AccountConfig(**(fields | changes))


@asynccontextmanager
async def connected(**changes: Any) -> AsyncIterator[tuple[SwitchConnection, Starlette]]:
    fields: dict[str, Any] = {"notify_url": "", "question_url": "", **changes}
    app = create_cloud(replace(CONFIG, **fields), SystemClock())
    async with serving(app) as port:
        yield (
            SwitchConnection(
                id="uis",
                kind="uis",
                url=f"http://127.0.0.1:{port}/v4.0",
                app="",
                credentials=credentials("0123456789abcdef", TOKEN),
            ),
            app,
        )
    await app.state.cloud.close()


SETTINGS = Settings(public_url="https://phone.example.ru")


def codes(told: Told, weight: str = "fail") -> list[str]:
    return [one.code for one in told.found if one.weight == weight]


async def test_a_check_names_lines_and_numbers_the_cloud_does_not_have() -> None:
    async with connected() as (connection, app):
        told = await uis_check.check(connection, SETTINGS, [_account()])
        assert codes(told) == ["no_line", "no_employee", "not_his", "no_number"]
        assert codes(told, "warn") == ["no_phone", "unregistered", "no_notification", "no_question"]
        app.state.cloud.config = replace(
            app.state.cloud.config,
            numbers=(Number(number=DID), Number(number=PLAIN_DID, status="limit_lock")),
            employees=(
                CloudEmployee(
                    id=11,
                    name="Анна",
                    phones=(EmployeePhone(number=ANNA, active=False, billing="manual_lock"),),
                ),
            ),
        )
        account = _account(employees=_account().employees[:1])
        broken = await uis_check.check(connection, SETTINGS, [account])
        assert codes(broken) == [
            "number_off",
            "line_locked",
            "no_scenario",
            "number_locked",
            "no_number",
        ]


async def test_a_check_says_well_what_is_well() -> None:
    async with connected() as (connection, _app):
        whole = _account(
            employees=_account().employees[:1], virtual_numbers=_account().virtual_numbers[:2]
        )
        now = datetime(2026, 3, 2, 9, 15, tzinfo=UTC)
        heard = Heard(notification_at=now, question_at=now)
        told = await uis_check.check(connection, SETTINGS, [whole], heard)
        assert codes(told) == codes(told, "warn") == []
        lines = uis_check.told_lines([("uis", told)], "ru")
        assert lines[-1] == "ok   uis: Последний вопрос облака: 2026-03-02 09:15 UTC."
        assert told.directory is not None
        assert f'endpoint = "UIS/11:{ANNA}"' in uis_check.listed(told.directory)
        assert f'number = "+{DID}"' in "\n".join(uis_check.listed(told.directory))


async def test_a_pause_of_a_recording_that_is_not_ours_is_named() -> None:
    async with connected(records_all=True) as (connection, _app):
        ours = replace(connection, settings={"recording": "dozvon"})
        account = _account(employees=_account().employees[:1], virtual_numbers=())
        told = await uis_check.check(ours, SETTINGS, [account])
        assert codes(told) == ["records_by_itself"]


async def test_a_check_says_what_is_wrong_with_either_api() -> None:
    async with connected() as (connection, app):
        app.state.call_api.refuse = "ip_not_whitelisted"
        refused = await uis_check.check(connection, SETTINGS)
        assert codes(refused) == ["refused_ip_not_whitelisted"]
        assert "address of this server" in uis_check.findings("uis", refused)[0].text
        wrong = await uis_check.check(replace(connection, credentials=":old"), SETTINGS)
        assert codes(wrong) == [
            "refused_access_token_invalid",
            "refused_access_token_invalid",
            "no_secret",
        ]
        local = await uis_check.check(connection, Settings())
        assert codes(local) == ["no_https"]
        away = replace(connection, url="http://127.0.0.1:9/v4.0")
        assert codes(await uis_check.check(away, SETTINGS)) == ["silent", "silent"]


def test_every_finding_has_its_sentence_in_both_languages() -> None:
    source = Path(uis_check_module.__file__).read_text()
    named = set(re.findall(r'code="([a-z_]+)"', source)) | {"silent", "no_connection"}
    named |= {f"refused_{mnemonic}" for mnemonic in uis_check_module.KNOWN}
    assert named == set(TEXTS)
    for russian, english in TEXTS.values():
        assert _blanks(russian) == _blanks(english)


def _blanks(sentence: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(sentence) if name}
