"""The demo on a running Asterisk, where the environment names one: browsers and a real trunk."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator

import pytest
from playwright.async_api import Browser, Locator, expect

from tests.contract.asterisk.place import place
from tests.contract.asterisk.provider import Line, Provider, provider
from tests.e2e.amo import Operator, until
from tests.e2e.demo import ELENA, ILYA, MARIA, PAVEL, VEKTOR, Demo, running_demo
from tests.e2e.voice import (
    HEARD_DB,
    hears_them,
    is_phone,
    talking_browser,
    with_headset,
)

PLACE = place()
NAME = "Елена Морозова"
MUSIC_DB = -45.0
RESCUED_WITHIN_S = 5.0
TOLD_WITHIN_S = 1.0

if PLACE is not None:
    pytestmark = pytest.mark.browser

    @pytest.fixture(scope="module")
    def real(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
        assert PLACE is not None
        settings = {
            "DOZVON_ARI_URL": PLACE.url,
            "DOZVON_ARI_USER": PLACE.user,
            "DOZVON_ARI_PASSWORD": PLACE.password,
        }
        with running_demo(tmp_path_factory.mktemp("real"), **settings) as demo:
            yield demo

    @pytest.fixture
    async def headsets(chromium: str) -> AsyncIterator[Browser]:
        async with talking_browser(chromium) as browser:
            yield browser

    @pytest.fixture
    async def net() -> AsyncIterator[Provider]:
        assert PLACE is not None
        async with provider(PLACE.sip, PLACE.provider_port) as made:
            yield made

    async def is_heard(line: Line) -> None:
        await line.sound.until(lambda sound: sound.loudest_db > HEARD_DB, "the operator")

    async def answered(caller: Line, card: Locator, operator: Operator) -> None:
        await card.get_by_role("button", name="Ответить").click()
        await is_heard(caller)
        await hears_them(operator.tab.frame())

    async def test_calls_in_and_out_hold_keys_reload_and_hand_over(
        real: Demo, headsets: Browser, net: Provider
    ) -> None:
        async with with_headset(real, headsets, ILYA) as ilya:
            await is_phone(ilya.tab)
            caller = await net.call(ELENA, VEKTOR)
            card = ilya.tab.card(NAME)
            await answered(caller, card, ilya)

            await card.get_by_role("button", name="Удержать").click()
            await caller.sound.until(
                lambda sound: sound.level_db > MUSIC_DB and sound.loudest_db < HEARD_DB, "music"
            )
            await card.get_by_role("button", name="Вернуться").click()
            await is_heard(caller)

            await card.press("Alt+K")
            pad = card.get_by_role("group", name="Клавиши набора")
            await pad.press_sequentially("15")
            await until(lambda: caller.sound.keys == "15", "the keys are heard")
            await pad.press("Escape")

            began = time.monotonic()
            await ilya.tab.page.reload()
            await caller.sound.until(lambda sound: sound.loudest_db < HEARD_DB, "music")
            await is_heard(caller)
            assert time.monotonic() - began < RESCUED_WITHIN_S
            await hears_them(ilya.tab.frame())

            async with with_headset(real, headsets, MARIA) as maria:
                await is_phone(maria.tab)
                await card.get_by_role("button", name="Перевести (Alt+T)").click()
                await card.get_by_role("searchbox", name="Имя, отдел").fill("Мария")
                await card.get_by_role("button", name="Перевести сразу: Мария").click()
                offered = maria.tab.card(NAME)
                await answered(caller, offered, maria)
                await expect(ilya.tab.cards).to_have_count(0, timeout=10_000)
                began = time.monotonic()
                caller.hang_up()
                await expect(offered.get_by_text("Разговор", exact=True)).to_have_count(0)
                assert time.monotonic() - began < TOLD_WITHIN_S
                await maria.tab.put_cards_away()

            await ilya.tab.panel.get_by_label("Номер").fill(PAVEL)
            await ilya.tab.panel.get_by_label("Номер").press("Enter")
            called = await asyncio.wait_for(net.rung.get(), 15)
            assert VEKTOR in (called.invite.headers.get("P-Asserted-Identity") or "")
            called.ring()
            called.pick_up()
            await is_heard(called)
            await hears_them(ilya.tab.frame())
            await ilya.tab.button("Завершить").click()
            await called.wait(called.ended)
