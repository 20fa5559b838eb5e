/** Whether what the server said last may still be so. */
import type { Clock } from './clock';
import type { Connection } from './connection';

/** A restart of the server or a change of network is over by then; a call that rang may not be. */
const BELIEVED_MS = 10_000;

export class Reach {
  #lost = false;
  #cancel: (() => void) | null = null;

  constructor(
    private readonly clock: Clock,
    /** The answer is another by now. */
    private readonly changed: () => void,
  ) {}

  /** To be asked with each change of the connection. */
  believes({ phase }: Connection): boolean {
    if (phase === 'online' || phase === 'stopped') {
      this.#cancel?.();
      this.#cancel = null;
      this.#lost = false;
      return phase === 'online';
    }
    this.#cancel ??= this.clock.after(BELIEVED_MS, () => {
      this.#lost = true;
      this.changed();
    });
    return !this.#lost;
  }
}
