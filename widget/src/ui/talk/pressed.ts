/**
 * Keys on their way to the other side. A menu reads them in their order, and a person presses them
 * faster than the server answers: while some travel, the next wait and go together.
 */

/** As many as one command takes (`call.dtmf`). */
const AT_ONCE = 32;

export class Pressed {
  #waiting = '';
  #sending = false;

  /** Rejects with what befell the keys sent by this very press; those behind them are dropped. */
  async press(keys: string, send: (digits: string) => Promise<unknown>): Promise<void> {
    this.#waiting += keys;
    if (this.#sending) return;
    this.#sending = true;
    try {
      while (this.#waiting !== '') {
        const digits = this.#waiting.slice(0, AT_ONCE);
        this.#waiting = this.#waiting.slice(AT_ONCE);
        await send(digits);
      }
    } finally {
      this.#waiting = '';
      this.#sending = false;
    }
  }
}
