import { expect, it } from 'vitest';
import { FakeClock, settle } from '../testing';
import { FakeBrowser } from './fakebrowser';
import { PhoneLock, type LockSource } from './lock';

/** Numbers that are the same for the same seed (mulberry32). */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

interface Word {
  readonly version: number;
  readonly tab: number;
}

/** A tab as far as the lock goes: what reaches it waits until it gets to run. */
class Tab {
  /** Of the server, in its order. */
  readonly words: Word[] = [];
  /** Of the browser's locks, in their order. */
  readonly tasks: (() => void)[] = [];
  online = true;
  frozen = false;
  closed = false;
  registered = false;
  readonly #lock: PhoneLock;
  #word: Word | null = null;

  constructor(
    readonly place: number,
    browser: FakeBrowser,
  ) {
    this.#lock = new PhoneLock({
      locks: () => browser.locks(this, (task) => void this.tasks.push(task)),
      clock: new FakeClock(),
      lost: () => {
        this.registered = false;
        this.follow();
      },
      changed: () => this.follow(),
    });
  }

  get runs(): boolean {
    return !this.frozen && !this.closed;
  }

  hear(): void {
    this.#word = this.words.shift() ?? this.#word;
    this.follow();
  }

  connects(newest: Word | null): void {
    this.online = true;
    this.#word = newest;
    this.words.length = 0;
    this.follow();
  }

  follow(): void {
    if (this.closed || !this.online) return;
    if (this.#word?.tab === this.place) {
      this.registered = this.#lock.take('phone', String(this.#word.version));
    } else {
      this.#lock.letGo();
      this.registered = false;
    }
  }
}

/** Those that would register, and were told all there is of their locks. */
function registered(tabs: readonly Tab[]): number[] {
  const sure = tabs.filter((tab) => tab.runs && tab.tasks.length === 0);
  return sure.filter((tab) => tab.registered).map((tab) => tab.place);
}

async function play(seed: number): Promise<void> {
  const next = random(seed);
  const browser = new FakeBrowser();
  const tabs = [0, 1, 2, 3].map((place) => new Tab(place, browser));
  let newest = null as Word | null;
  for (let step = 0; step < 80; step += 1) {
    const tab = tabs[Math.floor(next() * tabs.length)] as Tab;
    const chance = next();
    if (chance < 0.2 && !tab.closed) {
      newest = { version: (newest?.version ?? 0) + 1, tab: tab.place };
      for (const other of tabs) if (other.online) other.words.push(newest);
    } else if (chance < 0.25) tab.frozen = !tab.frozen;
    else if (chance < 0.3) tab.online = false;
    else if (chance < 0.35 && tab.runs && !tab.online) tab.connects(newest);
    else if (chance < 0.36) {
      tab.closed = true;
      browser.closed(tab);
    } else if (chance < 0.7 && tab.runs && tab.online) tab.hear();
    else if (tab.runs) tab.tasks.shift()?.();
    await settle();
    expect(registered(tabs).length, `seed ${seed}, step ${step}`).toBeLessThanOrEqual(1);
  }
  // Everybody wakes up and hears everything.
  for (const tab of tabs) {
    tab.frozen = false;
    if (!tab.online && !tab.closed) tab.connects(newest);
  }
  await settle();
  while (tabs.some((tab) => tab.runs && tab.words.length + tab.tasks.length > 0)) {
    for (const tab of tabs.filter(({ runs }) => runs)) {
      tab.tasks.shift()?.();
      await settle();
      if (tab.words.length > 0) tab.hear();
      await settle();
    }
  }
  const named = newest === null || tabs[newest.tab]?.closed === true ? [] : [newest.tab];
  expect(registered(tabs), `seed ${seed}`).toEqual(named);
}

it('leaves one tab with the line whatever happens in whatever order, in the end the named one', async () => {
  for (let seed = 1; seed <= 300; seed += 1) await play(seed);
});

function lockOf(locks: () => LockSource | undefined, clock = new FakeClock()) {
  const told = { lost: 0, changed: 0 };
  const lock = new PhoneLock({
    locks,
    clock,
    lost: () => void (told.lost += 1),
    changed: () => void (told.changed += 1),
  });
  return { lock, told, clock };
}

it('takes it by force from a tab that sleeps, which finds it taken when it wakes up', async () => {
  const browser = new FakeBrowser();
  const later: (() => void)[] = [];
  let asleep = false;
  const first = lockOf(() =>
    browser.locks({}, (task) => (asleep ? void later.push(task) : task())),
  );
  first.lock.take('phone', '1');
  await settle();
  expect(first.lock.holding).toBe('held');
  asleep = true;
  const second = lockOf(() => browser.locks());
  second.lock.take('phone', '2');
  await settle();
  expect([first.lock.holding, second.lock.holding]).toEqual(['held', 'held']);
  asleep = false;
  for (const task of later) task();
  await settle();
  expect([first.lock.holding, first.told.lost]).toEqual(['waiting', 1]);
  // What it heard before it slept is no reason to take it back.
  expect(first.lock.take('phone', '1')).toBe(false);
  await settle();
  expect([first.lock.holding, second.lock.holding]).toEqual(['waiting', 'held']);
  // What it hears now is.
  first.lock.take('phone', '3');
  await settle();
  expect([first.lock.holding, second.lock.holding, second.told.lost]).toEqual(['held', 'waiting', 1]);
  first.lock.letGo();
  await settle();
  expect(second.lock.take('phone', '2')).toBe(true);
});

it('is alone where locks are refused, missing, or never answer', async () => {
  const refused = lockOf(() => {
    throw new DOMException('storage is blocked', 'SecurityError');
  });
  expect(refused.lock.take('phone', '1')).toBe(true);
  const rejected = lockOf(() => ({
    request: () => Promise.reject(new DOMException('blocked', 'SecurityError')),
  }));
  expect(rejected.lock.take('phone', '1')).toBe(false);
  await settle();
  expect([rejected.lock.holding, rejected.told.changed]).toEqual(['alone', 1]);
  expect(lockOf(() => undefined).lock.take('phone', '1')).toBe(true);
  const silent = lockOf(() => ({ request: () => new Promise(() => undefined) }));
  expect(silent.lock.take('phone', '1')).toBe(false);
  await silent.clock.pass(1_000);
  expect(silent.lock.take('phone', '2')).toBe(true);
});

it('forgets a lock that is given after it was let go', async () => {
  const browser = new FakeBrowser();
  const later: (() => void)[] = [];
  const { lock, told } = lockOf(() => browser.locks({}, (task) => void later.push(task)));
  lock.take('phone', '1');
  lock.letGo();
  for (const task of later.splice(0)) task();
  await settle();
  expect([lock.holding, told]).toEqual(['none', { lost: 0, changed: 0 }]);
  const other = lockOf(() => ({
    request: (name, _, given) => browser.locks().request(name, {}, given),
  }));
  other.lock.take('phone', '1');
  await settle();
  expect(other.lock.holding).toBe('held');
});
