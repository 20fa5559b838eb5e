/** Pages somebody works on beside the phone, the settings and the board: who is around them, and a
 * fresh session from there when theirs ends. */
import { showClosed } from '../ui/closed';
import { systemClock } from '../protocol/clock';
import type { SessionToken } from '../protocol/messages';
import { amocrmHost } from './amocrm';
import { bitrix24Host, Portal, portalAddress, type PortalAddress } from './bitrix24';
import type { Boot } from './boot';
import type { Host, Surroundings } from './host';
import { signOn, signOnPatiently } from './launch';

export interface AtDesk {
  readonly root: HTMLElement;
  readonly host: Host;
  /** A fresh session without leaving the page. */
  readonly renew: () => Promise<SessionToken>;
}

/** The page around answers at once or is gone; a person waits for what they wanted to save. */
const RENEW_TIMEOUT_MS = 20_000;

/** False when nobody we know is around. */
export function atDesk(root: HTMLElement, boot: Boot, mount: (at: AtDesk) => void): boolean {
  const address = portalAddress(window.name, new URLSearchParams(location.search));
  if (typeof boot.options['parent_origin'] === 'string') void inAmocrm(root, boot, mount);
  else if (address && window.parent !== window) void inPortal(root, boot, address, mount);
  else return false;
  return true;
}

async function inPortal(
  root: HTMLElement,
  boot: Boot,
  around: PortalAddress,
  mount: (at: AtDesk) => void,
): Promise<void> {
  const portal = new Portal(around, { self: window, parent: window.parent }, systemClock);
  portal.listen();
  const locale = boot.locale ?? around.locale;
  const refused = (why: string): void => showClosed(root, locale, why);
  const session = await signOnPatiently(portal, boot.api, systemClock, refused, 'settings');
  if (!session) return;
  mount({
    root,
    host: bitrix24Host(boot, session, portal, around),
    renew: () => signOn(portal, boot.api, undefined, 'settings'),
  });
}

async function inAmocrm(
  root: HTMLElement,
  boot: Boot,
  mount: (at: AtDesk) => void,
): Promise<void> {
  const host = await amocrmHost(boot);
  if (host) mount({ root, ...renewable(host, boot) });
  else showClosed(root, boot.locale);
}

/** The page around hears a second `ready` as it heard the first and brings a fresh session over a
 * fresh port: from then on that one is spoken to. */
function renewable(first: Host, boot: Boot): Pick<AtDesk, 'host' | 'renew'> {
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
