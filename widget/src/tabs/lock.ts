/**
 * The one tab of this browser that registers its person's line.
 *
 * The server names the tab; before it registers, the tab takes a Web Lock named for the person, by
 * force, since whoever holds it was named before. A holder that sleeps, or that the server cannot
 * reach, finds its lock taken as soon as it runs again, and lets its line go without asking anybody.
 *
 *     none ──named──► asking ──► held ──taken by another──► waiting ──given back──► held
 *       └──named by     │                                   ▲  └─named anew──► asking
 *          an old word──│───────────────────────────────────┘
 *                       └──no locks here──► alone
 *
 * Each word of the server takes the lock by force once. Two tabs that hear its words at different
 * times may take it from each other, but never twice by one word: the one named last has it in the
 * end. A tab that woke up with a word of yesterday waits in the queue, and takes it from nobody.
 * Losing a line is reported, and the server's answer to it is a new word.
 *
 * Locks end at a storage partition: another CRM's page or a window of ours has its own. They throw
 * where storage is blocked. There the server's word is all there is, and the line's password, which
 * every registration makes anew, is what keeps two tabs apart.
 */
import type { Clock } from '../protocol/clock';

export interface LockSource {
  request(name: string, options: LockOptions, given: () => Promise<void>): Promise<unknown>;
}

export interface LockOptions {
  readonly steal?: boolean;
  readonly signal?: AbortSignal;
}

export type Holding = 'none' | 'asking' | 'held' | 'waiting' | 'alone';

export interface PhoneLockOptions {
  /** Undefined outside secure contexts; may throw where storage is blocked. */
  readonly locks: () => LockSource | undefined;
  readonly clock: Clock;
  /** Another tab took it: the line is to be let go at once. */
  readonly lost: () => void;
  /** It was given, or cannot be had: `take` answers otherwise now. */
  readonly changed: () => void;
}

/** One request: its answers mean nothing once another was made. */
interface Turn {
  readonly name: string;
  readonly release: () => void;
  readonly leave: AbortController;
}

/** A browser that neither gives a lock nor refuses it keeps nobody from being called. */
const ANSWERS_WITHIN_MS = 1_000;

export class PhoneLock {
  #holding: Holding = 'none';
  #turn: Turn | null = null;
  /** The server's newest word that named this tab: by each, the lock is taken by force once. */
  #word = '';

  constructor(private readonly options: PhoneLockOptions) {}

  get holding(): Holding {
    return this.#holding;
  }

  /** Nothing of this browser is in the way of registering. */
  get has(): boolean {
    return this.#holding === 'held' || this.#holding === 'alone';
  }

  /** The server named this tab by this word. True: nothing of this browser is in the way. */
  take(name: string, word: string): boolean {
    const fresh = word !== this.#word;
    this.#word = word;
    if (this.#turn?.name !== name || (this.#holding === 'waiting' && fresh)) {
      this.letGo();
      this.#ask(name, fresh);
    }
    // The asking may have failed within the call.
    return this.has;
  }

  letGo(): void {
    const turn = this.#turn;
    this.#turn = null;
    this.#holding = 'none';
    turn?.leave.abort();
    turn?.release();
  }

  #ask(name: string, byForce: boolean): void {
    let release: () => void = () => undefined;
    const over = new Promise<void>((resolve) => (release = resolve));
    const turn: Turn = { name, release, leave: new AbortController() };
    this.#turn = turn;
    this.#holding = byForce ? 'asking' : 'waiting';
    const given = (): Promise<void> => {
      if (this.#turn !== turn) return Promise.resolve();
      this.#becomes('held');
      return over;
    };
    const failed = (): void => {
      if (this.#turn !== turn) return;
      if (this.#holding === 'held') this.#taken(name);
      else this.#becomes('alone');
    };
    try {
      const locks = this.options.locks();
      if (!locks) return failed();
      // A request by force cannot be withdrawn (Web Locks §4.2); it is given at once or never.
      const how = byForce ? { steal: true } : { signal: turn.leave.signal };
      locks.request(name, how, given).catch(failed);
    } catch {
      return failed();
    }
    if (!byForce) return;
    this.options.clock.after(ANSWERS_WITHIN_MS, () => {
      if (this.#turn === turn && this.#holding === 'asking') this.#becomes('alone');
    });
  }

  #taken(name: string): void {
    // By a tab that was named before us and heard of it later, or after us and sooner: it gives it
    // back in the first case, and the server tells us in the second.
    this.#ask(name, false);
    this.options.lost();
  }

  #becomes(holding: Holding): void {
    this.#holding = holding;
    this.options.changed();
  }
}
