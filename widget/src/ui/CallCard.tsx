/** One call: who, from where, what may be done now, and what the CRM knows. */
import type { JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { duration, showNumber, unbroken, type TextKey, type Words } from '../i18n';
import type { CallChanged, ContactChanged, ContactMatch } from '../protocol/messages';
import { rings } from '../state/selectors';
import { callerName } from './alert';
import { Button, Link } from './Button';
import { SHORTCUTS, type CallEvents } from './CallList';
import { ContactPanel } from './ContactPanel';
import { useAmbient } from './context';
import { useNow } from './hooks';
import { later } from './later';
import { RecordingMark } from './RecordingMark';
import type { TalkProps } from './talk/Talk';
import { Way } from './Way';

/** Without its buttons a call can still be answered, held and ended. */
const Talk = later(() => import('./talk/Talk').then((came) => came.Talk));

interface Props {
  readonly call: CallChanged;
  readonly contact: ContactChanged | null;
  /** Rings while another call is there. */
  readonly second: boolean;
  /** The one the keyboard answers; it takes the focus when it appears. */
  readonly first: boolean;
  readonly pending: ReadonlySet<string>;
  readonly events: CallEvents;
  readonly small: boolean;
  /** What the controls of a talk need. */
  readonly talk?: Pick<TalkProps, 'state' | 'phone' | 'first'>;
}

export function CallCard(props: Props): JSX.Element {
  const { call, contact, second, first, pending, events, small, talk } = props;
  const { words, openUrl, LegSound } = useAmbient();
  const card = useRef<HTMLElement>(null);
  useEffect(() => {
    if (first && card.current) focusCard(card.current);
  }, [first]);

  const match = chosenMatch(contact);
  const name = match?.name ?? callerName(call, words);
  const known = match !== null || call.name !== null;
  const kind = cardKind(call);
  return (
    <article
      ref={card}
      class={`card card-${kind}`}
      tabIndex={-1}
      aria-label={words.t('card.with', { name })}
    >
      <div class="card-state">
        <span class="dot" aria-hidden="true" />
        <span class="card-state-text">{stateText(call, second, pending, words)}</span>
        <CallTimer call={call} />
      </div>
      <h2 class="caller">
        {match ? (
          <Link href={match.url} open={openUrl}>
            {name}
          </Link>
        ) : (
          name
        )}
      </h2>
      <p class="caller-line">
        {known && call.number !== '' && <span class="number">{showNumber(call.number)}</span>}
        {match?.company && <span>{match.company}</span>}
      </p>
      <Dialled call={call} />
      {call.rescue && (
        <p class="rescue" role="status">
          {words.t(`rescue.${call.rescue}`)}
        </p>
      )}
      {call.state === 'ended' && <Ending call={call} words={words} />}
      {LegSound && <LegSound callId={call.call_id} />}
      <RecordingMark
        call={call}
        busy={pending.has(`pause:${call.call_id}`)}
        onPause={(on) => events.pauseRecording(call.call_id, on)}
      />
      {/* Above what the CRM will say: a button must not move under the pointer when that comes. */}
      <Actions call={call} pending={pending} events={events} words={words} />
      {call.state !== 'ended' && talk && (
        <Talk call={call} state={talk.state} phone={talk.phone} first={talk.first} small={small} />
      )}
      {!small && contact && (
        <ContactPanel
          contact={contact}
          match={match}
          busy={pending.has(`choose:${call.call_id}`) || pending.has(`retry:${call.call_id}`)}
          onChoose={(record) => events.choose(call.call_id, record)}
          onRetry={() => events.retry(call.call_id)}
        />
      )}
      {call.visit && <Way visit={call.visit} small={small} />}
    </article>
  );
}

/** The switch dials it; only when it would not does the person have something to do. */
function extensionWords({ extension_dialed: dialled }: CallChanged): TextKey {
  if (dialled === false) return 'card.extension.refused';
  return dialled ? 'card.extension.dialed' : 'card.extension';
}

/** Virtual number and scenario: always there, they say what the caller wants. */
function Dialled({ call }: { call: CallChanged }): JSX.Element {
  const { words, myId } = useAmbient();
  const { virtual_number: number, virtual_number_name: numberName, scenario } = call;
  const shown = number ? unbroken(number) : null;
  const line = [numberName, shown, scenario].filter(Boolean).join(' · ');
  const others = call.rung.filter((who) => who.employee_id !== myId);
  return (
    <div class="facts">
      {line && <span>{words.t('card.on_number', { number: line })}</span>}
      {call.extension && (
        <span>{words.t(extensionWords(call), { extension: call.extension })}</span>
      )}
      {call.message && <span>{words.t('card.message', { message: call.message })}</span>}
      {call.device && call.state !== 'ended' && (
        <span>{words.t('card.device', { device: deviceName(call.device, words) })}</span>
      )}
      {call.state === 'ringing' && others.length > 0 && (
        <span>{words.t('card.rung', { names: others.map((who) => who.name).join(', ') })}</span>
      )}
    </div>
  );
}

function Ending({ call, words }: { call: CallChanged; words: Words }): JSX.Element {
  const talked =
    call.answered_at && call.ended_at
      ? (Date.parse(call.ended_at) - Date.parse(call.answered_at)) / 1000
      : 0;
  const unreached = call.direction === 'outbound' && call.outcome === 'lost';
  const key: TextKey = unreached ? 'end.no_reply' : `end.${call.outcome ?? 'failed'}`;
  return (
    <p class="ending">
      <strong>{words.t(key, { time: duration(talked) })}</strong>
      {call.cause && call.cause !== 'normal' && <span>{words.t(`cause.${call.cause}`)}</span>}
    </p>
  );
}

function Actions(props: {
  call: CallChanged;
  pending: ReadonlySet<string>;
  events: CallEvents;
  words: Words;
}): JSX.Element {
  const { call, pending, events, words } = props;
  const id = call.call_id;
  const may = new Set(call.actions);
  const asking = (verb: string): boolean => pending.has(`${verb}:${id}`);
  const named = (key: TextKey, keys: string): string =>
    words.t('do.shortcut', { action: words.t(key), keys });
  const pickUp = rings(call) && !may.has('answer');
  return (
    <div class="actions">
      {pickUp && (
        <p class="pick-up">
          {call.device
            ? words.t('card.pick_up', { device: deviceName(call.device, words) })
            : words.t('card.pick_up_any')}
        </p>
      )}
      {may.has('answer') && (
        <Button
          kind="primary"
          icon="answer"
          name={named('do.answer', SHORTCUTS.answer)}
          shortcut={SHORTCUTS.answer}
          busy={asking('answer')}
          onPress={() => events.answer(id)}
        >
          {words.t('do.answer')}
        </Button>
      )}
      {may.has('decline') && (
        <Button
          kind="danger"
          icon="hangup"
          name={named('do.decline', SHORTCUTS.decline)}
          shortcut={SHORTCUTS.decline}
          busy={asking('decline')}
          onPress={() => events.decline(id)}
        >
          {words.t('do.decline')}
        </Button>
      )}
      {(may.has('hold') || may.has('unhold')) && (
        <Button
          kind={may.has('unhold') ? 'primary' : 'plain'}
          icon={may.has('unhold') ? 'play' : 'hold'}
          name={named(may.has('unhold') ? 'do.unhold' : 'do.hold', SHORTCUTS.hold)}
          shortcut={SHORTCUTS.hold}
          busy={asking('hold')}
          onPress={() => events.hold(id, may.has('hold'))}
        >
          {words.t(may.has('unhold') ? 'do.unhold' : 'do.hold')}
        </Button>
      )}
      {may.has('hangup') && (
        <Button kind="danger" icon="hangup" busy={asking('hangup')} onPress={() => events.hangUp(id)}>
          {words.t('do.hangup')}
        </Button>
      )}
      {call.state === 'ended' && call.number !== '' && call.outcome !== 'answered' && (
        <Button icon="answer" busy={pending.has('dial')} onPress={() => events.dial(call.number)}>
          {words.t('do.redial')}
        </Button>
      )}
      {may.has('dismiss') && (
        <Button icon="close" busy={asking('dismiss')} onPress={() => events.dismiss(id)}>
          {words.t('do.dismiss')}
        </Button>
      )}
    </div>
  );
}

/** The line in the browser has no name of its own (backend/domain/browser_line.py). */
function deviceName(device: string, words: Words): string {
  return device === 'browser' ? words.t('phone.device') : device;
}

function CallTimer({ call }: { call: CallChanged }): JSX.Element | null {
  const { words, skewMs } = useAmbient();
  const running = call.state !== 'ended';
  const now = useNow(running);
  if (!running) return null;
  const from = Date.parse(call.answered_at ?? call.started_at);
  const time = duration((now + skewMs - from) / 1000);
  return (
    <span class="timer" role="timer" aria-label={words.t('card.timer', { time })}>
      {time}
    </span>
  );
}

function stateText(
  call: CallChanged,
  second: boolean,
  pending: ReadonlySet<string>,
  words: Words,
): string {
  if (call.state === 'talking') return words.t('card.talking');
  if (call.state === 'held') return words.t('card.held');
  if (pending.has(`answer:${call.call_id}`)) return words.t('card.connecting');
  if (call.state === 'ringing' && call.direction === 'outbound') {
    return words.t(call.my_leg === 'up' ? 'card.dialing_them' : 'card.dialing_device');
  }
  if (second) return words.t('card.second');
  if (call.direction === 'internal') return words.t('card.internal');
  return words.t(call.direction === 'outbound' ? 'card.outgoing' : 'card.incoming');
}

function cardKind(call: CallChanged): 'ringing' | 'live' | 'held' | 'ended' {
  if (call.state === 'ended') return 'ended';
  if (call.state === 'held') return 'held';
  return rings(call) ? 'ringing' : 'live';
}

function chosenMatch(contact: ContactChanged | null): ContactMatch | null {
  if (!contact) return null;
  const { chosen, matches } = contact;
  if (!chosen) return matches.length === 1 ? (matches[0] ?? null) : null;
  return (
    matches.find(({ record }) => record.kind === chosen.kind && record.id === chosen.id) ?? null
  );
}

/** Focus moves to a new call unless the person is typing: their words must not be lost, and keys
 * meant for a menu must not go astray. */
function focusCard(card: HTMLElement): void {
  const active = document.activeElement;
  if (active instanceof HTMLInputElement && active.value !== '') return;
  if (active?.closest('.keypad')) return;
  card.focus({ preventScroll: false });
}
