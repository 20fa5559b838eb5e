/** Puts the board on a page: the host's language and colours, the session and its renewal. */
import { render } from 'preact';
import type { Host } from '../hosts/host';
import { localeOf } from '../i18n';
import { systemClock } from '../protocol/clock';
import type { SessionToken } from '../protocol/messages';
import { openSocket } from '../protocol/socket';
import '../settings/settings.css';
import { Store } from '../state/store';
import '../ui/styles.css';
import { App } from './App';
import './board.css';
import { BoardClient } from './client';
import { Live } from './live';
import { boardWords } from './texts';

export interface MountOptions {
  readonly root: HTMLElement;
  readonly host: Host;
  /** A fresh session through the CRM. */
  readonly renew: () => Promise<SessionToken>;
  /** Opens the board in a window of its own; absent where this is that window. */
  readonly openWindow?: () => void;
  /** Back to the settings; absent where the board did not come from there. */
  readonly leave?: () => void;
}

export function mountBoard(options: MountOptions): void {
  const { root, host, renew } = options;
  const surroundings = new Store(host.surroundings);
  host.onSurroundings((next) => surroundings.set(next));
  const locale = (): 'ru' | 'en' => localeOf(surroundings.get().locale);
  const client = new BoardClient({ api: host.api, session: host.session, locale, renew });
  const live = new Live({
    clock: systemClock,
    buyTicket: () => client.buyTicket(),
    openSocket,
    isOnline: () => navigator.onLine,
    locale,
    newId: () => crypto.randomUUID(),
    nextFrame: (draw) => {
      const frame = requestAnimationFrame(draw);
      return () => cancelAnimationFrame(frame);
    },
  });
  let words = boardWords(locale());
  const show = (): void => {
    if (words.locale !== locale()) words = boardWords(locale());
    document.documentElement.dataset['theme'] = surroundings.get().theme;
    document.documentElement.lang = words.locale;
    document.title = words.t('title');
    render(
      <App
        live={live}
        client={client}
        words={words}
        openWindow={options.openWindow}
        leave={options.leave}
      />,
      root,
    );
  };
  window.addEventListener('online', () => live.networkChanged(true));
  window.addEventListener('offline', () => live.networkChanged(false));
  surroundings.watch(show);
  show();
  live.start();
}
