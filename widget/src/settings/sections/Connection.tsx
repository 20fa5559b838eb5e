/** The CRM: how the connection is, who made it, what stands over there, people's synchronisation. */
import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { showNumber } from '../../i18n';
import { Button, Link } from '../../ui/Button';
import { useStore } from '../../ui/hooks';
import { Banner } from '../../ui/Notices';
import type { BindingAnswer, ConnectionAnswer } from '../api';
import { useArea } from '../areas';
import { useDesk } from '../context';
import { Toggle } from '../fields';
import { FormCard } from '../form';
import { troubleOf } from '../trouble';
import { Remarks } from './Remarks';

/** What the CRM took away: until it is given back, names and records of calls stay out. */
export const LOST: ReadonlySet<string> = new Set(['auth_expired', 'uninstalled']);
const LOOK_EVERY_MS = 1_500;
/** A large CRM is read for minutes; the page goes on looking for as long as anybody watches. */
const LOOK_FOR_MS = 180_000;

export function Connection(): JSX.Element {
  const { book } = useDesk();
  const { connection } = useStore(book.page);
  return (
    <>
      {connection && <State connection={connection} />}
      <Switches />
      {connection && connection.bindings.length > 0 && <Bindings bindings={connection.bindings} />}
    </>
  );
}

/** Asks until `done` says so; the result stops it. */
function useLooking(): [boolean, (done: (now: ConnectionAnswer) => boolean) => void] {
  const { book } = useDesk();
  const [looking, setLooking] = useState(false);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  const look = (done: (now: ConnectionAnswer) => boolean): void => {
    const until = Date.now() + LOOK_FOR_MS;
    setLooking(true);
    const again = async (): Promise<void> => {
      const found = await book.loadConnection().catch(() => null);
      if ((found && done(found)) || Date.now() > until) setLooking(false);
      else timer.current = setTimeout(() => void again(), LOOK_EVERY_MS);
    };
    timer.current = setTimeout(() => void again(), 400);
  };
  return [looking, look];
}

