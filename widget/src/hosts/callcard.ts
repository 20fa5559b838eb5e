/**
 * Drives Bitrix24's own call card from the background worker's frame, which has no pixels.
 *
 * What the card should show is computed from the phone's view and compared with what was sent; only
 * differences become commands. Clicks become commands to our server, and the card changes when the
 * switch reports, like every other screen.
 *
 * The card's id is the portal's (CALL_ID of `initialized`); the server knows which call it is.
 */
import { showNumber, type Words } from '../i18n';
import type { Phone, View } from '../phone';
import type { Clock } from '../protocol/clock';
import { isRecord } from '../protocol/decode';
import type { CallChanged } from '../protocol/messages';
import { calls, contactOf, isLive, rings } from '../state/selectors';
import { callerName } from '../ui/alert';
import { connectionText } from '../ui/words';
import { CardQueue, type CardPort } from './cardqueue';

export type CardUi =
  | 'incoming'
  | 'connectingIncoming'
  | 'connectingOutgoing'
  | 'connected'
  | 'redial';

/** What a card should show; `null` means it should be closed. */
export interface CardLook {
  readonly ui: CardUi;
  readonly title: string;
  readonly status: string;
  readonly held: boolean;
}

export type CardPhone = Pick<
  Phone,
  'view' | 'answer' | 'decline' | 'hangUp' | 'hold' | 'dismiss' | 'dial'
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
}

interface Card {
  readonly id: string;
  /** Our call; null until the server said which. */
  callId: string | null;
  /** Whether this frame drives it: sliders of one page hear the same events. */
  leading: boolean;
  /** Whether our call was ever in the view: gone afterwards means over. */
  seen: boolean;
  /** What was sent last. */
  sent: Partial<CardLook>;
  /** Clicks per button, part of the command's id: two frames that hear one click send one id. */
  clicks: number;
  /** Pressed before this frame knew the call or led: done as soon as it does, while still meant. */
  early: { readonly act: Act; readonly id: number; readonly until: number } | null;
  readonly release: () => void;
}

type Act = (call: CallChanged, commandId: string) => unknown;

/** The card may be drawn before our server stored the portal's answer. */
const LOOKUP_WAITS_MS = [0, 300, 700, 1_500, 3_000] as const;
/** A card whose call is in no view this long after it appeared belongs to a call that is over. */
const STRAY_MS = 6_000;
/** After this a press that could not be carried out is forgotten: the person pressed again. */
const EARLY_MS = 5_000;

export class CardDriver {
  readonly #queue: CardQueue;
  /** The card on screen: the portal shows one at a time. */
  #card: Card | null = null;

  constructor(private readonly options: CardDriverOptions) {
    this.#queue = new CardQueue(options.port, () => this.#forget());
  }

  /** Binds the events; once per page, the portal knows no unbinding. The result stops watching. */
  start(): () => void {
    const bind = (event: string, listener: (argument: unknown) => void): void =>
      this.options.port.bind(`BackgroundCallCard::${event}`, listener);
    bind('initialized', (argument) => this.#initialized(argument));
    bind('answerButtonClick', () => this.#click((call, id) => this.#answer(call, id)));
    bind('skipButtonClick', () => this.#click((call, id) => this.#phone.decline(call.call_id, id)));
    bind('hangupButtonClick', () => this.#click((call, id) => this.#hangUp(call, id)));
    bind('holdButtonClick', (on) => this.#click((call) => this.#hold(call, on === true)));
    bind('muteButtonClick', () => this.#click(() => this.#unmute()));
    bind('closeButtonClick', () => this.#click((call) => this.#phone.dismiss(call.call_id)));
    bind('makeCallButtonClick', () => this.#click((call) => this.#phone.dial(call.number)));
    return this.#phone.view.watch(() => this.#draw());
  }

  settled(): Promise<void> {
    return this.#queue.settled();
  }

  get #phone(): CardPhone {
    return this.options.phone;
  }

  #initialized(argument: unknown): void {
    const id = isRecord(argument) ? argument['CALL_ID'] : undefined;
    if (typeof id !== 'string' || id === '' || this.#card?.id === id) return;
    this.#forget();
    const card: Card = {
      id,
      callId: null,
      leading: false,
      seen: false,
      sent: {},
      clicks: 0,
      early: null,
      release: this.options.takeTurns(`dozvon-card-${id}`, () => {
        card.leading = true;
        this.#draw();
      }),
    };
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
    if (card.callId === null) return;
    this.#draw();
    this.options.clock.after(STRAY_MS, () => {
      const online = this.#phone.view.get().connection.phase === 'online';
      if (this.#card === card && card.leading && !card.seen && online) this.#close();
    });
  }

  #draw(): void {
    const card = this.#card;
    if (!card?.leading || card.callId === null) return;
    const view = this.#phone.view.get();
    const call = calls(view.state).find((one) => one.call_id === card.callId);
    if (!call) {
      if (card.seen) this.#close();
      return;
    }
    card.seen = true;
    // Doing it changes the view, which has to be looked at anew.
    if (this.#doEarly(card, call)) return this.#draw();
    const look = cardLook(call, view, this.options.words, this.options.clock.now());
    if (look) this.#send(card, look);
    else this.#close();
  }

  #send(card: Card, look: CardLook): void {
    const { sent } = card;
    if (sent.title !== look.title) this.#queue.add('CallCardSetCardTitle', { title: look.title });
    if (sent.ui !== look.ui) this.#queue.add('CallCardSetUiState', { uiState: look.ui });
    if (look.ui === 'connected' && (sent.held ?? false) !== look.held) {
      this.#queue.add('CallCardSetHold', { held: look.held });
    }
    if (sent.status !== look.status) {
      this.#queue.add('CallCardSetStatusText', { statusText: look.status });
    }
    card.sent = look;
  }

  #close(): void {
    this.#queue.add('CallCardClose', {});
    this.#forget();
  }

  #forget(): void {
    this.#card?.release();
    this.#card = null;
  }

  #click(act: Act): void {
    const card = this.#card;
    if (!card) return;
    // Counted by every frame that hears it, so that whoever leads names it the same.
    card.clicks += 1;
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
    early.act(call, commandId(call.call_id, early.id));
    return true;
  }

  #answer(call: CallChanged, id: string): void {
    // The device cannot be answered from here: the status text already says to pick it up.
    if (call.actions.includes('answer')) void this.#phone.answer(call.call_id, id);
    else this.#restate();
  }

  #hangUp(call: CallChanged, id: string): void {
    if (call.actions.includes('hangup')) void this.#phone.hangUp(call.call_id, id);
    else if (call.actions.includes('decline')) void this.#phone.decline(call.call_id, id);
  }

  /** The portal's button moved already; a refusal moves it back on the next drawing. */
  #hold(call: CallChanged, on: boolean): void {
    if (this.#card) this.#card.sent = { ...this.#card.sent, held: on };
    void this.#phone.hold(call.call_id, on).then((done) => {
      if (!done) this.#draw();
    });
  }

