import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import credentialsJson from '../../../protocol/fixtures/phone_credentials.json';
import { Gathering } from './gathering';
import type { Line, LineLeg } from './line';
import { openSipLine } from './sipline';

type Handler = (event: Record<string, unknown>) => void;

/** What JsSIP calls and is called by, as far as we use it. */
class Emitter {
  readonly #handlers: [string, Handler][] = [];

  on(name: string, handler: Handler): void {
    this.#handlers.push([name, handler]);
  }
  emit(name: string, event: Record<string, unknown> = {}): void {
    for (const [one, handler] of this.#handlers) if (one === name) handler(event);
  }
}

interface Question {
  succeeded: () => void;
  failed: (event: { response: unknown }) => void;
}

const agents = vi.hoisted(() => [] as unknown[]);

class Agent extends Emitter {
  connected = true;
  stopped = false;
  readonly asked: Question[] = [];

  constructor() {
    super();
    agents.push(this);
  }
  start(): void {
    this.emit('connected');
  }
  stop(): void {
    this.stopped = true;
  }
  isConnected(): boolean {
    return this.connected;
  }
  isRegistered(): boolean {
    return false;
  }
  sendOptions(_: string, __: undefined, { eventHandlers }: { eventHandlers: Question }): void {
    this.asked.push(eventHandlers);
  }
}

vi.mock('jssip', () => ({
  UA: function make() {
    return new Agent();
  },
  WebSocketInterface: vi.fn(),
}));

class Session extends Emitter {
  established = false;
  connection: { getSenders: () => unknown[] } | null = null;
  readonly done: unknown[] = [];

  isEnded(): boolean {
    return false;
  }
  isEstablished(): boolean {
    return this.established;
  }
  answer(): void {
    this.connection = { getSenders: () => [] };
    this.done.push('answer');
  }
  mute(what: unknown): void {
    this.done.push(['mute', what]);
  }
  unmute(what: unknown): void {
    this.done.push(['unmute', what]);
  }
  terminate(how?: unknown): void {
    this.done.push(['terminate', how]);
  }
  renegotiate(how: unknown): boolean {
    this.done.push(['renegotiate', how]);
    return true;
  }
}

function rung(headers: Readonly<Record<string, string>> = {}): { agent: Agent; session: Session; leg: LineLeg; line: Line } {
  const legs: LineLeg[] = [];
  const line = openSipLine({
    changed: () => undefined,
    refused: () => undefined,
    rings: (leg) => legs.push(leg),
  });
  line.start(credentialsJson);
  const agent = agents.at(-1) as Agent;
  const session = new Session();
  agent.emit('newRTCSession', {
    originator: 'remote',
    session,
    request: { getHeader: (name: string) => headers[name] },
  });
  const [leg] = legs;
  if (!leg) throw new Error('nothing rang');
  return { agent, session, leg, line };
}

const RESTARTED = ['renegotiate', { rtcOfferConstraints: { iceRestart: true } }];

describe('a leg over SIP', () => {
  it('is known for one a talk moves to, and tells when its sound may flow', () => {
    expect(rung().leg.movesHere).toBe(false);
    const { session, leg } = rung({ 'X-Dozvon-Move': '1' });
    expect(leg.movesHere).toBe(true);
    let connected = 0;
    const nothing = (): void => undefined;
    leg.watch({ hears: nothing, up: nothing, connected: () => (connected += 1), ended: nothing });
    const peer = Object.assign(new EventTarget(), { connectionState: 'connecting' });
    session.emit('peerconnection', { peerconnection: peer });
    peer.dispatchEvent(new Event('connectionstatechange'));
    expect(connected).toBe(0);
    peer.connectionState = 'connected';
    peer.dispatchEvent(new Event('connectionstatechange'));
    expect(connected).toBe(1);
  });

  it('is not refused when the page leaves it ringing', () => {
    const { session, leg } = rung();
    leg.end();
    expect(session.done).toEqual([['terminate', { status_code: 480 }]]);
  });

  it('is hung up once it was answered', () => {
    const { session, leg } = rung();
    session.established = true;
    leg.end();
    expect(session.done).toEqual([['terminate', undefined]]);
  });

  it('is muted by JsSIP, which would enable the track again at the next change', () => {
    const { session, leg } = rung();
    leg.answer({ getAudioTracks: () => [] } as unknown as MediaStream);
    leg.mute(true);
    leg.mute(false);
    expect(session.done.slice(-2)).toEqual([
      ['mute', { audio: true }],
      ['unmute', { audio: true }],
    ]);
  });

  it('says no word between answering and being muted as it was before', () => {
    const { session, leg } = rung();
    const track = { enabled: true };
    leg.mute(true);
    leg.answer({ getAudioTracks: () => [track] } as unknown as MediaStream);
    expect(track.enabled).toBe(false);
    expect(session.done).toEqual(['answer', ['mute', { audio: true }]]);
  });

  it('tells its new addresses once the socket is open again, and only then', () => {
    const { agent, session, leg } = rung();
    session.established = true;
    agent.connected = false;
    leg.restart();
    expect([session.done, agent.asked]).toEqual([[], []]);
    agent.connected = true;
    agent.emit('connected');
    agent.emit('connected');
    expect(session.done).toEqual([RESTARTED]);
  });

  it('tells them over a socket that seems open when the switch answers on it', () => {
    const { agent, session, leg } = rung();
    session.established = true;
    leg.restart();
    expect(session.done).toEqual([]);
    agent.asked[0]?.failed({ response: null });
    expect(session.done).toEqual([]);
    leg.restart();
    agent.asked[1]?.failed({ response: { status_code: 404 } });
    expect(session.done).toEqual([RESTARTED]);
  });
});

describe('gathering addresses', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  const candidate = (type: string): RTCIceCandidate => ({ type }) as RTCIceCandidate;

  it('ends when none is found at all', () => {
    const connection = new EventTarget();
    const ends: Event[] = [];
    connection.addEventListener('icecandidate', (event) => ends.push(event));
    new Gathering().begin(connection);
    vi.advanceTimersByTime(1_499);
    expect(ends).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(ends.map((event) => (event as RTCPeerConnectionIceEvent).candidate)).toEqual([undefined]);
  });

  it('ends soon after the first, and at once with a relayed one', () => {
    const ready = vi.fn();
    const gathering = new Gathering();
    gathering.begin(null);
    gathering.found({ candidate: candidate('host'), ready });
    vi.advanceTimersByTime(249);
    expect(ready).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);
    expect(ready).toHaveBeenCalledTimes(1);
    gathering.begin(null);
    gathering.found({ candidate: candidate('relay'), ready });
    expect(ready).toHaveBeenCalledTimes(2);
  });

  it('does not cut the next negotiation short with the timers of the one before', () => {
    const [before, next] = [vi.fn(), vi.fn()];
    const gathering = new Gathering();
    gathering.begin(null);
    gathering.found({ candidate: candidate('host'), ready: before });
    vi.advanceTimersByTime(200);
    gathering.begin(null);
    gathering.found({ candidate: candidate('host'), ready: next });
    vi.advanceTimersByTime(249);
    expect([before.mock.calls.length, next.mock.calls.length]).toEqual([0, 0]);
    vi.advanceTimersByTime(1);
    expect([before.mock.calls.length, next.mock.calls.length]).toEqual([0, 1]);
  });
});