function State({ connection }: { connection: ConnectionAnswer }): JSX.Element {
  const { words, book, me, openUrl } = useDesk();
  const [trouble, setTrouble] = useState<string | null>(null);
  const [looking, look] = useLooking();
  const { sync } = useStore(book.page);
  const well = connection.state === 'ok';
  const running = connection.sync?.state === 'running';
  useEffect(() => {
    // Somebody else asked, or the half hour came: its end is shown without a press.
    if (running) look(done);
  }, [running]);
  const done = (now: ConnectionAnswer): boolean => {
    if (now.sync === null || now.sync.finished_at === null) return false;
    void book.loadPeople().catch(() => undefined);
    return true;
  };
  const synchronise = async (): Promise<void> => {
    const before = sync?.started_at;
    setTrouble(null);
    try {
      await book.client.synchronise();
      look((now) => now.sync?.started_at !== before && done(now));
    } catch (error) {
      setTrouble(troubleOf(error, words));
    }
  };
  const when = (iso: string): string => words.when(iso, Date.now());
  return (
    <section class="s-card" aria-labelledby="s-state">
      <header class="s-card-head">
        <h2 id="s-state">{words.t('connection.title')}</h2>
      </header>
      {LOST.has(connection.state) ? (
        <Banner kind="danger">
          <strong>{connection.text}</strong>
        </Banner>
      ) : (
        <p class={`s-state s-state-${well ? 'ok' : connection.state === 'off' ? 'off' : 'bad'}`} role="status">
          <span class="s-state-dot" aria-hidden="true" />
          <strong>{connection.text}</strong>
        </p>
      )}
      {!well && connection.state !== 'off' && <WhatToDo connection={connection} />}
      <dl class="s-facts">
        <dt>{words.t('connection.address')}</dt>
        <dd>
          {connection.address ? (
            <Link href={connection.address} open={openUrl}>
              {connection.address.replace(/^https?:\/\//, '')}
            </Link>
          ) : (
            '—'
          )}
        </dd>
        <dt>{words.t('connection.by')}</dt>
        <dd>
          {connection.connected_by ?? '—'}
          {connection.connected_at && <span class="muted"> · {when(connection.connected_at)}</span>}
          {connection.acting && (
            <p class="muted">{words.t('connection.acting', { name: connection.acting })}</p>
          )}
        </dd>
        {connection.renewed_at && (
          <>
            <dt>{words.t('connection.renewed')}</dt>
            <dd>{when(connection.renewed_at)}</dd>
          </>
        )}
        <dt>{words.t('sync.title')}</dt>
        <dd>
          {sync ? sync.text : words.t('sync.never')}
          {sync && (
            <span class="muted">
              {' · '}
              {when(sync.finished_at ?? sync.started_at)}
            </span>
          )}
        </dd>
      </dl>
      {sync && sync.remarks.length > 0 && <Remarks remarks={sync.remarks} />}
      {trouble && (
        <p class="s-trouble" role="alert">
          {trouble}
        </p>
      )}
      {me.may_change && connection.crm && (
        <div class="s-save" data-dirty>
          <Button icon="retry" busy={looking} onPress={() => void synchronise()}>
            {words.t(looking ? 'sync.running' : 'sync.now')}
          </Button>
          <p class="muted s-grow">{words.t('sync.by_itself')}</p>
        </div>
      )}
    </section>
  );
}

/** A lost access: what to do, and the button for it where there is one. */
function WhatToDo({ connection }: { connection: ConnectionAnswer }): JSX.Element | null {
  const { words, book, me } = useDesk();
  const [looking, look] = useLooking();
  const portal = connection.crm === 'bitrix24';
  const lost = connection.state === 'auth_expired';
  if (!connection.crm) return null;
  return (
    <div class="s-todo">
      <p>
        {words.t(
          lost
            ? portal
              ? 'connection.do.portal'
              : 'connection.do.amocrm'
            : 'connection.do.install',
        )}
      </p>
      {connection.reconnect && me.may_change && (
        <a
          class="button button-primary"
          href={connection.reconnect}
          target="_blank"
          rel="noopener noreferrer"
          onClick={() => look((now) => now.state !== 'auth_expired')}
        >
          {words.t('connection.reconnect')}
        </a>
      )}
      <Button icon="retry" busy={looking} onPress={() => void book.loadConnection().catch(() => undefined)}>
        {words.t('connection.look')}
      </Button>
    </div>
  );
}

function Switches(): JSX.Element {
  const { words, me } = useDesk();
  const form = useArea('crm');
  const portal = me.crm !== 'amocrm';
  return (
    <FormCard form={form} title={words.t('crm.title')}>
      <Toggle
        label={words.t('crm.on')}
        hint={words.t('crm.on.hint')}
        on={form.value.on}
        fault={form.fault('on')}
        onChange={(on) => form.set({ on })}
      />
      <Toggle
        label={words.t('crm.callback_tasks')}
        hint={words.t('crm.callback_tasks.hint')}
        on={form.value.callback_tasks}
        fault={form.fault('callback_tasks')}
        onChange={(on) => form.set({ callback_tasks: on })}
      />
      {portal && (
        <>
          <Toggle
            label={words.t('crm.callback_form')}
            hint={words.t('crm.callback_form.hint')}
            on={form.value.callback_form}
            fault={form.fault('callback_form')}
            onChange={(on) =>
              form.set({ callback_form: on, ...(on ? {} : { call_tracking: false }) })
            }
          />
          <Toggle
            label={words.t('crm.call_tracking')}
            hint={words.t('crm.call_tracking.hint')}
            on={form.value.call_tracking}
            fault={form.fault('call_tracking')}
            disabled={!form.value.callback_form && !form.value.call_tracking}
            onChange={(on) => form.set({ call_tracking: on })}
          />
        </>
      )}
      {me.crm !== 'bitrix24' && (
        <Toggle
          label={words.t('crm.unknown_to_unsorted')}
          hint={words.t('crm.unknown_to_unsorted.hint')}
          on={form.value.unknown_to_unsorted}
          fault={form.fault('unknown_to_unsorted')}
          onChange={(on) => form.set({ unknown_to_unsorted: on })}
        />
      )}
    </FormCard>
  );
}

const PLACES = ['LEFT_MENU', 'USER_PROFILE_MENU', 'CALL_CARD', 'PAGE_BACKGROUND_WORKER'] as const;
const STATES = ['ok', 'bound', 'missing', 'refused', 'removed'] as const;

function Bindings({ bindings }: { bindings: readonly BindingAnswer[] }): JSX.Element {
  const { words, book, me } = useDesk();
  const [looking, look] = useLooking();
  const [trouble, setTrouble] = useState<string | null>(null);
  const newest = bindings.reduce((at, one) => (one.checked_at > at ? one.checked_at : at), '');
  const bad = bindings.filter((one) => one.state === 'refused' || one.state === 'missing').length;
  const bind = async (): Promise<void> => {
    setTrouble(null);
    try {
      await book.client.bind();
      look((now) => now.bindings.some((one) => one.checked_at > newest));
    } catch (error) {
      setTrouble(troubleOf(error, words));
    }
  };
  return (
    <section class="s-card" aria-labelledby="s-bindings">
      <header class="s-card-head">
        <h2 id="s-bindings">{words.t('bindings.title')}</h2>
        <p class="muted">{words.t('bindings.note')}</p>
      </header>
      <p class={`s-state s-state-${bad ? 'bad' : 'ok'}`} role="status">
        <span class="s-state-dot" aria-hidden="true" />
        {bad ? words.t('bindings.bad', { n: bad }) : words.t('bindings.ok', { n: bindings.length })}
        <span class="muted"> · {words.t('bindings.checked', { when: words.when(newest, Date.now()) })}</span>
      </p>
      <details class="s-details" open={bad > 0}>
        <summary>{words.t('bindings.list')}</summary>
        <ul class="s-rows">
          {bindings.map((one) => (
            <li key={one.name}>
              <span class="s-grow">{bindingName(one.name)}</span>
              <span class={one.state === 'refused' || one.state === 'missing' ? 's-bad' : 'muted'}>
                {stateName(one.state)}
                {one.detail && ` — ${one.detail}`}
              </span>
            </li>
          ))}
        </ul>
      </details>
      {trouble && (
        <p class="s-trouble" role="alert">
          {trouble}
        </p>
      )}
      {me.may_change && (
        <div class="s-save" data-dirty>
          <Button icon="retry" busy={looking} onPress={() => void bind()}>
            {words.t('bindings.again')}
          </Button>
        </div>
      )}
    </section>
  );

  function bindingName(name: string): string {
    const at = name.indexOf(':');
    const kind = name.slice(0, at);
    const what = name.slice(at + 1);
    const place = PLACES.find((one) => one === what);
    if (kind === 'placement') return place ? words.t(`binding.${place}`) : what;
    if (kind === 'line') return words.t('binding.line', { number: showNumber(what) });
    if (kind === 'event' || kind === 'offline') return words.t('binding.event', { name: what });
    return name;
  }

  function stateName(state: string): string {
    const known = STATES.find((one) => one === state);
    return known ? words.t(`binding.state.${known}`) : state;
  }
}
