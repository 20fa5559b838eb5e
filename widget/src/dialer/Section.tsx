/** The section of lists: all of them, or one that is looked into. */
import type { JSX } from 'preact';
import { useEffect, useMemo, useState } from 'preact/hooks';
import type { DialerChanged } from '../protocol/messages';
import { useAmbient } from '../ui/context';
import { useStore } from '../ui/hooks';
import type { Marked } from '../hosts/host';
import type { ListsApi } from './api';
import type { Desk } from './desk';
import { Lists } from './Lists';
import { NewList } from './NewList';
import { People } from './People';
import { DialerWords } from './words';

export interface SectionProps {
  readonly desk: Desk;
  readonly run: DialerChanged | null;
  readonly api: ListsApi;
  readonly crm: 'amocrm' | 'bitrix24';
  /** People ticked in the CRM's list, to make a list of. */
  readonly marked: Marked | null;
  readonly onMarkedDone: () => void;
}

export function Section({ desk, run, api, crm, marked, onMarkedDone }: SectionProps): JSX.Element {
  const { words: common } = useAmbient();
  const words = useMemo(() => new DialerWords(common.locale), [common.locale]);
  const view = useStore(desk.view);
  const looked = view.people?.listId ?? null;
  const current = run?.current ?? null;
  // The list that runs is told with every step; the others as they were when they were asked.
  const lists = view.lists.map((list) => (list.id === current?.id ? current : list));
  const list = lists.find(({ id }) => id === looked);
  useEffect(() => {
    void desk.load();
  }, [desk, current?.id, run?.state]);
  const [making, setMaking] = useState(false);
  if (marked || making) {
    const done = (): void => {
      setMaking(false);
      onMarkedDone();
    };
    return (
      <NewList
        key={marked ? 'marked' : 'file'}
        marked={marked}
        crm={crm}
        api={api}
        words={words}
        onCancel={done}
        onMade={({ list: made }) => {
          done();
          void desk.made(made);
        }}
      />
    );
  }
  if (!list) {
    return (
      <Lists
        view={{ ...view, lists }}
        words={words}
        onLook={(id) => void desk.look(id)}
        onRetry={() => void desk.load()}
        onNew={() => setMaking(true)}
      />
    );
  }
  const running = run?.state === 'running' || run?.state === 'stopping';
  return <People list={list} desk={desk} words={words} running={running} api={api} />;
}
