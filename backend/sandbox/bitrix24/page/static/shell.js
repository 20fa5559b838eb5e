// A portal page at work: its push channel, the hidden worker, sliders, menus and the call card.

import { CallCard, UI_STATES } from "./card.js";
import { AppFrame, CARD_EVENTS } from "./frame.js";

const boot = JSON.parse(document.getElementById("boot").textContent);
const here = location.pathname + location.search;
const portal = { boot, card: null, worker: null, frames: new Set(), openSlider, closeSlider, dial, tell, post };
portal.uiStates = () => UI_STATES;
window.portal = portal;

export function post(path, body) {
  return fetch(path, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body ?? {}),
  }).then(async (answer) => {
    const value = await answer.json();
    if (!answer.ok) throw new Error(value.error ?? String(answer.status));
    return value;
  });
}

async function open(code, handler, options, host, more = {}) {
  const launch = await post("/portal/launch", {
    code,
    handler,
    options: { ...options, ...(code === "DEFAULT" || code === "INSTALL" ? {} : { URI: here }) },
  });
  const frame = new AppFrame({ portal, post, launch, code, host, handler, ...more });
  portal.frames.add(frame);
  frame.open();
  return frame;
}
portal.open = open;

// The worker is loaded on every page and again in every slider.
if (boot.worker) {
  const host = document.createElement("div");
  host.hidden = true;
  host.id = "worker";
  document.body.append(host);
  portal.workerReady = open("PAGE_BACKGROUND_WORKER", boot.worker, { ID: "PAGE_BACKGROUND_WORKER" }, host, {
    // A slider's worker steers the card of the page around it.
    card: () => (boot.slider ? window.top.portal?.card : portal.card),
  }).then((frame) => (portal.worker = frame));
}

if (boot.stage) {
  void open(boot.stage.code, boot.stage.handler, boot.stage.options, document.getElementById("app-stage"), {
    visible: true,
  });
}

// Push channel; a slider hears nothing, its page does.
let socket = null;
let retry_ms = 500;

