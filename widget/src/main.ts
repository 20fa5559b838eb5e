/** Wires a page with pixels: host, session, socket, sound, screens. */
import { render } from 'preact';
import { jsx } from 'preact/jsx-runtime';
import type { Host } from './hosts/host';
import { localeOf, Words } from './i18n';
import { Ringer } from './media/ringer';
import { Phone } from './phone';
import { systemClock } from './protocol/clock';
import { Reach } from './protocol/reach';
import { Session } from './protocol/session';
import { openSocket } from './protocol/socket';
import { calls, device, isLive, ringer as chosenRinger, rings } from './state/selectors';
import { Store } from './state/store';
import { Remembered } from './tabs/remembered';
import { Tab } from './tabs/tab';
import type { SessionToken } from './protocol/messages';
import { alertFor, watchTitle } from './ui/alert';
import { App } from './ui/App';
import { explains, showClosed } from './ui/closed';
import type { VoiceParts } from './ui/PhoneLine';
import './ui/styles.css';

export interface MountOptions {
  /** The session has a fresh token. */
  readonly onRenewed?: (token: SessionToken) => void;
  readonly root: HTMLElement;
  readonly host: Host;
  /** Only this call is shown: the portal's call card has a tab of ours for it. */
  readonly onlyCardId?: string;
}

export interface Mounted {
  readonly phone: Phone;
  /** Our id of the only call shown, when it is known. */
  readonly onlyCall: string | null;
}

export async function mount({ root, host, onlyCardId, onRenewed }: MountOptions): Promise<Mounted> {
  const surroundings = new Store(host.surroundings);
  host.onSurroundings((next) => surroundings.set(next));
  const words = (): Words => new Words(localeOf(surroundings.get().locale));
  const ringTone = new Ringer();
  const tab = new Tab();
  const session = new Session(host.api, host.session);
  const phone = new Phone({
    session,
    clock: systemClock,
    tab,
    sound: ringTone.unlocked,
    from: new Remembered('dozvon.from'),
    onRenewed: (token) => {
      host.renewed?.(token);
      onRenewed?.(token);
    },
    locale: () => words().locale,
    openSocket,
    isOnline: () => navigator.onLine,
  });
  const onlyCall = onlyCardId ? await callOfCard(session, onlyCardId) : null;

  tab.watch();
  ringTone.arm(window);
  window.addEventListener('online', () => phone.networkChanged(true));
  window.addEventListener('offline', () => phone.networkChanged(false));
  // A page whose scripts are stopped is no place for a call: another tab is to have it at once.
  document.addEventListener('freeze', () => phone.networkChanged(false));
  document.addEventListener('resume', () => phone.networkChanged(true));
  host.onDial((clicked) => void phone.dialClicked(clicked));

  const title = watchTitle(document);
  let calling = false;
  let returning = false;
  let asking = false;
  let closed = false;
  let stopVoice = (): void => undefined;
  let quiet: ReadonlySet<string> = new Set();
  /** A session that was taken away has a reason the person can do something about. */
  const explain = async (): Promise<void> => {
    // Nothing of a call can be ordered any more: no line, and no talk without a button to end it.
    stopVoice();
    const why = await host.whyOver();
    if (!why || !explains(why)) return;
    closed = true;
    phone.stop();
    ringTone.ring(false);
    title(null);
    render(null, root);
    showClosed(root, words().locale, why);
  };
  const react = (): void => {
    const { state, connection } = phone.view.get();
    const over = connection.phase === 'stopped' && connection.reason === 'session_ended';
    if (over && !asking && !returning) void explain();
    asking = over;
    if (!returning && phone.ranOut()) {
      returning = true;
      host.signIn();
    }
    const all = calls(state);
    const asks = all.find((call) => rings(call) && !quiet.has(call.call_id));
    const busy = all.some((call) => isLive(call) && !rings(call));
    const believed = reach.believes(connection);
    ringTone.ring(believed && asks !== undefined && chosenRinger(state)?.tab === tab.id, busy);
    // The first load of a page stays small: who talks on a telephone needs none of it.
    if (device(state) === 'browser' && !onlyCardId && !voiceAsked) {
      voiceAsked = true;
      void loadVoice();
    }
    title(believed && asks ? alertFor(asks, words()) : null);
    const live = all.some(isLive);
    if (live !== calling) host.calling((calling = live));
  };
  const siblings = {
    quiet: (calls: ReadonlySet<string>): void => {
      quiet = calls;
      react();
    },
    called: (): void => phone.connectNow(),
  };
  const reach = new Reach(systemClock, react);
  const parts = new Store<VoiceParts | null>(null);
  let voiceAsked = false;
  const loadVoice = async (): Promise<void> => {
    try {
      const [{ begin }, { LegSound, PhoneLine }] = await Promise.all([
        import('./voice/begin'),
        import('./ui/PhoneLine'),
      ]);
      await begin({
        phone,
        tabId: tab.id,
        ringer: ringTone,
        canAsk: true,
        siblings,
        open: host.pageVoice,
        isOver: () => closed,
        began: (controls) => {
          stopVoice = () => controls.voice.stop();
          parts.set({ controls, Line: PhoneLine, Sound: LegSound });
        },
      });
    } catch {
      // The network went while it loaded: the next change of the view asks again.
      voiceAsked = false;
    }
  };
  phone.view.watch(react);

  const show = (): void => {
    if (closed) return;
    document.documentElement.dataset['theme'] = surroundings.get().theme;
    document.documentElement.lang = words().locale;
    const voice = { tabId: tab.id, parts };
    render(jsx(App, { phone, host, words: words(), sound: ringTone, voice, onlyCall }), root);
  };
  surroundings.watch(show);
  show();
  phone.start();
  return { phone, onlyCall };
}

async function callOfCard(session: Session, cardId: string): Promise<string | null> {
  try {
    return await session.callOfCard(cardId);
  } catch {
    // Without the link the tab shows every call, which is more than asked but not wrong.
    return null;
  }
}
