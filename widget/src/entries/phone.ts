/** The phone in a window of its own, opened from a page of the CRM. */
import { readBoot } from '../hosts/boot';
import { handedOver, type Handed } from '../hosts/phonewindow';
import { standaloneHost } from '../hosts/standalone';
import { mount } from '../main';
import { Session, SessionOver } from '../protocol/session';
import { Remembered } from '../tabs/remembered';
import { showClosed } from '../ui/closed';

/** The page that opened it answers at once, or is gone. */
const HANDED_WITHIN_MS = 3_000;

const root = document.getElementById('app') ?? document.body;
const boot = readBoot(document);
/** Over reloads of this window: whoever opened it may be gone by then. */
const kept = new Remembered('dozvon.phone_window');

void start();

async function start(): Promise<void> {
  const given = await handedOver(window, HANDED_WITHIN_MS);
  const handed = given ? await parted(given) : keptFrom(kept.get());
  if (!handed) {
    showClosed(root, boot.locale);
    return;
  }
  const keep = (session: Handed['session']): void =>
    kept.set(JSON.stringify({ ...handed, session }));
  keep(handed.session);
  const host = {
    ...standaloneHost(boot, handed.session),
    kind: 'window' as const,
    surroundings: { locale: handed.locale, theme: handed.theme },
    // Nobody here can prove who they are: the page in the CRM opens the window anew.
    signIn: () => {
      kept.set(null);
      showClosed(root, handed.locale);
    },
  };
  await mount({ root, host, onRenewed: keep });
}

/** With a session of this window's own; null when the one handed over is no good. */
async function parted(given: Handed): Promise<Handed | null> {
  try {
    return { ...given, session: await new Session(boot.api, given.session).part() };
  } catch (error) {
    // The server is away, or an older one: the page's own session works until it is renewed.
    return error instanceof SessionOver ? null : given;
  }
}

function keptFrom(text: string | null): Handed | null {
  try {
    const handed = JSON.parse(text ?? 'null') as Handed | null;
    return handed && Date.parse(handed.session.expires_at) > Date.now() ? handed : null;
  } catch {
    return null;
  }
}
