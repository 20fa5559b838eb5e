/**
 * The phone in a window of its own: a small top-level page of ours, for pages whose frame may not
 * hear the person, and for CRMs whose pages come and go. Opened by the person's click, or the
 * browser would not.
 *
 * The session is handed over by message, between two pages of our own origin and nobody else.
 */
import { isRecord } from '../protocol/decode';
import type { SessionToken } from '../protocol/messages';
import type { Surroundings } from './host';

const NAME = 'dozvon-phone';
/** The panel's own size (widget/amocrm/lib/panel.js), with a window's frame around. */
const FEATURES = 'popup,width=400,height=700';
const KIND = 'phone_window';

export interface Handed extends Surroundings {
  readonly session: SessionToken;
}

/** `crm`: origin of the CRM's pages; by it the window is let reach that account's switch. */
export function windowAddress(api: string, locale: string, crm: string): string {
  return `${api}/phone?${new URLSearchParams({ locale, origin: crm }).toString()}`;
}

/** Opens the window, or brings the one that is open to the front. */
export class PhoneWindow {
  #opened: Window | null = null;

  constructor(
    private readonly address: string,
    private readonly hand: () => Handed,
    private readonly self: Window = window,
    private readonly name = NAME,
    private readonly features = FEATURES,
  ) {
    self.addEventListener('message', (event) => {
      if (event.origin !== self.location.origin || event.source !== this.#opened) return;
      if (!isRecord(event.data) || event.data[KIND] !== 'ready') return;
      this.#opened?.postMessage({ [KIND]: 'session', ...this.hand() }, self.location.origin);
    });
  }

  open(): void {
    if (this.#opened && !this.#opened.closed) {
      this.#opened.focus();
      return;
    }
    this.#opened = this.self.open(this.address, this.name, this.features);
  }
}

/** In the window: what the page that opened it hands over; null when nobody does. */
export function handedOver(self: Window, waitMs: number): Promise<Handed | null> {
  const opener = self.opener as Window | null;
  if (!opener) return Promise.resolve(null);
  const { origin } = self.location;
  return new Promise((resolve) => {
    const finish = (handed: Handed | null): void => {
      clearTimeout(timer);
      self.removeEventListener('message', receive);
      resolve(handed);
    };
    const receive = (event: MessageEvent): void => {
      if (event.origin !== origin || event.source !== opener) return;
      const handed = decode(event.data);
      if (handed) finish(handed);
    };
    const timer = setTimeout(() => finish(null), waitMs);
    self.addEventListener('message', receive);
    opener.postMessage({ [KIND]: 'ready' }, origin);
  });
}

function decode(data: unknown): Handed | null {
  if (!isRecord(data) || data[KIND] !== 'session' || !isRecord(data['session'])) return null;
  const { token, expires_at: expiresAt } = data['session'];
  if (typeof token !== 'string' || typeof expiresAt !== 'string') return null;
  const theme = data['theme'];
  return {
    session: { token, expires_at: expiresAt },
    locale: typeof data['locale'] === 'string' ? data['locale'] : 'ru',
    theme: theme === 'dark' || theme === 'light' ? theme : 'auto',
  };
}
