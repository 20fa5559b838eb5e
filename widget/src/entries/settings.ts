/** The account's settings: the application's own page in Bitrix24, a frame in amoCRM. */
import { amocrmHost } from '../hosts/amocrm';
import { bitrix24Host, Portal, portalAddress, type PortalAddress } from '../hosts/bitrix24';
import { readBoot } from '../hosts/boot';
import type { Host, Surroundings } from '../hosts/host';
import { signOn, signOnPatiently } from '../hosts/launch';
import { systemClock } from '../protocol/clock';
import { mountSettings, type MountOptions } from '../settings/mount';
import { showClosed } from '../ui/closed';

/** The page around answers at once or is gone; a person waits for what they wanted to save. */
const RENEW_TIMEOUT_MS = 20_000;

const root = document.getElementById('app') ?? document.body;
const boot = readBoot(document);
const address = portalAddress(window.name, new URLSearchParams(location.search));

if (typeof boot.options['parent_origin'] === 'string') void inAmocrm();
else if (address && window.parent !== window) void inPortal(address);
else showClosed(root, boot.locale);

async function inPortal(around: PortalAddress): Promise<void> {
  const portal = new Portal(around, { self: window, parent: window.parent }, systemClock);
  portal.listen();
  const locale = boot.locale ?? around.locale;
  const refused = (why: string): void => showClosed(root, locale, why);
  const session = await signOnPatiently(portal, boot.api, systemClock, refused, 'settings');
  if (!session) return;
  mountSettings({
    root,
    host: bitrix24Host(boot, session, portal, around),
    renew: () => signOn(portal, boot.api, undefined, 'settings'),
  });
}

async function inAmocrm(): Promise<void> {
  const host = await amocrmHost(boot);
  if (!host) {
    showClosed(root, boot.locale);
    return;
  }
  mountSettings({ root, ...renewable(host) });
}

/** The page around hears a second `ready` as it heard the first and brings a fresh session over a
 * fresh port: from then on that one is spoken to. */
function renewable(first: Host): Pick<MountOptions, 'host' | 'renew'> {
  let current = first;
  const listeners: ((surroundings: Surroundings) => void)[] = [];
  return {
    host: {
      ...first,
      openUrl: (url) => current.openUrl(url),
      onSurroundings: (listener) => {
        listeners.push(listener);
        return current.onSurroundings(listener);
      },
    },
    renew: async () => {
      const silence = new Promise<never>((_, reject) => {
        systemClock.after(RENEW_TIMEOUT_MS, () => reject(new Error('no session came')));
      });
      const again = await Promise.race([amocrmHost(boot), silence]);
      if (!again) throw new Error('nobody is around the frame');
      current = again;
      for (const listener of listeners) current.onSurroundings(listener);
      return again.session;
    },
  };
}
