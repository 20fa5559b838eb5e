"""What each switch does that no other test sets by `/sandbox/faults`: on, seen over HTTP, off."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

import httpx
import pytest

if TYPE_CHECKING:
    from backend.kit.clock import ManualClock
    from backend.sandbox.bitrix24 import Portal
    from tests.sandbox.bitrix24.conftest import Client

    Check = Callable[[Client, Portal, ManualClock], Awaitable[None]]

_TOKEN = "/oauth-server/oauth/token/"


async def _set(client: Client, **values: Any) -> None:
    answer = await client.http.post("/sandbox/faults", json=values)
    assert answer.status_code == 200, answer.text


async def _calm(client: Client) -> None:
    assert (await client.http.delete("/sandbox/faults")).status_code == 200


def _refresh(portal: Portal, token: str) -> dict[str, str]:
    application = portal.config.application
    return {
        "grant_type": "refresh_token",
        "client_id": application.client_id,
        "client_secret": application.client_secret,
        "refresh_token": token,
    }


async def _takes(clock: ManualClock, seconds: float, asked: Awaitable[Any]) -> Any:
    """What is answered only when that time is over."""
    waiting = asyncio.ensure_future(asked)
    await clock.advance(seconds - 1)
    assert not waiting.done()
    await clock.advance(1)
    return await waiting


async def drop(client: Client, portal: Portal, clock: ManualClock) -> None:
    await _set(client, drop=1)
    before = len(portal.store.rows("LEAD"))
    with pytest.raises((httpx.HTTPError, AssertionError)):
        await client.raw("crm.lead.add", {"fields": {"TITLE": "Оборвано"}})
    assert len(portal.store.rows("LEAD")) == before, "and nothing was done"
    assert (await client.call("profile"))["ID"] == "1"


async def slow_s(client: Client, portal: Portal, clock: ManualClock) -> None:
    await _set(client, slow_s={"profile": 20})
    assert (await _takes(clock, 20, client.call("profile")))["ID"] == "1"
    assert await client.call("user.get")
    await _calm(client)
    assert (await client.call("profile"))["ID"] == "1"


async def moved_to(client: Client, portal: Portal, clock: ManualClock) -> None:
    await _set(client, moved_to="http://moved.test")
    answer = await client.raw("profile")
    assert answer.status_code == 302
    assert answer.headers["location"].startswith("http://moved.test/rest/profile")
    await _calm(client)
    assert (await client.call("profile"))["ID"] == "1"


async def auth_slow_s(client: Client, portal: Portal, clock: ManualClock) -> None:
    await _set(client, auth_slow_s=15)
    grant = portal.tokens.issue(1)
    form = _refresh(portal, grant.refresh_token)
    answer = await _takes(clock, 15, client.http.post(_TOKEN, data=form))
    assert answer.json()["access_token"]
    assert (await client.call("profile"))["ID"] == "1", "the portal itself is as quick as ever"


async def access_lifetime_s(client: Client, portal: Portal, clock: ManualClock) -> None:
    await _set(client, access_lifetime_s=60)
    grant = portal.tokens.issue(1)
    told = await client.http.post(_TOKEN, data=_refresh(portal, grant.refresh_token))
    assert told.json()["expires_in"] == 60
    token = told.json()["access_token"]
    await clock.advance(61)
    expired = await client.http.post("/rest/profile", json={"auth": token})
    assert (expired.status_code, expired.json()["error"]) == (401, "expired_token")
    await _calm(client)
    token = client.token()
    await clock.advance(61)
    assert (await client.http.post("/rest/profile", json={"auth": token})).status_code == 200


async def refresh_grace_s(client: Client, portal: Portal, clock: ManualClock) -> None:
    await _set(client, refresh_grace_s=30)
    form = _refresh(portal, portal.tokens.issue(1).refresh_token)
    codes = [(await client.http.post(_TOKEN, data=form)).status_code for _ in range(2)]
    assert codes == [200, 200]
    await _calm(client)
    form = _refresh(portal, portal.tokens.issue(1).refresh_token)
    codes = [(await client.http.post(_TOKEN, data=form)).status_code for _ in range(2)]
    assert codes == [200, 400]


async def operating_limit_s(client: Client, portal: Portal, clock: ManualClock) -> None:
    await _set(client, operating_limit_s=5, slow_s={"user.get": 6})
    assert await _takes(clock, 6, client.call("user.get"))
    await _set(client, slow_s={})
    assert (await client.refused("user.get"))[:2] == (429, "OPERATION_TIME_LIMIT")
    await _calm(client)
    assert await client.call("user.get"), "far below the usual limit"


async def operating_counts_batch(client: Client, portal: Portal, clock: ManualClock) -> None:
    batch = {"cmd": {"people": "user.get"}}
    await _set(client, operating_counts_batch=True, operating_limit_s=5, slow_s={"user.get": 6})
    await _takes(clock, 6, client.call("batch", batch))
    await _set(client, slow_s={})
    assert (await client.refused("batch", batch))[:2] == (429, "OPERATION_TIME_LIMIT")
    assert await client.call("user.get")


async def phones_by_digits(client: Client, portal: Portal, clock: ManualClock) -> None:
    spelt = {"PHONE_NUMBER": "8 (916) 123-45-01"}
    written = {"fields": {"NAME": "Как записан", "PHONE": [{"VALUE": "8 (916) 999-00-11"}]}}
    await client.call("crm.contact.add", written)
    asked = {"type": "PHONE", "values": ["+79169990011"]}
    assert await client.call("crm.duplicate.findbycomm", asked)
    await _set(client, phones_by_digits=False)
    assert await client.call("crm.duplicate.findbycomm", asked) == []
    as_written = {"type": "PHONE", "values": ["8 (916) 999-00-11"]}
    assert await client.call("crm.duplicate.findbycomm", as_written)
    await _calm(client)
    assert await client.call("telephony.externalCall.searchCrmEntities", spelt)


async def crm_mode(client: Client, portal: Portal, clock: ManualClock) -> None:
    stranger = {"USER_ID": 2, "TYPE": 2, "CRM_CREATE": 1}
    await _set(client, crm_mode=2)
    register = "telephony.externalCall.register"
    simple = await client.call(register, stranger | {"PHONE_NUMBER": "+79160000002"})
    assert simple["CRM_CREATED_LEAD"] is None
    await _calm(client)
    usual = await client.call(register, stranger | {"PHONE_NUMBER": "+79160000003"})
    assert usual["CRM_CREATED_LEAD"]


async def anyone_installs(client: Client, portal: Portal, clock: ManualClock) -> None:
    async def offered() -> bool:
        await client.http.get("/login/", params={"user": 2, "back": "/marketplace/"})
        return 'id="install"' in (await client.http.get("/marketplace/")).text

    portal.config.application.installed = False
    assert not await offered()
    await _set(client, anyone_installs=True)
    assert await offered()
    portal.config.application.installed = True


async def internal_finish(client: Client, portal: Portal, clock: ManualClock) -> None:
    wish = {"USER_ID": 2, "PHONE_NUMBER": "102", "TYPE": 2}
    call = await client.call("telephony.externalCall.register", wish)
    finish = {"CALL_ID": call["CALL_ID"], "USER_ID": 2, "DURATION": 5}
    assert (await client.refused("telephony.externalCall.finish", finish))[0] == 400
    await _set(client, internal_finish=True)
    assert (await client.call("telephony.externalCall.finish", finish))["CRM_ACTIVITY_ID"] == 0


async def _boot(client: Client, path: str) -> str:
    signed = await client.http.get("/login/", params={"user": 1, "back": path})
    page = signed if signed.status_code == 200 else await client.http.get(path)
    assert page.status_code == 200
    return page.text


async def desktop_app(client: Client, portal: Portal, clock: ManualClock) -> None:
    assert '"desktop": false' in (await _boot(client, "/crm/contact/list/"))
    await _set(client, desktop_app=True)
    assert '"desktop": true' in (await _boot(client, "/crm/contact/list/"))


async def worker_microphone(client: Client, portal: Portal, clock: ManualClock) -> None:
    assert '"workerMicrophone": true' in (await _boot(client, "/crm/contact/list/"))
    await _set(client, worker_microphone=False)
    assert '"workerMicrophone": false' in (await _boot(client, "/crm/contact/list/"))


async def list_hides_card(client: Client, portal: Portal, clock: ManualClock) -> None:
    made = await client.call("crm.calllist.add", {"ENTITY_TYPE": "CONTACT", "ENTITIES": [1]})
    path = f"/crm/calllist/{made}/"
    assert '"hidesCard": false' in (await _boot(client, path))
    await _set(client, list_hides_card=True)
    assert '"hidesCard": true' in (await _boot(client, path))


CHECKS: tuple[Check, ...] = (
    *(drop, slow_s, moved_to, auth_slow_s, access_lifetime_s, refresh_grace_s),
    *(operating_limit_s, operating_counts_batch, phones_by_digits, crm_mode),
    *(anyone_installs, internal_finish),
    *(desktop_app, worker_microphone, list_hides_card),
)
ELSEWHERE = {
    "test_portal_faults.py": (
        *("lost_answers", "half_answers", "crm_down", "burst_503", "bucket_full", "overload"),
        *("blocked_methods", "failing_methods", "errors_200", "no_plan", "portal_deleted"),
        *("empty_lists", "short_lists", "expired_tokens", "closed_for", "auth_503", "auth_lost"),
        *("auth_error", "lost_events", "doubled_events", "late_events_s", "swapped_events"),
        "clock_skew_s",
    ),
    "test_portal_rest.py": ("html_502",),
    "test_portal_life.py": ("on_premise", "old_build", "missing_modules"),
}
"""Where the others are set the same way and seen at work."""


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
async def test_a_switch_does_what_it_says_and_is_taken_back(
    client: Client, portal: Portal, clock: ManualClock, check: Check
) -> None:
    await check(client, portal, clock)
    await _calm(client)
    assert (await client.call("profile"))["ID"] == "1"


async def test_no_switch_is_left_out(client: Client) -> None:
    names = {row["name"] for row in (await client.http.get("/sandbox/faults")).json()}
    others = [name for known in ELSEWHERE.values() for name in known]
    assert sorted([check.__name__ for check in CHECKS] + others) == sorted(names)
