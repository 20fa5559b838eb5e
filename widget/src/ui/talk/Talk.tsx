/** What can be done with a talk beyond holding and ending it; loaded with the first call. */
import type { JSX } from 'preact';
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import { showNumber, type Words } from '../../i18n';
import type { Phone } from '../../phone';
import type { Ask } from '../../protocol/client';
import { CommandFailed } from '../../protocol/failure';
import type { CallChanged } from '../../protocol/messages';
import { colleagues, groups } from '../../state/selectors';
import type { State } from '../../state/state';
import { Button } from '../Button';
import { useAmbient } from '../context';
import type { IconName } from '../icons';
import { Help } from './Help';
import { Keypad } from './Keypad';
import { Pressed } from './pressed';
import { TransferBox, type TransferWish } from './TransferBox';
import { TalkWords, type TalkKey } from './words';

type Control = CallChanged['controls'][number];

export interface TalkProps {
  readonly call: CallChanged;
  readonly state: State;
  readonly phone: Pick<Phone, 'askFor' | 'follow'>;
  /** The one the keyboard means. */
  readonly first: boolean;
  readonly small: boolean;
}

/** What a switch cannot do and a telephone can, or at whose cost it would be. */
const REASONS: Partial<Record<Control, TalkKey>> = {
  mute: 'barred.mute',
  transfer_complete: 'barred.transfer_complete',
};

/** Alt with a letter's key, by its place: as the card's other keys. */
const SHORTCUTS = { KeyM: 'mute', KeyK: 'keypad', KeyT: 'transfer' } as const;

export function Talk(props: TalkProps): JSX.Element {
  const { call, state, phone, first, small } = props;
  const { words: common, myId, legs } = useAmbient();
  const words = useMemo(() => new TalkWords(common.locale), [common.locale]);
  const [open, setOpen] = useState<'keypad' | 'transfer' | null>(null);
  const [asking, setAsking] = useState<string | null>(null);
  const [trouble, setTrouble] = useState<string | null>(null);
  const may = new Set<Control>(call.controls);
  const here = legs?.[call.call_id];
  const muted = here?.muted ?? call.muted;
  if (may.delete('mute') || may.delete('unmute')) may.add(muted ? 'unmute' : 'mute');
  const barred = new Set<Control>(call.barred);
  const ways = (['blind', 'attended'] as const).filter((way) => may.has(`transfer_${way}`));
  const shown = open !== null && (open === 'keypad' ? may.has('keypad') : ways.length > 0);

  useEffect(() => {
    if (open === 'transfer') return phone.follow('colleagues');
    return undefined;
  }, [phone, open]);

  const ask = (what: Ask): void => {
    setAsking(what.type);
    setTrouble(null);
    phone.askFor(what).then(
      () => setAsking(null),
      (error: unknown) => {
        setAsking(null);
        setTrouble(failureText(error, words));
      },
    );
  };
  const id = { call_id: call.call_id };
  const pressed = useRef(new Pressed());
  const press = (keys: string): void => {
    setTrouble(null);
    pressed.current.press(keys, (digits) => phone.askFor({ type: 'call.dtmf', ...id, digits })).catch(
      (error: unknown) => setTrouble(failureText(error, words)),
    );
  };
  const mute = (): void => ask({ type: 'call.mute', ...id, on: may.has('mute') });
  const transfer = (wish: TransferWish): void => {
    setOpen(null);
    ask({ type: 'call.transfer', ...id, ...wish });
  };
  const toggle = (what: 'keypad' | 'transfer'): void =>
    setOpen((now) => (now === what ? null : what));

  useLayoutEffect(() => {
    if (!first) return undefined;
    const shortcut = (event: KeyboardEvent): void => {
      if (!event.altKey || event.ctrlKey || event.metaKey || event.repeat) return;
      if (!(event.code in SHORTCUTS)) return;
      const what = SHORTCUTS[event.code as keyof typeof SHORTCUTS];
      if (what === 'mute' && (may.has('mute') || may.has('unmute'))) mute();
      else if (what === 'keypad' && may.has('keypad')) toggle('keypad');
      else if (what === 'transfer' && ways.length > 0) toggle('transfer');
      else return;
      event.preventDefault();
    };
    window.addEventListener('keydown', shortcut);
    return () => window.removeEventListener('keydown', shortcut);
  });

  const button = (
    control: Control,
    key: TalkKey,
    icon: IconName,
    onPress: () => void,
    keys?: string,
    pressed?: boolean,
  ): JSX.Element | null => {
    const action = words.t(key);
    if (barred.has(control)) {
      return (
        <Button
          key={control}
          icon={icon}
          name={words.t(REASONS[control] ?? 'barred', { action })}
          disabled
          onPress={onPress}
        />
      );
    }
    if (!may.has(control)) return null;
    return (
      <Button
        key={control}
        icon={icon}
        kind={control === 'unmute' || control === 'transfer_complete' ? 'primary' : 'plain'}
        {...(keys === undefined ? {} : { name: words.t('do.shortcut', { action, keys }), shortcut: keys })}
        {...(pressed === undefined ? {} : { pressed })}
        busy={asking !== null && control !== 'keypad' && !(here && isMute(control))}
        onPress={onPress}
      >
        {action}
      </Button>
    );
  };
  const attended = call.transfer?.phase === 'consulting';
  const heard = call.parties.filter((party) => !party.apart);
  const people = colleagues(state, common.locale).filter(
    ({ employee }) => employee.employee_id !== myId,
  );
  return (
    <div class="talk">
      <TransferLine call={call} words={words} />
      {muted && (
        <p class="talk-line talk-muted" role="status">
          {words.t('muted')}
        </p>
      )}
      {heard.length > 1 && (
        <p class="talk-line">{words.t('parties', { names: names(heard, words, common) })}</p>
      )}
      {call.voice_stayed && (
        <p class="talk-line wrong" role="alert">
          {words.stayed(call.voice_stayed)}
        </p>
      )}
      {trouble !== null && (
        <p class="talk-line wrong" role="alert">
          {trouble}
        </p>
      )}
      <div class="actions">
        {button('mute', 'do.mute', 'mic', mute, 'Alt+M')}
        {button('unmute', 'do.unmute', 'mic_off', mute, 'Alt+M')}
        {!small && button('keypad', 'do.keypad', 'keypad', () => toggle('keypad'), 'Alt+K', open === 'keypad')}
        {!small &&
          button(
            ways[0] === undefined ? 'transfer_blind' : `transfer_${ways[0]}`,
            'do.transfer',
            'transfer',
            () => toggle('transfer'),
            'Alt+T',
            open === 'transfer',
          )}
        {button('transfer_complete', attended ? 'do.complete' : 'do.complete_now', 'transfer', () =>
          ask({ type: 'call.transfer_complete', ...id }),
        )}
        {button('merge', 'do.merge', 'plus', () => ask({ type: 'call.merge', ...id }))}
        {/* The card's own hold turns from one to the other (`swap`). */}
        {button('transfer_cancel', 'do.cancel', 'retry', () =>
          ask({ type: 'call.transfer_cancel', ...id }),
        )}
        {button('leave', 'do.leave', 'close', () => ask({ type: 'call.leave', ...id }))}
      </div>
      {!small && (
        <Help call={call} state={state} words={words} busy={asking !== null} ask={ask} />
      )}
      {shown && open === 'keypad' && (
        <Keypad
          words={words}
          onKeys={press}
          onTransfer={
            may.has('transfer_blind') ? (number) => transfer({ kind: 'blind', note: null, number }) : null
          }
          onClose={() => setOpen(null)}
        />
      )}
      {shown && open === 'transfer' && (
        <TransferBox
          words={words}
          common={common}
          colleagues={people}
          groups={groups(state)}
          ways={ways}
          busy={asking !== null}
          onTransfer={transfer}
          onClose={() => setOpen(null)}
        />
      )}
    </div>
  );
}

