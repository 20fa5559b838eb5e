/**
 * Plays what the server's tests recorded: an old snapshot with the pushes after it must give the
 * same view as a fresh snapshot, for every stream of every transcript (R1).
 *
 * A transcript is {streams: {name: {snapshot: [], pushes: [], fresh: []}}}.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { decodePush, newDropped } from '../protocol/decode';
import type { Push, StreamName } from '../protocol/messages';
import { viewHash } from './hash';
import { begin, reduce } from './reducer';
import { EMPTY, type State } from './state';

interface Transcript {
  readonly streams: Record<StreamName, { snapshot: unknown[]; pushes: unknown[]; fresh: unknown[] }>;
}

const ROOM = new URL('../../../tests/transcripts/', import.meta.url);
const names = existsSync(fileURLToPath(ROOM))
  ? readdirSync(ROOM).filter((name) => name.endsWith('.json'))
  : [];

function decoded(values: unknown[]): Push[] {
  const dropped = newDropped();
  const pushes = values.map((value) => decodePush(value, dropped)).filter((push) => push !== null);
  expect(dropped).toEqual({ unknownTags: 0, malformed: 0 });
  return pushes;
}

function fold(stream: StreamName, snapshot: unknown[], pushes: unknown[]): State {
  return decoded(pushes).reduce(reduce, begin(EMPTY, stream, false, decoded(snapshot)));
}

describe.skipIf(names.length === 0)('transcripts', () => {
  it.each(names)('%s: old snapshot and pushes give the fresh view', (name) => {
    const { streams } = JSON.parse(readFileSync(new URL(name, ROOM), 'utf8')) as Transcript;
    expect(Object.keys(streams)).not.toHaveLength(0);
    for (const [stream, told] of Object.entries(streams)) {
      const from = stream as StreamName;
      const lived = fold(from, told.snapshot, told.pushes);
      const fresh = fold(from, told.fresh, []);
      expect(viewHash(lived), `${stream} of ${name}`).toBe(viewHash(fresh));
    }
  });
});

describe('the fold', () => {
  it('tells a lost push from none', () => {
    const file = new URL('../../../protocol/fixtures/call.changed.json', import.meta.url);
    const push: unknown = JSON.parse(readFileSync(file, 'utf8'));
    expect(viewHash(fold('me', [], [push]))).not.toBe(viewHash(fold('me', [], [])));
  });
});
