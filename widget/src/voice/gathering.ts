/** Ends the search for addresses of a talk by its own clock, once per negotiation. */
import type { IceCandidateEvent } from 'jssip/lib/RTCSession';

/**
 * It ends this soon after the first usable address: a silent STUN server costs JsSIP 10 to 40 s
 * otherwise (its issues #804, #432).
 */
const SOON_MS = 250;
/** And at the latest after this, whatever is missing. */
const AT_MOST_MS = 1_500;

type Timer = ReturnType<typeof setTimeout>;

export class Gathering {
  #soon: Timer | null = null;
  #latest: Timer | null = null;

  /** A negotiation begins: the timers of the one before are nothing to it. */
  begin(connection: EventTarget | null): void {
    this.end();
    this.#latest = setTimeout(() => {
      this.end();
      // JsSIP takes this event without a candidate for the last one, as browsers say it.
      connection?.dispatchEvent(new Event('icecandidate'));
    }, AT_MOST_MS);
  }

  found({ candidate, ready }: IceCandidateEvent): void {
    const done = (): void => {
      this.end();
      ready();
    };
    // A relayed address works where the others do not: with it there is nothing to wait for.
    if (candidate.type === 'relay') done();
    else this.#soon ??= setTimeout(done, SOON_MS);
  }

  end(): void {
    if (this.#soon !== null) clearTimeout(this.#soon);
    if (this.#latest !== null) clearTimeout(this.#latest);
    this.#soon = null;
    this.#latest = null;
  }
}
