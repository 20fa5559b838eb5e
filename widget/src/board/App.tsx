/** The supervisor's board: live, or a quarter of an hour of the past. */
import type { JSX } from 'preact';
import { useMemo, useState } from 'preact/hooks';
import { systemClock } from '../protocol/clock';
import type { Connection } from '../protocol/connection';
import { Store } from '../state/store';
import { Button } from '../ui/Button';
import { useNow, useStore } from '../ui/hooks';
import { Banner } from '../ui/Notices';
import { Calls } from './Calls';
import { Refused, type BoardClient } from './client';
import { DeskContext, type Desk } from './context';
import { Deeds } from './Deeds';
import { Figures } from './Figures';
import type { Live } from './live';
import { Past, type PastView } from './past';
import { PastBar, PastOpener } from './PastBar';
import { People } from './People';
import type { BoardWords } from './texts';
import { Alarms, Drift, Tiles } from './Top';

const TABS = ['people', 'calls', 'figures', 'deeds'] as const;
type Tab = (typeof TABS)[number];
const NO_PAST = new Store<PastView | null>(null);

export interface AppProps {
  readonly live: Live;
  readonly client: BoardClient;
  readonly words: BoardWords;
  readonly openWindow: (() => void) | undefined;
  readonly leave: (() => void) | undefined;
}

interface Said {
  readonly kind: 'danger' | 'info';
  readonly text: string;
}

export function App({ live, client, words, openWindow, leave: home }: AppProps): JSX.Element {
  const view = useStore(live.view);
  const [past, setPast] = useState<Past | null>(null);
  const [opening, setOpening] = useState(false);
  const shown = useStore<PastView | null>(past ? past.view : NO_PAST);
  const [tab, setTab] = useState<Tab>('people');
  const [said, setSaid] = useState<Said | null>(null);
  const ticking = useNow(!past) + view.skewMs;
  const now = past && shown ? shown.at : ticking;
  const board = past && shown ? shown.board : view.board;
  const desk = useMemo<Desk>(
    () => ({
      words,
      client,
      past: past !== null,
      modes: view.board.setup?.modes ?? [],
      attempt: (work, done) => {
        setSaid(null);
        work().then(
          () => setSaid(done ? { kind: 'info', text: done } : null),
          (error: unknown) => {
            const text = error instanceof Refused && error.message;
            setSaid({ kind: 'danger', text: text || words.t('trouble.away') });
          },
        );
      },
    }),
    [words, client, past, view.board.setup],
  );
  const show = (from: Date, to: Date): void =>
    desk.attempt(async () => {
      setPast(new Past(await client.past(from, to), systemClock));
      setOpening(false);
    });
  const leave = (): void => {
    past?.pause();
    setPast(null);
  };
  if (view.refused) {
    return (
      <main class="b-alone">
        <h1>{words.t('title')}</h1>
        <p role="alert">{view.refused}</p>
        <Button kind="primary" onPress={() => live.retryNow()}>
          {words.t('trouble.again')}
        </Button>
      </main>
    );
  }
  return (
    <DeskContext.Provider value={desk}>
      <div class="b-page">
        <header class="b-top">
          <h1>{words.t('title')}</h1>
          <State connection={view.connection} live={live} words={words} />
          {home && <Button onPress={home}>{words.t('page.settings')}</Button>}
          {openWindow && <Button onPress={openWindow}>{words.t('page.window')}</Button>}
          {!past && (
            <Button pressed={opening} onPress={() => setOpening(!opening)}>
              {words.t('past.open')}
            </Button>
          )}
        </header>
        {opening && !past && (
          <PastOpener
            keepsDays={view.board.setup?.keeps_days ?? 7}
            now={Date.now()}
            onShow={show}
          />
        )}
        {past && <PastBar past={past} onClose={leave} />}
        {said && <Banner kind={said.kind === 'danger' ? 'danger' : 'info'}>{said.text}</Banner>}
        {!view.ready && !past ? (
          <p class="b-none" role="status">
            <span class="spinner" aria-hidden="true" /> {words.t('loading')}
          </p>
        ) : (
          <main class="b-main">
            <Alarms board={board} now={now} />
            <Tiles board={board} now={now} />
            <nav class="b-tabs" aria-label={words.t('tabs')}>
              {TABS.map((name) => (
                <button
                  key={name}
                  type="button"
                  class="b-tab"
                  aria-current={name === tab ? 'page' : undefined}
                  onClick={() => setTab(name)}
                >
                  {words.t(`tab.${name}`)}
                  {name === 'calls' && board.calls.length > 0 && ` (${board.calls.length})`}
                </button>
              ))}
            </nav>
            {tab === 'people' && <People board={board} now={now} />}
            {tab === 'calls' && <Calls board={board} now={now} />}
            {tab === 'figures' && <Figures board={board} />}
            {tab === 'deeds' && <Deeds board={board} now={now} />}
            <Drift board={board} now={now} />
          </main>
        )}
      </div>
    </DeskContext.Provider>
  );
}

function State(props: { connection: Connection; live: Live; words: BoardWords }): JSX.Element {
  const { connection, live, words } = props;
  switch (connection.phase) {
    case 'online':
      return (
        <p class="b-state b-live" role="status">
          {words.t('state.live')}
        </p>
      );
    case 'offline':
      return (
        <p class="b-state b-bad" role="alert">
          {words.t('state.offline')}
        </p>
      );
    case 'stopped':
      return (
        <p class="b-state b-bad" role="alert">
          {words.t('state.stopped')}
        </p>
      );
    case 'connecting':
    case 'waiting':
      return connection.phase === 'connecting' && connection.first ? (
        <p class="b-state">{words.t('loading')}</p>
      ) : (
        <p class="b-state b-bad" role="alert">
          {words.t('state.lost')}{' '}
          <Button onPress={() => live.retryNow()}>{words.t('state.retry')}</Button>
        </p>
      );
  }
}
