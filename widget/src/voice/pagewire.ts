/**
 * What the panel's frame and its voice in the CRM's own page say to each other, over a port of
 * their own.
 *
 * The page belongs to the CRM: it is told what the voice cannot do without, and nothing of the
 * customers. Of secrets it is given one, the line's password, which opens nothing once this tab is
 * no phone any more.
 */
import type { FailureCode } from '../protocol/failure';
import type { Ask } from '../protocol/client';
import { isRecord } from '../protocol/decode';
import type { CallChanged, DeviceChanged, PhoneAsked, PhoneChanged } from '../protocol/messages';
import type { View } from '../phone';
import { calls } from '../state/selectors';
import { EMPTY, type Entities } from '../state/state';
import type { Devices, DeviceUse } from './devices';
import type { VoiceView } from './voice';

/** The part of the phone's view a voice follows. */
export interface Told {
  readonly online: boolean;
  readonly skewMs: number;
  readonly me: Entities;
}

export type ToPageVoice =
  | { readonly type: 'begin'; readonly tabId: string; readonly told: Told }
  | { readonly type: 'told'; readonly told: Told }
  | { readonly type: 'answer'; readonly callId: string }
  | { readonly type: 'mute'; readonly callId: string; readonly on: boolean }
  | { readonly type: 'ring'; readonly on: boolean; readonly soft: boolean }
  | { readonly type: 'choose'; readonly use: DeviceUse; readonly id: string | null }
  | { readonly type: 'volume'; readonly volume: number }
  | { readonly type: 'reply'; readonly n: number; readonly value: unknown }
  | { readonly type: 'failed'; readonly n: number; readonly code: FailureCode }
  | { readonly type: 'allow' | 'take' | 'unlock' | 'end' };

export type FromPageVoice =
  /** The page may hear its person, as far as a policy goes. */
  | { readonly type: 'here' }
  /** It may not, or may not reach the switch. */
  | { readonly type: 'cannot' }
  | { readonly type: 'view'; readonly view: VoiceView }
  | { readonly type: 'devices'; readonly devices: Devices }
  | { readonly type: 'sound'; readonly on: boolean }
  | { readonly type: 'ask'; readonly n: number; readonly ask: Ask }
  /** What tabs of this browser told each other past the server (`SiblingsHeard`). */
  | { readonly type: 'quiet'; readonly calls: readonly string[] }
  | { readonly type: 'called' }
  | { readonly type: 'fail'; readonly code: FailureCode };

/** What a voice asks of the server; whatever else comes out of the CRM's page is not passed on. */
const ASKED: ReadonlySet<Ask['type']> = new Set([
  'phone.report',
  'phone.register',
  'phone.release',
  'phone.take',
  'call.move_voice',
  'call.take_voice',
  'call.answer',
] as const);

export function mayAsk(ask: unknown): ask is Ask {
  return isRecord(ask) && (ASKED as ReadonlySet<unknown>).has(ask['type']);
}

const DEVICE = 'device';
const PHONE = 'phone';
const ASKED_FOR = 'phone_asked';

export function toldOf({ state, connection, skewMs }: Pick<View, 'state' | 'connection' | 'skewMs'>): Told {
  const { me } = state;
  const kept: Record<string, DeviceChanged | PhoneChanged | PhoneAsked | CallChanged> = {};
  for (const [name, type] of [
    [DEVICE, 'device.changed'],
    [PHONE, 'phone.changed'],
    [ASKED_FOR, 'phone.asked'],
  ] as const) {
    const push = me[name];
    if (push?.type === type) kept[name] = push;
  }
  for (const call of calls(state)) kept[call.entity] = nameless(call);
  return { online: connection.phase === 'online', skewMs, me: kept };
}

/** The call without anybody's name or number. */
function nameless(call: CallChanged): CallChanged {
  return {
    ...call,
    number: '',
    name: null,
    virtual_number: null,
    virtual_number_name: null,
    scenario: null,
    rung: [],
    answered_by: null,
    message: null,
    visit: null,
    parties: [],
    extension: null,
    transfer: call.transfer && { ...call.transfer, target: '', by: '', note: null },
  };
}

export function viewOf({ online, skewMs, me }: Told): View {
  return {
    state: { ...EMPTY, me },
    connection: online ? { phase: 'online' } : { phase: 'connecting', first: false },
    you: null,
    skewMs,
    notices: [],
    pending: new Set(),
    history: { phase: 'idle', entries: [], next: null },
    from: null,
  };
}

/** Before the frame said anything, and after it went: nobody's phone. */
export const NOTHING: Told = { online: false, skewMs: 0, me: {} };
