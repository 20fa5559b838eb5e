import { describe, expect, it } from 'vitest';
import { FakeClock } from '../testing';
import { ANSWER_TIMEOUT_MS, CardQueue, type CardCommand, type CardPort } from './cardqueue';

/** The same numbers for the same seed (mulberry32). */
function random(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % below;
  };
}

const COMMANDS = [
  'CallCardSetUiState',
  'CallCardSetCardTitle',
  'CallCardSetStatusText',
  'CallCardSetHold',
  'CallCardSetMute',
] as const;

interface Sent {
  readonly command: string;
  readonly value: unknown;
  readonly at: number;
}

/** Answers in its time, late, with nonsense, or never. */
class MoodyPort implements CardPort {
  readonly sent: Sent[] = [];
  readonly given: CardCommand[] = [];
  waiting = 0;
  most = 0;

  constructor(
    private readonly clock: FakeClock,
    private readonly pick: (below: number) => number,
  ) {}

  bind(): void {
    throw new Error('a queue binds nothing');
  }

  call(command: string, params: unknown, timeoutMs: number): Promise<unknown> {
    const { value } = params as { value?: unknown };
    this.sent.push({ command, value, at: this.clock.now() });
    this.waiting += 1;
    this.most = Math.max(this.most, this.waiting);
    const mood = this.pick(4);
    return new Promise((resolve, reject) => {
      const done = (act: () => void, ms: number): void =>
        void this.clock.after(ms, () => {
          this.waiting -= 1;
          act();
        });
      if (mood === 0) done(() => reject(new Error('silent')), timeoutMs);
      else if (mood === 1) done(() => resolve({ result: 'error', errorCode: 'x' }), 20);
      else done(() => resolve([]), this.pick(300));
    });
  }
}

async function story(seed: number): Promise<void> {
  const pick = random(seed);
  const clock = new FakeClock();
  const port = new MoodyPort(clock, pick);
  let gone = 0;
  const queue = new CardQueue(port, () => (gone += 1));
  const wanted = new Map<CardCommand, number>();
  const added = new Map<CardCommand, number[]>();
  let lastAdd = clock.now();
  for (let step = 0, steps = 5 + pick(40); step < steps; step += 1) {
    const command = COMMANDS[pick(COMMANDS.length)] as (typeof COMMANDS)[number];
    queue.add(command, { value: step });
    wanted.set(command, step);
    added.set(command, [...(added.get(command) ?? []), step]);
    lastAdd = clock.now();
    await clock.pass(pick(3) === 0 ? pick(2_000) : 0);
  }
  const closes = pick(2) === 0;
  if (closes) {
    queue.close();
    queue.add('CallCardSetStatusText', { value: 'too late' });
    queue.close();
  }
  await clock.pass(20_000);
  await queue.settled();

  // One at a time, and nothing waits longer than everybody before it staying silent.
  expect(port.most).toBe(1);
  const last = port.sent.at(-1)?.at ?? 0;
  expect(last - lastAdd).toBeLessThanOrEqual((COMMANDS.length + 1) * ANSWER_TIMEOUT_MS);
  for (const command of COMMANDS) {
    const values = port.sent.filter((one) => one.command === command).map((one) => one.value);
    // Never back to something older, never anything nobody asked for, nothing twice.
    expect(values).toEqual([...new Set(values)].sort((a, b) => Number(a) - Number(b)));
    for (const value of values) expect(added.get(command)).toContain(value);
    // Without a close, what was wanted last is what was said last.
    if (!closes) expect(values.at(-1)).toBe(wanted.get(command));
  }
  const ends = port.sent.filter((one) => one.command === 'CallCardClose');
  expect(ends).toHaveLength(closes ? 1 : 0);
  if (closes) expect(port.sent.at(-1)?.command).toBe('CallCardClose');
  expect(gone).toBe(0);
}

describe('the queue of a card', () => {
  it('says the newest of each kind, one at a time, and closes last (300 stories)', async () => {
    for (let seed = 1; seed <= 300; seed += 1) {
      try {
        await story(seed);
      } catch (error) {
        throw new Error(`story ${seed}: ${String(error)}`, { cause: error });
      }
    }
  });

  it('stops for good at a card the portal does not have, and says so once', async () => {
    const clock = new FakeClock();
    const sent: string[] = [];
    let gone = 0;
    const port: CardPort = {
      bind: () => undefined,
      call: (command) => {
        sent.push(command);
        return Promise.resolve([{ result: 'error', errorCode: 'Call card is undefined' }]);
      },
    };
    const queue = new CardQueue(port, () => (gone += 1));
    queue.add('CallCardSetUiState', { uiState: 'incoming' });
    queue.add('CallCardSetHold', { held: false });
    await clock.pass(0);
    queue.add('CallCardSetHold', { held: true });
    queue.close();
    await clock.pass(0);
    expect(sent).toEqual(['CallCardSetUiState']);
    expect(gone).toBe(1);
  });

  it('forgets what waited when it is dropped', async () => {
    const clock = new FakeClock();
    const port = new MoodyPort(clock, () => 0);
    const queue = new CardQueue(port, () => undefined);
    queue.add('CallCardSetUiState', { value: 1 });
    queue.add('CallCardSetHold', { value: 2 });
    await clock.pass(0);
    queue.drop();
    await clock.pass(10_000);
    expect(port.sent.map((one) => one.command)).toEqual(['CallCardSetUiState']);
  });
});
