/** The panel as a page of the Bitrix24 portal: left menu, profile menu, or the call card's tab. */
import { bitrix24Host, Portal, portalAddress, type PortalAddress } from '../hosts/bitrix24';
import { readBoot } from '../hosts/boot';
import { CardTab, keepEarly } from '../hosts/cardtab';
import { signOnPatiently } from '../hosts/launch';
import { markPage, PAGE_LOCK } from '../hosts/ownpage';
import { standaloneHost } from '../hosts/standalone';
import { mount } from '../main';
import { systemClock } from '../protocol/clock';
import { holdTogether, webLocks } from '../tabs/leader';
import { showClosed } from '../ui/closed';

const root = document.getElementById('app') ?? document.body;
const boot = readBoot(document);
const address = portalAddress(window.name, new URLSearchParams(location.search));

if (address && window.parent !== window) void inPortal(address);
else if (boot.session) void mount({ root, host: standaloneHost(boot, boot.session) });
else showClosed(root, boot.locale);

async function inPortal(around: PortalAddress): Promise<void> {
  const portal = new Portal(around, { self: window, parent: window.parent }, systemClock);
  portal.listen();
  const locale = boot.locale ?? around.locale;
  const inCard = boot.placement === 'CALL_CARD';
  const letGo = inCard ? keepEarly(portal, boot.options['CALL_DIRECTION']) : null;
  const session =
    boot.session ??
    (await signOnPatiently(portal, boot.api, systemClock, (why) => showClosed(root, locale, why)));
  if (!session) {
    letGo?.();
    return;
  }
  const cardId = inCard ? boot.options['CALL_ID'] : undefined;
  const host = bitrix24Host(boot, session, portal, around);
  if (typeof cardId !== 'string') {
    markPage(document);
    holdTogether(PAGE_LOCK, webLocks());
    await mount({ root, host });
    return;
  }
  const { phone, onlyCall } = await mount({ root, host, onlyCardId: cardId });
  const isKept = letGo !== null;
  if (onlyCall === null) letGo?.();
  else new CardTab({ port: portal, phone, callId: onlyCall, isKept }).start();
}
