"""Our phone's SIP against a server of others: it registers there, is called and talks."""

from __future__ import annotations

import subprocess
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, Page
from playwright.async_api import TimeoutError as PlaywrightTimeout

from tests.e2e.kamailio import DOMAIN, PASSWORD, Kamailio, running_kamailio
from tests.e2e.voice import KEEP_PEERS, talking_browser
from tests.features import ROOT

pytestmark = pytest.mark.browser
WIDGET = ROOT / "widget"

BEGIN = """
(credentials) => {
  const said = (window.said = []);
  const line = (window.line = sip.openSipLine({
    changed: (state) => said.push(state.registered ? 'registered' : 'not registered'),
    refused: () => said.push('refused'),
    rings: (leg) => {
      window.leg = leg;
      const { callId, legId, answersItself } = leg;
      said.push({ callId, legId, answersItself });
      leg.watch({
        hears: (stream) => {
          const audio = new Audio();
          audio.srcObject = stream;
          void audio.play();
        },
        up: () => said.push('up'),
        ended: () => said.push('ended'),
      });
    },
  }));
  line.start(credentials);
}
"""
CALL = """
async ([url, domain, password]) => {
  const agent = new sip.UA({
    sockets: [new sip.WebSocketInterface(url)],
    uri: `sip:switch@${domain}`,
    password,
    register: false,
  });
  window.said = [];
  await new Promise((connected) => {
    agent.on('connected', connected);
    agent.start();
  });
  const media = await navigator.mediaDevices.getUserMedia({ audio: true });
  const session = (window.session = agent.call(`sip:anna@${domain}`, {
    mediaStream: media,
    extraHeaders: ['X-Dozvon-Call: c_1', 'X-Dozvon-Leg: l_1', 'Call-Info: <sip:x>;answer-after=0'],
  }));
  session.connection.addEventListener('track', ({ streams }) => {
    const audio = new Audio();
    audio.srcObject = streams[0];
    void audio.play();
  });
  for (const name of ['progress', 'confirmed', 'ended', 'failed', 'reinvite']) {
    session.on(name, ({ cause }) => said.push(cause ? `${name}: ${cause}` : name));
  }
}
"""
ANSWER = "async () => leg.answer(await navigator.mediaDevices.getUserMedia({ audio: true }))"
ENERGY = """
async () => {
  for (const entry of (await peers.at(-1).getStats()).values()) {
    if (entry.type === 'inbound-rtp') return entry.totalAudioEnergy ?? 0;
  }
  return 0;
}
"""


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The widget's line and the agent beneath it, as one script."""
    directory = tmp_path_factory.mktemp("sip")
    entry, built = directory / "entry.ts", directory / "sip.js"
    entry.write_text(
        f"export {{ openSipLine }} from '{WIDGET}/src/voice/sipline.ts';\n"
        f"export {{ UA, WebSocketInterface }} from '{WIDGET}/node_modules/jssip';\n"
    )
    command = ["node_modules/.bin/rolldown", str(entry), "--format", "iife", "--name", "sip"]
    node = subprocess.run(
        [str(ROOT / ".venv" / "bin" / "node"), *command, "-o", str(built)],
        cwd=WIDGET,
        capture_output=True,
        text=True,
        check=False,
    )
    assert node.returncode == 0, node.stderr
    return built


@pytest.fixture(scope="module")
def kamailio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kamailio]:
    with running_kamailio(tmp_path_factory.mktemp("kamailio")) as kamailio:
        yield kamailio


@pytest.fixture
async def headsets(chromium: str) -> AsyncIterator[Browser]:
    async with talking_browser(chromium) as browser:
        yield browser


async def opened(browser: Browser, kamailio: Kamailio, bundle: Path) -> Page:
    context = await browser.new_context()
    await context.grant_permissions(["microphone"], origin=kamailio.page)
    await context.add_init_script(KEEP_PEERS)
    page = await context.new_page()
    await page.goto(kamailio.page)
    await page.add_script_tag(path=bundle)
    return page


def credentials(kamailio: Kamailio, **change: Any) -> dict[str, Any]:
    return {
        "ws_url": kamailio.ws_url,
        "username": "anna",
        "password": PASSWORD,
        "display_name": "Анна",
        "ice_servers": [],
        "expires_at": "2099-01-01T00:00:00Z",
        "domain": DOMAIN,
        "codecs": ["ulaw"],
    } | change


async def said(page: Page, what: str) -> None:
    try:
        await page.wait_for_function("(what) => said.includes(what)", arg=what, timeout=8_000)
    except PlaywrightTimeout as error:
        raise AssertionError(f"not {what}: {await page.evaluate('said')}") from error


async def hears(page: Page) -> None:
    """More sound arrives than had arrived when this was asked."""
    before = await page.evaluate(ENERGY)
    for _ in range(80):
        if float(await page.evaluate(ENERGY)) > float(before):
            return
        await page.wait_for_timeout(100)
    raise AssertionError("no sound arrives")


@pytest.mark.feature("W1")
async def test_our_phone_registers_with_kamailio_is_called_and_talks(
    kamailio: Kamailio, headsets: Browser, bundle: Path
) -> None:
    phone = await opened(headsets, kamailio, bundle)
    caller = await opened(headsets, kamailio, bundle)
    await phone.evaluate(BEGIN, credentials(kamailio))
    await said(phone, "registered")
    await caller.evaluate(CALL, [kamailio.ws_url, DOMAIN, PASSWORD])
    await said(caller, "progress")
    leg = await phone.evaluate("said.at(-1)")
    assert leg == {"callId": "c_1", "legId": "l_1", "answersItself": True}
    await phone.evaluate(ANSWER)
    await said(phone, "up")
    await said(caller, "confirmed")
    for side in (phone, caller):
        await hears(side)

    # New addresses after a change of network: a question, then a new offer within the talk.
    await phone.evaluate("leg.restart()")
    await said(caller, "reinvite")
    for side in (phone, caller):
        await hears(side)
    await phone.evaluate("leg.end()")
    await said(caller, "ended: Terminated")
    await said(phone, "ended")


@pytest.mark.feature("W1")
async def test_a_wrong_password_is_said_and_what_only_rings_goes_on(
    kamailio: Kamailio, headsets: Browser, bundle: Path
) -> None:
    phone = await opened(headsets, kamailio, bundle)
    caller = await opened(headsets, kamailio, bundle)
    await phone.evaluate(BEGIN, credentials(kamailio, password="of-nobody"))
    await said(phone, "refused")
    assert "registered" not in await phone.evaluate("said")
    await phone.evaluate("(fresh) => line.start(fresh)", credentials(kamailio))
    await said(phone, "registered")
    await caller.evaluate(CALL, [kamailio.ws_url, DOMAIN, PASSWORD])
    await said(caller, "progress")
    await phone.evaluate("leg.end()")
    await said(caller, "failed: Unavailable")
