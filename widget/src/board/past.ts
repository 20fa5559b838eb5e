/** A span of the past, at any of its moments, and playing (M5). */
import type { Clock } from '../protocol/clock';
import { Store } from '../state/store';
import type { PastAnswer } from './api';
import { boardOf, digest, fold, type Board, type Entities, type Told } from './view';

export const SPEEDS = [1, 5, 20] as const;
export type Speed = (typeof SPEEDS)[number];

export interface PastView {
  readonly board: Board;
  /** The moment shown, milliseconds. */
  readonly at: number;
  readonly from: number;
  readonly to: number;
  readonly playing: boolean;
  readonly speed: Speed;
  /** Whether the view at the end is the one the server had; null until it was compared. */
  readonly true: boolean | null;
}

const TICK_MS = 200;

export class Past {
  readonly view: Store<PastView>;
  readonly #start: readonly Told[];
  readonly #events: readonly { at: number; push: Told }[];
  #entities: Entities = new Map();
  /** Events folded into `#entities`. */
  #done = 0;
  #cancel: () => void = () => undefined;

  constructor(
    answer: PastAnswer,
    private readonly clock: Clock,
  ) {
    this.#start = answer.start as unknown as Told[];
    this.#events = answer.events.map(({ at, push }) => ({
      at: Date.parse(at),
      push: push as unknown as Told,
    }));
    const [from, to] = [Date.parse(answer.began_at), Date.parse(answer.ended_at)];
    this.view = new Store<PastView>({
      board: boardOf(this.#at(from)),
      at: from,
      from,
      to,
      playing: false,
      speed: 1,
      true: digest(this.#at(to)) === answer.digest,
    });
    this.seek(from);
  }

  seek(at: number): void {
    const { from, to } = this.view.get();
    const moment = Math.min(Math.max(at, from), to);
    this.view.update((view) => ({ ...view, at: moment, board: boardOf(this.#at(moment)) }));
  }

  play(speed: Speed): void {
    this.#cancel();
    if (this.view.get().at >= this.view.get().to) this.seek(this.view.get().from);
    this.view.update((view) => ({ ...view, playing: true, speed }));
    this.#tick();
  }

  pause(): void {
    this.#cancel();
    this.view.update((view) => ({ ...view, playing: false }));
  }

  #tick(): void {
    this.#cancel = this.clock.after(TICK_MS, () => {
      const { at, to, speed } = this.view.get();
      this.seek(at + TICK_MS * speed);
      if (at + TICK_MS * speed >= to) this.pause();
      else this.#tick();
    });
  }

  /** The view at a moment; going back begins at the start, which is quick for half an hour. */
  #at(moment: number): Entities {
    const last = this.#events[this.#done - 1];
    if (this.#entities.size === 0 || (last && last.at > moment)) {
      this.#entities = fold(new Map(), this.#start);
      this.#done = 0;
    }
    for (let next = this.#events[this.#done]; next && next.at <= moment; ) {
      fold(this.#entities, [next.push]);
      this.#done += 1;
      next = this.#events[this.#done];
    }
    return this.#entities;
  }
}
