"""What is bound stays bound, who may act is kept, and a portal may move: all without a person."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from sqlalchemy import text
from structlog.testing import capture_logs

from backend.bootstrap import portals
from backend.domain.account_settings import CrmSettings
from backend.jobs import portal_bind, portal_changes
from backend.kit.budget import Priority
from backend.services.portal_bindings import LOST, REMOVED, Configured, Standing
from backend.store.account_settings import AccountSettingsStore
from backend.store.crm_grants import CrmGrantStore
from backend.store.database import Database
from backend.store.gateways.portal_bindings import SqlPortalBindings
from backend.store.routing import RoutingStore, VirtualNumber
from backend.store.switches import SwitchConnection, SwitchStore
from protocol.vocabulary import AccountId, RecordKind
from tests.integration.conftest import ALPHA
from tests.integration.jobs.put_off import LEFT_ALONE, asleep, put_off
from tests.integration.portal.house import (
    ADMIN,
    KIND,
    OPERATOR,
    SECOND_ADMIN,
    House,
    house,
)

SECRET = "0123456789abcdef0123456789abcdef"

pytestmark = pytest.mark.anyio


@pytest.fixture
async def connected(database: Database) -> AsyncIterator[House]:
    async with house(database, market=True) as running:
        await running.join(await running.install(), code=await running.code(ALPHA))
        running.portal.finish_installation(ADMIN)
        await running.work()
        yield running


async def look_again(running: House) -> None:
    await portal_bind.defer(running.jobs, None, ALPHA)
    await running.work()


async def reserves(running: House, account_id: AccountId = ALPHA) -> list[str]:
    async with running.base.database.begin(account_id) as tx:
        found = await CrmGrantStore(tx, running.base.secrets).newest_first(account_id, KIND)
    return [grant.crm_user_id for grant in found]


# ── bindings ──


@pytest.mark.feature("B4")
async def test_a_dropped_worker_is_reported_and_bound_again(connected: House) -> None:
    worker = next(p for p in connected.portal.placements if p.code == "PAGE_BACKGROUND_WORKER")
    connected.portal.placements.remove(worker)
    before, counted = REMOVED._value.get(), LOST._value.get()
    with capture_logs() as said:
        answer = await connected.ours.post(
            worker.options["errorHandlerUrl"],
            data={
                "code": "ERROR_PLACEMENT_LOADING_OVERTIME",
                "AUTH_ID": SECRET,
                "auth[access_token]": SECRET,
                "said": f"the page of {SECRET} was slow",
            },
        )
        assert answer.status_code == 200
        await connected.work()
    assert "PAGE_BACKGROUND_WORKER" in connected.bound()
    assert REMOVED._value.get() == before + 1
    assert LOST._value.get() == counted + 1
    assert {row["event"] for row in said if row["log_level"] == "error"} == {
        "bitrix24.worker_removed",
        "bitrix24.binding_lost",
    }
    [removed] = [row for row in said if row["event"] == "bitrix24.worker_removed"]
    assert removed["codes"] == ["ERROR_PLACEMENT_LOADING_OVERTIME"]
    assert removed["fields"] == ["AUTH_ID", "auth[access_token]", "code", "said"]
    assert SECRET not in str(said)


async def test_nobody_else_may_report_a_dropped_worker(connected: House) -> None:
    for path in ("alpha/guessed", "beta/guessed", "no%2Fsuch/guessed"):
        answer = await connected.ours.post(f"/bitrix24/worker/removed/{path}")
        assert answer.status_code == 404


async def test_a_look_at_a_good_portal_changes_nothing(connected: House) -> None:
    placements, handlers = (
        list(connected.portal.placements),
        list(connected.portal.events.handlers),
    )
    await look_again(connected)
    assert connected.portal.placements == placements
    assert connected.portal.events.handlers == handlers


async def test_two_who_bind_at_once_bind_everything_once(connected: House) -> None:
    """The installation page and the job after it, or two workers."""
    connected.portal.placements.clear()
    connected.portal.events.handlers.clear()
    both = await asyncio.gather(
        *(portals.bind(connected.base, ALPHA) for _ in range(2)),
    )
    for standings in both:
        assert {row.state for row in standings} <= {"ok", "bound"}
    codes = [placement.code for placement in connected.portal.placements]
    assert len(codes) == len(set(codes))


async def test_a_look_that_outlived_its_connection_touches_nothing(
    connected: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Uninstalled and installed again while a job waited for the portal's budget: it bound what
    the first installation wanted, and the next look took that for a loss."""
    store = SqlPortalBindings(connected.base.database, connected.base.secrets)
    present = await store.configured(ALPHA)
    assert present is not None
    stale = [replace(present, door="of-the-installation-before")]

    async def configured(self: SqlPortalBindings, account_id: AccountId) -> Configured | None:
        return stale.pop() if stale else present

    monkeypatch.setattr(SqlPortalBindings, "configured", configured)
    before = list(connected.portal.placements)
    with capture_logs() as said:
        assert await portals.bind(connected.base, ALPHA) == []
    assert connected.portal.placements == before
    assert [row for row in said if row["log_level"] == "error"] == []


