/** The whole panel: what rings first, then the sections. */
import type { JSX } from 'preact';
import { useEffect, useMemo, useState } from 'preact/hooks';
import type { Host } from '../hosts/host';
import type { TextKey, Words } from '../i18n';
import type { Ringer } from '../media/ringer';
import type { Phone, View } from '../phone';
import {
  callbacks,
  calls as callsOf,
  colleagues,
  crmState,
  device,
  isLive,
  outgoing,
  ownStatus,
  phoneState,
  rings,
  switchState,
} from '../state/selectors';
import { Store } from '../state/store';
import type { VoiceView } from '../voice/voice';
import { alertFor, spoken } from './alert';
import { Callbacks } from './Callbacks';
import { CallList, type CallEvents } from './CallList';
import { ConnectionBar } from './ConnectionBar';
import { AmbientContext } from './context';
import { DialBox } from './DialBox';
import { useDialer } from './DialerSlot';
import { useStore } from './hooks';
import { later } from './later';
import { Banner, Notices } from './Notices';
import type { VoiceParts } from './PhoneLine';
import { StatusPicker } from './StatusPicker';
import { Tabs } from './Tabs';

const History = later(() => import('./History').then((came) => came.History));
const Colleagues = later(() => import('./Colleagues').then((came) => came.Colleagues));
const NO_PARTS = new Store<VoiceParts | null>(null);
const NO_VOICE = new Store<{ legs: VoiceView['legs'] }>({ legs: {} });
const SECTIONS = ['calls', 'lists', 'history', 'colleagues'] as const;
type Section = (typeof SECTIONS)[number];

export interface VoiceSeat {
  readonly tabId: string;
  /** Null until it is loaded, and where nobody talks in the browser. */
  readonly parts: Store<VoiceParts | null>;
}

export interface AppProps {
  readonly phone: Phone;
  readonly host: Host;
  readonly words: Words;
  readonly sound: Ringer;
  /** The phone in this tab, where its person talks in the browser. */
  readonly voice?: VoiceSeat;
  /** Show this call only, without the sections. */
  readonly onlyCall?: string | null;
}

export function App({ phone, host, words, sound, voice, onlyCall }: AppProps): JSX.Element {
  const view = useStore(phone.view);
  const unlocked = useStore(sound.unlocked);
  const parts = useStore(voice?.parts ?? NO_PARTS);
  const legs = useStore(parts?.controls.voice.view ?? NO_VOICE).legs;
  const [section, setSection] = useState<Section>('calls');
  const all = callsOf(view.state);
  const shown = onlyCall ? all.filter((call) => call.call_id === onlyCall || rings(call)) : all;
  const asks = all.find(rings);
  const lists = useDialer(phone, host, view, voice?.tabId ?? null, section === 'lists' && !onlyCall, () =>
    setSection('lists'),
  );

  useEffect(() => {
    if (asks) setSection('calls');
  }, [asks?.call_id]);
  useEffect(() => {
    if (section !== 'colleagues') return undefined;
    return phone.follow('colleagues');
  }, [phone, section]);
  useEffect(() => {
    phone.showHistory(section === 'history');
  }, [phone, section]);
  useLayout(host, asks ? alertFor(asks, words) : null, all.length);

  const myId = view.you?.employee_id ?? null;
  const ambient = useMemo(
    () => ({ words, myId, legs, LegSound: parts?.Sound, skewMs: view.skewMs, openUrl: (url: string) => host.openUrl(url) }),
    [words, myId, legs, parts, view.skewMs, host],
  );
  const events = useMemo(() => callEvents(phone), [phone]);
  const busy = all.some(isLive);
  // The phone's own line says it already, with the same button.
  const told = phoneState(view.state);
  const saysSound =
    parts !== null &&
    view.connection.phase === 'online' &&
    device(view.state) === 'browser' &&
    told?.tab === voice?.tabId &&
    told?.missing.includes('sound') === true;
  const unreachable = view.connection.phase === 'offline' || view.connection.phase === 'stopped';

  return (
    <AmbientContext.Provider value={ambient}>
      {/* There from the start: what appears together with its words is often not read out. */}
      <p class="sr" role="status" aria-live="assertive">
        {spoken(all, words)}
      </p>
      <div class={`panel${onlyCall ? ' panel-tab' : ''}${busy || lists.run ? ' panel-on-call' : ''}`}>
        {!onlyCall && (
          <header class="top">
            <h1 class="sr">{words.t('product')}</h1>
            <StatusPicker
              status={ownStatus(view.state)}
              busy={view.pending.has('status')}
              onChoose={(status, reason) => void phone.setStatus(status, reason)}
            />
          </header>
        )}
        <ConnectionBar
          connection={view.connection}
          onRetry={() => phone.connectNow()}
          onSignIn={() => host.signIn()}
        />
        <Trouble view={view} words={words} cards={all.length} />
        {voice && parts && (
          <parts.Line
            view={view}
            controls={parts.controls}
            tabId={voice.tabId}
            passing={host.kind === 'bitrix24'}
            openWindow={host.openPhone}
            unlock={() => void sound.unlock()}
            isWindow={host.kind === 'window'}
          />
        )}
        {!unlocked && !saysSound && (
          <Banner
            kind="info"
            icon="bell"
            action={words.t('do.enable_sound')}
            onAction={() => void sound.unlock()}
          >
            {words.t('sound.locked')}
          </Banner>
        )}
        <Notices notices={view.notices} onDismiss={(id) => phone.dismissNotice(id)} />
        {onlyCall ? (
          <main class="body">
            <h1 class="sr">{words.t('product')}</h1>
            <CallList calls={shown} state={view.state} pending={view.pending} events={events} />
          </main>
        ) : (
          <>
            {lists.run}
            <CallsFirst view={view} events={events} section={section} />
            <Tabs
              names={SECTIONS}
              chosen={section}
              label={(name) => words.t(`tab.${name}` as TextKey)}
              listName={words.t('tab.list')}
              onChoose={setSection}
            >
              {section === 'calls' && (
                <>
                  {all.length === 0 && (
                    <div class="empty">
                      <p class="empty-title">{words.t('idle.title')}</p>
                      <p>{words.t('idle.text')}</p>
                    </div>
                  )}
                  <CallList calls={all} state={view.state} pending={view.pending} events={events} />
                  <Callbacks
                    callbacks={callbacks(view.state)}
                    pending={view.pending}
                    busy={busy || unreachable}
                    onCall={(number) => void phone.dial(number, 'history')}
                    onDone={(id) => void phone.calledBack(id)}
                  />
                  <DialBox
                    busy={view.pending.has('dial')}
                    disabled={busy || unreachable}
                    outgoing={outgoing(view.state)}
                    chosen={view.from}
                    onChoose={(number) => phone.callFrom(number)}
                    onDial={(to) => void phone.dial(to.number, 'keypad', to.extension)}
                  />
                </>
              )}
              {section === 'lists' && lists.section}
              {section === 'history' && (
                <History
                  history={view.history}
                  onMore={() => void phone.moreHistory()}
                  onRetry={() => void phone.loadHistory()}
                  onRedial={(number) => void phone.dial(number, 'history')}
                />
              )}
              {section === 'colleagues' && (
                <Colleagues
                  colleagues={colleagues(view.state, words.locale).filter(
                    ({ employee }) => employee.employee_id !== myId,
                  )}
                  onCall={(extension) => void phone.dial(extension, 'colleagues')}
                />
              )}
            </Tabs>
          </>
        )}
      </div>
    </AmbientContext.Provider>
  );
}

