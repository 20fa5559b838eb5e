import { describe, expect, it } from 'vitest';
import callJson from '../../../protocol/fixtures/call.changed.json';
import removedJson from '../../../protocol/fixtures/call.removed.json';
import switchJson from '../../../protocol/fixtures/switch.changed.json';
import type { CallChanged, CallRemoved, SwitchChanged } from '../protocol/messages';
import { again } from '../testing';
import { canonical, viewHash } from './hash';
import { begin, reduce } from './reducer';
import { calls, rings } from './selectors';
import { EMPTY } from './state';

const call = callJson as unknown as CallChanged;
const removed = removedJson as unknown as CallRemoved;
const down = switchJson as unknown as SwitchChanged;

describe('reduce', () => {
  it('never applies an older version', () => {
    const state = reduce(EMPTY, again(call, 50, { version: 9 }));
    expect(reduce(state, again(call, 51, { version: 8, state: 'ended' }))).toBe(state);
  });

  it('takes the entity out when it is removed', () => {
    expect(reduce(reduce(EMPTY, call), removed).me).toEqual({});
  });

  it('ignores the removal of what is not there', () => {
    expect(reduce(EMPTY, removed)).toBe(EMPTY);
  });

  it('leaves the state it was given alone', () => {
    const state = reduce(EMPTY, call);
    const before = canonical(state);
    reduce(state, again(call, 60, { state: 'talking' }));
    expect(canonical(state)).toBe(before);
  });
});

describe('begin', () => {
  it('replaces the entities of that stream only', () => {
    const old = [call, down].reduce(reduce, EMPTY);
    const state = begin(old, 'me', false, []);
    expect(state.me).toEqual({});
    expect(state.account).toBe(old.account);
  });

  it('continues from what is there when the missed pushes came', () => {
    const state = begin(reduce(EMPTY, call), 'me', true, [again(call, 43, { state: 'talking' })]);
    expect(calls(state).map((one) => one.state)).toEqual(['talking']);
  });
});

describe('the view hash', () => {
  it('does not depend on how the view was reached', () => {
    const one = [call, down].reduce(reduce, EMPTY);
    const other = [down, { ...call, seq: 99 }].reduce(reduce, EMPTY);
    expect(viewHash(other)).toBe(viewHash(one));
  });

  it('depends on what is seen', () => {
    const talking = reduce(EMPTY, { ...call, state: 'talking' });
    expect(viewHash(talking)).not.toBe(viewHash(reduce(EMPTY, call)));
  });
});

describe('calls', () => {
  it('come with the ringing one first and the ended last', () => {
    const make = (id: string, change: Partial<CallChanged>): CallChanged => ({
      ...call,
      ...change,
      call_id: id,
      entity: `call:${id}`,
    });
    const state = [
      make('over', { state: 'ended' }),
      make('talk', { state: 'talking', my_leg: 'up' }),
      make('ring', { started_at: '2027-01-01T00:00:00Z' }),
    ].reduce(reduce, EMPTY);
    expect(calls(state).map((one) => one.call_id)).toEqual(['ring', 'talk', 'over']);
  });

  it('ring only for whom they are meant', () => {
    expect(rings(call)).toBe(true);
    expect(rings({ ...call, direction: 'outbound' })).toBe(false);
    expect(rings({ ...call, my_leg: 'ended' })).toBe(false);
  });
});
