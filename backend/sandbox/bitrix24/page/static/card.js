// The portal's own call card: twelve states, its buttons, its commands and its events.

const ru = document.documentElement.lang !== "en";
const say = (russian, english) => (ru ? russian : english);

const BUTTONS = {
  answer: say("Ответить", "Answer"),
  skip: say("Пропустить", "Skip"),
  makeCall: say("Позвонить", "Call"),
  hangup: say("Завершить", "Hang up"),
  hold: say("Удержать", "Hold"),
  mute: say("Без звука", "Mute"),
  transfer: say("Перевести", "Transfer"),
  dialpad: say("Клавиши", "Keypad"),
  qualityMeter: say("Связь", "Quality"),
  completeTransfer: say("Соединить", "Complete"),
  cancelTransfer: say("Вернуть", "Cancel"),
  close: say("Закрыть", "Close"),
  next: say("Следующий", "Next client"),
  notifyAdmin: say("Сообщить", "Tell the administrator"),
};

// State → its buttons, and the words under the name until the application sets its own.
const STATES = {
  incoming: [["answer", "skip"], say("Входящий звонок", "Incoming call")],
  transferIncoming: [["answer", "skip"], say("Перевод звонка", "Transferred call")],
  outgoing: [["makeCall"], say("Исходящий звонок", "Outgoing call")],
  connectingIncoming: [["hangup"], say("Соединение…", "Connecting…")],
  connectingOutgoing: [["hangup"], say("Набор номера…", "Dialling…")],
  connected: [
    ["hangup", "hold", "mute", "transfer", "dialpad", "qualityMeter"],
    say("Разговор", "Connected"),
  ],
  transferring: [["completeTransfer", "cancelTransfer"], say("Перевод…", "Transferring…")],
  transferFailed: [["cancelTransfer"], say("Перевод не удался", "Transfer failed")],
  transferConnected: [["hangup"], say("Переведён", "Transferred")],
  error: [["close"], say("Ошибка", "Error")],
  moneyError: [["notifyAdmin", "close"], say("Недостаточно средств", "Not enough money")],
  redial: [["makeCall"], say("Перезвонить", "Redial")],
};
export const UI_STATES = Object.keys(STATES);

const CALL_STATES = { connectingIncoming: "connecting", connectingOutgoing: "connecting", connected: "connected" };
const KEYS = ["1", "2", "3", "4", "5", "6", "7", "8", "9", "*", "0", "#"];
// An application tab may keep a finished call's card no longer than this.
const KEPT_MS = 65_000;

export class CallCard {
  constructor({ portal, data, closed }) {
    this.portal = portal;
    const { clientName, ...facts } = data;
    this.data = facts;
    this.clientName = clientName;
    this.closed = closed;
    this.drawn = false;
    this.state = { incoming: "incoming", outgoing: "connectingOutgoing" }[facts.CALL_DIRECTION] ?? "outgoing";
    this.muted = false;
    this.held = false;
    this.title = "";
    this.statusText = "";
    this.elapsed_ms = 0;
    this.runningSince = null;
    this.ended = false;
    this.autoClose = true;
    this.tabs = [];
  }

  draw() {
    this.drawn = true;
    const box = (this.box = document.createElement("section"));
    box.className = "call-card";
    box.setAttribute("role", "dialog");
    box.setAttribute("aria-label", say("Звонок", "Call"));
    box.innerHTML = `<header><span class="line"></span><span class="timer">00:00</span></header>
      <h2></h2><p class="who"></p><p class="status" role="status"></p><div class="buttons"></div>
      <div class="panel-more" hidden></div>
      <form class="comment"><input aria-label="${say("Комментарий", "Comment")}"
        placeholder="${say("Комментарий", "Comment")}"><button>${say("Добавить", "Add")}</button></form>
      <div class="card-tabs" role="tablist"></div><div class="card-stage" hidden></div>`;
    box.querySelector("form").onsubmit = (event) => {
      event.preventDefault();
      const input = box.querySelector("form input");
      const text = input.value;
      input.value = "";
      if (!text) return;
      // Kept with the call first; then the application hears of it.
      const kept = this.portal.post("/portal/comment", { call: this.data.CALL_ID, text });
      void kept.then(() => this.emit("addCommentButtonClick", text));
    };
    document.body.append(box);
    this.ticker = setInterval(() => this.paintTimer(), 500);
    this.drawTabs();
    this.paint();
    const { PHONE_NUMBER, CRM_ENTITY_TYPE, CRM_ENTITY_ID } = this.data;
    // The entity is known first: its event may overtake the card's own.
    if (CRM_ENTITY_TYPE) {
      this.emit("entityChanged", { PHONE_NUMBER: PHONE_NUMBER || "unknown", CRM_ENTITY_TYPE, CRM_ENTITY_ID });
    }
    this.emit("initialized", this.status());
  }