function connect() {
  socket = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/portal/stream`);
  socket.onopen = () => {
    retry_ms = 500;
    tell({ visible: !document.hidden });
  };
  socket.onmessage = (event) => heard(JSON.parse(event.data));
  socket.onclose = (event) => {
    if (event.code === 4401) return;
    setTimeout(connect, retry_ms);
    retry_ms = Math.min(retry_ms * 2, 8000);
  };
}

function tell(message) {
  if (socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify(message));
}

async function heard(message) {
  if (message.type === "notice") return notice(message.message);
  if (message.type === "pull") return;
  if (message.type === "card.show" && boot.hidesCard) {
    // The card of the call list is open in its place: no other is drawn, no worker hears of one.
    return tell({ cardClosed: message.card.CALL_ID });
  }
  if (message.type === "card.show") {
    if (portal.card) {
      if (portal.card.data.CALL_ID === message.card.CALL_ID) return;
      portal.card.remove();
    }
    const card = new CallCard({ portal, data: message.card, closed });
    portal.card = card;
    // A worker still loading would miss the card's first words.
    await Promise.race([portal.worker ? portal.worker.listening : portal.workerReady?.then((f) => f.listening), later(3000)]);
    if (portal.card === card) card.draw();
    return;
  }
  if (portal.card?.data.CALL_ID !== message.callId) return;
  if (message.type === "card.state") portal.card.callState(message.state, message.failedCode);
  if (message.type === "card.hide") portal.card.hide();
}

function closed(card) {
  if (portal.card === card) portal.card = null;
  tell({ cardClosed: card.data.CALL_ID });
}

function later(ms) {
  return new Promise((done) => setTimeout(done, boot.worker ? ms : 0));
}

if (!boot.slider) {
  connect();
  document.addEventListener("visibilitychange", () => tell({ visible: !document.hidden }));
}

function notice(text) {
  const item = document.createElement("p");
  item.textContent = text.replace(/\[[^\]]*\]/g, "");
  document.getElementById("notices").append(item);
  setTimeout(() => item.remove(), 8000);
}

// Sliders: the same pages without their frame, above the one below.
let slider = null;

const ALLOWED_PATH =
  /^\/(crm\/(deal|lead|contact|company)\/details\/\d+\/|marketplace\/|company\/personal\/user\/\d+\/)/;

function openSlider(path, done) {
  // The vendor's newer library begins paths with a detour (`/crm/type/1/details/0/../../…`), which
  // tells the portal how wide the slider is to be; resolving takes it away.
  const url = new URL(path, location.origin);
  if (!ALLOWED_PATH.test(url.pathname)) {
    done?.({ result: "error", errorCode: "PATH_NOT_AVAILABLE" });
    return;
  }
  closeSlider();
  url.searchParams.set("IFRAME", "Y");
  const box = document.createElement("div");
  box.className = "slider-box";
  box.innerHTML = '<button type="button" class="slider-close" aria-label="×">×</button><iframe></iframe>';
  box.querySelector("iframe").src = url;
  box.querySelector("button").onclick = closeSlider;
  box.onclick = (event) => event.target === box && closeSlider();
  document.body.append(box);
  slider = { box, done };
}

function closeSlider() {
  if (!slider) return;
  const { box, done } = slider;
  slider = null;
  box.remove();
  done?.({ result: "close" });
}
if (boot.slider && window.parent !== window) portal.closeSlider = () => window.parent.portal.closeSlider();

portal.openApplication = (options, done) => {
  const query = new URLSearchParams();
  for (const [key, value] of Object.entries(options ?? {})) query.set(`params[${key}]`, value);
  openSlider(`/marketplace/view/${boot.clientId}/?${query}`, done);
};

function dial(phone, kind, id, list) {
  return post("/portal/call", { phone, kind, id, list });
}

document.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-slider]");
  if (link && !event.ctrlKey && !event.metaKey && event.button === 0) {
    event.preventDefault();
    // A slider never nests: the page below puts the next one in its place.
    (boot.slider && window.parent !== window ? window.parent.portal : portal).openSlider(link.getAttribute("href"));
  }
  const phone = event.target.closest("button.phone");
  if (phone) void dial(phone.dataset.phone, phone.dataset.kind, phone.dataset.id, phone.dataset.list);
  const extra = event.target.closest("[data-profile-widget]");
  if (extra) showWidget(boot.profileMenu[extra.dataset.profileWidget], { USER_ID: String(boot.user.id) });
  const { day, employ, active } = event.target.closest("[data-day], [data-employ]")?.dataset ?? {};
  if (day) void post("/portal/day", { act: day }).then(() => location.reload());
  if (employ) void post("/portal/employ", { id: employ, active: active === "1" }).then(() => location.reload());
  const widget = event.target.closest("[data-widget]");
  if (widget) {
    const { id } = widget.dataset;
    showWidget(boot.widgets[widget.dataset.widget][widget.dataset.place], id ? { ID: id } : {});
  }
  const tab = event.target.closest("[data-tab-widget], [data-tab-general]");
  if (tab) showTab(tab);
});
document.addEventListener("change", (event) => {
  const chosen = event.target.closest("[data-assign]");
  if (chosen) void post("/portal/assign", { kind: chosen.dataset.assign, id: chosen.dataset.id, user: chosen.value });
});
document.addEventListener("keydown", (event) => event.key === "Escape" && closeSlider());

function showWidget(item, options) {
  closeSlider();
  const box = document.createElement("div");
  box.className = "slider-box";
  box.innerHTML = '<button type="button" class="slider-close" aria-label="×">×</button><div class="stage"></div>';
  box.querySelector("button").onclick = closeSlider;
  document.body.append(box);
  slider = { box };
  void open(item.code, item.handler, options, box.querySelector(".stage"), { visible: true });
}

const opened = new Set();
function showTab(tab) {
  for (const other of tab.parentElement.children) other.setAttribute("aria-selected", other === tab);
  const stage = document.getElementById("tab-stage");
  const place = tab.dataset.tabWidget;
  document.getElementById("general").hidden = place !== undefined;
  stage.hidden = place === undefined;
  if (place === undefined || opened.has(place)) return;
  opened.add(place);
  stage.replaceChildren();
  const item = boot.detail.tabs[place];
  void open(item.code, item.handler, { ID: boot.detail.id }, stage, { visible: true });
}

document.getElementById("uninstall")?.addEventListener("click", async () => {
  await post("/portal/uninstall", { clean: document.getElementById("uninstall-clean").checked });
  location.reload();
});

document.getElementById("install")?.addEventListener("click", async () => {
  if (boot.apiOnly) {
    // Nothing to show: the installation handler hears an event.
    await post("/portal/install");
    location.reload();
    return;
  }
  const stage = document.getElementById("install-stage");
  stage.replaceChildren();
  void open("INSTALL", "", {}, stage, { visible: true });
});

export { CARD_EVENTS };
