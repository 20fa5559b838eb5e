"""How soon there is a voice, and how long there is none when a talk goes from one to another.

    python -m tests.bench.voice [--rounds 10] [--write docs/performance.md]

A whole demo and a real browser: the customer's tone is on all the time, and each page notes when
the sound energy it received grew. Pages look every 20 ms and the browser renews its figures every
50 or so: nothing here is finer than that. What the customer hears is asked of the switch as often.
One machine, so no network's delay is in it.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import platform
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from statistics import median

from playwright.async_api import Browser, Locator, expect

from tests.bench.ears import (
    LISTEN,
    SILENT_S,
    CustomerEar,
    clicked,
    first,
    last,
    listening,
    longest,
)
from tests.bench.report import part
from tests.e2e.amo import Tab, until
from tests.e2e.demo import ELENA, ILYA, MARIA, VEKTOR, Demo, running_demo
from tests.e2e.voice import is_phone, talking_browser, with_headset

BEGIN, END = "<!-- voice: begin -->", "<!-- voice: end -->"
TARGETS_S = {
    "answer → audio": 0.8,
    "reload → audio": 5.0,
    "to another tab, silence between": 0.3,
    "passed on at once: target's answer → audio": 0.3,
    "passed on at once: customer without sound": 0.3,
    "talked over, then connected → both hear each other": 0.3,
    "talked over: customer without sound": 0.3,
    "of three one leaves: silence at who stays": 0.3,
    "of three one leaves: customer without sound": 0.3,
}
AFTER_S = 1.5
"""So long after one leaves is listened for a silence."""
NAME = "Елена Морозова"
COLLEAGUE = "Мария"

Passing = Callable[[Tab, Tab, CustomerEar], Awaitable[dict[str, float]]]


@asynccontextmanager
async def _talk(demo: Demo, browser: Browser) -> AsyncIterator[tuple[Tab, str]]:
    """A customer talks to an operator."""
    demo.calm()
    async with with_headset(demo, browser, ILYA, script=LISTEN) as ilya:
        await is_phone(ilya.tab)
        who = demo.call(ELENA, VEKTOR)
        await ilya.tab.button("Ответить").click()
        await first(ilya.tab.frame())
        yield ilya.tab, who
        demo.calm()
        await until(lambda: not demo.switch_state()["channels"], "everybody hung up")


async def _answer(tab: Tab) -> float:
    frame = tab.frame()
    pressed = await clicked(frame)
    return (await first(frame, pressed) - pressed) / 1000


async def _reload(tab: Tab) -> float:
    began = time.time() * 1000
    await tab.page.reload(wait_until="commit")
    await expect(tab.panel.locator("body")).to_be_attached(timeout=SILENT_S * 1000)
    return (await first(tab.frame(), began) - began) / 1000


async def _move(tab: Tab, path: str = "/leads/list/") -> float:
    page = await tab.page.context.new_page()
    await page.goto(tab.page.url.rpartition("/contacts/")[0] + path)
    second = await Tab(page, tab.phone).ready()
    await second.button("Перенести звук сюда").click()
    heard = await first(second.frame())
    return max(0.0, heard - await last(tab.frame())) / 1000


# ── to a colleague, who talks in another browser ──


async def _find(card: Locator, how: str) -> None:
    await card.get_by_role("button", name="Перевести (Alt+T)").click()
    await card.get_by_role("searchbox", name="Имя, отдел").fill(COLLEAGUE)
    box = card.get_by_role("group", name="Перевод звонка")
    await box.get_by_role("button", name=f"{how}: {COLLEAGUE}").click()


async def _blind(ilya: Tab, maria: Tab, customer: CustomerEar) -> dict[str, float]:
    """The colleague's press of the button, and the customer's time without a sound."""
    await _find(ilya.card(NAME), "Перевести сразу")
    since = await clicked(ilya.frame())
    await maria.card(NAME).get_by_role("button", name="Ответить").click()
    pressed = await clicked(maria.frame())
    heard = await first(maria.frame(), pressed)
    await _person(customer, pressed)
    return {
        "passed on at once: target's answer → audio": (heard - pressed) / 1000,
        "passed on at once: customer without sound": customer.silence(since),
    }


async def _attended(ilya: Tab, maria: Tab, customer: CustomerEar) -> dict[str, float]:
    """The sender's press of "connect", until the customer and the colleague hear each other."""
    since = await _consult(ilya, maria)
    card = ilya.card(NAME)
    # Nothing of the sender's is to be taken for the customer's tone.
    await card.get_by_role("button", name="Выключить микрофон").click()
    await expect(card.get_by_role("button", name="Включить микрофон")).to_be_visible()
    await asyncio.sleep(0.5)
    await card.get_by_role("button", name="Соединить").click()
    pressed = await clicked(ilya.frame())
    heard = await first(maria.frame(), pressed)
    both = max(heard, await _person(customer, pressed))
    return {
        "talked over, then connected → both hear each other": (both - pressed) / 1000,
        "talked over: customer without sound": customer.silence(since),
    }


