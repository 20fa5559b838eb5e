/** All lists an operator may work on. */
import type { JSX } from 'preact';
import type { DialerList } from '../protocol/messages';
import { Button } from '../ui/Button';
import { Counts } from './Counts';
import type { DeskView } from './desk';
import type { DialerWords } from './words';

interface Props {
  readonly view: DeskView;
  readonly words: DialerWords;
  readonly onLook: (listId: string) => void;
  readonly onRetry: () => void;
  readonly onNew: () => void;
}

export function Lists({ view, words, onLook, onRetry, onNew }: Props): JSX.Element {
  return (
    <>
      {view.phase === 'loading' && <p class="muted">{words.t('loading')}</p>}
      {view.phase === 'failed' && (
        <div class="history-end">
          <p class="muted">{words.t('load_failed')}</p>
          <Button icon="retry" onPress={onRetry}>
            {words.t('do.retry')}
          </Button>
        </div>
      )}
      {view.phase === 'ready' && view.lists.length === 0 && (
        <div class="empty">
          <p class="empty-title">{words.t('none.title')}</p>
          <p>{words.t('none.text')}</p>
        </div>
      )}
      <ul class="lists">
        {view.lists.map((list) => (
          <li key={list.id}>
            <button type="button" class="list" onClick={() => onLook(list.id)}>
              <span class="list-name">{list.name}</span>
              <Facts list={list} words={words} />
              <Counts counts={list.counts} words={words} />
            </button>
          </li>
        ))}
      </ul>
      <p>
        <Button icon="plus" onPress={onNew}>
          {words.t('do.new')}
        </Button>
      </p>
    </>
  );
}

export function Facts({ list, words }: { list: DialerList; words: DialerWords }): JSX.Element {
  const taken = list.taken !== null && list.offered !== null && list.taken < list.offered;
  return (
    <span class="muted">
      {[
        words.named('purpose', list.purpose),
        words.t(list.team ? 'team' : 'mine'),
        list.state === 'open' ? null : words.named('list', list.state),
        taken && words.t('list.taken', { taken: list.taken, offered: list.offered }),
      ]
        .filter(Boolean)
        .join(' · ')}
    </span>
  );
}
