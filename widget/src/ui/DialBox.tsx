import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { useAmbient } from './context';
import { Icon } from './icons';

/** What a person types between digits. */
const DECORATION = /[\s().\u2010-\u2015-]/g;
/** As the server takes it: E.164, an extension or a feature code. */
const TARGET = /^\+?[0-9*#]{1,20}$/;

export function dialTarget(typed: string): string | null {
  const bare = typed.replace(DECORATION, '');
  return TARGET.test(bare) ? bare : null;
}

interface Props {
  readonly busy: boolean;
  readonly disabled: boolean;
  readonly onDial: (number: string) => void;
}

export function DialBox({ busy, disabled, onDial }: Props): JSX.Element {
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
