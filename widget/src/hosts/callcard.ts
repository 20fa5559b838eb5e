/**
 * Drives Bitrix24's own call card from the background worker's frame, which has no pixels.
 *
 * What the card should show is computed from the phone's view and compared with what was sent; only
 * differences become commands. Clicks become commands to our server, and the card changes when the
 * switch reports, like every other screen. What only the operator's phone can do is said in the
 * card's status text.
 *
 * The card's id is the portal's (CALL_ID of `initialized`); the server knows which call it is.
 */
import type { Words } from '../i18n';
import type { Phone } from '../phone';
import type { Ask } from '../protocol/client';
import type { Clock } from '../protocol/clock';
import { isRecord } from '../protocol/decode';
import type { CallChanged } from '../protocol/messages';
import { calls, contactOf, isLive } from '../state/selectors';
import { commandId, forgetShown, newCard, recordKey, show, type Act, type Card } from './card';
import { CardEvents } from './cardevents';
import { asks, cardLook, type Advice } from './cardlook';
import { CardQueue, type CardPort } from './cardqueue';
import { muteAsk, transferAsk, TypedKeys } from './cardtalk';
import { CARD_LOCK } from './ownpage';

export type CardPhone = Pick<
  Phone,
  | 'view'
  | 'answer'
  | 'decline'
  | 'hangUp'
  | 'hold'
  | 'dismiss'
  | 'dial'
  | 'chooseContact'
  | 'askFor'
>;

export interface CardDriverOptions {
  readonly port: CardPort;
  readonly phone: CardPhone;
  readonly clock: Clock;
  readonly words: Words;
  /** Our call for the portal's card id, or null when it is not ours. Raises when unreachable. */
  readonly callOfCard: (cardId: string) => Promise<string | null>;
  /** Calls back when this frame is the one to drive the named card; the result gives it up. */
  readonly takeTurns: (name: string, lead: () => void) => () => void;
  /** The portal took commands for this live call's card and says that it has none. */
  readonly onHidden?: (callId: string) => void;
}

/**
 * The card may be drawn before our server stored the portal's answer; a clicked number's card is
 * there before the portal told our server of the click.
 */
const LOOKUP_WAITS_MS = [0, 300, 700, 1_500, 3_000, 5_000, 10_000] as const;
/** A card whose call is in no view this long after it appeared belongs to a call that is over. */
const STRAY_MS = 6_000;
/** After this a press that could not be carried out is forgotten: the person pressed again. */
const EARLY_MS = 5_000;
const ADVICE_MS = 6_000;
const STATES_TIMEOUT_MS = 5_000;

export class CardDriver {
  /** The card on screen: the portal shows one at a time. */
  #card: Card | null = null;
  readonly #keys: TypedKeys;
  /** States this portal has, when it said so. */
  #states: ReadonlySet<unknown> | null = null;
  #stop: (() => void) | null = null;
  /** Clicks by card: the portal draws a card anew while its call lives (a talk brought back after a
   * reload), and an id of before would be answered as the click of before. */
  readonly #clicks = new Map<string, number>();

