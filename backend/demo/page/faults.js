/** Draws the sandboxes' switches from their own lists and keeps them as the sandboxes say they are. */

const told = JSON.parse(document.getElementById("told").textContent);
const { text, names } = told;
const LOOK_EACH_MS = 1500;
/** Counters run down and other people switch too, so the page looks; less often than that is late. */

const rows = new Map();
/** `sandbox/name` → what is drawn of that switch. */
let asked = 0;
/** Grows with every command: an answer asked for before it tells how things were. */

const el = (tag, props = {}, ...children) => {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (name in node && typeof value !== "object" && !name.startsWith("aria")) node[name] = value;
    else node.setAttribute(name, value);
  }
  node.append(...children);
  return node;
};
const fill = (words, values) => words.replace(/\{(\w+)\}/g, (_, name) => values[name]);
const same = (a, b) => JSON.stringify(a ?? null) === JSON.stringify(b ?? null);
const $ = (id) => document.getElementById(id);

class Refused extends Error {}

async function ask(method, path, body) {
  let answer;
  try {
    answer = await fetch(`/sandbox/faults/${path}`, {
      method,
      headers: body === undefined ? {} : { "content-type": "application/json" },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
  } catch {
    trouble(text.offline);
    return null;
  }
  if (answer.status >= 500) {
    trouble(text.offline);
    return null;
  }
  trouble("");
  const said = await answer.json();
  if (!answer.ok) throw new Refused(fill(text.refused, { why: said.error }));
  return said;
}

function trouble(words) {
  const place = $("trouble");
  if (place.textContent !== words) place.textContent = words;
  place.hidden = words === "";
}

function say(words) {
  $("say").textContent = words;
}

// ── Values as people type them ──

const pairs = (value, of) =>
  Object.fromEntries(listed(value).map((item) => {
    const [name, ...rest] = item.split("=");
    return [name.trim(), of(rest.join("=").trim())];
  }));
const listed = (value) => value.split(",").map((item) => item.trim()).filter(Boolean);
const number = (value) => {
  const found = Number(value.replace(",", "."));
  if (value.trim() === "" || !Number.isFinite(found)) throw new RangeError(value);
  return found;
};
const whole = (value) => {
  if (value.trim() === "") return null;
  const found = number(value);
  if (!Number.isInteger(found) || found < 0) throw new RangeError(value);
  return found;
};
const said = (value) => {
  if (value === "") throw new RangeError(value);
  return value;
};

const READ = {
  flag: () => true,
  count: whole,
  seconds: number,
  ratio: number,
  text: (value) => value.trim(),
  methods: listed,
  users: (value) => listed(value).map(whole),
  seconds_by_method: (value) => pairs(value, number),
  text_by_method: (value) => pairs(value, said),
};
const FALLBACK = { count: 3, seconds: 5 };

function written(value) {
  if (Array.isArray(value)) return value.join(", ");
  if (value !== null && typeof value === "object") {
    return Object.entries(value).map(([name, item]) => `${name}=${item}`).join(", ");
  }
  return value === null || value === undefined ? "" : String(value);
}

/** What is on, in a few words: how often it still happens, or what was set. */
function summary(row, value) {
  const [param] = row.params;
  const rules = Array.isArray(value) && value[0] !== null && typeof value[0] === "object";
  if (rules) {
    const left = value.map((rule) => rule.times ?? rule.left).filter((count) => count);
    return left.length ? fill(text.left, { n: left.reduce((a, b) => a + b) }) : text.switched;
  }
  if (param.kind === "flag") return row.group === "setting" ? text.changed : text.switched;
  if (param.kind === "count" && row.group === "fault") return fill(text.left, { n: value });
  return written(value);
}

// ── One switch ──

class Row {
  constructor(sandbox, row) {
    this.sandbox = sandbox;
    this.row = row;
    this.id = `${sandbox}-${row.name}`;
    this.title = text.locale === "ru" ? row.title_ru : row.title_en;
    this.start = told.start[sandbox][row.name] ?? null;
    const [param] = row.params;
    this.isFlag = param.kind === "flag";
    this.isDeed = this.isFlag && this.start === null;
    this.inputs = this.isFlag ? [] : row.params.map((one) => this.input(one));
    this.node = this.draw();
  }

  /** Set to something else than at the beginning. */
  get on() {
    return !same(this.row.value, this.start);
  }

  get checked() {
    return this.isFlag && this.row.group === "setting" ? this.row.value === true : this.on;
  }

  draw() {
    this.value = el("span", { className: "value" });
    this.error = el("p", { className: "error", role: "alert", hidden: true });
    const effect = told.effects[this.sandbox]?.[this.row.name] ?? "";
    const title = el("span", { className: "title", id: `${this.id}-title` }, this.title);
    const node = el("li", { id: this.id, "data-name": this.row.name, tabIndex: -1 },
      el("div", { className: "words" }, title, " ", this.value,
        el("p", { id: `${this.id}-effect` }, effect)),
      this.lever());
    if (this.inputs.length) node.append(this.form());
    node.append(this.error);
    return node;
  }

  lever() {
    const words = { "aria-labelledby": `${this.id}-title ${this.sandbox}-name`,
      "aria-describedby": `${this.id}-effect` };
    if (this.isDeed) {
      const deed = el("button", { type: "button", className: "deed",
        "aria-label": `${this.title}: ${names[this.sandbox]}`,
        "aria-describedby": `${this.id}-effect` }, text.do);
      deed.addEventListener("click", () => this.act(async () => {
        if (await this.send(true)) this.done();
      }));
      return deed;
    }
    this.button = el("button", { type: "button", role: "switch", ...words }, el("span"));
    this.button.addEventListener("click", () => this.act(() => this.toggle()));
    return this.button;
  }

  form() {
    const apply = el("button", { type: "submit",
      "aria-label": `${text.apply}: ${this.title}, ${names[this.sandbox]}` }, text.apply);
    const form = el("form", { noValidate: true }, ...this.inputs.map(({ label }) => label), apply);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.act(() => this.set());
    });
    const summary = el("summary", { "aria-label": `${text.values}: ${this.title}` }, text.values);
    return el("details", {}, summary, form);
  }

  input(param) {
    const first = told.first[this.sandbox]?.[this.row.name]?.[param.name]
      ?? param.default ?? FALLBACK[param.kind] ?? "";
    const title = param[`title_${text.locale}`];
    const words = title && param.name !== "value" ? title : text.kinds[param.kind] ?? title ?? text.value;
    const field = param.choices
      ? el("select", {}, ...param.choices.map((one, at) => new Option(one === "" ? "—" : one, at)))
      : el("input", { type: "text", value: written(first), autocomplete: "off", spellcheck: false,
        inputMode: param.kind === "count" ? "numeric" : "text" });
    if (param.choices) field.value = String(Math.max(0, param.choices.indexOf(first)));
    return { param, field, words, label: el("label", {}, el("span", {}, words), field) };
  }

  read() {
    const found = {};
    for (const { param, field, words } of this.inputs) {
      try {
        found[param.name] = param.choices ? param.choices[Number(field.value)] : READ[param.kind](field.value);
      } catch {
        field.setAttribute("aria-invalid", "true");
        field.closest("details").open = true;
        field.focus();
        throw new Refused(fill(text.wrong, { what: words }));
      }
      field.removeAttribute("aria-invalid");
    }
    return "value" in found ? found.value : found;
  }

  async toggle() {
    if (this.isFlag) await this.send(this.row.group === "setting" ? !this.row.value : this.on ? this.start : true);
    else if (this.on) await this.send(this.start);
    else await this.set();
    say(fill(this.on ? text.switched_on : text.switched_off, { what: this.title }));
  }

  async set() {
    const wanted = this.read();
    // A sandbox adds to what is on under the name: what was typed is meant to replace it.
    if (this.on && Array.isArray(this.row.value) && this.start === null) await this.send(null);
    await this.send(wanted);
  }

  async send(value) {
    asked += 1;
    const found = await ask("POST", this.sandbox, { [this.row.name]: value });
    if (found) show({ [this.sandbox]: found });
    return found;
  }

  async act(deed) {
    this.complain("");
    try {
      await deed();
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      this.complain(error.message);
    }
  }

  complain(words) {
    this.error.textContent = words;
    this.error.hidden = words === "";
  }

  done() {
    this.value.textContent = text.done;
    say(`${text.done}: ${this.title}`);
  }

  update(row) {
    this.row = row;
    if (this.isDeed) return;
    this.button.setAttribute("aria-checked", String(this.checked));
    this.node.classList.toggle("on", this.on);
    this.value.textContent = this.on ? summary(row, row.value) : "";
  }
}