function isMute(control: Control): boolean {
  return control === 'mute' || control === 'unmute';
}

/** How far the transfer is, and what its sender wrote. */
function TransferLine({ call, words }: { call: CallChanged; words: TalkWords }): JSX.Element | null {
  const { transfer } = call;
  if (!transfer) return null;
  const facts = { name: showNumber(transfer.target), by: transfer.by, why: words.why(transfer.reason) };
  const note = transfer.role === 'target' && transfer.note ? transfer.note : null;
  return (
    <p class="talk-line talk-step" role="status">
      {words.t(stepKey(transfer), facts)}
      {note !== null && <span class="talk-note">{words.t('step.note', { note })}</span>}
    </p>
  );
}

function stepKey(step: NonNullable<CallChanged['transfer']>): TalkKey {
  const { phase, role, kind, swapped } = step;
  if (phase === 'failed' || phase === 'done') return `step.${phase}`;
  if (role === 'other') return phase === 'seeking' ? 'step.seeking' : 'step.other';
  if (role === 'target') {
    if (phase !== 'consulting') return 'step.offered';
    return swapped ? 'step.waiting' : 'step.consulted';
  }
  if (phase === 'ringing') return kind === 'blind' ? 'step.ringing' : 'step.calling';
  if (phase === 'consulting') return swapped ? 'step.swapped' : 'step.consulting';
  return phase === 'returning' ? 'step.returning' : 'step.seeking';
}

function names(parties: CallChanged['parties'], words: TalkWords, common: Words): string {
  return parties
    .map(({ name, number, kind }) => {
      if (name !== null) return name;
      if (kind === 'outside') return words.t('parties.outside', { number: showNumber(number) });
      return number === '' ? common.t('card.hidden_number') : showNumber(number);
    })
    .join(', ');
}

function failureText(error: unknown, words: TalkWords): string {
  const named = error instanceof CommandFailed ? error.named : null;
  return named === null ? words.t('error') : words.t('refused', { why: words.why(named) });
}