  emit(event, ...values) {
    this.portal.worker?.fire(`BackgroundCallCard::${event}`, ...values);
  }

  status() {
    return { ...this.data, CALL_STATE: CALL_STATES[this.state] ?? "idle" };
  }

  // Commands of the background worker; `undefined` is no answer at all.

  command(name, params) {
    switch (name) {
      case "CallCardSetMute":
        this.muted = Boolean(params.muted);
        break;
      case "CallCardSetHold":
        this.held = Boolean(params.held);
        break;
      case "CallCardSetUiState":
        if (!STATES[params.uiState]) return [{ result: "error", errorCode: "Invalid ui state" }];
        this.setState(params.uiState, Boolean(params.disableAutoStartTimer));
        break;
      case "CallCardSetCardTitle":
        this.title = String(params.title ?? "");
        break;
      case "CallCardSetStatusText":
        this.statusText = String(params.statusText ?? "");
        break;
      case "CallCardStartTimer":
        this.startTimer();
        return undefined;
      case "CallCardStopTimer":
        this.stopTimer();
        return undefined;
      case "CallCardClose":
        this.remove();
        return [];
    }
    this.paint();
    return [];
  }

  setState(state, keepTimer) {
    const before = CALL_STATES[this.state] ?? "idle";
    if (state !== "connected") this.stopTimer();
    else if (keepTimer) {
      this.stopTimer();
      this.elapsed_ms = 0;
    } else this.startTimer();
    this.state = state;
    const after = CALL_STATES[state] ?? "idle";
    if (after !== before) this.tell("CallCard::CallStateChanged", after, {});
  }

  startTimer() {
    this.runningSince ??= performance.now();
  }

  stopTimer() {
    if (this.runningSince !== null) this.elapsed_ms += performance.now() - this.runningSince;
    this.runningSince = null;
  }

  // Commands of the card's own tab.

  getStatus() {
    return this.status();
  }

  disableAutoClose() {
    this.autoClose = false;
    return [];
  }

  enableAutoClose() {
    this.autoClose = true;
    if (this.ended) this.remove();
    return [];
  }

  tell(event, ...values) {
    for (const tab of this.tabs) tab.fire(event, ...values);
  }

  callState(state, failedCode) {
    this.tell("CallCard::CallStateChanged", state, failedCode && failedCode !== "200" ? { failedCode } : {});
  }

  /** The portal takes the card away: at once, or later when a tab asked to keep it. */
  hide() {
    this.ended = true;
    this.stopTimer();
    if (this.autoClose || !this.tabs.length) this.remove();
    else this.keeper = setTimeout(() => this.remove(), KEPT_MS);
  }

  remove() {
    this.tell("CallCard::BeforeClose");
    clearTimeout(this.keeper);
    clearInterval(this.ticker);
    for (const tab of this.tabs) tab.close();
    this.box?.remove();
    this.drawn = false;
    this.closed(this);
  }

  // What is seen.

  paint() {
    if (!this.drawn) return;
    const { box, data } = this;
    const [buttons, words] = STATES[this.state];
    box.dataset.state = this.state;
    box.querySelector(".line").textContent = data.LINE_NAME || data.LINE_NUMBER || "";
    box.querySelector("h2").textContent = this.title || this.clientName || data.PHONE_NUMBER;
    const who = box.querySelector(".who");
    who.replaceChildren();
    if (this.title && this.clientName) who.append(`${this.clientName} · `);
    if (data.CRM_ENTITY_ID) {
      const link = document.createElement("a");
      link.href = `/crm/${data.CRM_ENTITY_TYPE.toLowerCase()}/details/${data.CRM_ENTITY_ID}/`;
      link.dataset.slider = "";
      link.textContent = data.PHONE_NUMBER;
      who.append(link);
    } else who.append(data.PHONE_NUMBER);
    box.querySelector(".status").textContent = this.statusText || words;
    const row = box.querySelector(".buttons");
    const all = data.CALL_LIST_MODE ? [...buttons, "next"] : buttons;
    row.replaceChildren(...all.map((name) => this.button(name)));
    this.paintTimer();
  }

