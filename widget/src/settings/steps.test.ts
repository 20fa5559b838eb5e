import { describe, expect, it } from 'vitest';
import { BLANK_STEP, readStep, withField } from './steps';

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
