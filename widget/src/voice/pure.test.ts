import { describe, expect, it } from 'vitest';
import type { Microphone, PhoneChanged, PhonePart } from '../protocol/messages';
import { DeviceMenu, type Memory } from './devices';
import { MutedSpeech, rms } from './levels';
import { QualityMeter, readingOf, type Reading, type Verdict } from './quality';
import { phoneLook, type PhoneFacts } from './readiness';
import { VOICE_TEXTS } from './texts';

const CALM: Reading = {
  at: 0,
  sent: 0,
  received: 0,
  lostHere: 0,
  lostThere: 0,
  jitterMs: 4,
  roundTripMs: 40,
  reportAt: null,
  spoken: 0,
  muted: false,
};

/** A talk of 50 packets a second, two seconds at a time. */
function talk(...changes: Partial<Reading>[]): Verdict {
  const meter = new QualityMeter();
  let verdict = meter.take(CALM);
  changes.forEach((change, step) => {
    const second = (step + 1) * 2;
    verdict = meter.take({
      ...CALM,
      at: second * 1000,
      sent: second * 50,
      received: second * 50,
      spoken: second * 0.1,
      ...change,
    });
  });
  return verdict;
}

describe('quality', () => {
  it('is good while nothing is lost', () => {
    expect(talk({}, {})).toEqual({ bars: 3, fault: null, side: null });
  });

  it('names whose side is at fault', () => {
    expect(talk({ lostThere: 0.2 })).toEqual({ bars: 1, fault: 'uplink_loss', side: 'here' });
    expect(talk({ lostHere: 5 })).toEqual({ bars: 2, fault: 'downlink_loss', side: 'network' });
    expect(talk({ jitterMs: 120 })).toMatchObject({ bars: 1, fault: 'jitter' });
    expect(talk({ roundTripMs: 500 })).toMatchObject({ bars: 2, fault: 'delay' });
    expect(talk({}, { received: 100 })).toMatchObject({ bars: 1, fault: 'nothing_received' });
  });

  it('tells a silent microphone from a quiet room, and from a muted one', () => {
    const dead = { spoken: 0 };
    expect(talk(dead).fault).toBeNull();
    expect(talk(dead, dead)).toMatchObject({ fault: 'microphone_silent', side: 'here' });
    const muted = { spoken: 0, muted: true };
    expect(talk(muted, muted, muted).fault).toBeNull();
    expect(talk({ spoken: 1e-6 }, { spoken: 2e-6 }, { spoken: 3e-6 }).fault).toBeNull();
  });

  it('takes the worst of several', () => {
    expect(talk({ lostThere: 0.05, jitterMs: 200 })).toMatchObject({ bars: 1, fault: 'jitter' });
  });

  it("reads a browser's report, and misses nothing that is not there", () => {
    const report = [
      { type: 'outbound-rtp', kind: 'audio', packetsSent: 500 },
      { type: 'inbound-rtp', kind: 'audio', packetsReceived: 480, packetsLost: 3, jitter: 0.012 },
      { type: 'remote-inbound-rtp', kind: 'audio', fractionLost: 0.01, roundTripTime: 0.05, timestamp: 8 },
      { type: 'media-source', kind: 'audio', totalAudioEnergy: 0.7 },
    ];
    expect(readingOf(report, 9, true)).toEqual({
      at: 9,
      sent: 500,
      received: 480,
      lostHere: 3,
      lostThere: 0.01,
      jitterMs: 12,
      roundTripMs: 50,
      reportAt: 8,
      spoken: 0.7,
      muted: true,
    });
    expect(readingOf([], 1, false)).toMatchObject({ sent: 0, lostThere: null, spoken: null });
  });
});

describe('speaking while muted', () => {
  it('is told after some words, stays between them, and not after unmuting', () => {
    const speech = new MutedSpeech();
    expect(speech.heard(0.2, true, 0)).toBe(false);
    expect(speech.heard(0.2, true, 500)).toBe(true);
    expect(speech.heard(0, true, 2_000)).toBe(true);
    expect(speech.heard(0, true, 4_000)).toBe(false);
    expect(speech.heard(0.2, true, 5_000)).toBe(false);
    expect(speech.heard(0.2, false, 5_600)).toBe(false);
  });

  it('is not a cough', () => {
    const speech = new MutedSpeech();
    expect(speech.heard(0.3, true, 0)).toBe(false);
    expect(speech.heard(0, true, 200)).toBe(false);
    expect(speech.heard(0.3, true, 600)).toBe(false);
  });

  it('measures by root mean square', () => {
    expect(rms(new Float32Array([0.5, -0.5]))).toBeCloseTo(0.5);
    expect(rms(new Float32Array(0))).toBe(0);
  });
});

