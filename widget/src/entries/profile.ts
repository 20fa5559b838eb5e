/** The employee's own page in the profile's menu of the Bitrix24 portal. */
import { render } from 'preact';
import { jsx } from 'preact/jsx-runtime';
import { bitrix24Host, Portal, portalAddress, type PortalAddress } from '../hosts/bitrix24';
import { readBoot } from '../hosts/boot';
import { signOn, signOnPatiently } from '../hosts/launch';
import { localeOf, Phrases, Words } from '../i18n';
import { Phone } from '../phone';
import { systemClock } from '../protocol/clock';
import { Session } from '../protocol/session';
import { openSocket } from '../protocol/socket';
import { SettingsClient } from '../settings/client';
import { Profile } from '../settings/Profile';
import '../settings/settings.css';
import { OWN_TEXTS } from '../settings/own_texts';
import { Store } from '../state/store';
import { Tab } from '../tabs/tab';
import { showClosed } from '../ui/closed';
import '../ui/styles.css';

const root = document.getElementById('app') ?? document.body;
const boot = readBoot(document);
const address = portalAddress(window.name, new URLSearchParams(location.search));

if (address && window.parent !== window) void inPortal(address);
else showClosed(root, boot.locale);

async function inPortal(around: PortalAddress): Promise<void> {
  const portal = new Portal(around, { self: window, parent: window.parent }, systemClock);
  portal.listen();
  const locale = localeOf(boot.locale ?? around.locale);
  const refused = (why: string): void => showClosed(root, locale, why);
  const token = await signOnPatiently(portal, boot.api, systemClock, refused);
  if (!token) return;
  const host = bitrix24Host(boot, token, portal, around);
  const session = new Session(host.api, token);
  const tab = new Tab();
  const phone = new Phone({
    session,
    clock: systemClock,
    tab,
    // Calls ring in the phone's own tabs; this one is for choosing.
    sound: new Store(false),
    locale: () => locale,
    openSocket,
    isOnline: () => navigator.onLine,
  });
  const client = new SettingsClient({
    api: host.api,
    session: token,
    locale: () => locale,
    renew: () => signOn(portal, boot.api),
  });
  tab.watch();
  window.addEventListener('online', () => phone.networkChanged(true));
  window.addEventListener('offline', () => phone.networkChanged(false));
  const signIn = (): void => {
    // The portal's form is not repeated: the address says which page this is.
    const again = new URL(location.href);
    again.searchParams.set('PLACEMENT', 'USER_PROFILE_MENU');
    location.replace(again.href);
  };
  document.documentElement.dataset['theme'] = host.surroundings.theme;
  document.documentElement.lang = locale;
  render(
    jsx(Profile, {
      phone,
      client,
      words: new Words(locale),
      texts: new Phrases(locale, OWN_TEXTS),
      signIn,
      openUrl: (url: string) => host.openUrl(url),
    }),
    root,
  );
  phone.start();
}
