/** Puts the settings on a page: the host's language and colours, the session and its renewal. */
import { render } from 'preact';
import type { Host } from '../hosts/host';
import { localeOf, Phrases } from '../i18n';
import type { SessionToken } from '../protocol/messages';
import { Store } from '../state/store';
import '../ui/styles.css';
import { App } from './App';
import { SettingsClient } from './client';
import './settings.css';
import { SETTINGS_TEXTS } from './texts';

export interface MountOptions {
  readonly root: HTMLElement;
  readonly host: Host;
  /** A fresh session without leaving the page. */
  readonly renew: () => Promise<SessionToken>;
  readonly openBoard: () => void;
}

export function mountSettings({ root, host, renew, openBoard }: MountOptions): void {
  const surroundings = new Store(host.surroundings);
  host.onSurroundings((next) => surroundings.set(next));
  const locale = () => localeOf(surroundings.get().locale);
  const client = new SettingsClient({ api: host.api, session: host.session, locale, renew });
  let words = new Phrases(locale(), SETTINGS_TEXTS);
  const openUrl = (url: string): void => host.openUrl(url);
  const show = (): void => {
    if (words.locale !== locale()) words = new Phrases(locale(), SETTINGS_TEXTS);
    document.documentElement.dataset['theme'] = surroundings.get().theme;
    document.documentElement.lang = words.locale;
    document.title = words.t('page.title');
    const props = { client, words, openUrl, openBoard };
    render(<App {...props} />, root);
  };
  surroundings.watch(show);
  show();
}
