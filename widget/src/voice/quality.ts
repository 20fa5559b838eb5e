/**
 * Whose side is at fault when a talk sounds bad: pure, from two readings of `getStats`.
 *
 * Thresholds: packet loss is heard from about 3 % with G.711, jitter from about 30 ms with usual
 * buffers (ITU-T G.113, G.114); a silent microphone has no energy at all, however quiet the room.
 *
 * What is measured is the way between this browser and the switch, in both directions: a fault that
 * its reports share is ours, one they do not know comes from behind the switch.
 */

/** One reading; counters grow over the call. */
export interface Reading {
  readonly at: number;
  readonly sent: number;
  readonly received: number;
  /** Lost of what was sent to us. */
  readonly lostHere: number;
  /** Share lost of what we sent, as the other side reports it: 0 to 1; null: it said nothing yet. */
  readonly lostThere: number | null;
  /** Milliseconds; null where unknown. */
  readonly jitterMs: number | null;
  readonly roundTripMs: number | null;
  /** When the other side's last report came, by the browser's clock; null: none did. */
  readonly reportAt: number | null;
  /** Energy of the microphone so far; null where the browser does not say. */
  readonly spoken: number | null;
  readonly muted: boolean;
}

/** This computer and its way to the switch; somewhere between; the other party and their way. */
export type Side = 'here' | 'network' | 'there';
export type Fault =
  | 'microphone_silent'
  | 'nothing_received'
  | 'uplink_loss'
  | 'downlink_loss'
  | 'jitter'
  | 'delay';

export interface Verdict {
  /** 3 good, 2 fair, 1 bad. */
  readonly bars: 1 | 2 | 3;
  readonly fault: Fault | null;
  readonly side: Side | null;
}

export const GOOD: Verdict = { bars: 3, fault: null, side: null };

const FAIR_LOSS = 0.03;
const BAD_LOSS = 0.1;
const FAIR_JITTER_MS = 30;
const BAD_JITTER_MS = 80;
/** One way 150 ms is fine, 400 ms is not (G.114); a round trip is twice that. */
const FAIR_TRIP_MS = 300;
const BAD_TRIP_MS = 800;
/** Shorter than this says nothing. */
const SPAN_MS = 1_500;
/** A microphone without any energy this long is off, not quiet. */
const SILENT_MS = 4_000;
const NO_ENERGY = 1e-9;

/** Remembers the last reading, and since when the microphone gives nothing. */
export class QualityMeter {
  #last: Reading | null = null;
  #silentSince: number | null = null;
  /** The last report when sound stopped coming; undefined: it comes. */
  #deafSince: number | null | undefined = undefined;
  #verdict: Verdict = GOOD;

  take(now: Reading): Verdict {
    const before = this.#last;
    if (before === null) {
      this.#last = now;
      return this.#verdict;
    }
    if (now.at - before.at < SPAN_MS) return this.#verdict;
    this.#last = now;
    this.#verdict = this.#judged(before, now);
    return this.#verdict;
  }

  #judged(before: Reading, now: Reading): Verdict {
    if (this.#isSilent(before, now)) return bad('microphone_silent', 'here');
    const received = now.received - before.received;
    const lost = Math.max(0, now.lostHere - before.lostHere);
    if (received === 0 && now.sent > before.sent) {
      if (this.#deafSince === undefined) this.#deafSince = before.reportAt;
      // Reports still come: the way is open, and nobody sends sound on it.
      const open = now.reportAt !== null && now.reportAt !== this.#deafSince;
      return bad('nothing_received', open ? 'there' : 'network');
    }
    this.#deafSince = undefined;
    const down = received + lost === 0 ? 0 : lost / (received + lost);
    const up = now.lostThere ?? 0;
    const trip = now.roundTripMs ?? 0;
    const ours = up >= FAIR_LOSS || trip >= FAIR_TRIP_MS;
    const reported = now.lostThere !== null && now.roundTripMs !== null;
    // The switch hands on what comes late, but counts its packets anew.
    const uneven: Side = ours || down >= FAIR_LOSS ? 'here' : reported ? 'there' : 'network';
    const found = [
      grade(up, FAIR_LOSS, BAD_LOSS, 'uplink_loss', 'here'),
      grade(down, FAIR_LOSS, BAD_LOSS, 'downlink_loss', ours ? 'here' : 'network'),
      grade(now.jitterMs ?? 0, FAIR_JITTER_MS, BAD_JITTER_MS, 'jitter', uneven),
      grade(trip, FAIR_TRIP_MS, BAD_TRIP_MS, 'delay', 'here'),
    ];
    return found.reduce((worst, one) => (one.bars < worst.bars ? one : worst), GOOD);
  }

  #isSilent(before: Reading, now: Reading): boolean {
    const quiet =
      !now.muted &&
      !before.muted &&
      now.spoken !== null &&
      before.spoken !== null &&
      now.spoken - before.spoken <= NO_ENERGY;
    if (!quiet) {
      this.#silentSince = null;
      return false;
    }
    this.#silentSince ??= before.at;
    return now.at - this.#silentSince >= SILENT_MS;
  }
}

function bad(fault: Fault, side: Side): Verdict {
  return { bars: 1, fault, side };
}

function grade(value: number, fair: number, poor: number, fault: Fault, side: Side): Verdict {
  if (value < fair) return GOOD;
  return { bars: value < poor ? 2 : 1, fault, side };
}

type Entry = Readonly<Record<string, unknown>>;

/** One reading out of a browser's report; what it does not say is null. */
export function readingOf(report: Iterable<Entry>, at: number, muted: boolean): Reading {
  const all = [...report];
  const one = (type: string): Entry =>
    all.find((entry) => entry['type'] === type && entry['kind'] !== 'video') ?? {};
  const number = (entry: Entry, name: string): number | null =>
    typeof entry[name] === 'number' ? entry[name] : null;
  const seconds = (entry: Entry, name: string): number | null => {
    const value = number(entry, name);
    return value === null ? null : value * 1000;
  };
  const inbound = one('inbound-rtp');
  const outbound = one('outbound-rtp');
  const theirs = one('remote-inbound-rtp');
  return {
    at,
    sent: number(outbound, 'packetsSent') ?? 0,
    received: number(inbound, 'packetsReceived') ?? 0,
    lostHere: number(inbound, 'packetsLost') ?? 0,
    lostThere: number(theirs, 'fractionLost'),
    jitterMs: seconds(inbound, 'jitter'),
    roundTripMs: seconds(theirs, 'roundTripTime'),
    reportAt: number(theirs, 'timestamp'),
    spoken: number(one('media-source'), 'totalAudioEnergy'),
    muted,
  };
}
