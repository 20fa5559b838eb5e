import { beforeEach, describe, expect, it } from 'vitest';
import callJson from '../../../protocol/fixtures/call.changed.json';
import welcomeJson from '../../../protocol/fixtures/welcome.json';
import { again, FakeClock, FakeSocket, settle } from '../testing';
import { SocketClient, type Sink } from './client';
import type { Connection } from './connection';
import { CommandFailed } from './failure';
import type { CallChanged, Push, StreamName, Welcome } from './messages';
import { SessionOver, type Ticket } from './session';

const call = callJson as unknown as CallChanged;
const welcome = welcomeJson as unknown as Welcome;

class Log implements Sink {
  readonly starts: [StreamName, boolean, number][] = [];
  readonly pushes: Push[] = [];
  readonly connections: Connection[] = [];
  welcomes = 0;

  start(stream: StreamName, recovered: boolean, pushes: readonly Push[]): void {
    this.starts.push([stream, recovered, pushes.length]);
  }
  push(push: Push): void {
    this.pushes.push(push);
  }
  welcome(): void {
    this.welcomes += 1;
  }
  connection(connection: Connection): void {
    this.connections.push(connection);
  }
  get last(): Connection | undefined {
    return this.connections.at(-1);
  }
}

let clock: FakeClock;
let sockets: FakeSocket[];
let log: Log;
let online: boolean;
let tickets: () => Promise<Ticket>;
let ids: number;

beforeEach(() => {
  clock = new FakeClock();
  sockets = [];
  log = new Log();
  online = true;
  ids = 0;
  tickets = () => Promise.resolve({ ticket: 'ticket-0123456789', url: 'wss://dozvon.test/ws' });
});

function client(random = 0.5): SocketClient {
  return new SocketClient({
    clock,
    random: () => random,
    newId: () => `command-${++ids}`,
    openSocket: (url) => {
      const socket = new FakeSocket(url);
      sockets.push(socket);
      return socket;
    },
    buyTicket: () => tickets(),
    tab: () => ({ tab: 'tab_1', visible: true, sound: false, locale: 'ru' }),
    sink: log,
    isOnline: () => online,
  });
}

const socket = (): FakeSocket => {
  const last = sockets.at(-1);
  if (!last) throw new Error('no socket was opened');
  return last;
};

async function open(made = client()): Promise<SocketClient> {
  made.start();
  await settle();
  socket().onopen?.();
  socket().say(welcome);
  return made;
}

describe('the handshake', () => {
  it('sends hello first, with the ticket and no positions', async () => {
    await open();
    expect(socket().url).toBe('wss://dozvon.test/ws');
    expect(socket().sent[0]).toMatchObject({ type: 'hello', streams: {}, tab: 'tab_1', protocol: 1 });
    expect(log.starts).toEqual([['me', false, 1]]);
    expect(log.last).toEqual({ phase: 'online' });
  });

  it('gives up a socket that never welcomes', async () => {
    client().start();
    await settle();
    await clock.pass(12_000);
    expect(socket().closed).toBe(true);
    expect(log.last?.phase).toBe('waiting');
  });

  it('answers pings', async () => {
    await open();
    socket().say({ type: 'ping', n: 3 });
    expect(socket().sentOf('pong')).toEqual([{ type: 'pong', n: 3 }]);
  });
});

describe('coming back', () => {
  it('says where each stream stopped', async () => {
    await open();
    socket().say(again(call, 44));
    socket().onclose?.({ code: 1006 });
    await clock.pass(1_000);
    socket().onopen?.();
    expect(sockets).toHaveLength(2);
    expect(socket().sent[0]).toMatchObject({ streams: { me: ['m1k2', 44] } });
  });

  it('waits a random part of a doubling time', async () => {
    tickets = () => Promise.reject(new Error('refused'));
    client(1).start();
    const waits: number[] = [];
    for (let attempt = 0; attempt < 8; attempt += 1) {
      await settle();
      if (log.last?.phase !== 'waiting') throw new Error('not waiting');
      const wait = log.last.retryAt - clock.now();
      waits.push(wait);
      await clock.pass(wait);
    }
    expect(waits).toEqual([500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]);
  });

  it('waits as long as a planned restart asks', async () => {
    await open();
    socket().say({ type: 'restarting', in_ms: 1_500 });
    socket().onclose?.({ code: 1012 });
    expect(log.last).toEqual({ phase: 'waiting', retryAt: clock.now() + 1_750 });
  });

  it.each([
    [4500, 'session_ended'],
    [4501, 'origin'],
    [4502, 'protocol'],
    [4503, 'replaced'],
  ])('stays away after %i', async (code, reason) => {
    await open();
    socket().onclose?.({ code });
    await clock.pass(600_000);
    expect(log.last).toEqual({ phase: 'stopped', reason });
    expect(sockets).toHaveLength(1);
  });

  it('stays away when no ticket is sold to this session', async () => {
    tickets = () => Promise.reject(new SessionOver());
    client().start();
    await clock.pass(600_000);
    expect(log.last).toEqual({ phase: 'stopped', reason: 'session_ended' });
  });

  it('notices a connection that died in silence', async () => {
    await open();
    await clock.pass(20_000);
    socket().say({ type: 'ping', n: 1 });
    await clock.pass(49_000);
    expect(log.last).toEqual({ phase: 'online' });
    await clock.pass(2_000);
    expect(sockets[0]?.closed).toBe(true);
  });

  it('waits for the network and returns with it', async () => {
    const made = await open();
    online = false;
    made.wentOffline();
    expect(log.last).toEqual({ phase: 'offline' });
    online = true;
    made.retryNow();
    await settle();
    expect(sockets).toHaveLength(2);
  });

  it('does not use a ticket that came after the person gave up', async () => {
    let sell: (ticket: Ticket) => void = () => undefined;
    tickets = () => new Promise((resolve) => (sell = resolve));
    const made = client();
    made.start();
    await settle();
    made.stop();
    sell({ ticket: 'late-0123456789', url: 'wss://dozvon.test/ws' });
    await settle();
    expect(sockets).toHaveLength(0);
  });
});

