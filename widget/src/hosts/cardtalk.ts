/** The portal's buttons of a talk as questions to our server: mute, keys, passing the call on. */
import type { Ask } from '../protocol/client';
import type { Clock } from '../protocol/clock';
import { isRecord } from '../protocol/decode';
import type { CallChanged } from '../protocol/messages';

/** Between two digits of a number typed after `#`; past it the number is whole. */
const TYPED_MS = 3_000;

export function muteAsk(call: CallChanged, on: boolean): Ask | null {
  const can = call.controls.includes(on ? 'mute' : 'unmute');
  return can ? { type: 'call.mute', call_id: call.call_id, on } : null;
}

/** Talked over first where the switch can: the portal's card has buttons for both ends of it. */
export function transferAsk(call: CallChanged, argument: unknown): Ask | null {
  const kind = call.controls.includes('transfer_attended') ? 'attended' : 'blind';
  const to = targetOf(argument);
  if (!to || !call.controls.includes(`transfer_${kind}`)) return null;
  return { type: 'call.transfer', call_id: call.call_id, kind, ...to };
}

/**
 * Keys are heard one by one; after a `#` that came first they are a number to pass the call to. The
 * pad has no key for "done": the number is whole when nothing was added for a while.
 */
export class TypedKeys {
  #typed: { readonly number: string; readonly until: number } | null = null;

  constructor(
    private readonly clock: Clock,
    private readonly send: (ask: Ask, id: string) => void,
  ) {}

  /** False where the key does nothing. */
  press(call: CallChanged, digit: unknown, id: string): boolean {
    if (typeof digit !== 'string' || !/^[0-9*#]$/.test(digit)) return false;
    const now = this.clock.now();
    const before = this.#typed !== null && now < this.#typed.until ? this.#typed.number : null;
    if (before !== null || (digit === '#' && call.controls.includes('transfer_blind'))) {
      this.#typed = { number: before === null ? '' : before + digit, until: now + TYPED_MS };
      this.clock.after(TYPED_MS, () => this.#whole(call.call_id, id));
      return true;
    }
    if (!call.controls.includes('keypad')) return false;
    this.send({ type: 'call.dtmf', call_id: call.call_id, digits: digit }, id);
    return true;
  }

  /** The card is gone: so is what was typed on it. */
  forget(): void {
    this.#typed = null;
  }

  #whole(callId: string, id: string): void {
    const typed = this.#typed;
    if (!typed || this.clock.now() < typed.until) return;
    this.#typed = null;
    const of = { call_id: callId };
    // A `#` on its own was meant for the other side.
    if (typed.number === '') this.send({ type: 'call.dtmf', ...of, digits: '#' }, id);
    else this.send({ type: 'call.transfer', ...of, kind: 'blind', number: typed.number }, id);
  }
}

/**
 * Whom the portal's list named: its user, or a number. It gives a user's id in `target` and his
 * number beside it, a typed number in both; nothing when a department was chosen.
 */
function targetOf(argument: unknown): { crm_user: string } | { number: string } | null {
  const facts = isRecord(argument) ? argument : {};
  const target = digitsOf(facts['target']);
  if (target === null) return null;
  const isNumber = target.startsWith('+') || target === digitsOf(facts['phoneNumber']);
  // Ids of users are short; a number outside is not.
  return isNumber || target.length > 6 ? { number: target } : { crm_user: target };
}

function digitsOf(value: unknown): string | null {
  const text = typeof value === 'number' || typeof value === 'string' ? String(value) : '';
  const bare = text.replace(/[\s()-]/g, '');
  return /^\+?[0-9*#]{1,20}$/.test(bare) ? bare : null;
}
