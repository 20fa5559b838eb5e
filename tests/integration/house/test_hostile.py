"""What the internet sends: each is refused by name, and the others notice nothing."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import jwt
import msgspec
import pytest
import websockets

from backend.demo.cast import SEVER
from protocol import board_samples, commands, dialer_samples, samples
from tests.integration.house.single import (
    AMO,
    AMO_ACCOUNT,
    AMO_CLIENT,
    AMO_SECRET,
    PORTAL,
    Single,
    single,
)
from tests.integration.house.tab import Tab
from tests.integration.house.town import CUSTOMER, ORIGIN, eventually

EVIL = "https://evil.example"


@pytest.fixture
async def house(database_url: str, tmp_path: Path) -> AsyncIterator[Single]:
    async with single(database_url, tmp_path) as made:
        yield made


@pytest.fixture
async def bystander(house: Single) -> AsyncIterator[Tab]:
    """Somebody at work. Afterwards their socket is the same one and still does what it is asked."""
    async with await house.tab("sever-102") as tab:
        yield tab
        await works(tab)


def _has(tab: Tab, status: str) -> bool:
    return bool(tab.state["me"]["status"]["status"] == status)


async def works(tab: Tab) -> None:
    for status in ("break", "available"):
        await tab.done("status.set", status=status)
        await eventually(partial(_has, tab, status))
    assert tab.close_code is None
    assert [s["reset"] for s in tab.starts].count(True) == 0


@pytest.fixture
async def http(house: Single) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=house.http) as client:
        yield client


async def said(house: Single, *frames: str | bytes, origin: str | None = ORIGIN) -> list[Any]:
    """What a socket answers until it is closed; last, the code. The first frame is answered before
    the others are sent."""
    answers: list[Any] = []
    async with websockets.connect(
        house.ws, origin=websockets.Origin(origin) if origin else None, compression=None,
        ping_interval=None, max_size=None, close_timeout=2,
    ) as socket:  # fmt: skip
        try:
            for number, frame in enumerate(frames):
                if number == 1:
                    answers.append(json.loads(await socket.recv()))
                await socket.send(frame)
            async with asyncio.timeout(10):
                while True:
                    answers.append(json.loads(await socket.recv()))
        except websockets.ConnectionClosed:
            pass
        return [*answers, socket.close_code]


def hello(ticket: str, **more: Any) -> str:
    frame = {"type": "hello", "ticket": ticket, "protocol": 1, "features": [], **more}
    return msgspec.json.encode(frame).decode()


def ancestors(answer: httpx.Response) -> str:
    policy = answer.headers["content-security-policy"]
    return str(policy.split("frame-ancestors ")[1])


# ── pages ────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("page", ["/bitrix24/app", "/bitrix24/worker"])
@pytest.mark.parametrize(
    "domain", ["evil.example", "", "sever.bitrix24.ru.evil.example", "sever.bitrix24.ru *",
               "sever.bitrix24.ru;frame-ancestors *", "*.bitrix24.ru"],
)  # fmt: skip
async def test_a_portal_nobody_connected_gets_no_page_and_may_frame_nothing(
    http: httpx.AsyncClient, bystander: Tab, page: str, domain: str
) -> None:
    forged = {"AUTH_ID": "0" * 70, "member_id": "f" * 32, "PLACEMENT": "DEFAULT"}
    answer = await http.post(page, params={"DOMAIN": domain, "PROTOCOL": "1"}, data=forged)
    assert (answer.status_code, ancestors(answer)) == (403, "'none'")
    assert "<script" not in answer.text


async def test_a_page_may_be_framed_by_its_own_crm_alone(
    house: Single, http: httpx.AsyncClient
) -> None:
    domain = PORTAL.removeprefix("https://")
    known = await http.get("/bitrix24/app", params={"DOMAIN": domain, "PROTOCOL": "1"})
    assert (known.status_code, ancestors(known)) == (200, PORTAL)
    # http is another origin than the one that was connected.
    plain = await http.get("/bitrix24/app", params={"DOMAIN": domain, "PROTOCOL": "0"})
    assert (plain.status_code, ancestors(plain)) == (403, "'none'")
    panel = await http.get("/widget/amocrm", params={"origin": AMO})
    assert (panel.status_code, ancestors(panel)) == (200, AMO)
    for origin in (EVIL, "null", "", f"{AMO} {EVIL}", f"{AMO}.evil.example"):
        answer = await http.get("/widget/amocrm", params={"origin": origin})
        assert (answer.status_code, ancestors(answer)) == (403, "'none'"), origin


async def test_what_a_launch_posts_stays_data(http: httpx.AsyncClient) -> None:
    domain = PORTAL.removeprefix("https://")
    evil = "</script><script>alert(1)</script>"
    answer = await http.post(
        "/bitrix24/app",
        params={"DOMAIN": domain, "PROTOCOL": "1", "LANG": '"><script>'},
        data={"PLACEMENT": evil, "PLACEMENT_OPTIONS": json.dumps({"x": evil}), "AUTH_ID": evil},
    )
    assert answer.status_code == 200
    assert "<script>" not in answer.text
    assert "alert(1)</script>" not in answer.text


# ── signing on ───────────────────────────────────────────────────────────────────────────────


def code(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


@pytest.mark.feature("W16")
async def test_a_forged_launch_opens_no_session(
    house: Single, http: httpx.AsyncClient, bystander: Tab
) -> None:
    member = house.portal.config.member_id
    good = house.portal.tokens.issue(2).access_token

    async def ask(**body: Any) -> httpx.Response:
        return await http.post("/api/bitrix24/session", json=body)

    assert code(await ask(auth_id="0" * 70, member_id=member)) == (401, "bad_proof")
    assert code(await ask(auth_id=good, member_id="f" * 32)) == (401, "bad_proof")
    assert code(await ask(auth_id=good)) == (400, "bad_request")
    assert code(await ask(auth_id="x" * 9000, member_id=member)) == (400, "bad_request")
    assert code(await ask(auth_id={"$gt": ""}, member_id=member)) == (400, "bad_request")
    assert code(await ask(auth_id=good, member_id="\0")) == (400, "bad_request")
    huge = await http.post("/api/bitrix24/session", content=b"[" * 1_000_000)
    assert code(huge) == (400, "bad_request")
    foreign = await http.post(
        "/api/bitrix24/session",
        json={"auth_id": good, "member_id": member},
        headers={"Origin": EVIL},
    )
    assert code(foreign) == (403, "not_allowed")
    lost = await http.get(
        "/api/bitrix24/call",
        params={"id": "\0"},
        headers={"Authorization": f"Bearer {await house.token('sever-101')}"},
    )
    assert code(lost) == (400, "bad_request")
    # Not everything is refused: the same proof from our own page is good.
    assert (await ask(auth_id=good, member_id=member)).status_code == 200


@pytest.mark.feature("W16")
async def test_a_forged_amocrm_token_opens_no_session(
    http: httpx.AsyncClient, bystander: Tab
) -> None:
    now = int(time.time())
    claims = {
        "iss": AMO, "aud": ORIGIN, "jti": "1", "iat": now, "nbf": now, "exp": now + 1800,
        "account_id": int(AMO_ACCOUNT), "user_id": 2, "client_uuid": AMO_CLIENT,
    }  # fmt: skip

    async def ask(token: str, origin: str = AMO) -> httpx.Response:
        return await http.post(
            "/api/amocrm/session", headers={"Origin": origin, "X-Auth-Token": token}
        )

    def signed(secret: str = AMO_SECRET, **changes: Any) -> str:
        return jwt.encode({**claims, **changes}, secret, algorithm="HS256")

    for token in (
        signed("another-secret-of-the-same-good-length"),
        jwt.encode(claims, "", algorithm="none"),
        signed(exp=now - 3600, iat=now - 5400),
        signed(aud=EVIL),
        signed(client_uuid="another"),
        signed(account_id=1),
        "no.token.atall",
        "",
    ):
        assert code(await ask(token)) == (401, "bad_proof"), token
    assert code(await ask(signed(), EVIL)) == (401, "bad_proof")
    assert code(await ask(signed(), PORTAL)) == (401, "bad_proof")
    assert (await ask(signed())).status_code == 200


# ── sockets ──────────────────────────────────────────────────────────────────────────────────


async def test_a_ticket_opens_one_socket_and_lives_half_a_minute(
    house: Single, bystander: Tab
) -> None:
    ticket = await house.ticket()
    async with websockets.connect(house.ws, origin=websockets.Origin(ORIGIN)) as socket:
        await socket.send(hello(ticket))
        assert json.loads(await socket.recv())["type"] == "welcome"
        assert await said(house, hello(ticket)) == [4010]
    late = await house.ticket()
    house.clock.ahead_s += 31
    assert await said(house, hello(late)) == [4010]
    assert await said(house, hello("no-such-ticket-at-all")) == [4010]


async def test_a_foreign_page_gets_no_socket(house: Single, bystander: Tab) -> None:
    for origin in (EVIL, None, "null", "http://sever.bitrix24.ru", f"{ORIGIN}.evil.example"):
        with pytest.raises(websockets.InvalidStatus) as refused:
            await said(house, hello(await house.ticket()), origin=origin)
        assert refused.value.response.status_code == 403, origin
    # A page of some CRM account may knock; a ticket of another account lets it no further.
    for origin in ("https://other.bitrix24.ru", AMO):
        assert await said(house, hello(await house.ticket()), origin=origin) == [4501]


async def test_what_is_no_frame_closes_the_socket(house: Single, bystander: Tab) -> None:
    async def after_hello(frame: str | bytes) -> Any:
        answers = await said(house, hello(await house.ticket()), frame)
        assert answers[0]["type"] == "welcome"
        return answers[-1]

    megabyte = json.dumps({"type": "status.set", "id": "big-00001", "reason": "x" * 1_000_000})
    assert await after_hello(megabyte) == 4012
    assert await after_hello("x" * 3_000_000) == 1009
    for frame in (
        "{",
        "[]",
        "null",
        "",
        '{"type":1}',
        b"\xff\xfe\x00",
        "[" * 60_000,
        hello("x" * 20),
    ):
        assert await after_hello(frame) == 4012, frame[:20]
    assert await said(house, megabyte) == [4012]
    assert await said(house, '{"type":"call.answer","id":"early-0001"}') == [4012]
    assert await said(house, hello(await house.ticket(), protocol=99)) == [4502]
    assert await said(house, hello(await house.ticket(), protocol="1")) == [4012]


async def test_text_that_is_none_is_refused_by_name(house: Single, bystander: Tab) -> None:
    bad = b'{"type":"status.set","id":"binary-001","status":"away","reason":"\xff"}'
    answers = await said(house, hello(await house.ticket("sever-101")), bad, "null")
    assert [a["error"]["code"] for a in answers[1:-1]] == ["bad_request"]
    assert answers[-1] == 4012


async def test_an_unknown_or_malformed_command_is_answered_and_the_session_goes_on(
    house: Single, bystander: Tab
) -> None:
    async with await house.tab("sever-101") as tab:
        for tag, fields, refused in (
            ("call.sing", {}, "unknown_command"),
            ("__proto__", {}, "unknown_command"),
            ("call.answer", {}, "bad_request"),
            ("call.hold", {"call_id": "x", "on": "yes"}, "bad_request"),
            ("call.dial", {"target": "+7'; DROP TABLE calls"}, "bad_request"),
            ("history.list", {"limit": 10**9}, "bad_request"),
            ("history.list", {"before": "\u0000'\""}, "bad_request"),
            ("status.set", {"status": "away", "reason": "\0"}, "bad_request"),
            ("stream.subscribe", {"stream": "me:demo-vektor:vektor-101"}, "bad_request"),
            ("stream.unsubscribe", {"stream": "me"}, "not_allowed"),
        ):  # fmt: skip
            reply = await tab.ask(tag, **fields)
            assert (reply["ok"], reply["error"]["code"]) == (False, refused), (tag, reply)
        await works(tab)


async def test_another_accounts_call_does_not_exist(house: Single) -> None:
    """Every command that names a call, asked by somebody of another account."""
    every = (*samples.COMMANDS, *dialer_samples.COMMANDS, *board_samples.COMMANDS)
    asked = [one for one in every if "call_id" in one.__struct_fields__]
    assert {type(one) for one in asked} == {
        kind for kind in commands.COMMANDS if "call_id" in kind.__struct_fields__
    }
    async with await house.tab("sever-101") as owner, await house.tab("vektor-101") as stranger:
        house.switch.place_call(CUSTOMER, SEVER.virtual_number)
        card = await owner.until(my_leg="ringing")
        for sample in asked:
            fields = msgspec.to_builtins(sample) | {"call_id": card["call_id"]}
            tag = fields.pop("type")
            del fields["id"]
            reply = await stranger.ask(tag, **fields)
            assert (reply["ok"], reply["error"]["code"]) == (False, "not_found"), tag
        assert stranger.cards == []
        assert owner.card == card
        assert (await stranger.done("history.list"))["entries"] == []


@pytest.mark.slow
async def test_ten_thousand_commands_a_second_harm_only_who_sends_them(
    house: Single, bystander: Tab
) -> None:
    slowest = 0.0
    flooding = True

    async def work() -> None:
        nonlocal slowest
        while flooding:
            began = time.monotonic()
            await bystander.done("status.set", status="break")
            slowest = max(slowest, time.monotonic() - began)
            await asyncio.sleep(0.1)

    working = asyncio.create_task(work())
    frames = [hello(await house.ticket("sever-101"))]
    frames += [
        f'{{"type":"status.set","id":"flood-{n:05d}","status":"away"}}' for n in range(10_000)
    ]
    answers = await said(house, *frames)
    flooding = False
    await working
    assert answers[-1] == 4011
    refused = [a["error"]["code"] for a in answers[:-1] if a["type"] == "reply" and not a["ok"]]
    assert set(refused) == {"too_many"}
    done = [a for a in answers[:-1] if a["type"] == "reply" and a["ok"]]
    assert len(done) <= 100
    assert slowest < 2.0


async def test_sockets_without_a_ticket_are_capped_per_address(
    house: Single, bystander: Tab
) -> None:
    most = house.base.settings.max_unauthenticated
    async with AsyncExitStack() as stack:
        for _ in range(most):
            await stack.enter_async_context(
                websockets.connect(house.ws, origin=websockets.Origin(ORIGIN), close_timeout=1)
            )
        for _ in range(60 - most):
            with pytest.raises(websockets.InvalidStatus):
                await websockets.connect(house.ws, origin=websockets.Origin(ORIGIN))
        # Who is in stays in.
        await works(bystander)
    async with await house.tab("sever-101") as tab:
        await works(tab)
