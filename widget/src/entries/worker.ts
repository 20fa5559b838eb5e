/** Bitrix24's background worker: no pixels, only the portal's own call card and the ring tone. */
import { Portal, portalAddress } from '../hosts/bitrix24';
import { readBoot } from '../hosts/boot';
import { CardDriver } from '../hosts/callcard';
import { localeOf, Words } from '../i18n';
import { Ringer } from '../media/ringer';
import { Phone } from '../phone';
import { systemClock } from '../protocol/clock';
import { Session } from '../protocol/session';
import { openSocket } from '../protocol/socket';
import { calls, ringer as chosenRinger, rings } from '../state/selectors';
import { takeTurns } from '../tabs/leader';
import { Tab } from '../tabs/tab';

const boot = readBoot(document);
const address = portalAddress(window.name, new URLSearchParams(location.search));

// Without a session (an employee who is not linked) or a portal around there is nothing to do.
if (boot.session && address && window.parent !== window) {
  const words = new Words(localeOf(boot.locale ?? address.locale));
  const session = new Session(boot.api, boot.session);
  const tab = new Tab();
  const tone = new Ringer();
  const phone = new Phone({
    session,
    clock: systemClock,
    tab,
    sound: tone.unlocked,
    locale: () => words.locale,
    openSocket,
    isOnline: () => navigator.onLine,
  });
  const portal = new Portal(address, { self: window, parent: window.parent }, systemClock);
  portal.listen();
  const driver = new CardDriver({
    port: portal,
    phone,
    clock: systemClock,
    words,
    callOfCard: (cardId) => session.callOfCard(cardId),
    takeTurns: (name, lead) => takeTurns(name, lead, webLocks()),
  });
  tab.watch();
  tone.arm(window);
  driver.start();
  phone.view.watch(() => {
    const { state } = phone.view.get();
    tone.ring(calls(state).some(rings) && chosenRinger(state)?.tab === tab.id);
  });
  window.addEventListener('online', () => phone.networkChanged(true));
  window.addEventListener('offline', () => phone.networkChanged(false));
  phone.start();
}

/** Absent outside secure contexts, and refused where storage is blocked. */
function webLocks(): LockManager | undefined {
  return 'locks' in navigator ? navigator.locks : undefined;
}