  constructor(private readonly options: CardDriverOptions) {
    this.#keys = new TypedKeys(options.clock, (ask, id) => {
      if (this.#card) this.#ask(this.#card, ask, id);
    });
  }

  /** Binds the events, once per page whoever asks again: the portal knows no unbinding and would
   * fire twice. The result stops watching. */
  start(): () => void {
    return (this.#stop ??= this.#begin());
  }

  /** Whether a card is on screen that is ours, or may turn out to be. */
  isShown(): boolean {
    return this.#card !== null && !this.#card.foreign;
  }

  /** Resolves when what was said so far of the card on screen was sent. */
  async settled(): Promise<void> {
    await this.#card?.queue.settled();
  }

  get #phone(): CardPhone {
    return this.options.phone;
  }

  #begin(): () => void {
    const events = new CardEvents(this.options.port, this.options.clock);
    events.on('initialized', (argument) => this.#initialized(argument));
    events.on('entityChanged', (argument) => this.#recordChanged(argument));
    const press = (event: string, act: Act): void =>
      events.on(event, () => this.#press(act));
    press('answerButtonClick', (card, call, id) => this.#answer(card, call, id));
    press('skipButtonClick', (card, call, id) => this.#decline(card, call, id));
    press('hangupButtonClick', (card, call, id) => this.#hangUp(card, call, id));
    press('closeButtonClick', (card, call) => this.#putAway(card, call));
    press('makeCallButtonClick', (card, call, id) => this.#makeCall(card, call, id));
    press('nextButtonClick', (card, call) => this.#next(card, call));
    events.on('holdButtonClick', (on) =>
      this.#press((card, call) => this.#hold(card, call, on === true)),
    );
    events.on('muteButtonClick', (on) =>
      this.#press((card, call, id) => this.#mute(card, call, on === true, id)),
    );
    events.on('transferButtonClick', (argument) =>
      this.#press((card, call, id) => this.#transfer(card, call, argument, id)),
    );
    for (const act of ['complete', 'cancel'] as const) {
      press(`${act}TransferButtonClick`, (card, call, id) => {
        this.#restate(card);
        this.#ask(card, { type: `call.transfer_${act}`, call_id: call.call_id }, id);
      });
    }
    events.on('dialpadButtonClick', (digit) =>
      this.#press((card, call, id) => {
        if (!this.#keys.press(call, digit, id)) this.#advise(card, 'card.advice.dialpad');
      }),
    );
    const onPhone = (event: string, advice: Advice): void =>
      press(event, (card) => {
        this.#restate(card);
        this.#advise(card, advice);
      });
    onPhone('qualityMeterClick', 'card.advice.quality');
    onPhone('notifyAdminButtonClick', 'card.advice.admin');
    // The portal keeps the comment with the call before it tells of it: a second one is not wanted.
    press('addCommentButtonClick', (card) => this.#advise(card, 'card.advice.comment'));
    void this.#askStates();
    return this.#phone.view.watch(() => this.#draw());
  }

  async #askStates(): Promise<void> {
    const asked = this.options.port.call('CallCardGetListUiStates', {}, STATES_TIMEOUT_MS);
    const answer = await asked.catch(() => null);
    const named = Array.isArray(answer) && answer.every((one) => typeof one === 'string');
    if (named && answer.length > 0) this.#states = new Set<unknown>(answer);
  }

  #initialized(argument: unknown): void {
    const facts = isRecord(argument) ? argument : {};
    const id = facts['CALL_ID'];
    if (typeof id !== 'string' || id === '' || this.#card?.id === id) return;
    this.#forget();
    const card = newCard({
      id,
      facts,
      clicks: this.#clicks.get(id) ?? 0,
      queue: (one) => new CardQueue(this.options.port, () => this.#gone(one)),
      turn: (one) =>
        this.options.takeTurns(`${CARD_LOCK}${id}`, () => {
          one.leading = true;
          this.#draw();
        }),
    });
    this.#card = card;
    void this.#resolve(card);
  }

  async #resolve(card: Card): Promise<void> {
    for (const wait of LOOKUP_WAITS_MS) {
      await new Promise<void>((done) => void this.options.clock.after(wait, done));
      if (this.#card !== card) return;
      try {
        card.callId = await this.options.callOfCard(card.id);
      } catch {
        continue;
      }
      if (card.callId !== null) break;
    }
    // Still unknown: the card of another application or of the portal's own telephony.
    if (card.callId === null) {
      card.foreign = true;
      card.release();
      return;
    }
    this.#draw();
    this.options.clock.after(STRAY_MS, () => {
      const online = this.#phone.view.get().connection.phase === 'online';
      if (this.#card === card && card.leading && !card.seen && online) this.#close(card);
    });
  }

  /**
   * The portal names a record before `initialized`, by itself; a later one was chosen by the
   * operator on the card, and is remembered like a choice on our own card.
   */
  #recordChanged(argument: unknown): void {
    const card = this.#card;
    const key = isRecord(argument) ? recordKey(argument) : null;
    if (!card || key === null || key === card.record) return;
    card.record = key;
    card.choice = key;
    this.#draw();
  }

  #draw(): void {
    const card = this.#card;
    if (!card?.leading || card.callId === null) return;
    const view = this.#phone.view.get();
    const call = calls(view.state).find((one) => one.call_id === card.callId);
    if (!call) {
      if (card.seen) this.#close(card);
      return;
    }
    card.seen = true;
    // Doing it changes the view, which has to be looked at anew.
    if (this.#doEarly(card, call)) return this.#draw();
    this.#choose(card, call);
    const now = this.options.clock.now();
    const advice = card.advice && now < card.advice.until ? card.advice.text : null;
    const look = cardLook(call, view, this.options.words, now, advice);
    // A card that only says how its call ended makes room for a call that lives.
    const another = calls(view.state).some((one) => one !== call && isLive(one));
    if (!look || (another && !isLive(call))) this.#close(card);
    else show(card, look, this.#states);
  }

  #close(card: Card): void {
    card.queue.close();
    this.#forget();
  }

  /** The portal has no such card: closed by hand, or hidden behind the card of a call list. */
  #gone(card: Card): void {
    if (this.#card !== card) return;
    const { callId } = card;
    const { state } = this.#phone.view.get();
    const live = calls(state).some((one) => one.call_id === callId && isLive(one));
    this.#forget();
    if (live && callId !== null) this.options.onHidden?.(callId);
  }

  #forget(): void {
    this.#keys.forget();
    this.#card?.release();
    this.#card?.queue.drop();
    this.#card = null;
  }

  #press(act: Act): void {
    const card = this.#card;
    if (!card) return;
    // Counted by every frame that hears it, so that whoever leads names it the same.
    card.clicks += 1;
    this.#clicks.set(card.id, card.clicks);
    card.early = { act, id: card.clicks, until: this.options.clock.now() + EARLY_MS };
    if (!card.leading || card.callId === null) return;
    const { state } = this.#phone.view.get();
    const call = calls(state).find((one) => one.call_id === card.callId);
    if (call) this.#doEarly(card, call);
  }

  #doEarly(card: Card, call: CallChanged): boolean {
    const { early } = card;
    card.early = null;
    if (!early || this.options.clock.now() > early.until) return false;
    early.act(card, call, commandId(call.call_id, early.id));
    return true;
  }

  #answer(card: Card, call: CallChanged, id: string): void {
    // The device cannot be answered from here: the status text already says to pick it up.
    if (call.actions.includes('answer')) void this.#phone.answer(call.call_id, id);
    else this.#restate(card);
  }

  #decline(card: Card, call: CallChanged, id: string): void {
    if (call.actions.includes('decline')) void this.#phone.decline(call.call_id, id);
    else this.#restate(card);
  }

  #hangUp(card: Card, call: CallChanged, id: string): void {
    if (call.actions.includes('hangup')) void this.#phone.hangUp(call.call_id, id);
    else this.#decline(card, call, id);
  }

  #putAway(card: Card, call: CallChanged): void {
    if (call.actions.includes('dismiss')) void this.#phone.dismiss(call.call_id);
    this.#close(card);
  }

  /** The portal offers it on a fresh call-back too, where it can only mean to pick up. */
  #makeCall(card: Card, call: CallChanged, id: string): void {
    if (asks(call)) return this.#answer(card, call, id);
    if (isLive(call)) return this.#restate(card);
    // Away first: the portal draws no card for the new call while this one is up.
    this.#putAway(card, call);
    void this.#phone.dial(call.number);
  }

  /** The next client of a call list. */
  #next(card: Card, call: CallChanged): void {
    if (isLive(call)) this.#advise(card, 'card.advice.next');
    else this.#putAway(card, call);
  }

  /** The portal's button moved already; a refusal moves it back on the next drawing. */
  #hold(card: Card, call: CallChanged, on: boolean): void {
    card.sent = { ...card.sent, held: on };
    void this.#phone.hold(call.call_id, on).then((done) => {
      if (!done && this.#card === card) this.#draw();
    });
  }

  #mute(card: Card, call: CallChanged, on: boolean, id: string): void {
    // The portal's button moved already.
    card.sent = { ...card.sent, muted: on };
    const ask = muteAsk(call, on);
    if (ask) return this.#ask(card, ask, id);
    this.#draw();
    this.#advise(card, 'card.advice.mute');
  }

  #transfer(card: Card, call: CallChanged, argument: unknown, id: string): void {
    this.#restate(card);
    const ask = transferAsk(call, argument);
    if (ask) this.#ask(card, ask, id);
    else this.#advise(card, 'card.advice.transfer');
  }

  /** Says for a moment when the server would not. */
  #ask(card: Card, ask: Ask, id: string): void {
    this.#phone.askFor(ask, id).catch(() => {
      if (this.#card === card) this.#advise(card, 'card.advice.failed');
    });
  }

  #advise(card: Card, text: Advice): void {
    card.advice = { text, until: this.options.clock.now() + ADVICE_MS };
    this.#draw();
    this.options.clock.after(ADVICE_MS, () => this.#draw());
  }

  /** The portal may have changed the card by itself: forget what it showed and say it again. */
  #restate(card: Card): void {
    forgetShown(card);
    this.#draw();
  }

  #choose(card: Card, call: CallChanged): void {
    const contact = contactOf(this.#phone.view.get().state, call.call_id);
    if (card.choice === null || !contact || contact.lookup === 'looking') return;
    const { choice } = card;
    card.choice = null;
    const record = contact.matches
      .map((match) => match.record)
      .find(({ kind, id }) => `${kind.toUpperCase()}:${id}` === choice);
    const chosen = contact.chosen;
    if (!record || (chosen?.kind === record.kind && chosen.id === record.id)) return;
    void this.#phone.chooseContact(call.call_id, record);
  }
}
