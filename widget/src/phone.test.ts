import { beforeEach, describe, expect, it } from 'vitest';
import callJson from '../../protocol/fixtures/call.changed.json';
import removedJson from '../../protocol/fixtures/call.removed.json';
import pageJson from '../../protocol/fixtures/history_page.json';
import markJson from '../../protocol/fixtures/history.changed.json';
import outgoingJson from '../../protocol/fixtures/outgoing.changed.json';
import refusedJson from '../../protocol/fixtures/notice.raised.json';
import welcomeJson from '../../protocol/fixtures/welcome.json';
import { Phone } from './phone';
import { Session } from './protocol/session';
import type { CallChanged, NoticeRaised, OutgoingChanged, Welcome } from './protocol/messages';
import { calls } from './state/selectors';
import { Store } from './state/store';
import { again, FakeClock, FakeSocket, settle } from './testing';

const call = callJson as unknown as CallChanged;
const refused = refusedJson as unknown as NoticeRaised;
const outgoing = outgoingJson as unknown as OutgoingChanged;
const welcome = welcomeJson as unknown as Welcome;
const token = { token: 'session-1', expires_at: '2026-03-02T21:00:00Z' };

let clock: FakeClock;
let sockets: FakeSocket[];
let requests: Request[];
let phone: Phone;
let visible: Store<boolean>;
let answer: () => Response;
let session: Session;
let kept: string | null;

beforeEach(() => {
  clock = new FakeClock();
  sockets = [];
  requests = [];
  visible = new Store(true);
  answer = () => Response.json({ ticket: 'ticket-0123456789', url: '/ws' });
  session = new Session('https://dozvon.test', token, (input, init) => {
    requests.push(new Request(input, init));
    return Promise.resolve(answer());
  });
  kept = null;
  make();
});

function make(): void {
  phone = new Phone({
    session,
    clock,
    tab: { id: 'tab_1', visible },
    sound: new Store(false),
    from: { get: () => kept, set: (number) => (kept = number) },
    locale: () => 'ru',
    openSocket: (url) => {
      const made = new FakeSocket(url);
      sockets.push(made);
      return made;
    },
    isOnline: () => true,
  });
}

const socket = (): FakeSocket => {
  const last = sockets.at(-1);
  if (!last) throw new Error('no socket was opened');
  return last;
};

async function open(expiresAt = '2026-03-02T21:00:00Z'): Promise<void> {
  phone.start();
  for (let turn = 0; turn < 20 && sockets.length === 0; turn += 1) {
    await new Promise((done) => setImmediate(done));
  }
  socket().onopen?.();
  const now = new Date(clock.now() + 60_000).toISOString();
  socket().say({ ...welcome, server_time: now, session_expires_at: expiresAt });
}

/** Answers the newest frame with this tag. */
async function reply(type: string, result: unknown, code?: string): Promise<void> {
  const asked = socket().sentOf(type).at(-1);
  const error = code ? { code, message: '', data: {} } : null;
  socket().say({ type: 'reply', id: asked?.['id'], ok: !code, result, error });
  await settle();
}

const pending = (): string[] => [...phone.view.get().pending];

describe('a clicked number', () => {
  it('is dialled as a click, with its record where the page named one', async () => {
    await open();
    void phone.dialClicked({
      number: '+79161234567',
      extension: '214',
      record: { kind: 'contact', id: '49' },
    });
    await reply('call.dial', { call_id: 'c1' });
    void phone.dialClicked({ number: '101', extension: null, record: null });
    await reply('call.dial', { call_id: 'c2' });
    const asked = socket().sentOf('call.dial');
    expect(asked[0]).toMatchObject({
      target: '+79161234567',
      source: 'click',
      record_kind: 'contact',
      record_id: '49',
      extension: '214',
    });
    expect(asked[1]).toMatchObject({ target: '101', source: 'click' });
    expect(asked[1]).not.toHaveProperty('record_kind');
    expect(asked[1]).not.toHaveProperty('extension');
  });
});

