/**
 * Commands to the portal's call card, one after another.
 *
 * The portal's callback may never come (a command it does not know, a timer command that succeeded,
 * a card just closed), so each waits only a moment and the next goes on.
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
const ANSWER_TIMEOUT_MS = 1_500;

export class CardQueue {
  #last: Promise<void> = Promise.resolve();

  constructor(
    private readonly port: CardPort,
    /** The portal says there is no card any more. */
    private readonly onGone: () => void,
  ) {}

  add(command: CardCommand, params: unknown): void {
    this.#last = this.#last.then(async () => {
      try {
        const answer = await this.port.call(command, params, ANSWER_TIMEOUT_MS);
        if (errorCode(answer) === 'Call card is undefined') this.onGone();
      } catch {
        // Silent: whether it was done shows in the next answer, if there is one.
      }
    });
  }

  /** Resolves when everything added so far was sent and answered or given up. */
  settled(): Promise<void> {
    return this.#last;
  }
}

/** Browsers wrap the error in an array, the desktop application sends it bare. */
function errorCode(answer: unknown): string | null {
  const first: unknown = Array.isArray(answer) ? answer[0] : answer;
  if (!isRecord(first) || first['result'] !== 'error') return null;
  return typeof first['errorCode'] === 'string' ? first['errorCode'] : '';
}
