/**
 * Keys for the other side, by mouse and by keyboard. `#` before anything else begins a transfer to
 * the number that follows, as operators know it from their telephones; a second `#` is the key.
 */
import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { Button } from '../Button';
import { dialTarget } from '../DialBox';
import type { TalkWords } from './words';

const KEYS = ['1', '2', '3', '4', '5', '6', '7', '8', '9', '*', '0', '#'] as const;
const KEY = /^[0-9*#]$/;
/** As many as fit on the line. */
const SHOWN = 24;

interface Props {
  readonly words: TalkWords;
  readonly onKeys: (digits: string) => void;
  /** Null where the call cannot be passed on. */
  readonly onTransfer: ((number: string) => void) | null;
  readonly onClose: () => void;
}

export function Keypad({ words, onKeys, onTransfer, onClose }: Props): JSX.Element {
  const [sent, setSent] = useState('');
  /** The number after `#`; null: keys are heard at once. */
  const [number, setNumber] = useState<string | null>(null);
  const pad = useRef<HTMLDivElement>(null);
  useEffect(() => pad.current?.focus(), []);
  const target = number === null ? null : dialTarget(number);

  const hear = (key: string): void => {
    setSent((before) => (before + key).slice(-SHOWN));
    onKeys(key);
  };
  const press = (key: string): void => {
    if (number === null) {
      if (key === '#' && sent === '' && onTransfer) setNumber('');
      else hear(key);
    } else if (key === '#' && number === '') {
      setNumber(null);
      hear('#');
    } else {
      setNumber(number + key);
    }
  };
  const pass = (): void => {
    if (target) onTransfer?.(target.number);
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const onPad = event.target === pad.current;
    if (KEY.test(event.key)) press(event.key);
    else if (event.key === 'Escape' && number === null) onClose();
    else if (event.key === 'Escape') setNumber(null);
    else if (event.key === 'Enter' && onPad) pass();
    else if (event.key === 'Backspace' && number) setNumber(number.slice(0, -1));
    else if (event.key === '+' && number === '') setNumber('+');
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <div
      ref={pad}
      class="keypad"
      role="group"
      tabIndex={-1}
      aria-label={words.t('keypad.label')}
      onKeyDown={onKeyDown}
    >
      <p class="keypad-line" role="status">
        {number === null ? sent || words.t('keypad.hint') : words.t('keypad.to', { number })}
      </p>
      <div class="keypad-keys">
        {KEYS.map((key) => (
          <button key={key} type="button" class="button" onClick={() => press(key)}>
            {key}
          </button>
        ))}
      </div>
      {number !== null && (
        <Button kind="primary" icon="transfer" disabled={target === null} onPress={pass}>
          {words.t('keypad.pass')}
        </Button>
      )}
    </div>
  );
}
