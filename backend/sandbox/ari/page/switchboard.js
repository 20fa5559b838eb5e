// The switchboard page: draws the state the switch sends, and sends commands back.
// Everything shown comes from the last state; nothing is guessed after a click.

import { busyHour } from "./busy.js";
import { texts } from "./texts.js";

const EVENT_TYPES = [
  "*", "StasisStart", "StasisEnd", "ChannelDestroyed", "ChannelStateChange", "Dial",
  "ChannelEnteredBridge", "ChannelLeftBridge", "ChannelHangupRequest", "DeviceStateChanged",
];
const $ = (id) => document.getElementById(id);

let language = remembered("language") === "en" ? "en" : "ru";
let state = null;
let received = 0; // local time of the last state: timers run on from the switch's own clock
const t = () => texts[language];

// --- small pieces -------------------------------------------------------------------------------

function remembered(key) {
  try { return localStorage.getItem(`switchboard.${key}`); } catch { return null; }
}

function remember(key, value) {
  try { localStorage.setItem(`switchboard.${key}`, value); } catch { /* storage is blocked */ }
}

function el(tag, properties = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name === "data") Object.assign(node.dataset, value);
    else if (name.startsWith("aria-")) node.setAttribute(name, value);
    else node[name] = value;
  }
  node.append(...children.filter((child) => child !== null && child !== ""));
  return node;
}

function button(key, text, action, className = "", label = "") {
  const node = el("button", { type: "button", className, data: { key } }, text);
  if (label) node.setAttribute("aria-label", label);
  node.addEventListener("click", action);
  return node;
}

/** Replace a list's rows, keeping the keyboard where it was. */
function fill(list, rows) {
  const key = list.contains(document.activeElement) ? document.activeElement.dataset.key : null;
  list.replaceChildren(...rows);
  if (key) list.querySelector(`[data-key="${CSS.escape(key)}"]`)?.focus();
}

function say(text) {
  $("said").textContent = text;
  clearTimeout(say.timer);
  say.timer = setTimeout(() => { $("said").textContent = ""; }, 4000);
}

async function send(path, body = {}) {
  const answer = await fetch(`/sandbox/${path}`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  }).catch(() => null);
  if (answer?.ok) return true;
  const detail = answer ? (await answer.json().catch(() => ({}))).error : "";
  say(`${t().failed}${detail ? `: ${detail}` : ""}`);
  return false;
}

/** The switch writes +0000; Date.parse wants a colon in the zone. */
const instant = (text) => Date.parse(text.replace(/([+-]\d\d)(\d\d)$/, "$1:$2"));

function timer(since) {
  const node = el("span", { className: "timer", data: { since } });
  tick(node);
  return node;
}

function tick(node) {
  const now = instant(state.now) + (Date.now() - received);
  const seconds = Math.max(0, Math.floor((now - instant(node.dataset.since)) / 1000));
  const text = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
  if (node.textContent !== text) node.textContent = text;
}

function pretty(number) {
  const match = /^\+?7(\d{3})(\d{3})(\d{2})(\d{2})$/.exec(number);
  return match ? `+7 ${match[1]} ${match[2]}-${match[3]}-${match[4]}` : number;
}

// --- rows ---------------------------------------------------------------------------------------

function customerRow(customer) {
  const path = `customers/${customer.id}`;
  const key = (name) => `${customer.id}-${name}`;
  const up = customer.state === "Up";
  const talking = customer.hears === "person";
  const where = customer.direction === "inbound" ? t().dialled(pretty(customer.dialled)) : t().calledFrom;
  const actions = el("div", { className: "actions" });
  if (customer.direction === "outbound" && ["Down", "Ringing"].includes(customer.state)) {
    actions.append(button(key("announce"), t().announce, () => send(`${path}/announce`), "quiet"));
    actions.append(button(key("answer"), t().answer, () => send(`${path}/answer`), "primary"));
  }
  actions.append(button(key("hangup"), t().hangup, () => send(`${path}/hangup`), "danger"));
  if (up) {
    const keys = el("span", { className: "actions keys", role: "group", "aria-label": t().keys });
    keys.style.margin = "0";
    for (const digit of ["1", "2", "3", "0", "*", "#"]) {
      keys.append(button(key(`key${digit}`), digit,
        () => send(`${path}/dtmf`, { digits: digit }), "quiet", t().pressKey(digit)));
    }
    actions.append(keys);
  }
  const word = up || customer.hears !== "silence" ? t().hears[customer.hears] : t().channel[customer.state];
  return el("li", {},
    el("div", { className: "line" },
      el("span", { className: "name" }, customer.name || pretty(customer.number)),
      timer(customer.talking_since ?? customer.since)),
    el("div", { className: "detail" },
      el("span", { className: `pill ${talking ? "good" : "warn"}` }, word),
      customer.name ? el("span", {}, pretty(customer.number)) : "",
      el("span", {}, where)),
    actions);
}

