/** Bitrix24's background worker: no pixels, only the portal's own call card and the ring tone. */
import { Portal, portalAddress, startOver, type PortalAddress } from '../hosts/bitrix24';
import { readBoot } from '../hosts/boot';
import { CardDriver } from '../hosts/callcard';
import { signOnPatiently } from '../hosts/launch';
import { hasMarkedPage, OwnPage } from '../hosts/ownpage';
import { localeOf, Words } from '../i18n';
import { Ringer } from '../media/ringer';
import { Phone } from '../phone';
import { systemClock } from '../protocol/clock';
import { Reach } from '../protocol/reach';
import { Session } from '../protocol/session';
import { openSocket } from '../protocol/socket';
import { calls, device, isLive, ringer as chosenRinger, rings } from '../state/selectors';
import { namesHeld, takeTurns, webLocks } from '../tabs/leader';
import { Tab } from '../tabs/tab';

const boot = readBoot(document);
const address = portalAddress(window.name, new URLSearchParams(location.search));

// Without a portal around, or for somebody who is not an employee here, there is nothing to do.
if (address && window.parent !== window) void start(address);

async function start(around: PortalAddress): Promise<void> {
  const portal = new Portal(around, { self: window, parent: window.parent }, systemClock);
  portal.listen();
  const token =
    boot.session ?? (await signOnPatiently(portal, boot.api, systemClock, () => undefined));
  if (!token) return;
  const words = new Words(localeOf(boot.locale ?? around.locale));
  const session = new Session(boot.api, token);
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
  const ownPage = new OwnPage({
    phone,
    clock: systemClock,
    // The worker of a slider leaves it to the one of the page around.
    isVisible: () => tab.visible.get() && window.parent === window.top,
    isShownHere: () => driver.isShown() || hasMarkedPage(window.parent),
    held: () => namesHeld(webLocks()),
    // Its own page is the settings; these words reach it as the options of its place.
    open: () => portal.tell('openApplication', { page: 'phone' }),
  });
  const driver = new CardDriver({
    port: portal,
    phone,
    clock: systemClock,
    words,
    callOfCard: (cardId) => session.callOfCard(cardId),
    takeTurns: (name, lead) => takeTurns(name, lead, webLocks()),
    onHidden: (callId) => ownPage.hidden(callId),
  });
  tab.watch();
  tone.arm(window);
  driver.start();
  ownPage.start();
  let returning = false;
  let voiceAsked = false;
  let stopVoice = (): void => undefined;
  let quiet: ReadonlySet<string> = new Set();
  const react = (): void => {
    const { state, connection } = phone.view.get();
    const over = connection.phase === 'stopped' && connection.reason === 'session_ended';
    if (over) stopVoice();
    if (!returning && phone.ranOut()) {
      returning = true;
      // Nobody sees this page to press a button: it starts over with a fresh proof.
      startOver();
    }
    const all = calls(state);
    const asked = all.some((call) => rings(call) && !quiet.has(call.call_id));
    const busy = all.some((call) => isLive(call) && !rings(call));
    const believed = reach.believes(connection);
    tone.ring(believed && asked && chosenRinger(state)?.tab === tab.id, busy);
    if (device(state) === 'browser' && !voiceAsked) {
      voiceAsked = true;
      // Without pixels nobody can be asked: this frame is a phone only where all was granted.
      void import('../voice/start')
        .then(({ startVoice }) => {
          const { voice } = startVoice({
            phone,
            tabId: tab.id,
            ringer: tone,
            canAsk: false,
            siblings: {
              quiet: (calls) => {
                quiet = calls;
                react();
              },
              called: () => phone.connectNow(),
            },
          });
          stopVoice = () => voice.stop();
        })
        .catch(() => (voiceAsked = false));
    }
  };
  const reach = new Reach(systemClock, react);
  phone.view.watch(react);
  window.addEventListener('online', () => phone.networkChanged(true));
  window.addEventListener('offline', () => phone.networkChanged(false));
  // A page whose scripts are stopped is no place for a call: another tab is to have it at once.
  document.addEventListener('freeze', () => phone.networkChanged(false));
  document.addEventListener('resume', () => phone.networkChanged(true));
  phone.start();
}
