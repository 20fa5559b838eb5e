/** The page: who asks, the sections, and the guard of what is not saved. */
import type { ComponentType, JSX } from 'preact';
import { useCallback, useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { Phrases } from '../i18n';
import { Button } from '../ui/Button';
import { useStore } from '../ui/hooks';
import { Banner } from '../ui/Notices';
import type { Me } from './api';
import { Book } from './book';
import type { SettingsClient } from './client';
import { DeskContext, useDesk } from './context';
import { Dialog } from './Dialog';
import { SelectField } from './fields';
import { troubleOf } from './trouble';
import { Heading } from './items';
import { Outgoing, Recording, Workday } from './sections/Calls';
import { Connection, LOST } from './sections/Connection';
import { Groups, Teams } from './sections/Groups';
import { Log } from './sections/Log';
import { Numbers } from './sections/Numbers';
import { People } from './sections/People';
import { Scenarios } from './sections/Scenarios';
import { CloudLater, SoundsLater, TrackingLater } from './sections/Later';
import type { SettingsKey } from './texts';

interface SectionProps {
  readonly open: string | null;
  readonly onOpen: (key: string | null) => void;
}

const SECTIONS = {
  connection: Connection,
  people: People,
  groups: Groups,
  numbers: Numbers,
  scenarios: Scenarios,
  outgoing: Outgoing,
  recording: Recording,
  sounds: SoundsLater,
  tracking: TrackingLater,
  cloud: CloudLater,
  workday: Workday,
  teams: Teams,
  log: Log,
} satisfies Record<string, ComponentType<SectionProps> | ComponentType>;
export type SectionName = keyof typeof SECTIONS;

/** amoCRM has no working day. */
function sectionsOf(me: Me): SectionName[] {
  const names = Object.keys(SECTIONS) as SectionName[];
  return names.filter((name) => name !== 'workday' || me.crm !== 'amocrm');
}

export interface AppProps {
  readonly client: SettingsClient;
  readonly words: Phrases<SettingsKey>;
  readonly openUrl: (url: string) => void;
  readonly openBoard: () => void;
}

interface Loaded {
  readonly me: Me;
  readonly book: Book;
}

export function App({ client, words, openUrl, openBoard }: AppProps): JSX.Element {
  const [loaded, setLoaded] = useState<Loaded | null>(null);
  const [trouble, setTrouble] = useState<string | null>(null);
  const load = useCallback(async (): Promise<void> => {
    setTrouble(null);
    try {
      const me = await client.me();
      const book = new Book(client);
      if (me.may_see) await book.load();
      setLoaded({ me, book });
    } catch (error) {
      setTrouble(troubleOf(error, words));
    }
  }, [client, words]);
  useEffect(() => void load(), [client]);

  if (trouble) {
    return (
      <main class="s-page s-alone">
        <p role="alert">{trouble}</p>
        <Button kind="primary" onPress={() => void load()}>
          {words.t('trouble.again')}
        </Button>
      </main>
    );
  }
  if (!loaded) {
    return (
      <main class="s-page s-alone">
        <p role="status" class="s-loading">
          <span class="spinner" aria-hidden="true" /> {words.t('page.loading')}
        </p>
      </main>
    );
  }
  if (!loaded.me.may_see) return <NotForYou me={loaded.me} words={words} />;
  const props = { words, openUrl, openBoard };
  return <Settings {...loaded} {...props} />;
}

/** Operators: what this page is, who may help, and where their own things are. */
function NotForYou({ me, words }: { me: Me; words: Phrases<SettingsKey> }): JSX.Element {
  return (
    <main class="s-page s-alone">
      <h1>{words.t('closed.title', { name: me.name })}</h1>
      <p>{words.t('closed.text')}</p>
      <p class="muted">{words.t(me.crm === 'bitrix24' ? 'closed.portal' : 'closed.amocrm')}</p>
    </main>
  );
}

/** A CRM that let go of us is said in every section: whoever came for something else reads it. */
function Lost({ onLook }: { onLook: () => void }): JSX.Element | null {
  const { words, book } = useDesk();
  const { connection } = useStore(book.page);
  if (!connection || !LOST.has(connection.state)) return null;
  return (
    <Banner kind="danger" action={words.t('connection.what_to_do')} onAction={onLook}>
      {connection.text}
    </Banner>
  );
}

interface Place {
  readonly section: SectionName;
  readonly open: string | null;
}

function Settings(props: Loaded & Omit<AppProps, 'client'>): JSX.Element {
  const { me, book, words, openUrl } = props;
  const [place, setPlace] = useState<Place>({ section: 'connection', open: null });
  const [wanted, setWanted] = useState<Place | null>(null);
  const forms = useRef(new Set<string>());
  const unsaved = useCallback((form: string, on: boolean): void => {
    if (on) forms.current.add(form);
    else forms.current.delete(form);
  }, []);
  useEffect(() => {
    const ask = (event: BeforeUnloadEvent): void => {
      if (forms.current.size > 0) event.preventDefault();
    };
    window.addEventListener('beforeunload', ask);
    return () => window.removeEventListener('beforeunload', ask);
  }, []);
  const go = (next: Place): void => {
    if (forms.current.size > 0) setWanted(next);
    else setPlace(next);
  };
  const leave = (): void => {
    forms.current.clear();
    if (wanted) setPlace(wanted);
    setWanted(null);
  };
  const desk = useMemo(
    () => ({ words, book, me, openUrl, unsaved }),
    [words, book, me, openUrl, unsaved],
  );
  const names = sectionsOf(me);
  const Section = SECTIONS[place.section] as ComponentType<SectionProps>;
  return (
    <DeskContext.Provider value={desk}>
      <div class="s-page">
        <header class="s-top">
          <p class="s-product">
            {words.t('page.title')} <span class="muted">· {me.slug}</span>
          </p>
          <Button onPress={props.openBoard}>{words.t('page.board')}</Button>
          {!me.may_change && <p class="s-readonly">{words.t('page.read_only')}</p>}
        </header>
        <nav class="s-nav" aria-label={words.t('page.sections')}>
          <ul class="s-wide-nav">
            {names.map((name) => (
              <li key={name}>
                <button
                  type="button"
                  class="s-nav-item"
                  aria-current={name === place.section ? 'page' : undefined}
                  onClick={() => go({ section: name, open: null })}
                >
                  {words.t(`section.${name}`)}
                </button>
              </li>
            ))}
          </ul>
          <div class="s-narrow-nav">
            <SelectField
              label={words.t('page.section')}
              bare
              value={place.section}
              choices={names.map((name) => ({ value: name, name: words.t(`section.${name}`) }))}
              onChange={(name) => go({ section: name as SectionName, open: null })}
            />
          </div>
        </nav>
        <main class="s-main">
          <Heading of={`${place.section}/${place.open ?? ''}`}>
            {words.t(`section.${place.section}`)}
          </Heading>
          {place.section !== 'connection' && (
            <Lost onLook={() => go({ section: 'connection', open: null })} />
          )}
          <div class="s-stack" key={`${place.section}/${place.open ?? ''}`}>
            <Section
              open={place.open}
              onOpen={(open) => {
                // A form that has just been saved opens what it made: nothing is lost by that.
                go({ section: place.section, open });
              }}
            />
          </div>
        </main>
      </div>
      {wanted && (
        <Dialog title={words.t('guard.title')} onClose={() => setWanted(null)}>
          <p>{words.t('guard.text')}</p>
          <div class="s-dialog-actions">
            <Button kind="primary" onPress={() => setWanted(null)}>
              {words.t('form.stay')}
            </Button>
            <Button onPress={leave}>{words.t('guard.leave')}</Button>
          </div>
        </Dialog>
      )}
    </DeskContext.Provider>
  );
}