function endedRow(customer) {
  return el("li", { className: "line" },
    el("span", { className: "name" }, customer.name || pretty(customer.number)),
    el("span", {}, t().outcomes[customer.outcome] ?? ""));
}

function phoneRow(phone) {
  const path = `phones/${encodeURIComponent(phone.endpoint.split("/")[1])}`;
  const toggle = el("input", {
    type: "checkbox", checked: phone.registered, data: { key: `${phone.endpoint}-registered` },
    "aria-label": `${phone.name}: ${t().registered}`,
  });
  toggle.setAttribute("role", "switch");
  toggle.addEventListener("change", () => send(`${path}/registration`, { registered: toggle.checked }));
  const tone = { NOT_INUSE: "good", UNAVAILABLE: "" }[phone.state] ?? "warn";
  const row = el("li", {},
    el("div", { className: "line" },
      el("span", { className: "name" }, phone.name),
      el("span", { className: "muted" }, phone.number),
      el("label", { className: "toggle" }, toggle, t().registered)),
    el("div", { className: "detail" },
      el("span", { className: `pill ${tone}` }, t().states[phone.state] ?? phone.state)));
  for (const id of phone.calls) {
    const channel = state.channels.find((one) => one.id === id);
    if (channel) row.append(phoneCall(path, channel));
  }
  return row;
}

/** A line in a browser is used in the browser: here one only sees how it stands. */
function lineRow(line) {
  const tone = { NOT_INUSE: "good", UNAVAILABLE: "" }[line.state] ?? "warn";
  return el("li", { className: "line" },
    el("span", { className: "name" }, line.name),
    el("span", { className: "muted" }, line.username),
    el("span", { className: `pill ${tone}` }, t().states[line.state] ?? line.state));
}

function phoneCall(path, channel) {
  const act = (name, body = {}) => () => send(`${path}/${name}`, { call: channel.id, ...body });
  const key = (name) => `${channel.id}-${name}`;
  const ringing = channel.state === "Ringing";
  const other = channel.connected.number ? channel.connected : { name: "", number: channel.dialplan.exten };
  const actions = el("div", { className: "actions" });
  if (ringing) {
    actions.append(
      button(key("pickup"), t().pickup, act("pickup"), "primary"),
      button(key("decline"), t().decline, act("decline"), "danger"),
      button(key("busy"), t().busy, act("decline", { code: 486 }), "quiet"));
  } else {
    if (channel.state === "Up") {
      actions.append(channel.held_by_phone
        ? button(key("hold"), t().unhold, act("unhold"), "primary")
        : button(key("hold"), t().hold, act("hold"), "quiet"));
    }
    actions.append(button(key("hangup"), t().hangup, act("hangup"), "danger"));
  }
  return el("div", { className: `call${ringing ? " ringing" : ""}` },
    el("div", { className: "line" },
      el("span", { className: "name" }, other.name || pretty(other.number) || "—"),
      el("span", { className: "muted" }, channel.held_by_phone ? t().held : t().channel[channel.state] ?? ""),
      timer(channel.answered_at ?? channel.creationtime)),
    actions);
}

// --- the page -----------------------------------------------------------------------------------

function drawTexts() {
  document.documentElement.lang = language;
  document.title = t().title;
  for (const node of document.querySelectorAll("[data-text]")) node.textContent = t()[node.dataset.text];
  $("language").textContent = t().language;
  $("language").lang = language === "ru" ? "en" : "ru";
  drawTheme();
  const kind = $("kind").value;
  $("kind").replaceChildren(...Object.entries(t().faults).map(([value, text]) => new Option(text, value)));
  if (kind) $("kind").value = kind;
  drawFaultFields();
  drawVisitor();
  drawBusy();
}

/** The number a page of a practice site on this origin showed last, if one did. */
function visitor() {
  try { return JSON.parse(remembered("visitor") || "null"); } catch { return null; }
}

function drawVisitor() {
  const seen = visitor();
  $("visitor").hidden = !seen;
  if (seen) $("visitor").textContent = t().callVisitor(seen.text);
}

function drawTheme() {
  const saved = remembered("theme");
  const dark = saved ? saved === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  document.documentElement.dataset.theme = dark ? "dark" : "light";
  $("theme").textContent = dark ? t().toLight : t().toDark;
}

function drawFaultFields() {
  for (const field of document.querySelectorAll("[data-for]")) {
    field.hidden = !field.dataset.for.split(" ").includes($("kind").value);
  }
}

/** Choices come from the first state and are redrawn only when they differ, so none is lost. */
function drawChoices() {
  const stamp = JSON.stringify([language, state.known_customers, state.virtual_numbers]);
  if (drawChoices.stamp === stamp) return;
  drawChoices.stamp = stamp;
  const who = $("who").value;
  $("who").replaceChildren(
    ...state.known_customers.map((one) => new Option(one.name, one.number)),
    new Option(t().otherNumber, ""));
  if (who) $("who").value = who;
  const to = $("to").value;
  $("to").replaceChildren(...state.virtual_numbers.map((one) =>
    new Option(one.title ? `${pretty(one.number)} · ${one.title}` : pretty(one.number), one.number)));
  if (to) $("to").value = to;
  if (!$("from").value) $("from").value = $("who").value;
}