describe('pushes', () => {
  it('are applied once and only of followed streams', async () => {
    await open();
    socket().say(again(call, 42));
    socket().say(again(call, 42));
    socket().say({ ...again(call, 9), stream: 'colleagues' });
    expect(log.pushes.map((push) => push.seq)).toEqual([42]);
  });

  it('start over when the stream has another history', async () => {
    await open();
    socket().say({
      type: 'stream.reset',
      stream: 'me',
      start: { epoch: 'new', seq: 2, recovered: false, pushes: [{ ...call, seq: 2 }] },
    });
    socket().say(again(call, 3));
    expect(log.starts.at(-1)).toEqual(['me', false, 1]);
    expect(log.pushes.map((push) => push.seq)).toEqual([3]);
  });
});

describe('commands', () => {
  it('resolve with the result of their reply', async () => {
    const made = await open();
    const asked = made.ask({ type: 'call.dial', target: '101' });
    socket().say({ type: 'reply', id: 'command-1', ok: true, result: { call_id: 'c' }, error: null });
    await expect(asked).resolves.toEqual({ call_id: 'c' });
  });

  it('reject with the code of a refusal', async () => {
    const made = await open();
    const asked = made.ask({ type: 'call.answer', call_id: 'c' });
    const error = { code: 'wrong_state', message: '', data: {} };
    socket().say({ type: 'reply', id: 'command-1', ok: false, result: null, error });
    await expect(asked).rejects.toEqual(new CommandFailed('wrong_state', ''));
  });

  it('fail at their deadline', async () => {
    const made = await open();
    const asked = expect(made.ask({ type: 'session.renew' })).rejects.toThrow('no_answer');
    await clock.pass(10_000);
    await asked;
  });

  it('are sent again with the same id and what is left of their time', async () => {
    const made = await open();
    const asked = made.ask({ type: 'call.answer', call_id: 'c' });
    socket().onclose?.({ code: 1006 });
    await clock.pass(250);
    socket().onopen?.();
    socket().say(welcome);
    expect(socket().sentOf('call.answer')).toEqual([
      { type: 'call.answer', id: 'command-1', ttl_ms: 9_750, call_id: 'c' },
    ]);
    socket().say({ type: 'reply', id: 'command-1', ok: true, result: null, error: null });
    await expect(asked).resolves.toBeNull();
  });

  it('fail when the session is over', async () => {
    const made = await open();
    const asked = made.ask({ type: 'call.answer', call_id: 'c' });
    socket().onclose?.({ code: 4500 });
    await expect(asked).rejects.toThrow('disconnected');
  });
});

describe('a stream that is on screen', () => {
  const start = { epoch: 'c', seq: 5, recovered: false, pushes: [] };

  it('is subscribed while somebody looks', async () => {
    const made = await open();
    const leave = made.follow('colleagues');
    made.follow('colleagues')();
    const [subscribe] = socket().sentOf('stream.subscribe');
    socket().say({ type: 'reply', id: subscribe?.['id'], ok: true, result: start, error: null });
    await settle();
    expect(log.starts.at(-1)).toEqual(['colleagues', false, 0]);
    leave();
    leave();
    expect(socket().sentOf('stream.subscribe')).toHaveLength(1);
    expect(socket().sentOf('stream.unsubscribe')).toHaveLength(1);
    const left = made.ask({ type: 'session.renew' }).catch(() => undefined);
    made.stop();
    await left;
  });

  it('is subscribed again after a cut when hello did not bring it', async () => {
    const made = await open();
    made.follow('colleagues');
    socket().onclose?.({ code: 4000 });
    await clock.pass(1_000);
    socket().onopen?.();
    socket().say(welcome);
    expect(socket().sentOf('stream.subscribe')).toHaveLength(1);
    made.stop();
  });
});