async def _leave(ilya: Tab, maria: Tab, customer: CustomerEar) -> dict[str, float]:
    """The press of "leave", and the longest time without a sound after it at who stays."""
    await _consult(ilya, maria)
    card = ilya.card(NAME)
    await card.get_by_role("button", name="Втроём").click()
    await first(maria.frame(), await clicked(ilya.frame()))
    await asyncio.sleep(0.5)
    await card.get_by_role("button", name="Выйти из разговора").click()
    pressed = await clicked(ilya.frame())
    await asyncio.sleep(AFTER_S)
    until_then = time.time() * 1000 - 200
    return {
        "of three one leaves: silence at who stays": await longest(
            maria.frame(), pressed, until_then
        ),
        "of three one leaves: customer without sound": customer.silence(pressed),
    }


async def _consult(ilya: Tab, maria: Tab) -> float:
    """They talk it over; when the transfer was asked for."""
    await _find(ilya.card(NAME), "Сначала поговорить")
    since = await clicked(ilya.frame())
    await maria.card(NAME).get_by_role("button", name="Ответить").click()
    await first(maria.frame())
    await expect(ilya.card(NAME).get_by_role("button", name="Втроём")).to_be_visible()
    return since


async def _person(customer: CustomerEar, since: float) -> float:
    """When the customer heard a person after `since`."""
    return float(await until(lambda: customer.person(since), "the customer hears a person"))


async def measure(rounds: int, chromium: str) -> dict[str, list[float]]:
    """Figure → seconds, one per round."""
    figures: dict[str, list[float]] = {name: [] for name in TARGETS_S}
    with tempfile.TemporaryDirectory() as directory, running_demo(Path(directory)) as demo:
        async with talking_browser(chromium) as browser:
            for _ in range(rounds):
                async with _talk(demo, browser) as (tab, _who):
                    figures["answer → audio"].append(await _answer(tab))
                    figures["reload → audio"].append(await _reload(tab))
                async with _talk(demo, browser) as (tab, _who):
                    figures["to another tab, silence between"].append(await _move(tab))
                for passing in (_blind, _attended, _leave):
                    for name, seconds in (await _passed(demo, browser, passing)).items():
                        figures[name].append(seconds)
    return figures


async def _passed(demo: Demo, browser: Browser, passing: Passing) -> dict[str, float]:
    async with (
        _talk(demo, browser) as (ilya, who),
        with_headset(demo, browser, MARIA, script=LISTEN) as maria,
        listening(demo, who) as customer,
    ):
        await is_phone(maria.tab)
        return await passing(ilya, maria.tab, customer)


def table(figures: dict[str, list[float]]) -> str:
    lines = ["| | median (lowest to highest), s | target |", "|---|---:|---:|"]
    for name, values in figures.items():
        middle, target = median(values), TARGETS_S[name]
        met = "met" if middle <= target else "missed"
        spread = f"{middle:.2f} ({min(values):.2f} to {max(values):.2f})"
        lines.append(f"| {name} | {spread} | ≤ {target} {met} |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--write", type=Path)
    parser.add_argument("--chromium", default="/usr/bin/chromium")
    options = parser.parse_args()
    load = os.getloadavg()[0]
    told = table(asyncio.run(measure(options.rounds, options.chromium)))
    print(told)
    if options.write is not None:
        conditions = (
            f"CPython {platform.python_version()}, {platform.system()} {platform.machine()}, "
            f"{os.cpu_count()} cores, {options.rounds} rounds, {time.strftime('%Y-%m-%d')}. "
            f"Load before the first: {load:.1f} (above a few tenths, others were at work)."
        )
        part(options.write, BEGIN, END, f"{conditions}\n\n{told}")


if __name__ == "__main__":
    main()
