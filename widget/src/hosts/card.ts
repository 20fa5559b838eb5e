/** One card of the portal as this frame knows it, and what of it the portal was told. */
import type { CallChanged } from '../protocol/messages';
import type { Advice, CardLook } from './cardlook';
import type { CardQueue } from './cardqueue';

export interface Card {
  readonly id: string;
  readonly queue: CardQueue;
  /** Our call; null until the server said which. */
  callId: string | null;
  /** Nobody knows a call of ours for it: another application's, or the portal's own. */
  foreign: boolean;
  /** Whether this frame drives it: sliders of one page hear the same events. */
  leading: boolean;
  /** Whether our call was ever in the view: gone afterwards means over. */
  seen: boolean;
  /** What was sent last. */
  sent: Partial<CardLook>;
  /** Clicks on it, part of the command's id: two frames that hear one click send one id. */
  clicks: number;
  /** Pressed before this frame knew the call or led: done as soon as it does, while still meant. */
  early: { readonly act: Act; readonly id: number; readonly until: number } | null;
  /** What the operator is told for a moment. */
  advice: { readonly text: Advice; readonly until: number } | null;
  /** The record the portal shows, `CONTACT:7`; the first one was chosen by the portal itself. */
  record: string;
  /** The record the operator chose on the card, until our server knows it. */
  choice: string | null;
  readonly release: () => void;
}

/** What a press on the card does, once the call is known. */
export type Act = (card: Card, call: CallChanged, commandId: string) => unknown;

export interface NewCard {
  readonly id: string;
  /** What came with it: `CRM_ENTITY_TYPE` and the like. */
  readonly facts: Record<string, unknown>;
  /** Clicks on an earlier drawing of the same card. */
  readonly clicks: number;
  readonly queue: (card: Card) => CardQueue;
  /** Asks for the turn to drive it; the result gives it up. */
  readonly turn: (card: Card) => () => void;
}

/** A card that has just appeared: nobody knows yet whose it is. */
export function newCard({ id, facts, clicks, queue, turn }: NewCard): Card {
  const card: Omit<Card, 'queue' | 'release'> = {
    id,
    callId: null,
    foreign: false,
    leading: false,
    seen: false,
    sent: {},
    clicks,
    early: null,
    advice: null,
    record: recordKey(facts) ?? '',
    choice: null,
  };
  const whole = card as Card;
  return Object.assign(whole, { queue: queue(whole), release: turn(whole) });
}

/** Tells the portal what differs from what it was told before. `states`: those it has, if known. */
export function show(card: Card, look: CardLook, states: ReadonlySet<unknown> | null): void {
  const { sent, queue } = card;
  card.sent = look;
  if (sent.title !== look.title) queue.add('CallCardSetCardTitle', { title: look.title });
  const known = states?.has(look.ui) ?? true;
  if (sent.ui !== look.ui && known) queue.add('CallCardSetUiState', { uiState: look.ui });
  if (look.ui === 'connected' && (sent.held ?? false) !== look.held) {
    queue.add('CallCardSetHold', { held: look.held });
  }
  if (look.ui === 'connected' && (sent.muted ?? false) !== look.muted) {
    queue.add('CallCardSetMute', { muted: look.muted });
  }
  if (sent.status !== look.status) {
    queue.add('CallCardSetStatusText', { statusText: look.status });
  }
}

/** The portal may have changed the card by itself: what it showed is to be said again. */
export function forgetShown(card: Card): void {
  const { title, status, held, muted } = { ...NOTHING_SENT, ...card.sent };
  card.sent = { title, status, held, muted };
}

const NOTHING_SENT = { title: '', status: '', held: false, muted: false } as const;

/** `CONTACT:7`, or null when the portal names no record. Ids come as numbers and as texts. */
export function recordKey(facts: Record<string, unknown>): string | null {
  const [type, id] = [facts['CRM_ENTITY_TYPE'], facts['CRM_ENTITY_ID']];
  if (typeof type !== 'string' || type === '') return null;
  if (typeof id !== 'number' && typeof id !== 'string') return null;
  return String(id) === '' || String(id) === '0' ? null : `${type}:${id}`;
}

/** Fits the protocol's ids whatever the call's id holds. */
export function commandId(callId: string, click: number): string {
  return `b24_${click}_${callId.replace(/[^A-Za-z0-9_-]/g, '_')}`.slice(0, 64);
}
