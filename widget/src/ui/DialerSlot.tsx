/**
 * Keeps the dialer out of what every tab loads: it comes when its person works through a list or
 * opens the section of them.
 */
import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { Host, Marked } from '../hosts/host';
import { localeOf } from '../i18n';
import type { Phone, View } from '../phone';
import type { ListsApi } from '../dialer/api';
import type { Desk } from '../dialer/desk';
import type { CardOpener } from '../dialer/opening';
import { dialer, ringer } from '../state/selectors';

type Loaded = typeof import('../dialer/load');

export interface DialerParts {
  readonly run: JSX.Element | null;
  readonly section: JSX.Element | null;
}

export function useDialer(
  phone: Phone,
  host: Host,
  view: View,
  tabId: string | null,
  open: boolean,
  onOpen: () => void,
): DialerParts {
  const [loaded, setLoaded] = useState<Loaded | null>(null);
  const [held, setHeld] = useState<string | null>(null);
  const [marked, setMarked] = useState<Marked | null>(null);
  const api = useRef<ListsApi | null>(null);
  const desk = useRef<Desk | null>(null);
  const opener = useRef<CardOpener | null>(null);
  const newest = useRef(view);
  newest.current = view;
  const run = dialer(view.state);
  const wanted = open || (run !== null && run.state !== 'idle');

  useEffect(
    () =>
      host.onMarked?.((came) => {
        if (came.items.length === 0) return;
        setMarked(came);
        onOpen();
      }),
    [host],
  );

  useEffect(() => {
    if (!wanted || loaded) return undefined;
    let shown = true;
    // Where it cannot be loaded the next change of the run tries again.
    import('../dialer/load').then(
      (came) => {
        if (shown) setLoaded(came);
      },
      () => undefined,
    );
    return () => {
      shown = false;
    };
  }, [wanted, loaded, run?.version]);

  useEffect(() => {
    if (!loaded) return;
    opener.current ??= new loaded.CardOpener(
      {
        open: (url) => host.openCard?.(url) ?? Promise.resolve(true),
        mine: () => tabId !== null && ringer(newest.current.state)?.tab === tabId,
      },
      setHeld,
    );
    opener.current.follow(run);
  }, [loaded, run, host, tabId]);

  if (!loaded) return { run: null, section: null };
  desk.current ??= new loaded.Desk(phone);
  api.current ??= new loaded.ListsApi(phone.session, () => localeOf(document.documentElement.lang));
  return {
    run: run && (
      <loaded.Run run={run} desk={desk.current} cardHeld={held !== null && held === run.in_hand?.item.id} />
    ),
    section: (
      <loaded.Section
        desk={desk.current}
        run={run}
        api={api.current}
        crm={host.kind === 'bitrix24' ? 'bitrix24' : 'amocrm'}
        marked={marked}
        onMarkedDone={() => setMarked(null)}
      />
    ),
  };
}
