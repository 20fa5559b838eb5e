/** The locks and channels of one browser, for tests: Web Locks §4 as far as we use them. */
import type { LockOptions, LockSource } from './lock';
import type { Channel } from './siblings';

interface Asked {
  readonly owner: object;
  readonly give: () => void;
  readonly stolen: () => void;
}

export class FakeBrowser {
  readonly #held = new Map<string, Asked>();
  readonly #queue: { readonly name: string; readonly asked: Asked }[] = [];
  readonly #channels = new Map<string, Set<(data: unknown) => void>>();

  /** Locks as one tab sees them. `run`: when something reaches the tab; a frozen one runs it later. */
  locks(owner: object = {}, run: (task: () => void) => void = (task) => task()): LockSource {
    return {
      request: (name, { steal, signal }: LockOptions, given) =>
        new Promise((resolve, reject) => {
          const over = (): void => {
            if (this.#held.get(name) === asked) this.#free(name);
            resolve(undefined);
          };
          const asked: Asked = {
            owner,
            give: () => {
              this.#held.set(name, asked);
              run(() => void given().then(over));
            },
            stolen: () => run(() => reject(new DOMException('stolen', 'AbortError'))),
          };
          if (steal) {
            this.#held.get(name)?.stolen();
            asked.give();
          } else if (this.#held.has(name)) {
            this.#queue.push({ name, asked });
            signal?.addEventListener('abort', () => {
              this.#drop((one) => one === asked);
              reject(new DOMException('aborted', 'AbortError'));
            });
          } else {
            asked.give();
          }
        }),
    };
  }

  /** The tab is closed: what it held goes to the next. */
  closed(owner: object): void {
    this.#drop((one) => one.owner === owner);
    for (const [name, asked] of [...this.#held]) if (asked.owner === owner) this.#free(name);
  }

  channel(name: string): Channel {
    const all = this.#channels.get(name) ?? new Set();
    this.#channels.set(name, all);
    let mine: (data: unknown) => void = () => undefined;
    return {
      listen: (heard) => {
        mine = heard;
        all.add(mine);
      },
      postMessage: (data) => {
        for (const heard of all) if (heard !== mine) heard(data);
      },
      close: () => void all.delete(mine),
    };
  }

  #drop(which: (asked: Asked) => boolean): void {
    for (let at = this.#queue.length - 1; at >= 0; at -= 1) {
      const one = this.#queue[at];
      if (one && which(one.asked)) this.#queue.splice(at, 1);
    }
  }

  #free(name: string): void {
    this.#held.delete(name);
    const at = this.#queue.findIndex((one) => one.name === name);
    if (at < 0) return;
    const [next] = this.#queue.splice(at, 1);
    next?.asked.give();
  }
}
