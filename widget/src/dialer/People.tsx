/** One list: start it, check it, and see everybody on it with what became of them. */
import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { unbroken } from '../i18n';
import type { DialerItem, DialerList } from '../protocol/messages';
import { Button, Link } from '../ui/Button';
import { useAmbient } from '../ui/context';
import { useStore } from '../ui/hooks';
import { Counts } from './Counts';
import type { Desk, Part } from './desk';
import { Facts } from './Lists';
import { Figures } from './Figures';
import type { ListsApi } from './api';
import type { DialerWords } from './words';

const PARTS: readonly Part[] = ['all', 'waiting', 'in_hand', 'done', 'excluded'];
const EDITABLE: ReadonlySet<string> = new Set(['waiting', 'later', 'excluded']);

interface Props {
  readonly list: DialerList;
  readonly desk: Desk;
  readonly words: DialerWords;
  /** Another list runs, or this one. */
  readonly running: boolean;
  readonly api: ListsApi;
}

export function People({ list, desk, words, running, api }: Props): JSX.Element {
  const view = useStore(desk.view);
  const [blend, setBlend] = useState(false);
  const [sure, setSure] = useState(false);
  const title = useRef<HTMLHeadingElement>(null);
  const people = view.people;
  useEffect(() => title.current?.focus(), [list.id]);
  const goesOn = list.counts.done > 0 || list.counts.in_hand > 0;
  const startable = list.state === 'open' && list.counts.waiting > 0 && !running;
  return (
    <section class="people">
      <p>
        <Button kind="quiet" onPress={() => desk.leave()}>
          {words.t('do.back')}
        </Button>
      </p>
      <h2 class="list-name" ref={title} tabIndex={-1}>
        {list.name}
      </h2>
      <Facts list={list} words={words} />
      <Counts counts={list.counts} words={words} />
      {startable && (
        <>
          <p class="muted">{words.t(`purpose.hint.${list.purpose}`)}</p>
          <label class="check">
            <input type="checkbox" checked={blend} onChange={(event) => setBlend(event.currentTarget.checked)} />
            <span>{words.t('blend')}</span>
          </label>
          <div class="actions">
            <Button
              kind="primary"
              icon="play"
              busy={view.asking.has('dialer.start')}
              onPress={() => void desk.start(list.id, blend)}
            >
              {words.t(goesOn ? 'do.go_on' : 'do.start')}
            </Button>
            <Button icon="retry" busy={view.asking.has('dialer.refresh')} onPress={() => void desk.check()}>
              {words.t('do.refresh')}
            </Button>
          </div>
        </>
      )}
      {view.trouble && (
        <p class="wrong" role="alert">
          {words.trouble(view.trouble.reason, view.trouble.code)}
        </p>
      )}
      {view.check && (
        <p role="status">
          <strong>{words.t('check.title')}: </strong>
          {view.check.refused.length + view.check.waits.length === 0
            ? words.t('check.fine')
            : [
                view.check.refused.length > 0 && words.t('check.refused', { n: view.check.refused.length }),
                view.check.waits.length > 0 && words.t('check.waits', { n: view.check.waits.length }),
              ]
                .filter(Boolean)
                .join(' · ')}
        </p>
      )}
      {list.counts.done > 0 && (
        <Figures listId={list.id} done={list.counts.done} api={api} words={words} />
      )}
      {list.may_edit && list.counts.in_hand === 0 && (
        <div class="actions">
          {list.counts.done > 0 && (
            <Button busy={view.asking.has('dialer.repeat')} onPress={() => void desk.repeat()}>
              {words.t('do.repeat')}
            </Button>
          )}
          {!sure && (
            <Button kind="quiet" onPress={() => setSure(true)}>
              {words.t('do.reset')}
            </Button>
          )}
        </div>
      )}
      {sure && (
        <div class="sure" role="alertdialog" aria-label={words.t('do.reset')}>
          <p>{words.t('reset.sure')}</p>
          <div class="actions">
            <Button kind="danger" busy={view.asking.has('dialer.reset')} onPress={() => void desk.reset()}>
              {words.t('do.reset_sure')}
            </Button>
            <Button onPress={() => setSure(false)}>{words.t('do.cancel')}</Button>
          </div>
        </div>
      )}
      <label class="field">
        <span>{words.t('people')}</span>
        <select
          value={people?.part ?? 'all'}
          onChange={(event) => void desk.look(list.id, event.currentTarget.value as Part)}
        >
          {PARTS.map((part) => (
            <option key={part} value={part}>
              {words.t(`part.${part}`)} · {part === 'all' ? list.counts.loaded : list.counts[part]}
            </option>
          ))}
        </select>
      </label>
      {people?.items.length === 0 && !people.loading && <p class="muted">{words.t('part.none')}</p>}
      <ol class="rows">
        {people?.items.map((item, at) => (
          <Row
            key={item.id}
            item={item}
            words={words}
            desk={desk}
            mayEdit={list.may_edit && EDITABLE.has(item.phase)}
            mayMove={list.may_edit && item.phase === 'waiting' && people.items[at - 1]?.phase === 'waiting'}
          />
        ))}
      </ol>
      {people?.next && (
        <Button busy={people.loading} onPress={() => void desk.more()}>
          {words.t('do.more')}
        </Button>
      )}
    </section>
  );
}

function Row(props: {
  item: DialerItem;
  words: DialerWords;
  desk: Desk;
  mayEdit: boolean;
  mayMove: boolean;
}): JSX.Element {
  const { item, words, desk, mayEdit, mayMove } = props;
  const { openUrl, skewMs } = useAmbient();
  const url = item.record?.url ?? null;
  const later = item.due_at ? words.when(item.due_at, Date.now() + skewMs) : '';
  const stands =
    item.phase === 'later' ? words.t('phase.later', { when: later }) : words.named('phase', item.phase);
  const why = item.reason_text ?? words.named('reason', item.reason);
  return (
    <li class="entry">
      <span class="entry-words">
        <span class="entry-name">{url ? <Link href={url} open={openUrl}>{item.name}</Link> : item.name}</span>
        <span class="muted">{item.numbers.map(({ number }) => unbroken(number)).join(', ')}</span>
        <span class={item.reason ? 'person-why' : 'muted'}>
          {[stands, why, words.named('outcome', item.outcome)].filter(Boolean).join(' · ')}
        </span>
        {item.note && <span class="run-note">{item.note}</span>}
      </span>
      {mayMove && (
        <Button kind="quiet" icon="up" name={words.t('do.up', { name: item.name })} onPress={() => void desk.moveUp(item)} />
      )}
      {mayEdit && item.reason !== null && item.reason !== 'removed' && (
        <Button
          kind="quiet"
          icon="retry"
          name={words.t('do.refresh_one', { name: item.name })}
          onPress={() => void desk.check(item)}
        />
      )}
      {mayEdit && item.phase !== 'excluded' && (
        <Button
          kind="quiet"
          icon="close"
          name={words.t('do.remove', { name: item.name })}
          onPress={() => void desk.remove(item)}
        />
      )}
    </li>
  );
}
