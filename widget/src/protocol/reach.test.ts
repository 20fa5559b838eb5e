import { expect, it } from 'vitest';
import { FakeClock } from '../testing';
import type { Connection } from './connection';
import { Reach } from './reach';

const online: Connection = { phase: 'online' };
const waiting: Connection = { phase: 'waiting', retryAt: 0 };
const connecting: Connection = { phase: 'connecting', first: false };

it('believes the last word for some seconds without the server, and says when they are over', async () => {
  const clock = new FakeClock();
  let changed = 0;
  const reach = new Reach(clock, () => (changed += 1));
  expect(reach.believes(online)).toBe(true);
  expect(reach.believes(waiting)).toBe(true);
  await clock.pass(6_000);
  // Attempts in between do not begin the seconds anew.
  expect(reach.believes(connecting)).toBe(true);
  await clock.pass(5_000);
  expect([changed, reach.believes(waiting), reach.believes(connecting)]).toEqual([1, false, false]);
  expect(reach.believes(online)).toBe(true);
  expect(reach.believes(waiting)).toBe(true);
});

it('believes nothing once the session is over', () => {
  const reach = new Reach(new FakeClock(), () => undefined);
  reach.believes(waiting);
  expect(reach.believes({ phase: 'stopped', reason: 'session_ended' })).toBe(false);
});
