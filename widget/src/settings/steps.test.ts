import { describe, expect, it } from 'vitest';
import { daysOf, linesOf } from './sections/days';
import { BLANK_STEP, hoursOf, readStep, withField } from './steps';

describe('a step', () => {
  it('is read with the defaults of the server', () => {
    expect(readStep({ group: 'sales' })).toEqual({
      kind: 'ring',
      group: 'sales',
      employees: [],
      mode: 'parallel',
      timeout_s: 30,
      devices: 'in_order',
      ring_busy: null,
    });
    expect(readStep({ manager: {} })).toEqual({
      kind: 'manager',
      wait_s: null,
      check_status: null,
      source: null,
      timeout_s: 30,
      devices: 'in_order',
      ring_busy: null,
    });
  });

  it('survives what cannot be meant', () => {
    expect(readStep({ employees: 'anna', mode: 7, timeout_s: '30' })).toMatchObject({
      employees: [],
      mode: 'parallel',
      timeout_s: 30,
    });
    expect(readStep({ manager: 'yes' })).toMatchObject({ kind: 'manager', wait_s: null });
  });

  it('keeps what the editor does not know', () => {
    const raw = { group: 'sales', later: { word: 1 } };
    expect(withField(raw, 'timeout_s', 40)).toEqual({ ...raw, timeout_s: 40 });
    expect(withField({ manager: { later: 1 } }, 'wait_s', 3)).toEqual({ manager: { later: 1, wait_s: 3 } });
  });

  it('takes a field away where the default is meant', () => {
    expect(withField({ group: 'sales', ring_busy: true }, 'ring_busy', null)).toEqual({ group: 'sales' });
    expect(withField({ manager: { wait_s: 3 } }, 'wait_s', null)).toEqual({ manager: {} });
  });

  it('begins so that the server takes it, once it rings somebody', () => {
    expect(readStep(BLANK_STEP.manager).kind).toBe('manager');
    expect(withField(BLANK_STEP.ring, 'group', 'sales')).toMatchObject({ group: 'sales', mode: 'parallel' });
  });
});

describe('a step that rings nobody of ours', () => {
  it('is read with the defaults of the server', () => {
    expect(readStep({ hours: {} })).toEqual({
      kind: 'hours',
      closed: null,
      week: null,
      days: {},
      timezone: '',
    });
    expect(readStep({ hours: { closed: 'night', week: { mon: ['09:00-18:00'], x: [] } } })).toEqual({
      kind: 'hours',
      closed: 'night',
      week: { mon: ['09:00-18:00'] },
      days: {},
      timezone: '',
    });
    expect(readStep({ external: { number: '+7495' } })).toEqual({
      kind: 'external',
      number: '+7495',
      timeout_s: 30,
    });
    expect(readStep({ voicemail: {} })).toEqual({ kind: 'voicemail', max_s: 120, group: null });
    expect(readStep({ callback: { group: 'sales' } })).toEqual({ kind: 'callback', group: 'sales' });
    expect(readStep({ message: { sound: 5 } })).toEqual({ kind: 'message', sound: '' });
    expect(
      readStep({ hours: { week: { sun: ['10:00-12:00'], odd: [] }, days: { '01-01': [], x: 1 }, timezone: 5 } }),
    ).toEqual({
      kind: 'hours',
      closed: null,
      week: { sun: ['10:00-12:00'] },
      days: { '01-01': [] },
      timezone: '',
    });
    expect(readStep({ hangup: 'music' })).toEqual({ kind: 'hangup', how: 'busy' });
  });

  it('is changed inside its own table', () => {
    expect(withField({ voicemail: { max_s: 60, later: 1 } }, 'group', 'sales')).toEqual({
      voicemail: { max_s: 60, later: 1, group: 'sales' },
    });
    const own = { hours: { week: {}, days: { '01-01': [] }, timezone: 'Asia/Omsk', closed: 'night' } };
    expect(withField(own, 'week', null)).toEqual({ hours: { closed: 'night' } });
    expect(withField(own, 'timezone', null)).toEqual({
      hours: { week: {}, days: { '01-01': [] }, closed: 'night' },
    });
    expect(withField({ hangup: 'busy' }, 'hangup', 'normal')).toEqual({ hangup: 'normal' });
  });

  it('has hours as people write them', () => {
    expect(hoursOf(' 09:00 – 13:00 , 14:00-18:00;')).toEqual(['09:00-13:00', '14:00-18:00']);
    expect(hoursOf('  ')).toEqual([]);
    const days = { '2026-11-03': ['09:00-17:00'], '01-01': [] };
    expect(daysOf(linesOf(days))).toEqual(days);
  });
});