  button(name) {
    const button = document.createElement("button");
    button.type = "button";
    button.dataset.action = name;
    button.textContent = BUTTONS[name];
    if (name === "mute" || name === "hold") {
      button.setAttribute("aria-pressed", name === "mute" ? this.muted : this.held);
    }
    button.onclick = () => this.pressed(name);
    return button;
  }

  pressed(name) {
    if (name === "mute" || name === "hold") {
      const key = name === "mute" ? "muted" : "held";
      this[key] = !this[key];
      this.emit(`${name}ButtonClick`, this[key]);
      this.paint();
    } else if (name === "dialpad") {
      this.more(KEYS.map((key) => [key, () => this.emit("dialpadButtonClick", key)]));
    } else if (name === "qualityMeter") {
      this.more(["1", "2", "3", "4", "5"].map((mark) => [mark, () => this.emit("qualityMeterClick", mark)]));
    } else if (name === "transfer") this.askTarget();
    else this.emit(`${name}ButtonClick`);
  }

  more(entries) {
    const panel = this.box.querySelector(".panel-more");
    const same = panel.dataset.for === entries.map(([text]) => text).join("");
    panel.hidden = same && !panel.hidden;
    panel.dataset.for = entries.map(([text]) => text).join("");
    panel.replaceChildren(
      ...entries.map(([text, act]) => {
        const button = document.createElement("button");
        button.type = "button";
        button.textContent = text;
        button.onclick = act;
        return button;
      }),
    );
  }

  askTarget() {
    const panel = this.box.querySelector(".panel-more");
    panel.hidden = false;
    panel.dataset.for = "transfer";
    panel.innerHTML = `<form class="target"><input aria-label="${say("Номер или сотрудник", "Number or employee")}"
      placeholder="${say("Номер или сотрудник", "Number or employee")}"><button>→</button></form>`;
    panel.querySelector("input").focus();
    panel.querySelector("form").onsubmit = (event) => {
      event.preventDefault();
      const target = panel.querySelector("input").value.trim();
      panel.hidden = true;
      if (target) this.emit("transferButtonClick", { phoneNumber: this.data.PHONE_NUMBER, target });
    };
  }

  paintTimer() {
    const running = this.runningSince === null ? 0 : performance.now() - this.runningSince;
    const seconds = Math.floor((this.elapsed_ms + running) / 1000);
    const two = (value) => String(value).padStart(2, "0");
    this.box.querySelector(".timer").textContent = `${two(Math.floor(seconds / 60))}:${two(seconds % 60)}`;
  }

  drawTabs() {
    const bar = this.box.querySelector(".card-tabs");
    const stage = this.box.querySelector(".card-stage");
    for (const item of this.portal.boot.cardTabs) {
      const tab = document.createElement("button");
      tab.type = "button";
      tab.setAttribute("role", "tab");
      tab.textContent = item.title;
      tab.onclick = () => {
        stage.hidden = !stage.hidden;
        this.box.classList.toggle("wide", !stage.hidden);
      };
      bar.append(tab);
      void this.portal
        .open("CALL_CARD", item.handler, this.tabOptions(), stage, { visible: true, card: () => this })
        .then((frame) => this.tabs.push(frame));
    }
    if (this.tabs.length === 0 && !this.portal.boot.cardTabs.length) bar.hidden = true;
  }

  /** The same facts as `initialized`, every value a string. */
  tabOptions() {
    const { CRM_BINDINGS, ...facts } = this.status();
    const options = {};
    for (const [key, value] of Object.entries(facts)) if (value !== undefined) options[key] = String(value);
    options.CRM_ACTIVITY_ID = facts.CRM_ACTIVITY_ID ? String(facts.CRM_ACTIVITY_ID) : "undefined";
    if (CRM_BINDINGS.length) {
      options.CRM_BINDINGS = CRM_BINDINGS.map((item) => ({
        ENTITY_TYPE: item.ENTITY_TYPE,
        ENTITY_ID: String(item.ENTITY_ID),
      }));
    }
    return options;
  }
}