async def test_a_portal_in_trouble_has_lost_nothing(connected: House) -> None:
    counted = LOST._value.get()
    connected.portal.faults.crm_down = True
    await look_again(connected)
    connected.portal.faults.crm_down = False
    kept = await SqlPortalBindings(connected.base.database, connected.base.secrets).kept(ALPHA)
    assert {row.state for row in kept} == {"ok"}
    assert LOST._value.get() == counted


async def test_what_an_earlier_version_bound_is_dropped(connected: House) -> None:
    old = next(p for p in connected.portal.placements if p.code == "LEFT_MENU")
    connected.portal.placements.append(replace(old, handler="http://127.0.0.1:1/bitrix24/app"))
    connected.portal.events.bind("ONUSERADD", "http://127.0.0.1:1/events", 0, offline=False)
    await look_again(connected)
    handlers = {p.handler for p in connected.portal.placements if p.code == "LEFT_MENU"}
    assert handlers == {f"{connected.base.settings.base_url}/bitrix24/app"}
    assert not any(h.url == "http://127.0.0.1:1/events" for h in connected.portal.events.handlers)


async def test_one_refusal_is_on_record_and_stops_nothing(database: Database) -> None:
    scopes = ("crm", "user", "placement", "telephony")
    async with house(database, market=True, scopes=scopes) as running:
        page = await running.join(await running.install(), code=await running.code(ALPHA))
        assert page.status_code == 200
        running.portal.config.application.scopes = ("crm", "user", "placement")
        running.portal.placements.clear()
        await look_again(running)
        kept = await SqlPortalBindings(running.base.database, running.base.secrets).kept(ALPHA)
        states = {row.name: row.state for row in kept}
        assert states["placement:CALL_CARD"] == "refused"
        assert states["placement:LEFT_MENU"] == "ok"


@pytest.mark.feature("B1")
async def test_an_update_of_the_application_is_taken_in(connected: House) -> None:
    before = connected.portal.config.application.application_token
    connected.portal.update_application(ADMIN)
    await connected.work()
    after = connected.portal.config.application.application_token
    found = await connected.connection(ALPHA)
    assert found is not None
    assert before != after == found.application_token
    assert "ONEXTERNALCALLSTART" in connected.subscribed()


# ── lines ──


@pytest.mark.feature("B10")
async def test_lines_are_in_the_portal_only_while_the_callback_form_is_on(
    connected: House,
) -> None:
    database = connected.base.database
    async with database.begin(ALPHA, resolving=True) as tx:
        await SwitchStore(tx, connected.base.secrets).save(
            SwitchConnection(id="s", kind="asterisk", url="http://s", app="a", credentials="a:b")
        )
        for number, wanted in (("74951111111", True), ("74952222222", False)):
            await RoutingStore(tx).save_virtual_number(
                ALPHA,
                VirtualNumber(
                    number=number, name=f"Линия {number[-1]}", connection_id="s", crm_line=wanted
                ),
            )
    # Registering a call makes lines by itself: they are none of ours to delete.
    source = connected.sources.bitrix24(ALPHA)
    assert source is not None
    await source.client.call(
        "telephony.externalLine.add", {"NUMBER": "74953333333"}, priority=Priority.CALL
    )

    async def lines(**settings: bool) -> set[str]:
        async with database.begin(ALPHA) as tx:
            await AccountSettingsStore(tx).save(ALPHA, CrmSettings(**settings), by="test")
        await look_again(connected)
        return set(connected.portal.telephony.lines)

    assert await lines(call_tracking=True) == {"74953333333"}
    assert await lines(call_tracking=True, callback_form=True) == {"74951111111", "74953333333"}
    assert connected.portal.telephony.lines["74951111111"].name == "Линия 1"
    assert await lines(call_tracking=True, callback_form=False) == {"74953333333"}


