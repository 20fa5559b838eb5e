import { describe, expect, it } from 'vitest';
import { changed, differences, moved, rebased } from './draft';

const base = { name: 'Sales', extension: '600' as string | null, members: ['anna', 'boris'] };

describe('a draft', () => {
  it('sends what changed and nothing else', () => {
    expect(changed(base, { ...base, members: ['boris', 'anna'] })).toEqual({
      members: ['boris', 'anna'],
    });
    expect(changed(base, { ...base, members: [...base.members] })).toEqual({});
    expect(changed(base, { ...base, extension: null })).toEqual({ extension: null });
  });

  it('shows what somebody else changed beside what is in the form', () => {
    const theirs = { ...base, name: 'Sellers', extension: '601' };
    const mine = { ...base, extension: '700', members: ['anna'] };
    expect(differences(base, theirs, mine)).toEqual([
      { field: 'name', before: 'Sales', theirs: 'Sellers', mine: 'Sales' },
      { field: 'extension', before: '600', theirs: '601', mine: '700' },
    ]);
  });

  it('keeps my changes on top of theirs', () => {
    const theirs = { ...base, name: 'Sellers', extension: '601' };
    expect(rebased(base, theirs, { ...base, extension: '700' })).toEqual({
      ...theirs,
      extension: '700',
    });
  });

  it.each([
    [0, 1, 'bac'],
    [2, -1, 'acb'],
    [0, -1, 'abc'],
    [2, 1, 'abc'],
    [5, 1, 'abc'],
  ])('moves %i by %i', (from, step, after) => {
    expect(moved(['a', 'b', 'c'], from, step).join('')).toBe(after);
  });
});
