// The cloud's page: who calls, and what everybody does with a telephone. It draws the newest state.

const TEXTS = {
  ru: {
    title: "Облако",
    subtitle: "Песочница облачной телефонии: номера, люди и телефоны одного аккаунта",
    place: "Позвонить на номер",
    from: "Кто звонит",
    to: "Куда",
    call: "Позвонить",
    hint: "Облако спросит Dozvon, кого вызвать; карточка появится у сотрудников в CRM. Снимите трубку здесь.",
    calls: "Звонки",
    noCalls: "Никто не звонит.",
    phones: "Телефоны сотрудников",
    other: "English",
    pickup: "Снять трубку",
    decline: "Отклонить",
    hangup: "Положить трубку",
    plug: "Включить телефон",
    unplug: "Отключить телефон",
    away: "не подключён",
    idle: "свободен",
    refused: "Облако отказало: {why}",
    offline: "Облако не отвечает. Запустите демонстрацию снова: make demo.",
    of: "{deed}: {who}",
  },
  en: {
    title: "Cloud",
    subtitle: "A sandbox of cloud telephony: numbers, people and telephones of one account",
    place: "Call a number",
    from: "Who calls",
    to: "Where",
    call: "Call",
    hint: "The cloud asks Dozvon whom to ring; people see the card in their CRM. Pick up here.",
    calls: "Calls",
    noCalls: "Nobody calls.",
    phones: "Employees' telephones",
    other: "Русский",
    pickup: "Pick up",
    decline: "Decline",
    hangup: "Hang up",
    plug: "Plug in",
    unplug: "Unplug",
    away: "not connected",
    idle: "idle",
    refused: "The cloud refused: {why}",
    offline: "The cloud does not answer. Start the demo again: make demo.",
    of: "{deed}: {who}",
  },
};
const EVERY_MS = 700;
const ENDED = "Разъединено";
const UP = new Set(["Разговор", "Разговор операторов", "На удержании"]);
const $ = (id) => document.getElementById(id);

const asked = new URLSearchParams(location.search).get("lang");
let language = (asked ?? navigator.language).startsWith("en") ? "en" : "ru";
let drawn = "";
const t = (key) => TEXTS[language][key];

function el(tag, text = "", className = "") {
  const node = document.createElement(tag);
  node.textContent = text;
  if (className) node.className = className;
  return node;
}

function say(text) {
  $("said").textContent = text;
  clearTimeout(say.timer);
  say.timer = setTimeout(() => { $("said").textContent = ""; }, 4000);
}

async function send(path, body = {}) {
  try {
    const answer = await fetch(`sandbox/${path}`, { method: "POST", body: JSON.stringify(body) });
    const told = await answer.json().catch(() => ({}));
    if (!answer.ok) say(t("refused").replace("{why}", told.error ?? answer.status));
  } catch {
    say(t("offline"));
  }
  await look();
}

function button(key, who, path, body) {
  const node = el("button", t(key));
  node.type = "button";
  node.dataset.key = `${key} ${path}`;
  node.setAttribute("aria-label", t("of").replace("{deed}", t(key)).replace("{who}", who));
  node.addEventListener("click", () => void send(path, body));
  return node;
}

function row(title, detail, buttons, rings) {
  const item = el("li", "", rings ? "rings" : "");
  const actions = el("div", "", "actions");
  actions.append(...buttons);
  item.append(el("strong", title), el("p", detail, "muted"));
  if (buttons.length > 0) item.append(actions);
  return item;
}

/** Replace a list's rows, keeping the keyboard where it was. */
function fill(list, rows) {
  const key = list.contains(document.activeElement) ? document.activeElement.dataset.key : null;
  list.replaceChildren(...rows);
  if (key) list.querySelector(`[data-key="${CSS.escape(key)}"]`)?.focus();
}

function choose(select, options) {
  if (select.options.length === options.length) return;
  select.replaceChildren(...options.map(([value, name]) => new Option(name, value)));
}

function legs(state) {
  return state.sessions
    .filter((session) => session.state !== "finished")
    .flatMap((session) => session.legs.filter((leg) => leg.state !== ENDED).map((leg) => ({ session, leg })));
}

function draw(state) {
  const live = state.sessions.filter((session) => session.state !== "finished");
  const named = new Map(state.customers.map(({ number, name }) => [number, name]));
  choose($("from"), state.customers.map(({ number, name }) => [number, `${name}, +${number}`]));
  choose($("to"), state.numbers.map(({ number, name }) => [number, `+${number} ${name}`]));
  $("no-calls").hidden = live.length > 0;
  fill($("calls"), live.map((session) => {
    const number = session.contact_phone_number;
    const who = named.get(number) ?? `+${number}`;
    const contact = session.legs.find((leg) => !leg.is_operator);
    const rings = session.direction === "out" && contact && !UP.has(contact.state);
    const buttons = [button("hangup", who, `phones/${number}/hangup`)];
    if (rings) buttons.unshift(button("pickup", who, `phones/${number}/pickup`));
    const way = session.direction === "in" ? "→" : "←";
    const states = session.legs.map((leg) => `${leg.employee_full_name ?? who}: ${leg.state}`);
    return row(`${who} ${way} +${session.virtual_phone_number}`, states.join(" · "), buttons, false);
  }));
  const busy = legs(state);
  fill($("phones"), state.phones.map((phone) => {
    const own = busy.find(({ leg }) => leg.is_operator && leg.number === phone.number);
    const rings = own !== undefined && !UP.has(own.leg.state);
    const path = `phones/${phone.number}`;
    const who = `${phone.name}, ${phone.number}`;
    const buttons = rings
      ? [button("pickup", who, `${path}/pickup`), button("decline", who, `${path}/decline`)]
      : own
        ? [button("hangup", who, `${path}/hangup`)]
        : [button(phone.registered ? "unplug" : "plug", who, `${path}/registration`, { registered: !phone.registered })];
    const detail = own ? own.leg.state : t(phone.registered ? "idle" : "away");
    return row(who, detail, buttons, rings);
  }));
}

async function look() {
  try {
    const state = await (await fetch("sandbox/state")).json();
    const { sessions, customers, numbers, phones } = state;
    const now = language + JSON.stringify({ sessions, customers, numbers, phones });
    if (now !== drawn) draw(state);
    drawn = now;
  } catch {
    say(t("offline"));
  }
}

function translate() {
  document.documentElement.lang = language;
  document.title = t("title");
  for (const node of document.querySelectorAll("[data-text]")) node.textContent = t(node.dataset.text);
  $("language").textContent = t("other");
  $("language").lang = language === "ru" ? "en" : "ru";
}

$("language").addEventListener("click", () => {
  language = language === "ru" ? "en" : "ru";
  translate();
  void look();
});
$("place").addEventListener("submit", (event) => {
  event.preventDefault();
  void send("calls", { from: $("from").value, to: $("to").value });
});
translate();
await look();
setInterval(() => void look(), EVERY_MS);
