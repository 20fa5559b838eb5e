/** Folds the morning the server's tests recorded (`tests/contract/test_board_views.py`). */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { Clock } from '../protocol/clock';
import type { PastAnswer } from './api';
import { Past } from './past';
import { alarmsOf, callRows, EVERYBODY, personRows } from './rows';
import { boardOf, digest, fold, type Entities, type Told } from './view';

interface Step {
  readonly pushes: readonly Told[];
  readonly digest: string;
}

const FILE = new URL('../../../tests/contract/board_morning.json', import.meta.url);
const steps = JSON.parse(readFileSync(fileURLToPath(FILE), 'utf8')) as Step[];
const AT = Date.parse('2026-03-02T09:00:00Z');

function after(count: number): Entities {
  return fold(
    new Map(),
    steps.slice(0, count).flatMap((step) => step.pushes),
  );
}

class HandClock implements Clock {
  #now = AT;
  #waiting: { at: number; run: () => void }[] = [];
  now(): number {
    return this.#now;
  }
  after(ms: number, run: () => void): () => void {
    const one = { at: this.#now + ms, run };
    this.#waiting.push(one);
    return () => {
      this.#waiting = this.#waiting.filter((other) => other !== one);
    };
  }
  pass(ms: number): void {
    const until = this.#now + ms;
    for (;;) {
      const next = this.#waiting.sort((a, b) => a.at - b.at)[0];
      if (!next || next.at > until) break;
      this.#waiting.shift();
      this.#now = next.at;
      next.run();
    }
    this.#now = until;
  }
}

describe('the board folded here', () => {
  it('is the board folded there, after every step', () => {
    expect(steps.length).toBeGreaterThan(4);
    steps.forEach((step, index) => expect(digest(after(index + 1))).toBe(step.digest));
  });

  it('notices a push that is missing', () => {
    const lost = steps[2]?.pushes.slice(1) ?? [];
    expect(digest(fold(after(2), lost))).not.toBe(steps[2]?.digest);
  });
});

describe('rows', () => {
  const board = boardOf(after(3));

  it('puts who asks for help first and who waits longest above the talks', () => {
    expect(personRows(board, EVERYBODY, AT)[0]?.doing).toBe('hand');
    expect(callRows(board)).toHaveLength(1);
  });

  it('finds people by name, team and what they do', () => {
    const found = (wanted: Partial<typeof EVERYBODY>): string[] =>
      personRows(board, { ...EVERYBODY, ...wanted }, AT).map((row) => row.person.name);
    expect(found({ text: 'bor' })).toEqual(['Boris']);
    expect(found({ team: 'sales' })).toEqual(['Anna', 'Vera']);
    expect(found({ doing: 'talking' })).toEqual(['Anna']);
    expect(found({ text: 'nobody' })).toEqual([]);
  });

  it('raises the alarm beyond the limits only', () => {
    const ringing = boardOf(after(2));
    const started = Date.parse(callRows(ringing)[0]?.started_at ?? '');
    const kinds = (now: number): string[] => alarmsOf(ringing, now).map((alarm) => alarm.kind);
    expect(kinds(started + 59_000)).toEqual([]);
    expect(kinds(started + 60_000)).toEqual(['waiting']);
    expect(alarmsOf(board, AT).map((alarm) => alarm.kind)).toEqual(['hand']);
    expect(alarmsOf(boardOf(after(5)), AT).map((alarm) => alarm.kind)).toContain('lost');
  });
});

describe('the past', () => {
  const told = steps.slice(2).flatMap((step, index) =>
    step.pushes.map((push) => ({ at: new Date(AT + (index + 1) * 1000).toISOString(), push })),
  );
  const answer = {
    began_at: new Date(AT).toISOString(),
    ended_at: new Date(AT + 10_000).toISOString(),
    start: [...after(2).values()],
    events: told,
    digest: steps.at(-1)?.digest ?? '',
  } as unknown as PastAnswer;

  it('is true to what was shown, and says when it is not', () => {
    expect(new Past(answer, new HandClock()).view.get().true).toBe(true);
    const untrue = { ...answer, events: answer.events.slice(0, -1) };
    expect(new Past(untrue, new HandClock()).view.get().true).toBe(false);
  });

  it('goes to any moment and back', () => {
    const past = new Past(answer, new HandClock());
    const talks = (): number => past.view.get().board.calls.length;
    past.seek(AT + 10_000);
    expect(talks()).toBe(0);
    past.seek(AT + 1_500);
    expect(talks()).toBe(1);
    past.seek(AT - 5_000);
    expect(past.view.get().at).toBe(AT);
  });

  it('plays at its speed and stops at the end', () => {
    const clock = new HandClock();
    const past = new Past(answer, clock);
    past.play(5);
    clock.pass(1_000);
    expect(past.view.get().at).toBe(AT + 5_000);
    clock.pass(2_000);
    expect(past.view.get()).toMatchObject({ at: AT + 10_000, playing: false });
  });
});
