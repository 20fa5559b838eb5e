"""What the page of a talk goes through: a reload while it rings, another network in the middle."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.e2e.amo import customer, until
from tests.e2e.demo import ELENA, ILYA, VEKTOR, Demo
from tests.e2e.rawtabs import headset_browser, open_panel, reloaded
from tests.e2e.voice import HEARD_DB, READY, is_heard, sound

pytestmark = pytest.mark.browser
LINE = "vektor-b101"
WAYS = """
window.peers.map((peer) => /a=ice-ufrag:(\\S+)/.exec(peer.localDescription.sdp)[1]).join()
"""
"""By what each talk's addresses are known to the other side: a new one, after an ICE restart."""


def channels(demo: Demo, line: str = LINE) -> list[str]:
    lines = demo.switch_state()["lines"]
    return next(list(one["calls"]) for one in lines if one["username"] == line)


@pytest.mark.feature("W9")
async def test_a_page_reloaded_while_it_rings_rings_again_and_answers(
    demo: Demo, chromium: str, tmp_path: Path
) -> None:
    async with headset_browser(demo, chromium, tmp_path) as browser:
        tab = await open_panel(demo, browser, ILYA)
        await tab.says(READY)
        who = demo.call(ELENA, VEKTOR)
        first = await until(lambda: channels(demo), "the line rings")
        await tab.says("Входящий звонок")
        tab = await reloaded(tab)
        await tab.says("Входящий звонок")
        assert customer(demo, who)["hears"] == "ringing"
        await until(lambda: channels(demo) not in ([], first), "the line rings anew")
        await tab.press("Ответить")
        await is_heard(demo, who)
        await tab.hears_them()
        assert len(demo.switch_state()["channels"]) == 2
        await tab.press("Завершить")
        await until(lambda: not demo.switch_state()["channels"], "everybody hung up")


@pytest.mark.feature("W1")
async def test_after_a_change_of_network_the_talk_is_heard_again_by_new_ways(
    demo: Demo, chromium: str, tmp_path: Path
) -> None:
    async with headset_browser(demo, chromium, tmp_path) as browser:
        tab = await open_panel(demo, browser, ILYA)
        await tab.says(READY)
        who = demo.call(ELENA, VEKTOR)
        await tab.press("Ответить")
        await is_heard(demo, who)
        await tab.hears_them()
        before, talk = await browser.value(tab.frame, WAYS), channels(demo)

        demo.switch_faults(voice_in={"share": 100}, voice_out={"share": 100})
        await tab.is_online(False)
        demo.switch_faults(sip_cut=True)
        await until(lambda: loudest(demo, who) < HEARD_DB, "nothing is heard")
        demo.switch_faults(voice_in=None, voice_out=None)
        await tab.is_online(True)

        await browser.until_value(tab.frame, f"({WAYS}) !== {before!r}", True)
        await is_heard(demo, who)
        await tab.hears_them()
        await tab.says(READY)
        assert channels(demo) == talk
        assert customer(demo, who)["state"] == "Up"
        await tab.press("Завершить")
        await until(lambda: not demo.switch_state()["channels"], "everybody hung up")


def loudest(demo: Demo, who: str) -> float:
    return float((sound(demo, who).get("hears") or {}).get("loudest_db", -99.0))
