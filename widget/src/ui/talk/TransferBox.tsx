/** One search box for everybody a call can be passed to: colleagues, groups, any number. */
import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { showNumber, type Words } from '../../i18n';
import type { GroupBrief, TransferCall } from '../../protocol/messages';
import type { Colleague } from '../../state/selectors';
import { Button } from '../Button';
import { matches, presenceText } from '../Colleagues';
import { dialTarget } from '../DialBox';
import type { TalkWords } from './words';

export type TransferWish = Pick<TransferCall, 'kind' | 'note'> &
  Partial<Pick<TransferCall, 'employee_id' | 'group' | 'number'>>;

/** Longer lists are searched, not scrolled. */
const SHOWN = 20;

interface Target {
  readonly key: string;
  readonly name: string;
  readonly about: string;
  readonly extension: string;
  /** Would take it now; the others are shown, too, and the server says why not. */
  readonly free: boolean;
  readonly to: Omit<TransferWish, 'kind' | 'note'>;
}

interface Props {
  readonly words: TalkWords;
  readonly common: Words;
  readonly colleagues: readonly Colleague[];
  readonly groups: readonly GroupBrief[];
  readonly ways: readonly TransferCall['kind'][];
  readonly busy: boolean;
  readonly onTransfer: (wish: TransferWish) => void;
  readonly onClose: () => void;
}

export function TransferBox(props: Props): JSX.Element {
  const { words, common, ways, busy, onTransfer, onClose } = props;
  const [query, setQuery] = useState('');
  const [note, setNote] = useState('');
  const box = useRef<HTMLInputElement>(null);
  useEffect(() => box.current?.focus(), []);
  const found = targets(props, query, words, common);
  const pass = (target: Target, kind: TransferCall['kind']): void =>
    onTransfer({ kind, note: note.trim() || null, ...target.to });
  return (
    <div
      class="transfer"
      role="group"
      aria-label={words.t('box.label')}
      onKeyDown={(event) => {
        if (event.key !== 'Escape') return;
        event.stopPropagation();
        onClose();
      }}
    >
      <input
        ref={box}
        type="search"
        class="search"
        autoComplete="off"
        aria-label={words.t('box.search')}
        placeholder={words.t('box.search')}
        value={query}
        onInput={(event) => setQuery(event.currentTarget.value)}
        onKeyDown={(event) => {
          const [first, way] = [found[0], ways[0]];
          if (event.key === 'Enter' && query !== '' && first && way && !busy) pass(first, way);
        }}
      />
      <input
        type="text"
        class="search"
        maxLength={500}
        aria-label={words.t('box.note')}
        placeholder={words.t('box.note')}
        value={note}
        onInput={(event) => setNote(event.currentTarget.value)}
      />
      <p class="muted count" role="status">
        {words.t(found.length === 0 ? 'box.none' : 'box.found', { n: found.length })}
      </p>
      <ul class="rows" aria-label={words.t('box.list')}>
        {found.map((target) => (
          <li key={target.key} class="entry">
            <span class={`status-dot status-${target.free ? 'available' : 'busy'}`} aria-hidden="true" />
            <span class="entry-words">
              <span class="entry-name">{target.name}</span>
              <span class="muted">{target.about}</span>
            </span>
            <span class="extension">{target.extension}</span>
            {ways.map((kind) => (
              <Button
                key={kind}
                kind={kind === 'blind' ? 'plain' : 'quiet'}
                name={words.t(`box.${kind}`, { name: target.name })}
                busy={busy}
                onPress={() => pass(target, kind)}
              >
                {words.t(`box.${kind}_short`)}
              </Button>
            ))}
          </li>
        ))}
      </ul>
    </div>
  );
}

function targets(
  { colleagues, groups }: Props,
  query: string,
  words: TalkWords,
  common: Words,
): Target[] {
  // `#` before a number is how it is dialled on telephones; here it says no more than the number.
  const asked = query.trim().replace(/^#/, '');
  const people = colleagues
    .filter((one) => one.employee.extension !== null && matches(one, asked))
    .map((one): Target => {
      const { employee_id, name, extension } = one.employee;
      const free =
        one.busy === 'free' &&
        (one.status ?? 'available') === 'available' &&
        (one.lacks ?? []).length === 0;
      return {
        key: `e:${employee_id}`,
        name,
        about: presenceText(one, common),
        extension: extension ?? '',
        free,
        to: { employee_id },
      };
    })
    .sort((a, b) => Number(b.free) - Number(a.free));
  const lower = asked.toLowerCase();
  const teams = groups
    .filter((group) => `${group.name} ${group.extension ?? ''}`.toLowerCase().includes(lower))
    .map(
      (group): Target => ({
        key: `g:${group.group_id}`,
        name: group.name,
        about: words.t('box.group'),
        extension: group.extension ?? '',
        free: true,
        to: { group: group.group_id },
      }),
    );
  const typed = dialTarget(asked);
  const known = [...people, ...teams].some((one) => one.extension === typed?.number);
  const outside: Target[] =
    typed && !known && /\d{3}/.test(typed.number)
      ? [
          {
            key: 'n',
            name: showNumber(typed.number),
            about: words.t('box.outside'),
            extension: '',
            free: true,
            to: { number: typed.number },
          },
        ]
      : [];
  return [...outside, ...people, ...teams].slice(0, SHOWN);
}
