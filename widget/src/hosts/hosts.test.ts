import { describe, expect, it } from 'vitest';
import { FakeClock } from '../testing';
import { Portal, PortalSilent, portalAddress } from './bitrix24';
import { connectBridge, exactOrigin } from './bridge';

/** A window that hears what tests say and remembers what was posted to it. */
class FakeWindow {
  readonly posted: { message: unknown; origin: string }[] = [];
  readonly listeners = new Set<(event: MessageEvent) => void>();
  addEventListener = (_: string, listener: unknown): void => {
    this.listeners.add(listener as (event: MessageEvent) => void);
  };
  removeEventListener = (_: string, listener: unknown): void => {
    this.listeners.delete(listener as (event: MessageEvent) => void);
  };
  postMessage = (message: unknown, origin: unknown): void => {
    this.posted.push({ message, origin: String(origin) });
  };
  hear(event: Partial<MessageEvent>): void {
    for (const listener of [...this.listeners]) listener(event as MessageEvent);
  }
}

const ORIGIN = 'https://demo.amocrm.test';

describe('the bridge', () => {
  const self = new FakeWindow();
  const parent = new FakeWindow();
  const windows = {
    self: self as unknown as Window,
    parent: parent as unknown as Window,
  };
  const hello = { dozvon: 1, type: 'connect', token: 't', expires_at: 'x', locale: 'ru', theme: 'dark' };

  it('takes its port only from its parent at the exact origin', async () => {
    const source = windows.parent;
    const { port1, port2 } = new MessageChannel();
    const connected = connectBridge(ORIGIN, windows);
    expect(parent.posted).toEqual([{ message: { dozvon: 1, type: 'ready' }, origin: ORIGIN }]);
    const evil = 'https://evil.test';
    self.hear({ data: { ...hello, token: 'evil' }, origin: evil, source, ports: [port2] });
    self.hear({ data: { ...hello, token: 'evil' }, origin: ORIGIN, source: null, ports: [port2] });
    self.hear({ data: { ...hello, token: '' }, origin: ORIGIN, source, ports: [port2] });
    self.hear({ data: { ...hello, token: 'evil' }, origin: ORIGIN, source, ports: [] });
    self.hear({ data: hello, origin: ORIGIN, source, ports: [port2] });
    const { first, bridge } = await connected;
    expect(first).toMatchObject({ token: 't', theme: 'dark' });
    expect(self.listeners.size).toBe(0);

    const heard = new Promise((resolve) => bridge.listen(resolve));
    port1.postMessage({ type: 'song' });
    port1.postMessage({ type: 'dial', number: '101' });
    expect(await heard).toEqual({ type: 'dial', number: '101', extension: null, record: null });
    port1.close();
  });

  it.each([
    [{ kind: 'contact', id: '49' }, { kind: 'contact', id: '49' }],
    [{ kind: 'company', id: '7' }, { kind: 'company', id: '7' }],
    [{ kind: 'lead', id: '7' }, null],
    [{ kind: 'contact', id: 49 }, null],
    [{ kind: 'contact', id: '' }, null],
    ['49', null],
  ])('takes %o for the record of a clicked number as %o', async (sent, taken) => {
    const { port1, port2 } = new MessageChannel();
    const connected = connectBridge(ORIGIN, windows);
    self.hear({ data: hello, origin: ORIGIN, source: windows.parent, ports: [port2] });
    const { bridge } = await connected;
    const heard = new Promise((resolve) => bridge.listen(resolve));
    port1.postMessage({ type: 'dial', number: '101', extension: '2,4', record: sent });
    expect(await heard).toEqual({ type: 'dial', number: '101', extension: '2,4', record: taken });
    port1.close();
  });

  it('hears why a session is over', async () => {
    const { port1, port2 } = new MessageChannel();
    const connected = connectBridge(ORIGIN, windows);
    self.hear({ data: hello, origin: ORIGIN, source: windows.parent, ports: [port2] });
    const { bridge } = await connected;
    const heard = new Promise((resolve) => bridge.listen(resolve));
    port1.postMessage({ type: 'over', why: 'calls_off' });
    expect(await heard).toEqual({ type: 'over', why: 'calls_off' });
    port1.close();
  });

  it.each([
    ['https://demo.amocrm.test', true],
    ['http://amo.localhost:8002', true],
    ['http://demo.amocrm.test', false],
    ['https://demo.amocrm.test/path', false],
    ['*', false],
    ['null', false],
    ['javascript:alert(1)', false],
    [null, false],
  ])('takes %s for an origin: %s', (text, fine) => {
    expect(exactOrigin(text) !== null).toBe(fine);
  });
});

describe('the portal', () => {
  const address = portalAddress('portal.test|1|abc123', new URLSearchParams());
  if (!address) throw new Error('the address was not read');
  const { origin } = address;

  function portal(): { portal: Portal; self: FakeWindow; parent: FakeWindow; clock: FakeClock } {
    const self = new FakeWindow();
    const parent = new FakeWindow();
    const clock = new FakeClock();
    const windows = { self: self as unknown as Window, parent: parent as unknown as Window };
    const made = new Portal(address ?? never(), windows, clock);
    made.listen();
    return { portal: made, self, parent, clock };
  }
  const never = (): never => {
    throw new Error('unreachable');
  };

  it('is asked in its own words and answers by the key', async () => {
    const { portal: made, self, parent } = portal();
    const asked = made.call('CallCardSetCardTitle', { title: 'a:b' }, 1_000);
    const title = 'CallCardSetCardTitle:{"title":"a:b"}:dz1:abc123';
    expect(parent.posted).toEqual([{ message: title, origin: 'https://portal.test' }]);
    const source = parent as unknown as Window;
    self.hear({ data: 'dz1:["evil"]', origin: 'https://evil.test', source });
    self.hear({ data: 'dz1:[]', origin, source });
    await expect(asked).resolves.toEqual([]);
  });

  it('is given up when it stays silent', async () => {
    const { portal: made, clock } = portal();
    const asked = expect(made.call('CallCardStartTimer', {}, 1_500)).rejects.toThrow(PortalSilent);
    await clock.pass(1_500);
    await asked;
  });

  it('fires an event with the key it was bound with, again and again', () => {
    const { portal: made, self, parent } = portal();
    const heard: unknown[] = [];
    made.bind('BackgroundCallCard::holdButtonClick', (argument) => heard.push(argument));
    const bind = 'placementBindEvent:{"event":"BackgroundCallCard::holdButtonClick"}:dz1:abc123';
    expect(parent.posted[0]?.message).toBe(bind);
    const source = parent as unknown as Window;
    self.hear({ data: 'dz1:true', origin, source });
    self.hear({ data: 'dz1:', origin, source });
    expect(heard).toEqual([true, undefined]);
  });

  it.each([
    ['portal.test|0|abc', '', 'http://portal.test'],
    ['', 'DOMAIN=portal.localhost:8001&PROTOCOL=0&APP_SID=ff', 'http://portal.localhost:8001'],
    ['', '', null],
    ['evil.test/x|1|abc', '', null],
    ['portal.test|1|a:b', '', null],
  ])('is found from %s and %s', (name, query, found) => {
    expect(portalAddress(name, new URLSearchParams(query))?.origin ?? null).toBe(found);
  });
});
