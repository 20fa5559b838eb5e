/**
 * Plays what the server's tests recorded in a busy hour (R1): an old snapshot with the frames after
 * it gives the same view as a fresh snapshot, and so does every reader who was cut off after any
 * frame and came back later, whether they were told what they missed or a snapshot.
 *
 * The shape of a transcript is described in tests/contract/house_transcript.py.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { decodePush, newDropped } from '../protocol/decode';
import type { Push, StreamName } from '../protocol/messages';
import { viewHash } from './hash';
import { begin, reduce } from './reducer';
import { EMPTY, type State } from './state';

interface Reset {
  readonly type: 'stream.reset';
  readonly start: { readonly seq: number; readonly pushes: unknown[] };
}

/** Cut off after so many frames; answered, when the stream stood at `seq`, with these pushes. */
interface Cut {
  readonly after: number;
  readonly seq: number;
  readonly recovered: boolean;
  readonly seqs: number[];
}

interface Told {
  readonly snapshot: unknown[];
  readonly frames: (Reset | Record<string, unknown>)[];
  readonly fresh: unknown[];
  readonly cuts: Cut[];
}

/** One thing a reader was told: at `seq` the stream moved by a push, or began anew. */
interface Step {
  readonly seq: number;
  readonly push: Push | null;
  readonly anew: readonly Push[] | null;
}

const ROOM = new URL('../../../tests/transcripts/', import.meta.url);
const names = existsSync(fileURLToPath(ROOM))
  ? readdirSync(ROOM).filter((name) => name.endsWith('.json'))
  : [];
const required = process.env['DOZVON_TRANSCRIPTS'] === 'required';

function decoded(values: readonly unknown[]): Push[] {
  const dropped = newDropped();
  const pushes = values.map((value) => decodePush(value, dropped)).filter((push) => push !== null);
  expect(dropped).toEqual({ unknownTags: 0, malformed: 0 });
  return pushes;
}

function isReset(frame: Told['frames'][number]): frame is Reset {
  return frame['type' as keyof typeof frame] === 'stream.reset';
}

function steps(told: Told): Step[] {
  return told.frames.map((frame) => {
    if (isReset(frame)) {
      return { seq: frame.start.seq, push: null, anew: decoded(frame.start.pushes) };
    }
    const [push] = decoded([frame]);
    return { seq: push?.seq ?? 0, push: push ?? null, anew: null };
  });
}

function move(state: State, stream: StreamName, step: Step): State {
  if (step.anew) return begin(state, stream, false, step.anew);
  return step.push ? reduce(state, step.push) : state;
}

function play(stream: StreamName, told: Told, label: string): number {
  const line = steps(told);
  const bySeq = new Map<number, Push>();
  const pushes = [...decoded(told.snapshot), ...line.flatMap((s) => s.anew ?? s.push ?? [])];
  for (const push of pushes) bySeq.set(push.seq, push);

  const states = [begin(EMPTY, stream, false, decoded(told.snapshot))];
  for (const step of line) states.push(move(states.at(-1) as State, stream, step));
  const fresh = viewHash(begin(EMPTY, stream, false, decoded(told.fresh)));
  expect(viewHash(states.at(-1) as State), label).toBe(fresh);

  for (const cut of told.cuts) {
    const missed = cut.seqs.map((seq) => bySeq.get(seq) as Push);
    let fork = begin(states[cut.after] as State, stream, cut.recovered, missed);
    for (const step of line) if (step.seq > cut.seq) fork = move(fork, stream, step);
    const where = `${label}, cut after ${cut.after}, back at ${cut.seq}`;
    expect(viewHash(fork), where).toBe(fresh);
  }
  return told.cuts.length;
}

describe.skipIf(names.length === 0 && !required)('transcripts', () => {
  it('are there', () => {
    expect(names).not.toHaveLength(0);
  });

  it.each(names)('%s: every way to the end shows the same view', { timeout: 60_000 }, (name) => {
    const text = readFileSync(new URL(name, ROOM), 'utf8');
    const { streams } = JSON.parse(text) as { streams: Record<StreamName, Told> };
    let cuts = 0;
    for (const [stream, told] of Object.entries(streams)) {
      cuts += play(stream as StreamName, told, `${stream} of ${name}`);
    }
    expect(cuts).toBeGreaterThan(100);
  });
});

describe('the fold', () => {
  it('tells a lost push from none', () => {
    const file = new URL('../../../protocol/fixtures/call.changed.json', import.meta.url);
    const [push] = decoded([JSON.parse(readFileSync(file, 'utf8'))]);
    const empty = begin(EMPTY, 'me', false, []);
    expect(viewHash(reduce(empty, push as Push))).not.toBe(viewHash(empty));
  });
});
