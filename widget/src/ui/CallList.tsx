/** The cards of all calls, with the keyboard that answers them. */
import type { JSX } from 'preact';
import { useLayoutEffect } from 'preact/hooks';
import type { CallChanged, RecordRef } from '../protocol/messages';
import { contactOf, isLive, rings } from '../state/selectors';
import type { State } from '../state/state';
import { CallCard } from './CallCard';
import { useAmbient } from './context';
import type { TalkProps } from './talk/Talk';

export interface CallEvents {
  answer(callId: string): void;
  decline(callId: string): void;
  hangUp(callId: string): void;
  hold(callId: string, on: boolean): void;
  pauseRecording(callId: string, on: boolean): void;
  dismiss(callId: string): void;
  choose(callId: string, record: RecordRef): void;
  retry(callId: string): void;
  dial(number: string): void;
  /** Whom the controls of a talk ask. */
  readonly phone?: TalkProps['phone'];
}

/** Alt with a letter's key: free in the CRMs' pages and reachable with one hand. */
export const SHORTCUTS = { answer: 'Alt+A', decline: 'Alt+D', hold: 'Alt+H' } as const;

interface Props {
  readonly calls: readonly CallChanged[];
  readonly state: State;
  readonly pending: ReadonlySet<string>;
  readonly events: CallEvents;
  readonly small?: boolean;
}

export function CallList({ calls, state, pending, events, small = false }: Props): JSX.Element | null {
  const { words } = useAmbient();
  useShortcuts(calls, events);
  const asks = calls.find(rings);
  const live = calls.find((call) => isLive(call) && !rings(call));
  const busy = calls.some((call) => isLive(call) && !rings(call));
  return (
    <section class="calls" aria-label={words.t('card.region')}>
      {calls.map((call) => (
        <CallCard
          key={call.call_id}
          call={call}
          contact={contactOf(state, call.call_id)}
          second={rings(call) && (busy || call !== asks)}
          first={call === asks}
          pending={pending}
          events={events}
          small={small}
          {...(events.phone ? { talk: { state, phone: events.phone, first: call === live } } : {})}
        />
      ))}
    </section>
  );
}

// In the layout phase: a key pressed right after the card changed must mean what the card shows.
// Later effects wait for a frame, and a tab in the background draws none for a while.
function useShortcuts(calls: readonly CallChanged[], events: CallEvents): void {
  useLayoutEffect(() => {
    const press = (event: KeyboardEvent): void => {
      if (!event.altKey || event.ctrlKey || event.metaKey || event.repeat) return;
      const asks = calls.find(rings);
      const live = calls.find((call) => isLive(call) && !rings(call));
      // By the key's place, not its letter: a Russian layout has other letters there.
      const done = ((): boolean => {
        switch (event.code) {
          case 'KeyA':
            return asks?.actions.includes('answer') ? (events.answer(asks.call_id), true) : false;
          case 'KeyD':
            if (asks?.actions.includes('decline')) return events.decline(asks.call_id), true;
            return live?.actions.includes('hangup') ? (events.hangUp(live.call_id), true) : false;
          case 'KeyH':
            if (live?.actions.includes('hold')) return events.hold(live.call_id, true), true;
            return live?.actions.includes('unhold')
              ? (events.hold(live.call_id, false), true)
              : false;
          default:
            return false;
        }
      })();
      if (done) event.preventDefault();
    };
    window.addEventListener('keydown', press);
    return () => window.removeEventListener('keydown', press);
  }, [calls, events]);
}
