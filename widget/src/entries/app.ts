/** The panel as a page of the Bitrix24 portal: left menu, profile menu, or the call card's tab. */
import { bitrix24Host, Portal, portalAddress } from '../hosts/bitrix24';
import { readBoot } from '../hosts/boot';
import { standaloneHost } from '../hosts/standalone';
import { mount } from '../main';
import { systemClock } from '../protocol/clock';
import { showClosed } from '../ui/closed';

const root = document.getElementById('app') ?? document.body;
const boot = readBoot(document);
const address = portalAddress(window.name, new URLSearchParams(location.search));

if (!boot.session) {
  showClosed(root, boot.locale ?? address?.locale ?? null);
} else if (!address || window.parent === window) {
  void mount({ root, host: standaloneHost(boot, boot.session) });
} else {
  const portal = new Portal(address, { self: window, parent: window.parent }, systemClock);
  portal.listen();
  const cardId = boot.placement === 'CALL_CARD' ? boot.options['CALL_ID'] : undefined;
  const host = bitrix24Host(boot, boot.session, portal, address);
  void mount({ root, host, ...(typeof cardId === 'string' ? { onlyCardId: cardId } : {}) });
}
