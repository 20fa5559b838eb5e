/**
 * The portal page around us, over its documented postMessage protocol (the small part we need, so
 * that the portal's library of a hundred kilobytes is not loaded on every page).
 *
 * A request is `command:JSON:callbackKey:APP_SID`, or an object when the command itself contains a
 * colon; the answer is `callbackKey:JSON`. An event keeps answering with the key it was bound with.
 * The portal never answers a command it does not know: every wait has a deadline.
 */
import type { SessionToken } from '../protocol/messages';
import type { Clock } from '../protocol/clock';
import type { Boot } from './boot';
import type { Host, Surroundings } from './host';
import { refusal } from './launch';
import { PhoneWindow, windowAddress } from './phonewindow';

export interface PortalAddress {
  readonly origin: string;
  readonly appSid: string;
  readonly locale: string | null;
}

export interface PortalWindows {
  readonly self: Pick<Window, 'addEventListener' | 'removeEventListener'>;
  readonly parent: Pick<Window, 'postMessage'>;
}

export class PortalSilent extends Error {
  override name = 'PortalSilent';
}

/** Where the portal is: the frame's name is `host|protocol|sid`, the launch address has the same. */
export function portalAddress(name: string, query: URLSearchParams): PortalAddress | null {
  const [host, protocol, sid] = name.split('|');
  const domain = query.get('DOMAIN') ?? host ?? '';
  const secure = (query.get('PROTOCOL') ?? protocol) !== '0';
  const appSid = query.get('APP_SID') ?? sid ?? '';
  if (!/^[a-z0-9.-]+(:\d+)?$/i.test(domain) || !/^[\w-]+$/.test(appSid)) return null;
  const origin = new URL(`${secure ? 'https' : 'http'}://${domain}`).origin;
  return { origin, appSid, locale: query.get('LANG') };
}

export class Portal {
  /** Waiting answers and bound events, by callback key. */
  readonly #callbacks = new Map<string, (result: unknown) => void>();
  #lastKey = 0;

  constructor(
    private readonly address: PortalAddress,
    private readonly windows: PortalWindows,
    private readonly clock: Clock,
  ) {}

  /** Begins to hear answers; the result stops it. */
  listen(): () => void {
    const receive = (event: MessageEvent): void => {
      if (event.origin !== this.address.origin || event.source !== this.windows.parent) return;
      if (typeof event.data !== 'string') return;
      const colon = event.data.indexOf(':');
      if (colon < 1) return;
      this.#callbacks.get(event.data.slice(0, colon))?.(parse(event.data.slice(colon + 1)));
    };
    this.windows.self.addEventListener('message', receive);
    return () => this.windows.self.removeEventListener('message', receive);
  }

  /** Raises PortalSilent when no answer came within `timeoutMs`. */
  call(command: string, params: unknown, timeoutMs: number): Promise<unknown> {
    const key = this.#newKey();
    return new Promise((resolve, reject) => {
      const cancel = this.clock.after(timeoutMs, () => {
        this.#callbacks.delete(key);
        reject(new PortalSilent(command));
      });
      this.#callbacks.set(key, (result) => {
        cancel();
        this.#callbacks.delete(key);
        resolve(result);
      });
      this.#post(command, params, key);
    });
  }

  /** The portal knows no unbinding: bind each event once. */
  bind(event: string, listener: (argument: unknown) => void): void {
    const key = this.#newKey();
    this.#callbacks.set(key, listener);
    this.#post('placementBindEvent', { event }, key);
  }

  /** For commands whose answer nobody needs. */
  tell(command: string, params: unknown): void {
    this.#post(command, params, this.#newKey());
  }

  #newKey(): string {
    this.#lastKey += 1;
    return `dz${this.#lastKey}`;
  }

  #post(command: string, params: unknown, key: string): void {
    const { origin, appSid } = this.address;
    const message = command.includes(':')
      ? { method: command, params, callback: key, appSid }
      : [command, ...(params === null ? [] : [JSON.stringify(params)]), key, appSid].join(':');
    this.windows.parent.postMessage(message, origin);
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Paths the portal opens in its own slider (its documentation names exactly these for records). */
const SLIDER_PATH = /^\/crm\/(deal|lead|contact|company)\/details\/\d+\/$/;

/**
 * Loads this frame again by its address. Not `location.reload()`: that would repeat the portal's
 * POST, which browsers ask about; the shell needs nothing of it but the address.
 */
export function startOver(): void {
  location.replace(location.href);
}

/** The portal reloads at once or not at all. */
const RELOAD_ANYWAY_MS = 1_500;

const nothing = (): void => undefined;
const never = (): (() => void) => nothing;

export function bitrix24Host(
  boot: Boot,
  session: SessionToken,
  portal: Portal,
  address: PortalAddress,
): Host {
  let newest = session;
  const surroundings: Surroundings = {
    locale: boot.locale ?? address.locale ?? navigator.language,
    theme: 'auto',
  };
  const phone = new PhoneWindow(windowAddress(boot.api, surroundings.locale, address.origin), () => ({
    session: newest,
    ...surroundings,
  }));
  const inSlider = (url: string): boolean => {
    const target = new URL(url, address.origin);
    if (target.origin !== address.origin || !SLIDER_PATH.test(target.pathname) || target.search) {
      return false;
    }
    portal.tell('openPath', { path: target.pathname });
    return true;
  };
  return {
    kind: 'bitrix24',
    api: boot.api,
    session,
    surroundings,
    renewed: (token) => (newest = token),
    openPhone: () => phone.open(),
    openUrl(url) {
      if (!inSlider(url)) window.open(new URL(url, address.origin).href, '_blank', 'noopener');
    },
    // A slider lies over what is open and takes nothing away.
    openCard: (url) => Promise.resolve(inSlider(url)),
    layout: nothing,
    calling: nothing,
    // The launch POST carries a fresh proof, so a reloaded page is signed in. In most placements the
    // portal refuses to reload for us; then the frame repeats its own launch.
    signIn() {
      portal.tell('reloadWindow', null);
      setTimeout(startOver, RELOAD_ANYWAY_MS);
    },
    whyOver: () => refusal(portal, boot.api),
    onSurroundings: never,
    onDial: never,
  };
}