  /** The voice is on the operator's phone, where this page cannot mute it: the button goes back. */
  #unmute(): void {
    this.#queue.add('CallCardSetMute', { muted: false });
  }

  /** The portal changed the card by itself: forget what it showed and say it again. */
  #restate(): void {
    if (this.#card) {
      const { title, status, held } = { ...NOTHING_SENT, ...this.#card.sent };
      this.#card.sent = { title, status, held };
    }
    this.#draw();
  }
}

const NOTHING_SENT = { title: '', status: '', held: false } as const;

/** Pure: what the card of `call` shows in this view; null when there is nothing left to show. */
export function cardLook(
  call: CallChanged,
  view: View,
  words: Words,
  now: number,
): CardLook | null {
  const ui = cardUi(call, view);
  if (!ui) return null;
  const contact = contactOf(view.state, call.call_id);
  const match = contact?.matches.length === 1 ? contact.matches[0] : undefined;
  return {
    ui,
    title: match?.name ?? callerName(call, words),
    status: statusText(call, view, words, now),
    held: call.state === 'held',
  };
}

function cardUi(call: CallChanged, view: View): CardUi | null {
  switch (call.state) {
    case 'ended': {
      const unreached = call.direction === 'outbound' && call.outcome !== 'answered';
      return unreached && call.number !== '' ? 'redial' : null;
    }
    case 'talking':
    case 'held':
      return call.my_leg === 'ended' ? null : 'connected';
    case 'ringing':
      if (call.direction === 'outbound') return 'connectingOutgoing';
      if (!rings(call)) return null;
      return view.pending.has(`answer:${call.call_id}`) ? 'connectingIncoming' : 'incoming';
  }
}

/** The one line of text the portal gives us: the most urgent thing to know. */
function statusText(call: CallChanged, view: View, words: Words, now: number): string {
  if (view.connection.phase !== 'online') return connectionText(view.connection, now, words);
  const failed = view.notices.findLast((notice) => notice.kind === 'failed');
  if (failed) return words.t(`error.${failed.code}`);
  const other = calls(view.state).find((one) => one.call_id !== call.call_id && isLive(one));
  if (other && rings(other)) {
    return `${words.t('card.second')}: ${callerName(other, words)}`;
  }
  if (call.state === 'ended') return words.t(call.cause ? `cause.${call.cause}` : 'end.no_reply');
  if (rings(call) && !call.actions.includes('answer')) {
    return call.device
      ? words.t('card.pick_up', { device: call.device })
      : words.t('card.pick_up_any');
  }
  const number = call.virtual_number ? showNumber(call.virtual_number) : null;
  const dialled = call.virtual_number_name ?? number;
  return [dialled, call.scenario].filter(Boolean).join(' · ');
}

/** Fits the protocol's ids whatever the call's id holds. */
function commandId(callId: string, click: number): string {
  return `b24_${click}_${callId.replace(/[^A-Za-z0-9_-]/g, '_')}`.slice(0, 64);
}
