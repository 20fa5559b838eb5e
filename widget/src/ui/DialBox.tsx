import type { JSX } from 'preact';
import { useId, useState } from 'preact/hooks';
import { showNumber, unbroken } from '../i18n';
import type { OutgoingChanged } from '../protocol/messages';
import { useAmbient } from './context';
import { Icon } from './icons';

/** What a person types between digits. */
const DECORATION = /[\s().\u2010-\u2015-]/g;
/** As the server takes it: E.164, an extension or a feature code. */
const TARGET = /^\+?[0-9*#]{1,20}$/;
/** What follows the first comma, or a word for it, is dialled on after the answer. */
const EXTENSION = /^([^,]*?)(?:доб|ext|x|(?=,))([0-9*#,]{1,20})$/i;

export interface Dialled {
  readonly number: string;
  readonly extension: string | null;
}

export function dialTarget(typed: string): Dialled | null {
  const bare = typed.replace(DECORATION, '');
  const [, first, keys] = EXTENSION.exec(bare) ?? [];
  const number = first ?? bare;
  const extension = keys && /[0-9*#]/.test(keys) ? keys : null;
  return TARGET.test(number) ? { number, extension } : null;
}

interface Props {
  readonly busy: boolean;
  readonly disabled: boolean;
  /** Which numbers may be shown to whom is called; null: nobody said yet. */
  readonly outgoing: OutgoingChanged | null;
  /** The one chosen in this tab; null: as the settings say. */
  readonly chosen: string | null;
  readonly onChoose: (number: string | null) => void;
  readonly onDial: (dialled: Dialled) => void;
}

export function DialBox({ busy, disabled, outgoing, chosen, onChoose, onDial }: Props): JSX.Element {
  const { words } = useAmbient();
  const [typed, setTyped] = useState('');
  const [wrong, setWrong] = useState(false);
  const submit = (event: Event): void => {
    event.preventDefault();
    const target = dialTarget(typed);
    setWrong(target === null);
    if (target === null || busy || disabled) return;
    onDial(target);
    setTyped('');
  };
  return (
    <form class="dial" onSubmit={submit} noValidate>
      {outgoing !== null && outgoing.numbers.length > 0 && (
        <Outgoing outgoing={outgoing} chosen={chosen} onChoose={onChoose} />
      )}
      <div class="dial-row">
        <input
          type="tel"
          autoComplete="off"
          aria-label={words.t('dial.label')}
          aria-invalid={wrong}
          aria-describedby={wrong ? 'dial-wrong' : undefined}
          placeholder={words.t('dial.placeholder')}
          value={typed}
          onInput={(event) => {
            setTyped(event.currentTarget.value);
            setWrong(false);
          }}
        />
        <button type="submit" class="button button-primary" disabled={disabled} aria-busy={busy}>
          <Icon name="answer" />
          <span>{words.t('do.call')}</span>
        </button>
      </div>
      {wrong && (
        <p class="wrong" id="dial-wrong" role="alert">
          {words.t('dial.invalid')}
        </p>
      )}
    </form>
  );
}

/** Which number the other party sees (W14). The rule's own number stands first and sends none. */
function Outgoing(props: {
  outgoing: OutgoingChanged;
  chosen: string | null;
  onChoose: (number: string | null) => void;
}): JSX.Element {
  const { outgoing, chosen, onChoose } = props;
  const { words } = useAmbient();
  const id = useId();
  const rule = outgoing.default;
  return (
    <p class="dial-from">
      <label for={id}>{words.t('dial.from')}</label>
      <select
        id={id}
        value={chosen ?? ''}
        onChange={(event) => onChoose(event.currentTarget.value || null)}
      >
        <option value="">
          {rule
            ? words.t('dial.from_rule_number', { number: showNumber(rule) })
            : words.t('dial.from_rule')}
        </option>
        {outgoing.numbers.map(({ number, name }) => (
          <option key={number} value={number}>
            {name ? `${unbroken(number)} · ${name}` : unbroken(number)}
          </option>
        ))}
      </select>
    </p>
  );
}
