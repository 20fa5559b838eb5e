/** What the portal's card of a call shows: pure, from the phone's view. */
import { showNumber, type TextKey, type Words } from '../i18n';
import type { View } from '../phone';
import type { CallChanged } from '../protocol/messages';
import { calls, contactOf, isLive } from '../state/selectors';
import { callerName } from '../ui/alert';
import { connectionText, noticeText } from '../ui/words';

/**
 * Those of the portal's twelve states a call of ours can be in. Not used: `outgoing` (nothing waits
 * for a press before it dials), `transferFailed` and `transferConnected` (either is a talk again, and
 * the status text says which), `moneyError` (we know of no balance).
 */
export type CardUi =
  | 'incoming'
  | 'connectingIncoming'
  | 'connectingOutgoing'
  | 'connected'
  | 'transferIncoming'
  | 'transferring'
  | 'redial'
  | 'error';

/** What a card should show. */
export interface CardLook {
  readonly ui: CardUi;
  readonly title: string;
  readonly status: string;
  readonly held: boolean;
  readonly muted: boolean;
}

/** Something said in the status text for a while: what to do instead of the button pressed. */
export type Advice = Extract<TextKey, `card.advice.${string}`>;

/** Ends that calling again at once would not change. */
const HOPELESS: ReadonlySet<CallChanged['cause']> = new Set([
  'invalid_number',
  'congestion',
  'failure',
  'lost_contact',
]);

/** Null when there is nothing left to show. */
export function cardLook(
  call: CallChanged,
  view: View,
  words: Words,
  now: number,
  advice: Advice | null = null,
): CardLook | null {
  const ui = cardUi(call, view);
  if (!ui) return null;
  const contact = contactOf(view.state, call.call_id);
  const one = contact?.matches.length === 1 ? contact.matches[0] : undefined;
  const chosen = contact?.matches.find(
    ({ record }) => record.kind === contact.chosen?.kind && record.id === contact.chosen.id,
  );
  return {
    ui,
    title: (chosen ?? one)?.name ?? callerName(call, words),
    status: statusText(call, view, words, now, advice),
    held: call.state === 'held',
    muted: call.muted,
  };
}

function cardUi(call: CallChanged, view: View): CardUi | null {
  switch (call.state) {
    case 'ended':
      return endedUi(call);
    case 'talking':
    case 'held':
      if (passes(call)) return 'transferring';
      return call.my_leg === 'ended' ? null : 'connected';
    case 'ringing':
      if (call.my_leg === 'ended') return null;
      if (!asks(call)) return 'connectingOutgoing';
      if (view.pending.has(`answer:${call.call_id}`)) return 'connectingIncoming';
      return call.transfer?.role === 'target' ? 'transferIncoming' : 'incoming';
  }
}

/** Whether this person passes the call on and can still decide otherwise. */
function passes(call: CallChanged): boolean {
  return call.transfer?.role === 'sender' && call.controls.includes('transfer_cancel');
}

/** Whether this person may take it. A call-back rings like any other, though it goes out. */
export function asks(call: CallChanged): boolean {
  return call.state === 'ringing' && call.actions.includes('decline');
}

function endedUi(call: CallChanged): CardUi | null {
  if (call.cause === 'lost_contact') return 'error';
  if (call.direction === 'inbound' || call.outcome === 'answered') return null;
  return call.number === '' || HOPELESS.has(call.cause) ? 'error' : 'redial';
}

/** The one line of text the portal gives us: the most urgent thing to know. */
function statusText(
  call: CallChanged,
  view: View,
  words: Words,
  now: number,
  advice: Advice | null,
): string {
  if (view.connection.phase !== 'online') return connectionText(view.connection, now, words);
  const trouble = view.notices.findLast((notice) => notice.kind !== 'removed');
  if (trouble) return noticeText(trouble, words);
  if (advice) return words.t(advice);
  const other = calls(view.state).find((one) => one.call_id !== call.call_id && isLive(one));
  if (other && asks(other)) return `${words.t('card.second')}: ${callerName(other, words)}`;
  const passed = call.state === 'ended' ? null : transferText(call, words);
  if (passed !== null) return passed;
  if (call.state === 'ended') return words.t(call.cause ? `cause.${call.cause}` : 'end.no_reply');
  if (call.state === 'ringing' && !call.actions.includes('answer')) {
    if (call.my_leg === 'up') return words.t('card.dialing_them');
    return call.device
      ? words.t('card.pick_up', { device: call.device })
      : words.t('card.pick_up_any');
  }
  if (call.direction === 'internal') return words.t('card.internal');
  const number = call.virtual_number ? showNumber(call.virtual_number) : null;
  const dialled = call.virtual_number_name ?? number;
  return [dialled, call.scenario].filter(Boolean).join(' · ');
}

/** Where a transfer is, in the few words the portal has room for. */
function transferText(call: CallChanged, words: Words): string | null {
  const { transfer } = call;
  if (!transfer) return null;
  const { phase, role, target, by, note } = transfer;
  if (role === 'target' && (phase === 'ringing' || phase === 'done' || phase === 'seeking')) {
    const from = words.t('card.passed_by', { by });
    return note ? `${from}: ${note}` : from;
  }
  if (phase === 'failed' || phase === 'returning') return words.t('card.not_passed', { target });
  return role === 'other' ? null : words.t('card.passing', { target: role === 'sender' ? target : by });
}
