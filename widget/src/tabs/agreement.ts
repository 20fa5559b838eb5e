/** How the tabs of one browser agree on their person's phone: a lock, and words past the server. */
import type { Clock } from '../protocol/clock';
import { PhoneLock, type LockSource } from './lock';
import { Quiet, Siblings, type Channel, type Said } from './siblings';

/** What the page does with what other tabs say. */
export interface SiblingsHeard {
  /** These calls need no ring tone here any more, whatever the server said last. */
  readonly quiet: (calls: ReadonlySet<string>) => void;
  /** A call rings in one of the tabs, and the socket to the server is cut: the server is there. */
  readonly called: () => void;
}

/** What of the browser is needed; arguments, so that tests can stand in for it. */
export interface TabsPage extends SiblingsHeard {
  readonly locks: () => LockSource | undefined;
  readonly channel: (name: string) => Channel;
}

export interface AgreementOptions {
  readonly page: TabsPage;
  readonly clock: Clock;
  /** Another tab registers: the line is to be let go at once. */
  readonly lost: () => void;
  /** Ask again whether this tab may register. */
  readonly changed: () => void;
  /** Whether the server's word may be an old one: its socket is cut. */
  readonly unheard: () => boolean;
}

export class Agreement {
  readonly #lock: PhoneLock;
  readonly #siblings: Siblings;
  readonly #quiet: Quiet;
  #name = '';

  constructor(private readonly options: AgreementOptions) {
    const { page, clock, lost, changed } = options;
    this.#lock = new PhoneLock({ locks: page.locks, clock, lost, changed });
    this.#siblings = new Siblings(page.channel, (said) => this.#heard(said));
    this.#quiet = new Quiet(clock, page.quiet);
  }

  /** Nobody of this browser confirms the server's word: its storage is blocked, or it has no locks. */
  get alone(): boolean {
    return this.#name === '' || this.#lock.holding === 'alone';
  }

  /** This tab may register. */
  get has(): boolean {
    return this.#name === '' || this.#lock.has;
  }

  /** Listens to the other tabs of this person. */
  join(account: string, employee: string): void {
    this.#name = `dozvon.phone:${account}:${employee}`;
    this.#siblings.join(this.#name);
  }

  leave(): void {
    this.#lock.letGo();
    this.#siblings.leave();
  }

  /** The server named this tab by this word. True: register. */
  take(word: string): boolean {
    // Nobody's yet: without a name there is nothing to agree on.
    return this.#name === '' || this.#lock.take(this.#name, word);
  }

  /** Another one is named, or none. */
  letGo(): void {
    this.#lock.letGo();
  }

  tell(said: Said): void {
    this.#called(said);
    this.#quiet.hear(said);
    this.#siblings.tell(said);
  }

  /** Whose card is wanted now, and not when its socket would be tried again. */
  #called({ what }: Said): void {
    if (what === 'rings' && this.options.unheard()) this.options.page.called();
  }

  #heard(said: Said): void {
    this.#called(said);
    // While the server is heard its word counts, which may be newer than a sibling's.
    if (said.what === 'holds' && this.options.unheard()) {
      this.#lock.letGo();
      this.options.lost();
    }
    this.#quiet.hear(said);
  }
}