# ── who may act ──


async def opened(running: House, user_id: int) -> None:
    """Somebody opens the application from the menu."""
    answer = await running.ours.post(
        "/bitrix24/app", params=running.query(), data=running.form(user_id, placement="LEFT_MENU")
    )
    assert answer.status_code == 200
    await running.launches.settled()


async def test_every_administrator_who_opens_the_application_is_kept(connected: House) -> None:
    await opened(connected, SECOND_ADMIN)
    assert await reserves(connected) == [str(SECOND_ADMIN)]
    found = await connected.connection(ALPHA)
    assert found is not None
    assert found.grant_user_id == str(ADMIN)


async def test_an_operators_tokens_are_not_kept(connected: House) -> None:
    await opened(connected, OPERATOR)
    assert await reserves(connected) == []


async def test_a_second_administrator_takes_over_by_himself(connected: House) -> None:
    await opened(connected, SECOND_ADMIN)
    connected.portal.tokens.revoke(ADMIN)
    source = connected.sources.bitrix24(ALPHA)
    assert source is not None
    await put_off(connected.jobs)
    envelope = await source.client.call("profile", priority=Priority.CALL)
    assert envelope["result"]["ID"] == str(SECOND_ADMIN)
    assert await asleep(connected.jobs) == LEFT_ALONE
    found = await connected.connection(ALPHA)
    assert found is not None
    assert (found.state, found.grant_user_id) == ("ok", str(SECOND_ADMIN))


async def test_an_administrator_who_opens_the_application_mends_a_lost_grant(
    connected: House,
) -> None:
    connected.portal.tokens.revoke()
    await look_again(connected)
    found = await connected.connection(ALPHA)
    assert found is not None
    assert found.state == "auth_expired"
    await connected.sources.refresh()
    # What metrics count and open tabs are told of.
    assert connected.sources.states == {ALPHA: "auth_expired"}
    assert connected.sources.portals() == ()
    await put_off(connected.jobs)
    await opened(connected, SECOND_ADMIN)
    assert await asleep(connected.jobs) == LEFT_ALONE
    found = await connected.connection(ALPHA)
    assert found is not None
    assert (found.state, found.grant_user_id) == ("ok", str(SECOND_ADMIN))


# ── where it is ──


async def test_a_renamed_portal_is_followed_from_its_answers(connected: House) -> None:
    source = connected.sources.bitrix24(ALPHA)
    assert source is not None
    connected.portal.rename("http://renamed.test")
    await source.client.call("profile", priority=Priority.CALL)
    found = await connected.connection(ALPHA)
    assert found is not None
    assert (found.base_url, found.host) == ("http://renamed.test", "renamed.test")
    assert found.external_id == connected.portal.config.member_id


async def test_a_renamed_portal_is_followed_from_its_pages(connected: House) -> None:
    connected.portal.rename("http://renamed.test")
    answer = await connected.ours.post(
        "/bitrix24/app", params=connected.query(), data=connected.form()
    )
    assert answer.status_code == 200
    assert "frame-ancestors http://renamed.test" in answer.headers["content-security-policy"]
    found = await connected.connection(ALPHA)
    assert found is not None
    assert found.host == "renamed.test"


