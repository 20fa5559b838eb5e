/** Own status: what it is, since when, who set it; a small form to choose another. */
import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { AgentStatus, StatusChanged } from '../protocol/messages';
import { useAmbient } from './context';
import { Icon } from './icons';

export const STATUSES: readonly AgentStatus[] = [
  'available',
  'break',
  'do_not_disturb',
  'away',
  'off_work',
];

interface Props {
  readonly status: StatusChanged | null;
  readonly busy: boolean;
  readonly onChoose: (status: AgentStatus, reason: string | null) => void;
}

export function StatusPicker({ status, busy, onChoose }: Props): JSX.Element {
  const { words, skewMs } = useAmbient();
  const [open, setOpen] = useState(false);
  const [reason, setReason] = useState('');
  const root = useRef<HTMLDivElement>(null);
  const button = useRef<HTMLButtonElement>(null);

  useEffect(() => {
    if (!open) return undefined;
    root.current?.querySelector<HTMLElement>('[aria-checked="true"], [role="radio"]')?.focus();
    const away = (event: Event): void => {
      if (event.target instanceof Node && !root.current?.contains(event.target)) setOpen(false);
    };
    document.addEventListener('pointerdown', away);
    return () => document.removeEventListener('pointerdown', away);
  }, [open]);

  const close = (): void => {
    setOpen(false);
    button.current?.focus();
  };
  const choose = (chosen: AgentStatus): void => {
    onChoose(chosen, chosen === 'available' ? null : reason.trim() || null);
    setReason('');
    close();
  };
  const name = words.t(status ? `status.${status.status}` : 'status.unknown');
  const since = status && words.t('status.since', { when: words.when(status.since, Date.now() + skewMs) });
  return (
    <div
      class="status"
      ref={root}
      onKeyDown={(event) => {
        if (event.key === 'Escape' && open) close();
      }}
    >
      <button
        type="button"
        ref={button}
        class="status-button"
        aria-haspopup="dialog"
        aria-expanded={open}
        aria-busy={busy}
        aria-label={`${words.t('status.label')}: ${name}`}
        onClick={() => setOpen(!open)}
      >
        <span class={`status-dot status-${status?.status ?? 'unknown'}`} aria-hidden="true" />
        <span class="status-words">
          <span class="status-name">{name}</span>
          {status && (
            <span class="muted status-detail">
              {[status.reason, since, words.t(`status.source.${status.source}`)]
                .filter(Boolean)
                .join(' · ')}
            </span>
          )}
        </span>
        <Icon name={open ? 'up' : 'down'} />
      </button>
      {open && (
        <div class="status-menu" role="dialog" aria-label={words.t('status.label')}>
          <div
            role="radiogroup"
            aria-label={words.t('status.label')}
            onKeyDown={(event) => moveFocus(event)}
          >
            {STATUSES.map((item) => (
              <button
                type="button"
                role="radio"
                key={item}
                class="status-option"
                aria-checked={item === status?.status}
                onClick={() => choose(item)}
              >
                <span class={`status-dot status-${item}`} aria-hidden="true" />
                <span class="status-words">
                  <span>{words.t(`status.${item}`)}</span>
                  <span class="muted">{words.t(`status.hint.${item}`)}</span>
                </span>
              </button>
            ))}
          </div>
          <label class="field">
            <span>{words.t('status.reason')}</span>
            <input
              type="text"
              maxLength={200}
              value={reason}
              onInput={(event) => setReason(event.currentTarget.value)}
            />
          </label>
        </div>
      )}
    </div>
  );
}

/** Arrows walk the options, as in any group of radio buttons. */
function moveFocus(event: KeyboardEvent): void {
  const step = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 }[event.key];
  if (step === undefined || !(event.currentTarget instanceof HTMLElement)) return;
  const options = [...event.currentTarget.querySelectorAll<HTMLElement>('[role="radio"]')];
  const at = options.findIndex((option) => option === document.activeElement);
  options[(at + step + options.length) % options.length]?.focus();
  event.preventDefault();
}