function draw() {
  if (!state) return;
  drawChoices();
  const live = state.customers.filter((customer) => customer.channel);
  const ended = state.customers.filter((customer) => !customer.channel && customer.outcome);
  fill($("customers"), live.map(customerRow));
  fill($("ended"), ended.slice(0, 12).map(endedRow));
  fill($("phones"), state.phones.map(phoneRow));
  fill($("lines"), state.lines.map(lineRow));
  $("no-lines").hidden = state.lines.length > 0;
  $("voice").hidden = state.voice_lacks.length === 0;
  $("voice").textContent = t().noVoice(state.voice_lacks.join(", "));
  $("count").textContent = live.length ? String(live.length) : "";
  $("no-calls").hidden = live.length > 0;
  $("no-phones").hidden = state.phones.length > 0;
  $("past").hidden = ended.length === 0;
  fill($("apps"), state.apps.map((app) => el("li", { className: `pill ${app.connected ? "good" : "warn"}` },
    app.connected ? t().app(app.name) : t().appGone(app.name))));
  const armed = [
    ...state.faults.events.map((rule) => [rule.kind, rule.type, rule.left]),
    ...state.faults.rest.map((rule) => [rule.status ? "rest_error" : "rest_slow", rule.path, rule.left]),
  ];
  fill($("faults"), armed.map(([kind, what, left]) => el("li", { className: "pill warn" },
    [t().faults[kind], what, left === null ? "" : t().times(left)].filter(Boolean).join(" · "))));
}

function drawLink(up) {
  $("link").textContent = up ? t().live : t().lost;
  $("link").className = `pill ${up ? "good" : "warn"}`;
  drawLink.up = up;
}

function connect() {
  const scheme = location.protocol === "https:" ? "wss" : "ws";
  const socket = new WebSocket(`${scheme}://${location.host}/sandbox/live`);
  socket.onmessage = (message) => {
    state = JSON.parse(message.data);
    received = Date.now();
    if (!drawLink.up) drawLink(true);
    draw();
  };
  socket.onclose = () => {
    drawLink(false);
    setTimeout(connect, 1000 + Math.random() * 500);
  };
}

$("language").addEventListener("click", () => {
  language = language === "ru" ? "en" : "ru";
  remember("language", language);
  drawTexts();
  drawLink(drawLink.up);
  draw();
});

$("theme").addEventListener("click", () => {
  remember("theme", document.documentElement.dataset.theme === "dark" ? "light" : "dark");
  drawTheme();
});

$("who").addEventListener("change", () => {
  $("from").value = $("who").value;
  if (!$("who").value) $("from").focus();
});

$("from").addEventListener("input", () => {
  const known = state?.known_customers.some((one) => one.number === $("from").value);
  $("who").value = known ? $("from").value : "";
});

async function place(to) {
  const from = $("from").value;
  const name = state?.known_customers.find((one) => one.number === from)?.name ?? pretty(from);
  if (await send("calls", { from, to })) say(t().placed(name));
}

$("place").addEventListener("submit", (event) => {
  event.preventDefault();
  place($("to").value);
});

$("visitor").addEventListener("click", () => {
  const seen = visitor();
  if (seen && $("place").reportValidity()) place(seen.number);
});

window.addEventListener("storage", drawVisitor);

const busy = busyHour(() => state, (path, body = {}) => fetch(`/sandbox/${path}`, {
  method: "POST",
  headers: { "Content-Type": "application/json" },
  body: JSON.stringify(body),
}).catch(() => null));

function drawBusy() {
  $("busy").textContent = busy.on ? t().busyEnd : t().busyBegin;
  $("busy").setAttribute("aria-pressed", String(busy.on));
}

$("busy").addEventListener("click", () => {
  busy.toggle();
  drawBusy();
});

$("kind").addEventListener("change", drawFaultFields);

$("fault").addEventListener("submit", (event) => {
  event.preventDefault();
  const body = { kind: $("kind").value, count: Number($("times").value), seconds: Number($("seconds").value) };
  if (!$("event").closest("[data-for]").hidden) body.event = $("event").value || "*";
  if (!$("path").closest("[data-for]").hidden) body.path = $("path").value;
  send("faults", body);
});

$("heal").addEventListener("click", () => send("faults", { kind: "clear" }));

$("event-types").replaceChildren(...EVENT_TYPES.map((type) => el("option", { value: type })));
drawTexts();
drawLink(false);
connect();
setInterval(() => { for (const node of document.querySelectorAll("[data-since]")) tick(node); }, 500);
