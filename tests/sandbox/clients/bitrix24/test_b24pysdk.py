"""The vendor's own Python client, as it is, against the portal under the vendor's names.

It takes nothing but https, follows no redirect, insists on `result` and `time`, raises on any
`error` and refreshes at an authorization server whose name is written into it.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

import pytest
import requests
from b24pysdk import Config
from b24pysdk.credentials import (
    BitrixApp,
    BitrixToken,
    BitrixWebhook,
    OAuthEventData,
    OAuthPlacementData,
)
from b24pysdk.errors import (
    BitrixAPIAccessDenied,
    BitrixAPIError,
    BitrixAPIExpiredToken,
    BitrixAPIInsufficientScope,
    BitrixAPIOperationTimeLimit,
    BitrixAPIUserAccessError,
    BitrixAPIWrongAuthType,
    BitrixResponseJSONDecodeError,
)
from b24pysdk.errors.oauth import BitrixOAuthInvalidClient, BitrixOAuthInvalidGrant

from backend.sandbox.bitrix24.config import VENDOR_HOST
from backend.sandbox.bitrix24.launch import launch

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.sandbox.clients.bitrix24.conftest import World


async def blocking(act: Callable[[], Any]) -> Any:
    """What the client answers from a thread of its own, with short waits between its tries."""

    def run() -> Any:
        # The client keeps its configuration per thread.
        Config().configure(
            default_initial_retry_delay=0.02,
            default_retry_delay_increment=0.01,
            default_max_retries=4,
        )
        return act()

    return await asyncio.to_thread(run)


def application(world: World, secret: str | None = None) -> BitrixApp:
    known = world.portal.config.application
    return BitrixApp(client_id=known.client_id, client_secret=secret or known.client_secret)


def placement(world: World, user_id: int = 1) -> dict[str, Any]:
    """What a page of ours is posted when the portal opens it, query and body together."""
    portal = world.portal
    opened = launch(
        portal,
        portal.users[user_id],
        code="DEFAULT",
        handler="",
        options={"URI": "/crm/"},
        language="ru",
        at=portal.config.at(VENDOR_HOST),
    )
    fields: dict[str, Any] = opened["fields"]
    return dict(parse_qsl(urlsplit(opened["url"]).query)) | fields


def token(world: World, user_id: int = 1) -> BitrixToken:
    data = OAuthPlacementData.from_dict(placement(world, user_id))
    return BitrixToken.from_oauth_placement_data(data, application(world))


async def test_a_launch_is_parsed_and_proved_against_the_authorization_server(
    world: World,
) -> None:
    data = OAuthPlacementData.from_dict(placement(world, 2))
    info = await blocking(lambda: data.get_app_info(application(world)))
    assert data.validate_against_app_info(info) is True
    assert (info.user_id, info.install.member_id) == (2, world.portal.config.member_id)
    assert info.client_id == world.portal.config.application.client_id
    forged = placement(world) | {"DOMAIN": "other.bitrix24.ru"}
    with pytest.raises(OAuthPlacementData.ValidationError):
        OAuthPlacementData.from_dict(forged).validate_against_app_info(info)


async def test_a_code_becomes_a_pair_and_the_pair_is_refreshed(world: World) -> None:
    app = application(world)

    def granted() -> Any:
        answer = requests.get(
            f"https://{VENDOR_HOST}/oauth/authorize/",
            params={"client_id": app.client_id, "state": "s", "sandbox_user": "3"},
            allow_redirects=False,
            timeout=10,
        )
        back = parse_qs(urlsplit(answer.headers["location"]).query)
        first = app.get_oauth_token(back["code"][0])
        second = app.refresh_oauth_token(first.oauth_token.refresh_token)
        return back, first, second

    back, first, second = await blocking(granted)
    assert back["domain"] == [VENDOR_HOST]
    assert (first.portal_domain, first.user_id) == (VENDOR_HOST, 3)
    assert first.server_endpoint == "https://oauth.bitrix.info/rest/"
    assert second.oauth_token.refresh_token != first.oauth_token.refresh_token
    # The used one is worth nothing, and neither is another's secret.
    with pytest.raises(BitrixOAuthInvalidGrant):
        await blocking(lambda: app.refresh_oauth_token(first.oauth_token.refresh_token))
    wrong = application(world, "wrong")
    with pytest.raises(BitrixOAuthInvalidClient):
        await blocking(lambda: wrong.refresh_oauth_token(second.oauth_token.refresh_token))


async def test_an_expired_token_is_refreshed_on_the_way(world: World) -> None:
    mine = token(world, 2)
    before = mine.auth_token
    world.portal.tokens.expire_all()
    answer = await blocking(lambda: mine.call_method("user.current"))
    assert answer["result"]["ID"] == "2"
    assert mine.auth_token != before
    assert world.portal.tokens.refreshes == {2: 1}
    hook = BitrixWebhook(
        domain=VENDOR_HOST,
        webhook_token=f"{world.portal.config.webhook_user_id}/{world.portal.config.webhook_secret}",
    )
    world.portal.faults.expired_tokens = 1
    one_off = BitrixToken(
        domain=VENDOR_HOST, auth_token=mine.auth_token, bitrix_app=application(world)
    )
    with pytest.raises(BitrixAPIExpiredToken):
        await blocking(lambda: one_off.call_method("user.current"))
    with pytest.raises(BitrixAPIWrongAuthType):
        await blocking(lambda: hook.call_method("event.get"))
    assert (await blocking(lambda: hook.call_method("user.admin")))["result"] is True


async def test_lists_are_read_to_the_last_of_1200_rows(world: World) -> None:
    mine = token(world)
    read = await blocking(
        lambda: mine.call_list("crm.contact.list", {"select": ["ID"], "order": {"ID": "ASC"}})
    )
    assert [int(row["ID"]) for row in read["result"]] == list(range(1, 1201))
    fast = await blocking(
        lambda: list(mine.call_list_fast("crm.contact.list", {"select": ["ID"]})["result"])
    )
    assert len({row["ID"] for row in fast}) == 1200
    few = await blocking(lambda: mine.call_list("crm.item.list", {"entityTypeId": 3}, limit=70))
    rows = few["result"]["items"] if isinstance(few["result"], dict) else few["result"]
    assert len(rows) == 70


async def test_the_typed_client_finds_its_way(world: World) -> None:
    client = token(world).get_client()

    def act() -> tuple[Any, Any, Any]:
        contact = client.crm.contact.get(bitrix_id=1).result
        deals = client.crm.deal.list(filter={"CONTACT_ID": 1}, order={"ID": "ASC"}).result
        return contact, deals, client.department.get().result

    contact, deals, departments = await blocking(act)
    assert contact["PHONE"][0]["VALUE"] == "+7 (916) 123-45-01"
    assert [deal["ID"] for deal in deals] == ["1", "2", "3"]
    assert departments[0]["UF_HEAD"] == "1"


async def test_a_batch_refers_to_results_and_survives_a_failing_command(world: World) -> None:
    mine = token(world)
    commands = {
        "deal": ("crm.deal.get", {"id": 1}),
        "contact": ("crm.contact.get", {"id": "$result[deal][CONTACT_ID]"}),
        "nobody": ("crm.contact.get", {"id": 999999}),
        "page": ("crm.contact.list", {"filter": {">ID": "$result[contact][ID]"}}),
    }
    answer = (await blocking(lambda: mine.call_batch(commands)))["result"]
    assert answer["result"]["contact"]["LAST_NAME"] == "Морозова"
    assert answer["result_error"]["nobody"]["error_description"] == "Not found"
    assert "nobody" not in answer["result"]
    assert (answer["result_total"]["page"], answer["result_next"]["page"]) == (1199, 50)
    assert set(answer["result_time"]) == {"deal", "contact", "page"}
    stopped = (await blocking(lambda: mine.call_batch(commands, halt=True)))["result"]
    assert "page" not in stopped["result"]
    many = [("crm.contact.get", {"id": number}) for number in range(1, 121)]
    rows = (await blocking(lambda: mine.call_batches(many)))["result"]["result"]
    assert len(rows) == 120


async def test_a_burst_of_503_is_waited_out_and_other_errors_are_typed(world: World) -> None:
    mine, faults = token(world), world.portal.faults
    faults.burst_503 = 3
    assert (await blocking(lambda: mine.call_method("profile")))["result"]["ID"] == "1"
    assert faults.burst_503 == 0
    for values, error in (
        ({"blocked_methods": ["profile"]}, BitrixAPIOperationTimeLimit),
        ({"no_plan": True}, BitrixAPIAccessDenied),
        ({"closed_for": [1]}, BitrixAPIUserAccessError),
        ({"errors_200": 1}, BitrixAPIError),
        ({"html_502": 1}, BitrixResponseJSONDecodeError),
        ({"half_answers": 1}, BitrixResponseJSONDecodeError),
    ):
        faults.update(values)
        with pytest.raises(error):
            await blocking(lambda: mine.call_method("profile"))
        faults.clear()
    world.portal.config.application.scopes = ("user",)
    with pytest.raises(BitrixAPIInsufficientScope):
        await blocking(lambda: mine.call_method("crm.deal.list"))


async def test_a_renamed_portal_is_followed(world: World) -> None:
    mine = token(world)
    world.portal.faults.moved_to = "https://renamed.bitrix24.ru"
    assert (await blocking(lambda: mine.call_method("profile")))["result"]["ID"] == "1"
    assert mine.domain == "renamed.bitrix24.ru"


async def test_events_are_what_its_parser_expects(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    portal, sent = world.portal, []
    monkeypatch.setattr(portal.events, "post", lambda event, url, body: sent.append(body))
    portal.events.bind("ONCRMDEALUPDATE", "https://app.test/e", 0, offline=False)
    portal.events.bind("ONAPPUNINSTALL", "https://app.test/e", 0, offline=False)
    mine = token(world, 2)
    await blocking(
        lambda: mine.call_method("crm.deal.update", {"id": 1, "fields": {"TITLE": "Новое"}})
    )
    portal.uninstall(clean=True)
    deal, gone = (OAuthEventData.from_dict(dict(parse_qsl(body))) for body in sent)
    assert (deal.event, deal.data) == ("ONCRMDEALUPDATE", {"FIELDS": {"ID": "1"}})
    assert (deal.auth.user_id, deal.auth.member_id) == (2, portal.config.member_id)
    assert gone.is_system
    assert gone.data == {"LANGUAGE_ID": "ru", "CLEAN": "1"}


async def test_a_call_is_registered_shown_finished_and_recorded(world: World) -> None:
    mine = token(world)

    def act() -> Any:
        call = mine.call_method(
            "telephony.externalCall.register",
            {"USER_ID": 2, "PHONE_NUMBER": "+79161234501", "TYPE": 2, "SHOW": 0},
        )["result"]
        asked = {"CALL_ID": call["CALL_ID"], "USER_ID": [2, 3]}
        assert mine.call_method("telephony.externalCall.show", asked)["result"] is True
        done = mine.call_method(
            "telephony.externalCall.finish",
            {"CALL_ID": call["CALL_ID"], "USER_ID": 2, "DURATION": 7},
        )["result"]
        record = mine.call_method(
            "telephony.externalCall.attachRecord",
            {"CALL_ID": call["CALL_ID"], "FILENAME": "a.mp3", "FILE_CONTENT": "aGk="},
        )["result"]
        with pytest.raises(BitrixAPIError, match="Call is not found"):
            mine.call_method(
                "telephony.externalCall.finish", {"CALL_ID": call["CALL_ID"], "USER_ID": 2}
            )
        return done, record

    done, record = await blocking(act)
    assert done["CRM_ENTITY_TYPE"] == "CONTACT"
    assert record["FILE_ID"] > 0


async def test_binding_a_placement_twice_is_an_error_under_status_200(world: World) -> None:
    mine = token(world)
    worker = {
        "PLACEMENT": "PAGE_BACKGROUND_WORKER",
        "HANDLER": "https://app.test/worker",
        "OPTIONS": {"errorHandlerUrl": "https://app.test/error"},
    }
    assert (await blocking(lambda: mine.call_method("placement.bind", worker)))["result"] is True
    with pytest.raises(BitrixAPIError) as caught:
        await blocking(lambda: mine.call_method("placement.bind", worker))
    assert caught.value.error == "ERROR_PLACEMENT_MAX_COUNT"