describe('the panel about the phone', () => {
  const told = (tab: string | null, ...missing: PhonePart[]): PhoneChanged => ({
    type: 'phone.changed',
    stream: 'me',
    entity: 'phone',
    seq: 1,
    version: 1,
    tab,
    missing,
  });
  const look = (change: Partial<PhoneFacts>): [string, string, readonly string[]] => {
    const { tone, text, mends } = phoneLook({
      told: null,
      tabId: 'here',
      microphone: 'granted',
      noLine: false,
      secure: true,
      talks: true,
      hasWindow: true,
      passing: false,
      ...change,
    });
    return [tone, text, mends];
  };

  it('is ready, or says what this tab lacks', () => {
    expect(look({ told: told('here') })).toEqual(['ready', 'phone.ready', []]);
    expect(look({ told: told('here', 'sound') })).toEqual(['missing', 'phone.sound', ['sound']]);
    expect(look({ told: told('here', 'registration') })[0]).toBe('waiting');
    const refused = { told: told('here', 'socket'), noLine: true };
    expect(look(refused)).toEqual(['missing', 'phone.no_line', []]);
  });

  it('offers to bring the audio here', () => {
    expect(look({ told: told('there') })).toEqual(['elsewhere', 'phone.elsewhere', ['take']]);
    expect(look({ told: told('there', 'sound') })[0]).toBe('missing');
    expect(look({ told: told('there'), microphone: 'blocked' })[2]).toEqual([]);
  });

  it.each<[Microphone, string, readonly string[]]>([
    ['ask', 'phone.microphone_ask', ['allow', 'window']],
    ['denied', 'phone.microphone_denied', ['window']],
    ['absent', 'phone.microphone_absent', ['allow']],
    ['blocked', 'phone.microphone_blocked_window', ['window']],
  ])('names the cause and the way out: %s', (microphone, text, mends) => {
    expect(look({ told: told(null, 'microphone_ask'), microphone })).toEqual(['missing', text, mends]);
  });

  it('prefers the window where pages come and go', () => {
    const passing = { told: told(null), microphone: 'ask', passing: true } as const;
    expect(look(passing)[2]).toEqual(['window', 'allow']);
    expect(look({ told: told('here'), passing: true })[2]).toEqual(['window']);
  });

  it('tells a page without https from one the CRM gives no microphone', () => {
    const insecure = { told: told(null), microphone: 'blocked', secure: false } as const;
    expect(look(insecure)).toEqual(['missing', 'phone.microphone_insecure', []]);
  });

  it('offers nothing to a browser without WebRTC', () => {
    const mute = { told: told(null), microphone: 'blocked', talks: false } as const;
    expect(look(mute)).toEqual(['missing', 'phone.no_webrtc', []]);
  });

  it('has no window to offer in the window', () => {
    const blocked = { told: told(null), microphone: 'blocked', hasWindow: false } as const;
    expect(look(blocked)).toEqual(['missing', 'phone.microphone_blocked', []]);
  });
});

describe('texts', () => {
  it('has the same places for words in both languages, and waits until it has looked', () => {
    const places = (text: string): string[] => [...text.matchAll(/\{\w+\}/g)].map(String).sort();
    for (const [key, text] of Object.entries(VOICE_TEXTS.ru)) {
      expect(text, key).toMatch(/[а-я]/i);
      expect(places(VOICE_TEXTS.en[key as keyof typeof VOICE_TEXTS.en]), key).toEqual(places(text));
    }
    const page = { noLine: false, secure: true, talks: true, hasWindow: true, passing: false };
    const facts = { told: null, tabId: 'a', microphone: null, ...page };
    expect(phoneLook(facts).tone).toBe('waiting');
  });
});

describe('devices', () => {
  const memory = (): Memory & { kept: Map<string, string> } => {
    const kept = new Map<string, string>();
    return {
      kept,
      get: (key) => kept.get(key) ?? null,
      set: (key, value) => {
        if (value === null) kept.delete(key);
        else kept.set(key, value);
      },
      lasts: true,
    };
  };
  const media = (...ids: string[]) => ({
    addEventListener: () => undefined,
    enumerateDevices: () =>
      Promise.resolve(
        ids.map((deviceId) => ({ deviceId, kind: 'audiooutput', label: deviceId }) as MediaDeviceInfo),
      ),
  });

  it('listens once, however often its person comes back from the telephone', async () => {
    let listeners = 0;
    const plain = media('headset');
    const counted = { ...plain, addEventListener: () => void (listeners += 1) };
    const menu = new DeviceMenu(counted, memory(), true);
    await menu.watch();
    await menu.watch();
    expect(listeners).toBe(1);
  });

  it('remembers the choice and falls back while it is unplugged', async () => {
    const kept = memory();
    const menu = new DeviceMenu(media('default', 'headset'), kept, true);
    await menu.watch();
    expect(menu.view.get().outputs).toEqual([{ id: 'headset', label: 'headset' }]);
    menu.choose('ringer', 'headset');
    menu.setRingVolume(3);
    expect(menu.current('ringer')).toBe('headset');
    const later = new DeviceMenu(media('speaker'), kept, true);
    await later.watch();
    expect(later.view.get()).toMatchObject({ ringVolume: 1, chosen: { ringer: 'headset' } });
    expect(later.current('ringer')).toBeNull();
    later.choose('ringer', null);
    expect(kept.kept.has('ringer')).toBe(false);
  });
});
