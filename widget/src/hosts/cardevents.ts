/** Events of the portal's background card, each heard once. */
import type { Clock } from '../protocol/clock';
import type { CardPort } from './cardqueue';

/** Nobody presses one button twice within it; a portal that fires twice does so at once. */
const SAME_MS = 120;

export class CardEvents {
  /** Event → what came with it last, and when. */
  readonly #heard = new Map<string, { readonly what: string; readonly at: number }>();

  constructor(
    private readonly port: CardPort,
    private readonly clock: Clock,
  ) {}

  /** Call it once per event: the portal knows no unbinding. */
  on(event: string, listener: (argument: unknown) => void): void {
    this.port.bind(`BackgroundCallCard::${event}`, (argument) => {
      const what = JSON.stringify([argument]);
      const before = this.#heard.get(event);
      const at = this.clock.now();
      this.#heard.set(event, { what, at });
      if (before?.what === what && at - before.at < SAME_MS) return;
      listener(argument);
    });
  }
}
