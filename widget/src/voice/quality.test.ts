import { describe, expect, it } from 'vitest';
import { QualityMeter, type Reading, type Verdict } from './quality';

const CALM: Reading = {
  at: 0,
  sent: 0,
  received: 0,
  lostHere: 0,
  lostThere: 0,
  jitterMs: 4,
  roundTripMs: 40,
  reportAt: 1,
  spoken: 0,
  muted: false,
};

/** A talk of 50 packets a second, two seconds at a time. */
function talk(...changes: Partial<Reading>[]): Verdict {
  const meter = new QualityMeter();
  let verdict = meter.take(CALM);
  changes.forEach((change, step) => {
    const second = (step + 1) * 2;
    const packets = second * 50;
    const moved = { at: second * 1000, sent: packets, received: packets, spoken: second * 0.1 };
    verdict = meter.take({ ...CALM, ...moved, ...change });
  });
  return verdict;
}

describe('whose side is at fault', () => {
  it('is ours when both directions suffer, or the way to the switch is slow', () => {
    expect(talk({ lostHere: 20, lostThere: 0.08 })).toMatchObject({ side: 'here' });
    expect(talk({ lostHere: 20, roundTripMs: 400 })).toMatchObject({ side: 'here' });
    expect(talk({ jitterMs: 90, lostHere: 5 })).toMatchObject({ fault: 'jitter', side: 'here' });
    expect(talk({ roundTripMs: 900 })).toMatchObject({ fault: 'delay', side: 'here' });
  });

  it('is between when only one direction loses, or nothing is known of the other', () => {
    expect(talk({ lostHere: 20 })).toMatchObject({ fault: 'downlink_loss', side: 'network' });
    const unknown = { jitterMs: 90, lostThere: null, roundTripMs: null };
    expect(talk(unknown)).toMatchObject({ fault: 'jitter', side: 'network' });
  });

  it('is theirs when sound comes uneven over a way that is clean', () => {
    expect(talk({ jitterMs: 90 })).toMatchObject({ fault: 'jitter', side: 'there' });
  });

  it('is theirs when reports come and no sound', () => {
    const none = { received: 100 };
    expect(talk({}, none)).toMatchObject({ fault: 'nothing_received', side: 'network' });
    expect(talk({}, none, none)).toMatchObject({ side: 'network' });
    const reported = { ...none, reportAt: 2 };
    expect(talk({}, none, reported)).toMatchObject({ fault: 'nothing_received', side: 'there' });
    expect(talk({}, none, {}, { received: 300 })).toMatchObject({ side: 'network' });
  });
});
