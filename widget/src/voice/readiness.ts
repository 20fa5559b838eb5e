/** What the panel says of the phone in the browser, and the button that mends it: pure. */
import type { Microphone, PhoneChanged, PhonePart } from '../protocol/messages';
import type { VoiceTextKey } from './texts';

export type Mend = 'allow' | 'sound' | 'window' | 'take';

export interface PhoneFacts {
  /** The server's word; null before it said anything. */
  readonly told: PhoneChanged | null;
  readonly tabId: string;
  /** Null until the page was looked at. */
  readonly microphone: Microphone | null;
  /** Over https, or on this very machine: others are given no microphone. */
  readonly secure: boolean;
  /** The browser knows WebRTC. */
  readonly talks: boolean;
  /** The switch gives no line to browsers. */
  readonly noLine: boolean;
  /** A phone of its own window may be opened from here. */
  readonly hasWindow: boolean;
  /** The page lives only as long as a page of the CRM: its phone goes with it. */
  readonly passing: boolean;
}

export interface PhoneLook {
  readonly tone: 'ready' | 'elsewhere' | 'missing' | 'waiting';
  readonly text: VoiceTextKey;
  /** The best way first. */
  readonly mends: readonly Mend[];
}

export function phoneLook(facts: PhoneFacts): PhoneLook {
  const { told, tabId } = facts;
  if (told?.tab != null && told.tab !== tabId) return elsewhere(facts, told);
  if (told?.tab === tabId) return here(facts, told.missing);
  return nowhere(facts);
}

function here({ passing, hasWindow, noLine }: PhoneFacts, missing: readonly PhonePart[]): PhoneLook {
  const window: Mend[] = passing && hasWindow ? ['window'] : [];
  if (missing.length === 0) return { tone: 'ready', text: 'phone.ready', mends: window };
  if (noLine) return { tone: 'missing', text: 'phone.no_line', mends: [] };
  if (missing.includes('sound')) {
    return { tone: 'missing', text: 'phone.sound', mends: ['sound', ...window] };
  }
  return { tone: 'waiting', text: 'phone.registering', mends: window };
}

function elsewhere({ microphone }: PhoneFacts, told: PhoneChanged): PhoneLook {
  const mends: Mend[] = microphone === 'granted' || microphone === 'ask' ? ['take'] : [];
  const ready = told.missing.length === 0;
  return {
    tone: ready ? 'elsewhere' : 'missing',
    text: ready ? 'phone.elsewhere' : 'phone.elsewhere_missing',
    mends,
  };
}

function nowhere({ microphone, hasWindow, passing, secure, talks }: PhoneFacts): PhoneLook {
  if (!talks) return { tone: 'missing', text: 'phone.no_webrtc', mends: [] };
  const window: Mend[] = hasWindow ? ['window'] : [];
  switch (microphone) {
    case null:
    case 'granted':
      return { tone: 'waiting', text: 'phone.registering', mends: [] };
    case 'ask':
      return {
        tone: 'missing',
        text: 'phone.microphone_ask',
        mends: passing ? [...window, 'allow'] : ['allow', ...window],
      };
    case 'denied':
      return { tone: 'missing', text: 'phone.microphone_denied', mends: window };
    case 'absent':
      return { tone: 'missing', text: 'phone.microphone_absent', mends: ['allow'] };
    case 'blocked':
      // A window of ours has the same address: no way out there.
      if (!secure) return { tone: 'missing', text: 'phone.microphone_insecure', mends: [] };
      return {
        tone: 'missing',
        text: hasWindow ? 'phone.microphone_blocked_window' : 'phone.microphone_blocked',
        mends: window,
      };
  }
}