// ── What a CRM's administrator or its clock does ──

function drawLever(sandbox, lever) {
  const id = `${sandbox}-lever-${lever.name}`;
  const value = el("span", { className: "value" });
  const error = el("p", { className: "error", role: "alert", hidden: true });
  const button = el("button", { "aria-label": `${lever.title}: ${names[sandbox]}` }, text.do);
  const field = lever.param && el("input", { type: "text", value: String(lever.param.first),
    autocomplete: "off", spellcheck: false });
  const form = el("form", { className: "lever" },
    ...(field ? [el("label", {}, el("span", {}, lever.param.title), field)] : []), button);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    error.hidden = true;
    value.textContent = "";
    try {
      const path = `${sandbox}/levers/${lever.name}`;
      if (!(await ask("POST", path, field ? { value: field.value } : {}))) return;
      value.textContent = text.done;
      say(`${text.done}: ${lever.title}`);
      await look();
    } catch (refused) {
      if (!(refused instanceof Refused)) throw refused;
      error.textContent = refused.message;
      error.hidden = false;
    }
  });
  return el("li", { id, "data-lever": lever.name }, el("div", { className: "words" },
    el("span", { className: "title" }, lever.title), " ", value, el("p", {}, lever.effect)), form, error);
}

// ── The whole page ──

