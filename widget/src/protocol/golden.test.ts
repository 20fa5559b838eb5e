/** The same golden files the server's tests decode. */
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { reduce } from '../state/reducer';
import { EMPTY } from '../state/state';
import { decodeFrame, newDropped } from './decode';
import { PUSH_TAGS, type Push } from './messages';

const FIXTURES = new URL('../../../protocol/fixtures/', import.meta.url);
const read = (name: string): string => readFileSync(new URL(name, FIXTURES), 'utf8');
const SERVER_FRAMES = ['welcome', 'reply', 'ping', 'stream.reset', 'restarting'];

describe('golden messages', () => {
  it.each([...SERVER_FRAMES, ...PUSH_TAGS])('%s is understood', (tag) => {
    const dropped = newDropped();
    const frame = decodeFrame(read(`${tag}.json`), dropped);
    expect(frame?.type).toBe(tag);
    expect(dropped).toEqual({ unknownTags: 0, malformed: 0 });
  });

  it.each(PUSH_TAGS.filter((tag) => tag.endsWith('changed')))('%s is kept in the state', (tag) => {
    const push = JSON.parse(read(`${tag}.json`)) as Push;
    expect(reduce(EMPTY, push)[push.stream][push.entity]).toEqual(push);
  });

  it('has a file for every push and no push the widget does not know', () => {
    const names = readdirSync(FIXTURES).map((name) => name.replace(/\.json$/, ''));
    for (const tag of PUSH_TAGS) expect(names).toContain(tag);
  });
});

describe('decoding', () => {
  it('drops and counts what it does not know', () => {
    const dropped = newDropped();
    expect(decodeFrame('{"type":"call.sung","seq":1}', dropped)).toBeNull();
    expect(dropped).toEqual({ unknownTags: 1, malformed: 0 });
  });

  it.each(['', '[]', '{}', 'null', '{"type":1}', '{"type":"call.changed"}'])(
    'counts %s as malformed',
    (text) => {
      const dropped = newDropped();
      expect(decodeFrame(text, dropped)).toBeNull();
      expect(dropped.malformed).toBe(1);
    },
  );
});
