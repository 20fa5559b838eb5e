/** The supervisors' board: in the frame the settings are in, or in a window of its own. */
import { mountBoard } from '../board/mount';
import { settingsPlace } from '../hosts/boardplace';
import { readBoot } from '../hosts/boot';
import { atDesk } from '../hosts/desk';
import { handedOver, PhoneWindow, type Handed } from '../hosts/phonewindow';
import { standaloneHost } from '../hosts/standalone';
import { showClosed } from '../ui/closed';
import { Remembered } from '../tabs/remembered';

/** The page that opened it answers at once, or is gone. */
const HANDED_WITHIN_MS = 3_000;
const WINDOW = 'dozvon-board';

const root = document.getElementById('app') ?? document.body;
const boot = readBoot(document);
/** Over reloads of this window: whoever opened it may be gone by then. */
const kept = new Remembered('dozvon.board_window');

const framed = atDesk(root, boot, (at) => {
  let session = at.host.session;
  const { locale, theme } = at.host.surroundings;
  const address = `${boot.api}/board?${new URLSearchParams({ locale }).toString()}`;
  const own = new PhoneWindow(address, () => ({ session, locale, theme }), window, WINDOW, '');
  const renew = async (): Promise<typeof session> => {
    session = await at.renew();
    return session;
  };
  mountBoard({
    ...at,
    renew,
    openWindow: () => own.open(),
    leave: () => location.assign(settingsPlace(location.href)),
  });
});
if (!framed) void inWindow();

async function inWindow(): Promise<void> {
  const handed = (await handedOver(window, HANDED_WITHIN_MS)) ?? keptFrom(kept.get());
  if (!handed) {
    showClosed(root, boot.locale);
    return;
  }
  kept.set(JSON.stringify(handed));
  const surroundings = { locale: handed.locale, theme: handed.theme };
  mountBoard({
    root,
    host: { ...standaloneHost(boot, handed.session), surroundings },
    renew: async () => {
      const again = await handedOver(window, HANDED_WITHIN_MS);
      if (!again) throw new Error('the page that opened this window is gone');
      kept.set(JSON.stringify(again));
      return again.session;
    },
  });
}

function keptFrom(text: string | null): Handed | null {
  try {
    const handed = JSON.parse(text ?? 'null') as Handed | null;
    return handed && Date.parse(handed.session.expires_at) > Date.now() ? handed : null;
  } catch {
    return null;
  }
}