describe('the outgoing number', () => {
  const told = (version: number, numbers = outgoing.numbers): void =>
    socket().say({ ...outgoing, seq: version, version, numbers });
  const from = (): unknown => socket().sentOf('call.dial').at(-1)?.['caller_id'];

  it('goes with every call while it may be chosen, and waits while it may not', async () => {
    await open();
    void phone.dial('101', 'history');
    await reply('call.dial', { call_id: 'c0' });
    expect(socket().sentOf('call.dial').at(-1)).toMatchObject({ source: 'history' });
    expect(from()).toBeUndefined();
    told(outgoing.version + 1);
    phone.callFrom('+74950000118');
    void phone.dial('+79161234567');
    await reply('call.dial', { call_id: 'c1' });
    expect(from()).toBe('+74950000118');
    void phone.dialClicked({ number: '+79161234567', extension: null, record: null });
    await reply('call.dial', { call_id: 'c2' });
    expect(from()).toBe('+74950000118');
    told(outgoing.version + 2, []);
    expect(phone.view.get().from).toBeNull();
    void phone.dial('+79161234567');
    await reply('call.dial', { call_id: 'c3' });
    expect(from()).toBeUndefined();
    told(outgoing.version + 3);
    expect(phone.view.get().from).toBe('+74950000118');
  });

  it('is what this tab chose before it was loaded anew', async () => {
    kept = '+74950000118';
    make();
    await open();
    expect(phone.view.get().from).toBeNull();
    told(outgoing.version + 1);
    expect(phone.view.get().from).toBe('+74950000118');
    phone.callFrom(null);
    expect(kept).toBeNull();
  });
});

describe('the session', () => {
  it('buys a ticket with its token and nothing else', async () => {
    await open();
    expect(requests[0]?.url).toBe('https://dozvon.test/api/ticket');
    expect(requests[0]?.headers.get('Authorization')).toBe('Bearer session-1');
    expect(socket().url).toBe('wss://dozvon.test/ws');
  });

  it('is over when the server does not know the token', async () => {
    answer = () => new Response('', { status: 401 });
    phone.start();
    await new Promise((done) => setImmediate(done));
    const stopped = { phase: 'stopped', reason: 'session_ended' };
    expect(phone.view.get().connection).toEqual(stopped);
  });

  it('is renewed over the socket before it ends', async () => {
    // An hour by the server's clock: renewed when a tenth of it is left.
    await open(new Date(clock.now() + 60_000 + 3_600_000).toISOString());
    const ping = async (): Promise<void> => {
      await clock.pass(20_000);
      socket().say({ type: 'ping', n: 1 });
    };
    while (socket().sentOf('session.renew').length === 0) await ping();
    const elapsed = clock.now() - Date.parse('2026-03-02T09:00:00Z');
    expect(elapsed).toBeGreaterThanOrEqual(3_240_000);
    expect(elapsed).toBeLessThan(3_300_000);
  });

  it('uses the renewed token from then on', async () => {
    await open(new Date(clock.now() + 60_000 + 301_000).toISOString());
    await clock.pass(1_000);
    await reply('session.renew', { token: 'session-2', expires_at: '2026-03-03T09:00:00Z' });
    await session.buyTicket();
    expect(requests.at(-1)?.headers.get('Authorization')).toBe('Bearer session-2');
  });
});

describe('a call whose sound is in this tab', () => {
  it('is being connected from the press on, until it talks or could not be taken', async () => {
    await open();
    const key = `answer:${call.call_id}`;
    const pending = (): boolean => phone.view.get().pending.has(key);
    phone.answerHere = () => true;
    expect(await phone.answer(call.call_id)).toBe(true);
    expect(pending()).toBe(true);
    phone.fail('no_microphone');
    expect(pending()).toBe(false);
    await phone.answer(call.call_id);
    expect(pending()).toBe(true);
    await clock.pass(8_000);
    expect(pending()).toBe(false);
    expect(socket().sentOf('call.answer')).toEqual([]);
  });

  it('is muted before the server is asked', async () => {
    await open();
    const muted: unknown[] = [];
    phone.muteHere = (...what) => muted.push(...what);
    socket().onclose?.({ code: 1006 });
    phone.askFor({ type: 'call.mute', call_id: 'c', on: true }).catch(() => undefined);
    expect(muted).toEqual(['c', true]);
    await clock.pass(60_000);
  });
});

describe('a session that ended', () => {
  it('by its own time may be opened again unasked', async () => {
    await open();
    expect(phone.ranOut()).toBe(false);
    socket().onclose?.({ code: 4500 });
    expect(phone.ranOut()).toBe(false);
    await clock.pass(12 * 3_600_000);
    expect(phone.ranOut()).toBe(true);
  });
});

