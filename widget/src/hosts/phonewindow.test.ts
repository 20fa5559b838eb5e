import { describe, expect, it } from 'vitest';
import { handedOver, PhoneWindow, type Handed } from './phonewindow';

const ORIGIN = 'https://phone.example';
const HANDED: Handed = {
  session: { token: 'token', expires_at: '2026-03-02T10:00:00Z' },
  locale: 'ru',
  theme: 'dark',
};

type Listener = (event: MessageEvent) => void;

/** A window as far as two of our pages speak. */
class Page {
  readonly location = { origin: ORIGIN };
  readonly heard: { message: unknown; origin: string }[] = [];
  readonly listeners = new Set<Listener>();
  closed = false;
  focused = 0;
  opener: Page | null = null;
  opened: string[] = [];
  child: Page | null = null;

  addEventListener(_: string, listener: Listener): void {
    this.listeners.add(listener);
  }
  removeEventListener(_: string, listener: Listener): void {
    this.listeners.delete(listener);
  }
  focus(): void {
    this.focused += 1;
  }
  open(address: string): Page | null {
    this.opened.push(address);
    return this.child;
  }
  postMessage(message: unknown, origin: string): void {
    this.heard.push({ message, origin });
  }
  say(data: unknown, source: Page, origin = ORIGIN): void {
    for (const listener of [...this.listeners]) {
      listener({ data, source, origin } as unknown as MessageEvent);
    }
  }
}

const asWindow = (page: Page): Window => page as unknown as Window;

describe('the phone window', () => {
  it('is opened once and brought to the front after that', () => {
    const page = new Page();
    page.child = new Page();
    const phone = new PhoneWindow('/phone', () => HANDED, asWindow(page));
    phone.open();
    phone.open();
    expect([page.opened, page.child.focused]).toEqual([['/phone'], 1]);
    page.child.closed = true;
    phone.open();
    expect(page.opened.length).toBe(2);
  });

  it('is handed the session by the page that opened it, and nobody else asks for it', () => {
    const page = new Page();
    const child = (page.child = new Page());
    new PhoneWindow('/phone', () => HANDED, asWindow(page)).open();
    page.say({ phone_window: 'ready' }, new Page());
    page.say({ phone_window: 'ready' }, child, 'https://other.example');
    page.say({ other: 'ready' }, child);
    expect(child.heard).toEqual([]);
    page.say({ phone_window: 'ready' }, child);
    expect(child.heard).toEqual([
      { message: { phone_window: 'session', ...HANDED }, origin: ORIGIN },
    ]);
  });

  it('takes it from its opener only', async () => {
    const [self, opener] = [new Page(), new Page()];
    self.opener = opener;
    const handed = handedOver(asWindow(self), 10_000);
    expect(opener.heard).toEqual([{ message: { phone_window: 'ready' }, origin: ORIGIN }]);
    const evil = { ...HANDED, session: { token: 'evil', expires_at: 'x' } };
    self.say({ phone_window: 'session', ...evil }, new Page());
    self.say({ phone_window: 'session', ...evil }, opener, 'https://other.example');
    self.say({ phone_window: 'session' }, opener);
    self.say({ phone_window: 'session', ...HANDED }, opener);
    expect(await handed).toEqual(HANDED);
    expect(self.listeners.size).toBe(0);
  });

  it('waits for nobody who is not there', async () => {
    expect(await handedOver(asWindow(new Page()), 10_000)).toBeNull();
    const self = new Page();
    self.opener = new Page();
    expect(await handedOver(asWindow(self), 1)).toBeNull();
  });
});