function show(lists) {
  for (const [sandbox, list] of Object.entries(lists)) {
    const section = document.querySelector(`section[data-sandbox=${sandbox}]`);
    for (const row of list) {
      const key = `${sandbox}/${row.name}`;
      if (!rows.has(key)) {
        rows.set(key, new Row(sandbox, row));
        section.querySelector(`[data-group=${row.group}]`).append(rows.get(key).node);
      }
      rows.get(key).update(row);
    }
  }
  drawState();
}

function drawState() {
  const places = [...document.querySelectorAll("section li[data-name]")];
  const on = [...rows.values()].filter((row) => row.on)
    .sort((a, b) => places.indexOf(a.node) - places.indexOf(b.node));
  const stamp = on.map((row) => row.id).join();
  if (drawState.stamp === stamp) return;
  drawState.stamp = stamp;
  $("state").textContent = on.length ? fill(text.on, { n: on.length }) : text.none;
  $("state").classList.toggle("bad", on.length > 0);
  $("on").hidden = on.length === 0;
  $("on").replaceChildren(...on.map((row) => el("li", {},
    el("a", { href: `#${row.id}` }, `${row.title} · ${names[row.sandbox]}`))));
}

async function look() {
  const mine = asked;
  const found = await ask("GET", "now");
  if (found && mine === asked) show(found);
}

$("all-off").addEventListener("click", async () => {
  asked += 1;
  const found = await ask("DELETE", "now");
  if (!found) return;
  show(found);
  for (const row of rows.values()) row.complain("");
  say(text.all_off);
});

$("on").addEventListener("click", (event) => {
  const link = event.target.closest("a");
  if (!link) return;
  // The browser's own jump would take the focus to the row, where nothing can be pressed.
  event.preventDefault();
  const target = document.getElementById(link.hash.slice(1));
  // It may be among a CRM's traits, which are folded up.
  const folded = target.closest("details.settings");
  if (folded) folded.open = true;
  target.scrollIntoView({ block: "center" });
  target.querySelector("button").focus({ preventScroll: true });
});

for (const [sandbox, known] of Object.entries(told.levers)) {
  const list = document.querySelector(`section[data-sandbox=${sandbox}] [data-group=levers]`);
  list?.prepend(...known.map((lever) => drawLever(sandbox, lever)));
}

await look();
document.documentElement.dataset.ready = "yes";
setInterval(() => {
  if (!document.hidden) void look();
}, LOOK_EACH_MS);
