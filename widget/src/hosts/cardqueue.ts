/**
 * Commands to one card of the portal, one after another.
 *
 * The portal's callback may never come (a command it does not know, a timer command that succeeded,
 * a card just closed), so each waits only a moment and the next goes on. A command that waits is
 * replaced by a newer one of its name: nobody wants to see what was true a while ago. Each card has
 * a queue of its own, so that nothing meant for one reaches the next.
 */
import { isRecord } from '../protocol/decode';

export type CardCommand =
  | 'CallCardSetUiState'
  | 'CallCardSetCardTitle'
  | 'CallCardSetStatusText'
  | 'CallCardSetHold'
  | 'CallCardSetMute'
  | 'CallCardClose';

export interface CardPort {
  call(command: string, params: unknown, timeoutMs: number): Promise<unknown>;
  bind(event: string, listener: (argument: unknown) => void): void;
}

/** Callbacks that come at all came within some tens of milliseconds on a portal. */
export const ANSWER_TIMEOUT_MS = 1_500;

export class CardQueue {
  #waiting: { readonly command: CardCommand; params: unknown }[] = [];
  #running: Promise<void> | null = null;
  /** Nothing may be said of this card any more: it was told to close, or it is not there. */
  #over = false;

  constructor(
    private readonly port: CardPort,
    /** The portal says there is no such card (any more). */
    private readonly onGone: () => void,
  ) {}

  add(command: Exclude<CardCommand, 'CallCardClose'>, params: unknown): void {
    if (this.#over) return;
    const waits = this.#waiting.find((one) => one.command === command);
    if (waits) waits.params = params;
    else this.#waiting.push({ command, params });
    this.#run();
  }

  /** The last command: what still waits would only be seen for a blink. */
  close(): void {
    if (this.#over) return;
    this.#over = true;
    this.#waiting = [{ command: 'CallCardClose', params: {} }];
    this.#run();
  }

  /** The card is somebody else's now, or another one is on screen: what waits is dropped. */
  drop(): void {
    if (this.#over) return;
    this.#over = true;
    this.#waiting = [];
  }

  /** Resolves when everything added so far was sent and answered or given up. */
  settled(): Promise<void> {
    return this.#running ?? Promise.resolve();
  }

  #run(): void {
    this.#running ??= this.#drain().finally(() => {
      this.#running = null;
      if (this.#waiting.length > 0) this.#run();
    });
  }

  async #drain(): Promise<void> {
    // What is added in the same turn goes out together, newest values only.
    await Promise.resolve();
    for (;;) {
      const next = this.#waiting.shift();
      if (!next) return;
      try {
        const answer = await this.port.call(next.command, next.params, ANSWER_TIMEOUT_MS);
        if (errorCode(answer) === 'Call card is undefined' && !this.#over) {
          this.drop();
          this.onGone();
        }
      } catch {
        // Silent: whether it was done shows in the next answer, if there is one.
      }
    }
  }
}

/** Browsers wrap the error in an array, the desktop application sends it bare. */
function errorCode(answer: unknown): string | null {
  const first: unknown = Array.isArray(answer) ? answer[0] : answer;
  if (!isRecord(first) || first['result'] !== 'error') return null;
  return typeof first['errorCode'] === 'string' ? first['errorCode'] : '';
}
