"""Two tabs of one person and what happens to them: one of them is the phone, it rings once, the
talk is heard both ways, and the phone is where it should be (M14, R6)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import pytest

from tests.e2e.amo import phone_is, until
from tests.e2e.cdp import Devtools
from tests.e2e.demo import ELENA, ILYA, VEKTOR, Demo
from tests.e2e.rawtabs import (
    RawTab,
    allow_microphone,
    headset_browser,
    lock_owner,
    locks_held,
    open_panel,
)
from tests.e2e.storage import Storage
from tests.e2e.voice import READY, is_heard

pytestmark = pytest.mark.browser
LINE, DESK = "vektor-b101", "vektor-101"
ELSEWHERE = "Голос в другой вкладке"
LOCKS = ("dozvon.phone:demo-vektor:vektor-101",)
SILENT = "Браузер не даёт этой вкладке звучать"


@dataclass
class Scene:
    demo: Demo
    browser: Devtools
    tabs: list[RawTab]
    """Those that run; the first one is the phone."""
    asleep: list[RawTab] = field(default_factory=list)

    def line(self) -> dict[str, Any]:
        lines = self.demo.switch_state()["lines"]
        return next(dict(one) for one in lines if one["username"] == LINE)

    async def phone_is_in(self, tab: RawTab) -> None:
        await tab.says(READY)
        await until(lambda: self.line()["registered"], "the line is registered")
        assert len(self.line()["contacts"]) == 1
        for other in self.tabs:
            if other is not tab:
                await other.says(ELSEWHERE)

    async def talk(self, phone: RawTab, button: RawTab) -> None:
        """A call rings once, is answered in `button` and heard in `phone`, and nowhere else."""
        before = [await tab.tones() for tab in self.tabs]
        who = self.demo.call(ELENA, VEKTOR)
        await until(lambda: self.line()["calls"], "the line rings")
        for _ in range(100):
            rung = [tab for tab, n in zip(self.tabs, before, strict=True) if await tab.tones() > n]
            if rung:
                break
            await asyncio.sleep(0.05)
        assert len(rung) == 1
        await button.press("Ответить")
        await is_heard(self.demo, who)
        await phone.hears_them()
        assert len(self.line()["calls"]) == 1
        assert [await tab.has_voice() for tab in self.tabs] == [tab is phone for tab in self.tabs]
        await button.press("Завершить")
        await until(lambda: not self.demo.switch_state()["channels"], "everybody hung up")


async def visible(scene: Scene) -> None:
    """Both are in sight, and the older one keeps it."""
    for tab in scene.tabs:
        await scene.browser.until_value(tab.page, "document.hidden", False)


async def brought(scene: Scene) -> None:
    """The person brings it to the other one, which takes the lock from the first."""
    first, second = scene.tabs
    before = await lock_owner(scene.browser, first.frame)
    await second.press("Перенести звук сюда")
    scene.tabs.reverse()
    await scene.phone_is_in(second)
    assert await lock_owner(scene.browser, first.frame) != before


async def hidden(scene: Scene) -> None:
    await scene.browser.until_value(scene.tabs[0].page, "document.hidden", True)


async def frozen(scene: Scene) -> None:
    """Its scripts stand still, and what they missed reaches them later."""
    await scene.tabs[0].lives("frozen")
    scene.asleep.append(scene.tabs.pop(0))


async def closed(scene: Scene) -> None:
    await scene.tabs.pop(0).close()


@dataclass(frozen=True)
class Row:
    happens: Callable[[Scene], Awaitable[None]]
    window: bool = False
    """The second tab is in a window of its own."""
    storage: Storage = "shared"
    locks: object = LOCKS
    """What the panel sees of them."""
    outside: object = None
    """What a page of ours in no CRM sees of them, where that is looked at."""
    told: str = READY
    """What the panel says, besides."""


ROWS: Final = {
    "visible": Row(visible, window=True),
    "two windows": Row(brought, window=True),
    "hidden": Row(hidden),
    "frozen": Row(frozen),
    "leader closed, storage shared": Row(closed, outside=LOCKS),
    "storage partitioned": Row(closed, storage="partitioned", outside=()),
    "storage blocked": Row(
        closed, storage="blocked", locks="SecurityError", told="запрещает хранить данные"
    ),
}


@pytest.mark.feature("W9")
@pytest.mark.parametrize("name", ROWS)
async def test_one_tab_is_the_phone(demo: Demo, chromium: str, tmp_path: Path, name: str) -> None:
    row = ROWS[name]
    async with headset_browser(demo, chromium, tmp_path, storage=row.storage) as browser:
        first = await open_panel(demo, browser, ILYA)
        await first.says(READY)
        second = await open_panel(demo, browser, ILYA, window=row.window)
        scene = Scene(demo, browser, [first, second])
        await scene.phone_is_in(first)
        await first.says(row.told)
        assert await locks_held(browser, first.frame) == row.locks
        if row.outside is not None:
            _, page = await browser.open(f"{demo.app}/health/live")
            await browser.until_value(page, "location.pathname", "/health/live")
            assert await locks_held(browser, page) == row.outside

        await row.happens(scene)
        phone = scene.tabs[0]
        await scene.phone_is_in(phone)
        await scene.talk(phone, button=second)
        for tab in scene.asleep:
            await tab.lives("active")
            scene.tabs.append(tab)
        await scene.phone_is_in(phone)


@pytest.mark.feature("W10")
async def test_without_the_microphone_no_tab_is_the_phone_and_the_desk_phone_rings(
    demo: Demo, chromium: str, tmp_path: Path
) -> None:
    async with headset_browser(demo, chromium, tmp_path) as browser:
        tabs = [await open_panel(demo, browser, ILYA), await open_panel(demo, browser, ILYA)]
        scene = Scene(demo, browser, tabs)
        await scene.phone_is_in(tabs[0])
        await allow_microphone(demo, browser, False)
        for tab in tabs:
            await tab.says("Микрофон запрещён")
        await until(lambda: not scene.line()["registered"], "the line is given back")
        who = demo.call(ELENA, VEKTOR)
        await phone_is(demo, DESK, "RINGING")
        demo.phone(DESK, "pickup")
        await phone_is(demo, DESK, "INUSE")
        assert scene.line()["calls"] == []
        demo.customer(who, "hangup")


@pytest.mark.feature("W10")
async def test_without_a_headset_the_panel_asks_for_one(
    demo: Demo, chromium: str, tmp_path: Path
) -> None:
    async with headset_browser(demo, chromium, tmp_path, headset=False) as browser:
        tab = await open_panel(demo, browser, ILYA)
        await tab.says("Микрофон не найден")
        assert not Scene(demo, browser, [tab]).line()["registered"]


@pytest.mark.feature("W10")
async def test_a_tab_that_may_not_sound_says_so_and_is_the_phone_after_a_press(
    demo: Demo, chromium: str, tmp_path: Path
) -> None:
    async with headset_browser(demo, chromium, tmp_path, autoplay=False) as browser:
        tab = await open_panel(demo, browser, ILYA)
        await tab.says(SILENT)
        scene = Scene(demo, browser, [tab])
        who = demo.call(ELENA, VEKTOR)
        await phone_is(demo, DESK, "RINGING")
        assert scene.line()["calls"] == []
        assert await tab.tones() == 0
        demo.customer(who, "hangup")
        await tab.press("Включить звук", gesture=True)
        await scene.phone_is_in(tab)
        await scene.talk(tab, button=tab)