async def test_pages_are_framed_by_connected_portals_alone(connected: House) -> None:
    good = await connected.ours.post("/bitrix24/worker", params=connected.query(), data={})
    assert "frame-ancestors http://portal.test" in good.headers["content-security-policy"]
    stranger = connected.query() | {"DOMAIN": "evil.test"}
    for form in ({}, connected.form()):
        bad = await connected.ours.post("/bitrix24/app", params=stranger, data=form)
        assert bad.status_code == 403
        assert "frame-ancestors 'none'" in bad.headers["content-security-policy"]


# ── what it tells ──


async def test_an_event_without_the_portals_token_is_refused(connected: House) -> None:
    forged = {
        "event": "ONAPPUNINSTALL",
        "data[CLEAN]": "1",
        "ts": "1",
        "auth[member_id]": connected.portal.config.member_id,
        "auth[application_token]": "guessed",
    }
    answer = await connected.ours.post("/bitrix24/events", data=forged)
    assert answer.status_code == 401
    assert (await connected.ours.post("/bitrix24/events", content=b"nonsense")).status_code == 400
    await connected.work()
    assert await connected.connection(ALPHA) is not None


def known(running: House, e164: str) -> list[tuple[RecordKind, str]]:
    return [(c.record.kind, c.record.id) for c in running.index.find(ALPHA, e164)]


async def test_a_changed_contact_reaches_the_phone_index(connected: House) -> None:
    source = connected.sources.bitrix24(ALPHA)
    assert source is not None
    added = await source.client.call(
        "crm.contact.add",
        {"fields": {"NAME": "Нина", "PHONE": [{"VALUE": "+79161112233", "VALUE_TYPE": "WORK"}]}},
        priority=Priority.CALL,
    )
    contact = str(added["result"])
    await connected.work()
    assert known(connected, "+79161112233") == [(RecordKind.CONTACT, contact)]
    await source.client.call("crm.contact.delete", {"id": contact}, priority=Priority.CALL)
    await connected.work()
    assert known(connected, "+79161112233") == []


async def test_lost_events_are_found_in_the_offline_queue(connected: House) -> None:
    """Online events are hints: without one, the queue still has it."""
    source = connected.sources.bitrix24(ALPHA)
    assert source is not None
    connected.portal.faults.lost_events = 10
    await source.client.call(
        "crm.company.add",
        {"fields": {"TITLE": "Тихая", "PHONE": [{"VALUE": "84951112233", "VALUE_TYPE": "WORK"}]}},
        priority=Priority.CALL,
    )
    await connected.work()
    assert known(connected, "+74951112233") == []
    await portal_changes.defer(connected.jobs, ALPHA, at=connected.base.clock.now())
    await connected.work()
    assert [kind for kind, _ in known(connected, "+74951112233")] == [RecordKind.COMPANY]
    assert connected.portal.events.offline == []


async def test_without_an_offline_queue_the_record_an_event_names_is_read(
    connected: House,
) -> None:
    events = connected.portal.events
    events.handlers = [h for h in events.handlers if not h.offline]
    store = SqlPortalBindings(connected.base.database, connected.base.secrets)
    await store.record(
        ALPHA,
        [
            Standing(row.name, "refused", "plan")
            for row in await store.kept(ALPHA)
            if row.name.startswith("offline:")
        ],
        connected.base.clock.now(),
    )
    source = connected.sources.bitrix24(ALPHA)
    assert source is not None
    await source.client.call(
        "crm.lead.add",
        {"fields": {"TITLE": "Лид", "PHONE": [{"VALUE": "+79161114455", "VALUE_TYPE": "WORK"}]}},
        priority=Priority.CALL,
    )
    await connected.work()
    assert [kind for kind, _ in known(connected, "+79161114455")] == [RecordKind.LEAD]


async def test_an_event_delivered_twice_is_handled_once(connected: House) -> None:
    connected.portal.faults.doubled_events = 5
    source = connected.sources.bitrix24(ALPHA)
    assert source is not None
    await source.client.call(
        "crm.contact.update", {"id": 1, "fields": {"NAME": "Дважды"}}, priority=Priority.CALL
    )
    await connected.work()
    async with connected.base.database.begin(ALPHA) as tx:
        rows = await tx.execute(
            text("SELECT count(*) FROM inbox WHERE body->>'event' = 'ONCRMCONTACTUPDATE'")
        )
        assert rows.scalar_one() == 1
