"""How the panel looks where it lives: inside an amoCRM page, light and dark, wide and narrow."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, ViewportSize, expect

from tests.e2e.amo import Tab, at_work
from tests.e2e.demo import ELENA, MARIA, VEKTOR, Demo

pytestmark = pytest.mark.browser

WIDE = ViewportSize(width=1280, height=800)
NARROW = ViewportSize(width=380, height=720)

OUTSIDE = """() => {
  const wrong = [];
  const wide = document.documentElement.clientWidth;
  for (const element of document.querySelectorAll('button, a, input, h2, .timer, .number')) {
    const box = element.getBoundingClientRect();
    if (box.width === 0) continue;
    const name = element.className + ' ' + element.textContent.slice(0, 30);
    if (box.left < 0 || box.right > wide + 0.5) wrong.push(name + ': outside');
    if (element.matches('button') && Math.min(box.height, box.width) < 44)
      wrong.push(name + ': small');
    if (element.matches('.button') && element.scrollWidth > element.clientWidth + 1)
      wrong.push(name + ': cut off');
  }
  return wrong;
}"""
"""What leaves the panel, is hard to hit with a finger, or shows only a part of its words."""


async def look(tab: Tab, shots: Path, name: str) -> dict[str, Any]:
    """Pictures of this state, and what is wrong in any of them."""
    wrong: dict[str, Any] = {}
    for theme in ("light", "dark"):
        await tab.page.evaluate(
            "theme => theme === 'dark'"
            " ? document.documentElement.setAttribute('data-color-scheme', 'dark')"
            " : document.documentElement.removeAttribute('data-color-scheme')",
            theme,
        )
        await expect(tab.panel.locator(f":root[data-theme={theme}]")).to_be_attached()
        for size in (WIDE, NARROW):
            await tab.page.set_viewport_size(size)
            path = shots / f"amocrm-{name}-{theme}-{size['width']}.png"
            await tab.page.screenshot(path=path)
            if found := await tab.frame().evaluate(OUTSIDE):
                wrong[path.stem] = found
        found = (await Axe().run(tab.frame())).response["violations"]
        if found:
            wrong[f"{name} {theme}"] = [(fault["id"], fault["help"]) for fault in found]
    await tab.page.set_viewport_size(WIDE)
    return wrong


@pytest.mark.feature("W2")
@pytest.mark.feature("W12")
async def test_nothing_is_cut_off_or_too_small_in_the_panel(
    demo: Demo, browser: Browser, shots: Path
) -> None:
    async with at_work(demo, browser, MARIA) as maria:
        tab = maria.tab
        wrong = await look(tab, shots, "idle")
        customer = demo.call(ELENA, VEKTOR)
        ringing = tab.panel.locator(".card-ringing")
        await expect(ringing.get_by_text("Открытые сделки")).to_be_visible()
        wrong |= await look(tab, shots, "ringing")
        await ringing.get_by_role("button", name="Ответить").click()
        live = tab.panel.locator(".card-live")
        await expect(live.get_by_role("button", name="Удержать")).to_be_visible()
        wrong |= await look(tab, shots, "in-call")
        await live.get_by_role("button", name="Удержать").click()
        held = tab.panel.locator(".card-held")
        await expect(held.get_by_role("button", name="Вернуться")).to_be_visible()
        wrong |= await look(tab, shots, "held")
        demo.customer(customer, "hangup")
        ended = tab.panel.locator(".card-ended").first
        await expect(ended).to_be_visible()
        await tab.section("История")
        await expect(tab.panel.locator(".entry").first).to_be_visible()
        wrong |= await look(tab, shots, "history")
        await tab.section("Коллеги")
        await expect(tab.panel.locator(".entry").first).to_be_visible()
        wrong |= await look(tab, shots, "colleagues")
        await tab.section("Звонки")
        await ended.get_by_role("button", name="Закрыть").click()
    assert wrong == {}
