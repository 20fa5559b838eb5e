/** Who is there, in which status, and on a call or not. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { Words } from '../i18n';
import type { Colleague } from '../state/selectors';
import { Button } from './Button';
import { useAmbient } from './context';
import { lacksText } from './words';

interface Props {
  readonly colleagues: readonly Colleague[];
  readonly onCall: (extension: string) => void;
}

export function Colleagues({ colleagues, onCall }: Props): JSX.Element {
  const { words } = useAmbient();
  const [query, setQuery] = useState('');
  const found = colleagues.filter((colleague) => matches(colleague, query));
  return (
    <div class="list">
      <input
        type="search"
        class="search"
        aria-label={words.t('colleagues.search')}
        placeholder={words.t('colleagues.search')}
        value={query}
        onInput={(event) => setQuery(event.currentTarget.value)}
      />
      <p class="muted count" role="status">
        {colleagues.length === 0
          ? words.t('colleagues.empty')
          : found.length === 0
            ? words.t('colleagues.none')
            : words.t('colleagues.count', { n: found.length })}
      </p>
      <ul class="rows">
        {found.map((colleague) => (
          <Person key={colleague.employee.employee_id} colleague={colleague} onCall={onCall} />
        ))}
      </ul>
    </div>
  );
}

function Person(props: { colleague: Colleague; onCall: (extension: string) => void }): JSX.Element {
  const { words } = useAmbient();
  const { colleague, onCall } = props;
  const { name, extension, position, department } = colleague.employee;
  return (
    <li class="entry">
      <span class={`status-dot status-${dotOf(colleague)}`} aria-hidden="true" />
      <span class="entry-words">
        <span class="entry-name">{name}</span>
        <span class="muted">{presenceText(colleague, words)}</span>
        {(position ?? department) && (
          <span class="muted">{[position, department].filter(Boolean).join(' · ')}</span>
        )}
      </span>
      {extension ? (
        <>
          <span class="extension">{extension}</span>
          <Button
            kind="quiet"
            icon="answer"
            name={words.t('colleagues.call', { name, extension })}
            onPress={() => onCall(extension)}
          />
        </>
      ) : (
        <span class="muted">{words.t('colleagues.no_extension')}</span>
      )}
    </li>
  );
}

export function presenceText({ online, status, busy, lacks }: Colleague, words: Words): string {
  if (busy !== 'free') return words.t(`colleagues.${busy}`);
  const presence = words.t(online ? 'colleagues.online' : 'colleagues.offline');
  const all = [presence];
  if (status && status !== 'available') all.unshift(words.t(`status.${status}`));
  // Somebody without any tab is offline, or talks on a telephone again.
  if (online && lacks && lacks.length > 0 && !lacks.includes('tab')) {
    all.push(words.t('phone.colleague', { why: lacksText(lacks, words) }));
  }
  return all.join(' · ');
}

function dotOf({ online, status, busy }: Colleague): string {
  if (busy !== 'free') return 'busy';
  if (!online) return 'offline';
  return status ?? 'available';
}

export function matches({ employee }: Colleague, query: string): boolean {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  const text = [employee.name, employee.extension, employee.position, employee.department]
    .filter(Boolean)
    .join(' ')
    .toLowerCase();
  return words.every((word) => text.includes(word));
}
