/** Who changed what: the last hundred changes. */
import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { showNumber } from '../../i18n';
import { Button } from '../../ui/Button';
import { useStore } from '../../ui/hooks';
import type { LogLine } from '../api';
import { useDesk } from '../context';
import { troubleOf } from '../trouble';
import { fieldName, shown } from '../values';

export function Log(): JSX.Element {
  const { words, book } = useDesk();
  const { log } = useStore(book.page);
  const [trouble, setTrouble] = useState<string | null>(null);
  const load = (): void => {
    setTrouble(null);
    book.loadLog().catch((error: unknown) => setTrouble(troubleOf(error, words)));
  };
  useEffect(load, [book]);
  if (trouble) {
    return (
      <p class="s-trouble" role="alert">
        {trouble} <Button onPress={load}>{words.t('trouble.again')}</Button>
      </p>
    );
  }
  if (!log) return <p class="empty">{words.t('page.loading')}</p>;
  if (log.length === 0) return <p class="empty">{words.t('log.empty')}</p>;
  return (
    <section class="s-card" aria-label={words.t('section.log')}>
      <ul class="s-log">
        {log.map((line, at) => (
          <li key={at}>
            <p>
              <strong>{subject(line)}</strong>{' '}
              <span class="muted">
                {words.when(line.at, Date.now())} · {who(line.who)}
              </span>
            </p>
            {line.before && line.after ? (
              <ul class="s-changes">
                {Object.keys(line.after).map((field) => (
                  <li key={field}>
                    {fieldName(field, words, line.subject)}: {shown(line.before?.[field], words, book)} →{' '}
                    {shown(line.after?.[field], words, book)}
                  </li>
                ))}
              </ul>
            ) : (
              <p class="muted">{words.t(line.after ? 'log.made' : 'log.removed')}</p>
            )}
          </li>
        ))}
      </ul>
    </section>
  );

  function who(text: string): string {
    const [kind, id] = text.split(':', 2);
    return kind === 'employee' && id ? book.nameOf(id) : text;
  }

  function subject(line: LogLine): string {
    const at = line.subject.indexOf(':');
    const kind = at < 0 ? line.subject : line.subject.slice(0, at);
    const key = at < 0 ? '' : line.subject.slice(at + 1);
    const page = book.page.get();
    switch (kind) {
      case 'employee':
        return book.nameOf(key);
      case 'settings':
        return words.t(areaName(key));
      case 'group':
        return `${words.t('log.group')} ${nameIn(page.groups, key)}`;
      case 'scenario':
        return `${words.t('log.scenario')} ${nameIn(page.scenarios, key)}`;
      case 'team':
        return `${words.t('log.team')} ${nameIn(page.teams, key)}`;
      case 'virtual_number':
        return `${words.t('log.number')} ${showNumber(key)}`;
      case 'visit_key':
        return `${words.t('log.visit_key')} ${key}`;
      case 'sound':
        return `${words.t('log.sound')} ${key}`;
      case 'line':
        return `${words.t('log.line')} ${key}`;
      case 'account':
        return words.t('log.account');
      default:
        return line.subject;
    }
  }
}

function nameIn(items: readonly { value: { id: string; name: string } }[], id: string): string {
  return items.find((item) => item.value.id === id)?.value.name ?? id;
}

function areaName(
  area: string,
):
  | 'crm.title'
  | 'outgoing.title'
  | 'section.recording'
  | 'people.from_crm'
  | 'section.workday'
  | 'tracking.title'
  | 'section.sounds'
  | 'hours.title'
  | 'page.board'
  | 'manager.title' {
  switch (area) {
    case 'crm':
      return 'crm.title';
    case 'outgoing':
      return 'outgoing.title';
    case 'recording':
      return 'section.recording';
    case 'people':
      return 'people.from_crm';
    case 'workday':
      return 'section.workday';
    case 'call_tracking':
      return 'tracking.title';
    case 'sounds':
      return 'section.sounds';
    case 'hours':
      return 'hours.title';
    case 'board':
      return 'page.board';
    default:
      return 'manager.title';
  }
}
