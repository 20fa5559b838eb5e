// One application frame: the POST that opens it and the parent's side of the postMessage protocol.

export const WORKER = "PAGE_BACKGROUND_WORKER";
const ALLOW = ["geolocation", "microphone", "camera", "autoplay", "clipboard-write"].map((name) => `${name} *`);

const CLICKS = [
  "addComment", "mute", "hold", "transfer", "completeTransfer", "cancelTransfer", "hangup", "close",
  "next", "skip", "answer", "makeCall", "notifyAdmin", "dialpad",
];
export const CARD_EVENTS = [
  "BackgroundCallCard::initialized",
  "BackgroundCallCard::entityChanged",
  ...CLICKS.map((name) => `BackgroundCallCard::${name}ButtonClick`),
  "BackgroundCallCard::qualityMeterClick",
];
const CARD_COMMANDS = [
  "CallCardSetMute", "CallCardSetHold", "CallCardSetUiState", "CallCardGetListUiStates",
  "CallCardSetCardTitle", "CallCardSetStatusText", "CallCardStartTimer", "CallCardStopTimer", "CallCardClose",
];
const TAB_COMMANDS = ["getStatus", "disableAutoClose", "enableAutoClose"];
const TAB_EVENTS = ["CallCard::EntityChanged", "CallCard::BeforeClose", "CallCard::CallStateChanged"];
// What a frame that is no main page is denied: the portal stays silent then.
const MAIN_ONLY = new Set(["setTitle", "setScroll", "reloadWindow"]);
const SILENT = Symbol("no answer");
// The vendor's library takes the first message within 900 ms of a bind for the bind's own answer.
const SETTLE_MS = 950;
const SLOW_MS = 5000;

const REQUIRED = {
  CallCardSetMute: "muted",
  CallCardSetHold: "held",
  CallCardSetCardTitle: "title",
  CallCardSetStatusText: "statusText",
};

/** The field a command of the desktop application cannot do without, when it is not there. */
function desktopMissing(command, params) {
  const name = REQUIRED[command];
  return name && !(name in (params ?? {})) ? name : null;
}

/** The parts of a message, or null when it is none of ours. The payload itself may hold colons. */
export function parse(data) {
  if (data && typeof data === "object" && typeof data.method === "string") {
    return { command: data.method, params: data.params ?? {}, key: data.callback, sid: data.appSid };
  }
  if (typeof data !== "string") return null;
  const parts = data.split(":");
  if (parts.length < 3) return null;
  const command = parts.shift();
  const sid = parts.pop();
  const key = parts.pop();
  const text = parts.join(":");
  let params = {};
  try {
    if (text) params = JSON.parse(text);
  } catch {
    return null;
  }
  return { command, params, key, sid };
}

export class AppFrame {
  constructor({ portal, post, launch, code, host, handler = "", visible = false, card = () => null }) {
    this.handler = handler;
    this.portal = portal;
    this.post = post;
    this.launch = launch;
    this.code = code;
    this.host = host;
    this.visible = visible;
    this.card = card;
    this.origin = new URL(launch.url).origin;
    this.bound = []; // [event, key], in order; binding twice fires twice
    this.onMessage = (event) => this.receive(event);
    this.listening = new Promise((resolve) => (this.heardBind = resolve));
  }

  open() {
    const { url, name, fields } = this.launch;
    this.element = document.createElement("iframe");
    this.element.name = name;
    const mute = this.code === WORKER && !this.portal.boot.workerMicrophone;
    this.element.setAttribute("allow", ALLOW.filter((rule) => !mute || !rule.startsWith("microphone")).join("; "));
    this.element.className = "app-frame";
    this.element.title = this.code;
    if (!this.visible) this.element.style.cssText = "display:none";
    this.host.append(this.element);
    window.addEventListener("message", this.onMessage);
    const form = document.createElement("form");
    form.method = "post";
    form.action = url;
    form.target = name;
    form.hidden = true;
    for (const [key, value] of Object.entries(fields)) {
      const input = document.createElement("input");
      input.type = "hidden";
      input.name = key;
      input.value = value;
      form.append(input);
    }
    document.body.append(form);
    const asked = performance.now();
    // The portal counts slow loads of the worker and in the end takes its place away.
    this.element.addEventListener("load", () => this.loaded(performance.now() - asked), { once: true });
    form.submit();
    form.remove();
  }

  loaded(ms) {
    if (this.code === WORKER && ms > SLOW_MS) {
      void this.post("/portal/loaded", { code: this.code, handler: this.handler, ms });
    }
  }

  close() {
    window.removeEventListener("message", this.onMessage);
    this.portal.frames.delete(this);
    this.element.remove();
  }

  /** Tell the frame about an event, once for each time it was bound. */
  fire(event, ...values) {
    for (const [name, key] of this.bound) if (name === event) this.reply(key, ...values);
  }

