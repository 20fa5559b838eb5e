/** Customers who wait to be called back: by a promise, a message left, or a talk that broke off. */
import type { JSX } from 'preact';
import { showNumber, type Words } from '../i18n';
import { CRM_TROUBLES, type CallbackItem, type CallbacksChanged } from '../protocol/messages';
import { Button } from './Button';
import { useAmbient } from './context';

interface Props {
  readonly callbacks: CallbacksChanged | null;
  readonly pending: ReadonlySet<string>;
  /** A call is under way: nobody is called beside it. */
  readonly busy: boolean;
  readonly onCall: (number: string) => void;
  readonly onDone: (callId: string) => void;
}

function why(words: Words, item: CallbackItem): string {
  const trouble = CRM_TROUBLES.find((known) => known === item.crm_reason);
  const reason = words.t(trouble ? `crm_trouble.${trouble}` : 'crm_trouble.other');
  return item.crm_said ? `${reason} (${item.crm_said})` : reason;
}

export function Callbacks(props: Props): JSX.Element | null {
  const { words, skewMs } = useAmbient();
  const { callbacks, pending, busy } = props;
  if (!callbacks?.items.length) return null;
  return (
    <section class="callbacks" aria-label={words.t('callbacks.title')}>
      <h2 class="callbacks-title">
        {words.t('callbacks.title')} <span class="muted">{callbacks.total}</span>
      </h2>
      <ul class="rows">
        {callbacks.items.map((item) => {
          const number = item.number ? showNumber(item.number) : words.t('card.hidden_number');
          const name = item.name ?? number;
          return (
            <li key={item.call_id} class="entry">
              <span class="entry-words">
                <span class="entry-name">{name}</span>
                <span class="muted">
                  {[
                    words.when(item.at, Date.now() + skewMs),
                    words.t(`callbacks.${item.reason}`),
                    item.name ? number : '',
                  ]
                    .filter(Boolean)
                    .join(' · ')}
                </span>
                {(item.crm === 'refused' || item.crm_reason) && (
                  <span class="muted">{words.t('callbacks.not_in_crm', { why: why(words, item) })}</span>
                )}
                {item.recording_url && (
                  <audio
                    controls
                    preload="none"
                    src={item.recording_url}
                    aria-label={words.t('history.recording', { name })}
                  />
                )}
              </span>
              {item.number && (
                <Button
                  kind="quiet"
                  icon="phone"
                  name={words.t('history.redial', { name })}
                  disabled={busy}
                  onPress={() => props.onCall(item.number)}
                />
              )}
              <Button
                kind="quiet"
                name={words.t('callbacks.done_of', { name })}
                busy={pending.has(`callback:${item.call_id}`)}
                onPress={() => props.onDone(item.call_id)}
              >
                {words.t('callbacks.done')}
              </Button>
            </li>
          );
        })}
      </ul>
    </section>
  );
}