describe('answering', () => {
  it('is pending until the switch reports, not only until the server agrees', async () => {
    await open();
    socket().say(again(call, 49));
    const seen: boolean[] = [];
    void phone.answer(call.call_id);
    phone.view.watch(() => seen.push(pending().length > 0));
    await reply('call.answer', null);
    expect(pending()).toEqual([`answer:${call.call_id}`]);
    expect(seen).not.toContain(false);
    socket().say(again(call, 50, { version: 9, state: 'talking', my_leg: 'up' }));
    expect(pending()).toEqual([]);
  });

  it('is offered again when the phone never picked up', async () => {
    await open();
    socket().say(again(call, 49));
    void phone.answer(call.call_id);
    await reply('call.answer', null);
    await clock.pass(7_900);
    expect(pending()).toHaveLength(1);
    await clock.pass(200);
    expect(pending()).toEqual([]);
  });

  it('is asked once however often the button is pressed', async () => {
    await open();
    void phone.answer(call.call_id);
    void phone.answer(call.call_id);
    expect(socket().sentOf('call.answer')).toHaveLength(1);
  });

  it('says why it cannot be placed, where the server names the reason', async () => {
    await open();
    void phone.dialClicked({ number: '+79161234567', extension: null, record: null });
    await settle();
    const asked = socket().sentOf('call.dial').at(-1);
    const error = { code: 'no_device', message: '', data: { reason: 'numbers_off' } };
    socket().say({ type: 'reply', id: asked?.['id'], ok: false, result: null, error });
    await settle();
    expect(phone.view.get().notices).toMatchObject([{ kind: 'refused', reason: 'numbers_off' }]);
  });

  it('refused in the CRM is told while it is news', async () => {
    await open();
    const at = (age: number): string => new Date(clock.now() + 60_000 - age).toISOString();
    socket().say({ ...refused, seq: 100, version: 5, at: at(90_000) });
    expect(phone.view.get().notices).toEqual([]);
    socket().say({ ...refused, seq: 101, version: 6, at: at(1_000) });
    expect(phone.view.get().notices).toMatchObject([
      { kind: 'refused', reason: 'no_caller_id', number: '+74950000117' },
    ]);
  });

  it('says in words why it was refused, for a while', async () => {
    await open();
    void phone.answer(call.call_id);
    await reply('call.answer', null, 'no_device');
    expect(phone.view.get().notices).toMatchObject([{ kind: 'failed', code: 'no_device' }]);
    await clock.pass(7_000);
    expect(phone.view.get().notices).toEqual([]);
  });
});

describe('pushes', () => {
  it('tell who took the call as it leaves', async () => {
    await open();
    socket().say({ ...removedJson, seq: 60 });
    expect(calls(phone.view.get().state)).toEqual([]);
    expect(phone.view.get().notices).toMatchObject([
      { kind: 'removed', removed: { reason: 'answered_elsewhere', by: { name: 'Борис Литвин' } } },
    ]);
  });

  it('say nothing of what the person did', async () => {
    await open();
    socket().say({ ...removedJson, seq: 60, reason: 'dismissed' });
    expect(phone.view.get().notices).toEqual([]);
  });

  it('load the history again only while it is on screen', async () => {
    await open();
    socket().say({ ...markJson, seq: 61 });
    expect(socket().sentOf('history.list')).toHaveLength(0);
    phone.showHistory(true);
    await reply('history.list', pageJson);
    socket().say({ ...markJson, seq: 62, version: 99 });
    expect(socket().sentOf('history.list')).toHaveLength(2);
    expect(phone.view.get().history.entries).toHaveLength(1);
  });
});

describe('the history', () => {
  it('grows by pages', async () => {
    await open();
    phone.showHistory(true);
    await reply('history.list', pageJson);
    void phone.moreHistory();
    expect(socket().sentOf('history.list').at(-1)).toMatchObject({ before: pageJson.next });
    await reply('history.list', { entries: pageJson.entries, next: null });
    const { entries, next, phase } = phone.view.get().history;
    expect([entries.length, next, phase]).toEqual([2, null, 'ready']);
  });

  it('keeps what it has when a page fails', async () => {
    await open();
    phone.showHistory(true);
    await reply('history.list', pageJson);
    void phone.moreHistory();
    await reply('history.list', null, 'internal');
    expect(phone.view.get().history).toMatchObject({ phase: 'failed', entries: pageJson.entries });
  });
});

describe('the tab', () => {
  it('tells when it comes to the front or leaves it', async () => {
    await open();
    visible.set(false);
    expect(socket().sentOf('tab.report')).toMatchObject([{ visible: false, sound: false }]);
  });

  it('shows times by the server, whose clock differs', async () => {
    await open();
    expect(phone.view.get().skewMs).toBe(60_000);
  });
});