  reply(key, ...values) {
    const value = values.length > 1 ? values : values[0];
    const text = value === undefined ? "" : JSON.stringify(value);
    this.element.contentWindow?.postMessage(`${key}:${text}`, this.origin);
  }

  async receive(event) {
    if (event.source !== this.element.contentWindow || event.origin !== this.origin) return;
    const message = parse(event.data);
    if (!message || message.sid !== this.launch.sid) return;
    const answer = await this.answer(message);
    if (answer !== SILENT && message.key) this.reply(message.key, answer);
  }

  async answer({ command, params, key }) {
    if (MAIN_ONLY.has(command) && this.code !== "DEFAULT" && this.code !== "INSTALL") return SILENT;
    if (command === "placementBindEvent") {
      this.bound.push([params.event, key]);
      if (params.event === "BackgroundCallCard::initialized") setTimeout(this.heardBind, SETTLE_MS);
      return SILENT;
    }
    const own = this[`do_${command}`];
    if (own) return own.call(this, params, key);
    return this.placementCommand(command, params, key);
  }

  placementCommand(command, params, key) {
    if (this.code === WORKER && CARD_COMMANDS.includes(command)) {
      const card = this.card();
      const missing = this.portal.boot.desktop && desktopMissing(command, params);
      if (missing) {
        // The desktop application checks itself, answers a bare object, and for hold goes on.
        if (command === "CallCardSetHold") setTimeout(() => this.reply(key, []));
        return { result: "error", errorCode: `missing field ${missing}` };
      }
      if (command === "CallCardGetListUiStates") return this.portal.uiStates();
      if (!card?.drawn) return [{ result: "error", errorCode: "Call card is undefined" }];
      const answer = card.command(command, params);
      if (answer !== undefined) return answer;
      return this.portal.boot.desktop ? [] : SILENT;
    }
    if (this.code === "CALL_CARD" && TAB_COMMANDS.includes(command)) return this.card()[command]();
    if (command === "reloadData" && this.code.endsWith("_DETAIL_TAB")) location.reload();
    return SILENT;
  }

  do_getInitData() {
    return this.launch.init;
  }

  do_refreshAuth() {
    return this.post("/portal/auth");
  }

  do_getInterface() {
    const general = ["resizeWindow", "openApplication", "closeApplication", "openPath", "imPhoneTo", "imCallTo"];
    if (this.code === WORKER) return { command: CARD_COMMANDS, event: CARD_EVENTS };
    if (this.code === "CALL_CARD") return { command: TAB_COMMANDS, event: TAB_EVENTS };
    if (this.code.endsWith("_DETAIL_TAB")) return { command: ["reloadData", ...general], event: [] };
    return { command: general, event: [] };
  }

  async do_setInstallFinish() {
    if (this.code === "INSTALL") {
      await this.post("/portal/install");
      location.assign("/marketplace/app/");
    }
    return [];
  }

  do_setInstall() {
    return [];
  }

  async do_setAppOption({ name, value }) {
    await this.post("/portal/option", { scope: "app", name, value });
    return [];
  }

  async do_setUserOption({ name, value }) {
    await this.post("/portal/option", { scope: "user", name, value });
    return [];
  }

  do_resizeWindow({ width, height }) {
    if (height > 0) this.element.style.height = `${Math.min(height, 5000)}px`;
    if (width > 0) this.element.style.width = `${Math.min(width, 5000)}px`;
    return { width: this.element.clientWidth, height: this.element.clientHeight };
  }

  do_setTitle({ title }) {
    document.title = String(title ?? "");
    return [];
  }

  do_setScroll({ scroll }) {
    window.scrollTo({ top: Number(scroll) || 0 });
    return [];
  }

  do_reloadWindow() {
    location.reload();
    return [];
  }

  do_getScrollSize() {
    const page = document.documentElement;
    return { scrollWidth: page.scrollWidth, scrollHeight: page.scrollHeight };
  }

  do_openApplication(params, key) {
    this.portal.openApplication(params, (result) => this.reply(key, result));
    return SILENT;
  }

  do_closeApplication() {
    this.portal.closeSlider();
    return [];
  }

  do_openPath({ path }, key) {
    this.portal.openSlider(String(path ?? ""), (result) => this.reply(key, result));
    return SILENT;
  }

  async do_imPhoneTo({ phone }) {
    await this.portal.dial(String(phone ?? ""));
    return [];
  }

  do_imCallTo() {
    return [];
  }

  do_imOpenMessenger() {
    return [];
  }

  do_imOpenHistory() {
    return [];
  }

  do_selectUser({ mult }) {
    return mult ? [] : null;
  }

  do_selectAccess() {
    return [];
  }

  do_selectCRM() {
    return [];
  }
}
