/** The amoCRM page around the panel, reached through its loader. */
import { connectBridge, exactOrigin, type Bridge, type FromPage } from './bridge';
import type { Boot } from './boot';
import type { SessionToken } from '../protocol/messages';
import type { Host, Surroundings, Theme } from './host';
import { PhoneWindow, windowAddress } from './phonewindow';

/** Null when the page was opened without a loader around it. */
export async function amocrmHost(boot: Boot): Promise<Host | null> {
  const named = boot.options['parent_origin'];
  const wish = new URLSearchParams(location.search).get('origin');
  const origin = exactOrigin(typeof named === 'string' ? named : wish);
  if (!origin || window.parent === window) return null;
  const { bridge, first } = await connectBridge(origin, { self: window, parent: window.parent });
  return host(boot, bridge, first, origin);
}

function host(
  boot: Boot,
  bridge: Bridge,
  first: Extract<FromPage, { type: 'connect' }>,
  origin: string,
): Host {
  let session: SessionToken = { token: first.token, expires_at: first.expires_at };
  const phone = new PhoneWindow(windowAddress(boot.api, first.locale, origin), () => ({
    session,
    ...surroundings(first),
  }));
  const voice = boot.options['voice'];
  return {
    kind: 'amocrm',
    api: boot.api,
    session,
    renewed: (token) => (session = token),
    openPhone: () => phone.open(),
    surroundings: surroundings(first),
    openUrl: (url) => bridge.send({ type: 'navigate', url }),
    openCard: (url) => openCard(bridge, url),
    layout: (mode, height, alert) => bridge.send({ type: 'layout', mode, height, alert }),
    calling: (on) => bridge.send({ type: 'calling', on }),
    signIn: () => bridge.send({ type: 'sign_in' }),
    whyOver: () => whyOver(bridge),
    ...(typeof voice === 'string' && { pageVoice: () => pageVoice(bridge, voice) }),
    onSurroundings: (listener) =>
      bridge.listen((message) => {
        if (message.type === 'page') listener(surroundings(message));
      }),
    onMarked: (listener) =>
      bridge.listen((message) => {
        if (message.type === 'marked') listener(message);
      }),
    onDial: (listener) =>
      bridge.listen((message) => {
        if (message.type === 'dial') listener(message);
      }),
  };
}

function pageVoice(bridge: Bridge, module: string): MessagePort {
  const { port1, port2 } = new MessageChannel();
  bridge.send({ type: 'voice', module }, port2);
  return port1;
}

/** A loader of before knows nothing of forms: it opens what it is told to. */
const OPENED_TIMEOUT_MS = 1_500;

function openCard(bridge: Bridge, url: string): Promise<boolean> {
  return new Promise((resolve) => {
    const finish = (opened: boolean): void => {
      clearTimeout(timer);
      undo();
      resolve(opened);
    };
    const undo = bridge.listen((message) => {
      if (message.type === 'opened' && message.url === url) finish(message.opened);
    });
    const timer = setTimeout(() => {
      bridge.send({ type: 'navigate', url });
      finish(true);
    }, OPENED_TIMEOUT_MS);
    bridge.send({ type: 'open_card', url });
  });
}

/** A loader of before never answers. */
const WHY_TIMEOUT_MS = 15_000;

function whyOver(bridge: Bridge): Promise<string | null> {
  return new Promise((resolve) => {
    const finish = (why: string | null): void => {
      clearTimeout(timer);
      undo();
      resolve(why);
    };
    const undo = bridge.listen((message) => {
      if (message.type === 'over') finish(message.why || null);
    });
    const timer = setTimeout(() => finish(null), WHY_TIMEOUT_MS);
    bridge.send({ type: 'why_over' });
  });
}

function surroundings(page: { locale: string; theme: string }): Surroundings {
  return { locale: page.locale, theme: themeOf(page.theme) };
}

function themeOf(text: string): Theme {
  return text === 'dark' || text === 'light' ? text : 'auto';
}