/** A call stays in sight, small, while another section is open. */
function CallsFirst(props: { view: View; events: CallEvents; section: Section }): JSX.Element | null {
  const { view, events, section } = props;
  const live = callsOf(view.state).filter(isLive);
  if (section === 'calls' || live.length === 0) return null;
  return (
    <div class="pinned">
      <CallList calls={live} state={view.state} pending={view.pending} events={events} small />
    </div>
  );
}

/**
 * What is wrong beyond our server. The CRM is asked with calls only, so between them nobody knows
 * whether it is still slow: then only what an administrator has to mend is said.
 */
function Trouble(props: { view: View; words: Words; cards: number }): JSX.Element | null {
  const { view, words, cards } = props;
  const crm = crmState(view.state);
  const switchDown = switchState(view.state)?.connected === false;
  if (view.connection.phase !== 'online') return null;
  return (
    <>
      {switchDown && <Banner kind="danger">{words.t('switch.down')}</Banner>}
      {crm && crm.state !== 'ok' && (crm.state === 'auth_expired' || cards > 0) && (
        <Banner kind="warning">{words.t(`crm.${crm.state}`)}</Banner>
      )}
    </>
  );
}

/** Tells the page around whether there is something to see: a ringing phone opens itself. */
function useLayout(
  host: Host,
  alert: string | null,
  cards: number,
): void {
  useEffect(() => {
    const mode = alert !== null ? 'ringing' : cards > 0 ? 'open' : 'collapsed';
    host.layout(mode, document.documentElement.scrollHeight, alert);
  }, [host, alert, cards]);
}

function callEvents(phone: Phone): CallEvents {
  return {
    answer: (id) => void phone.answer(id),
    decline: (id) => void phone.decline(id),
    hangUp: (id) => void phone.hangUp(id),
    hold: (id, on) => void phone.hold(id, on),
    pauseRecording: (id, on) => void phone.pauseRecording(id, on),
    dismiss: (id) => void phone.dismiss(id),
    choose: (id, record) => void phone.chooseContact(id, record),
    retry: (id) => void phone.retryLookup(id),
    dial: (number) => void phone.dial(number, 'redial'),
    phone,
  };
}
