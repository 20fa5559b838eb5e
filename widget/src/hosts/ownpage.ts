/**
 * Our own page in the portal's slider, for a call the portal shows no card of: while the card of a
 * call list is open it draws no other and takes no commands for one.
 *
 * Only the tab the person looks at opens it, once for a call, and only where neither a card of the
 * call nor our page is up in this browser.
 */
import type { Phone } from '../phone';
import type { Clock } from '../protocol/clock';
import type { CallChanged } from '../protocol/messages';
import { calls, isLive } from '../state/selectors';
import { asks } from './cardlook';

export interface OwnPageOptions {
  readonly phone: Pick<Phone, 'view'>;
  readonly clock: Clock;
  readonly isVisible: () => boolean;
  /** Whether a card of ours, or our page, is up in this very tab. */
  readonly isShownHere: () => boolean;
  /** Names of what tabs of this browser hold (`tabs/leader`); null where they cannot be asked. */
  readonly held: () => Promise<readonly string[] | null>;
  readonly open: () => void;
}

/** Held by every page of ours that shows calls. */
export const PAGE_LOCK = 'dozvon-page';
/** Begins the names under which the tab that drives a card holds it. */
export const CARD_LOCK = 'dozvon-card-';

/** A card that is late by this much does not come; a slow portal takes some seconds. */
const CARD_LATE_MS = 6_000;
/** The driver of the card that is not there has let its name go by then. */
const LETS_GO_MS = 300;

export class OwnPage {
  /** Calls that were looked at, or are waited for. */
  readonly #known = new Set<string>();

  constructor(private readonly options: OwnPageOptions) {}

  /** The result stops watching. */
  start(): () => void {
    return this.options.phone.view.watch(() => this.#watch());
  }

  /** The portal has no card for this live call. */
  hidden(callId: string): void {
    this.options.clock.after(LETS_GO_MS, () => void this.#show(callId));
  }

  #watch(): void {
    const now = calls(this.options.phone.view.get().state).filter(concerns);
    for (const { call_id: id } of now) {
      if (this.#known.has(id)) continue;
      this.#known.add(id);
      this.options.clock.after(CARD_LATE_MS, () => void this.#show(id));
    }
    for (const id of this.#known) if (!now.some((one) => one.call_id === id)) this.#known.delete(id);
  }

  async #show(callId: string): Promise<void> {
    const { isVisible, isShownHere, held, open } = this.options;
    if (!isVisible() || isShownHere() || !this.#lives(callId)) return;
    const names = await held();
    // Where other tabs cannot be asked, this one is what the person sees.
    if (names?.some(isOurs) || isShownHere() || !this.#lives(callId)) return;
    open();
  }

  #lives(callId: string): boolean {
    const { state } = this.options.phone.view.get();
    return calls(state).some((one) => one.call_id === callId && concerns(one));
  }
}

const MARK = 'dozvonPage';

/** Says to other frames of ours in this tab that this one shows calls. */
export function markPage(page: Document): void {
  page.documentElement.dataset[MARK] = '';
}

/** Whether any frame below `window` is a marked one. Frames of others cannot be looked into. */
export function hasMarkedPage(window: Window): boolean {
  return Array.from({ length: window.length }, (_, index) => window[index]).some((frame) => {
    if (!frame) return false;
    let marked = false;
    try {
      marked = MARK in frame.document.documentElement.dataset;
    } catch {
      // Another origin; its own frames may be ours all the same.
    }
    return marked || hasMarkedPage(frame);
  });
}

function isOurs(name: string): boolean {
  return name === PAGE_LOCK || name.startsWith(CARD_LOCK);
}

function concerns(call: CallChanged): boolean {
  return isLive(call) && (asks(call) || call.my_leg !== 'ended');
}
