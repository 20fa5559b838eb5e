/**
 * The socket client: hello and welcome, commands and replies, recovery, coming back.
 *
 * Knows nothing of what the pushes mean. Positions are kept per stream; the server answers each
 * either with the missed pushes or with a snapshot, and both reach `sink.start`.
 */
import { reconnectDelayMs } from './backoff';
import type { Clock } from './clock';
import { mayReturn, type Connection, type StopReason } from './connection';
import { decodeFrame, decodePush, isRecord, newDropped, type Dropped } from './decode';
import { InFlight } from './inflight';
import {
  CLOSE,
  FEATURES,
  PROTOCOL_VERSION,
  type Command,
  type Hello,
  type Push,
  type ServerFrame,
  type StreamName,
  type StreamStart,
  type Welcome,
} from './messages';
import { SessionOver, type Ticket } from './session';

export interface SocketLike {
  send(text: string): void;
  close(code?: number): void;
  onopen: (() => void) | null;
  onmessage: ((event: { data: unknown }) => void) | null;
  onclose: ((event: { code: number }) => void) | null;
}

export interface Sink {
  /** A stream begins: a snapshot replaces its entities, a recovery continues them. */
  start(stream: StreamName, recovered: boolean, pushes: readonly Push[]): void;
  push(push: Push): void;
  welcome(welcome: Welcome): void;
  connection(connection: Connection): void;
}

export interface TabFacts {
  readonly tab: string;
  readonly visible: boolean;
  readonly sound: boolean;
  readonly locale: string;
}

export interface ClientOptions {
  readonly clock: Clock;
  readonly random: () => number;
  readonly newId: () => string;
  readonly openSocket: (url: string) => SocketLike;
  readonly buyTicket: () => Promise<Ticket>;
  readonly tab: () => TabFacts;
  readonly sink: Sink;
  readonly isOnline: () => boolean;
}

/** A command without what the client adds. */
export type Ask = Command extends infer C ? (C extends Command ? Omit<C, 'id' | 'ttl_ms'> : never) : never;

const COMMAND_TTL_MS = 10_000;
/** A handshake that takes longer is given up: some proxies hold sockets they cannot serve. */
const WELCOME_TIMEOUT_MS = 12_000;
/** Silence of this many ping intervals means the connection is dead without having said so. */
const SILENT_INTERVALS = 2.5;
/** A connection this old has proved itself: the next failure starts the waits from the first. */
const STABLE_MS = 5_000;

export class SocketClient {
  readonly dropped: Dropped = newDropped();
  readonly #inFlight: InFlight;
  /** Where each followed stream stopped: sent in the next hello. */
  readonly #positions = new Map<StreamName, readonly [string, number]>();
  /** Streams somebody looks at, with the number of lookers. */
  readonly #wanted = new Map<StreamName, number>();
  #socket: SocketLike | null = null;
  /** True between welcome and close. */
  #welcomed = false;
  #attempt = 0;
  /** Told by `restarting`: the least wait before the next attempt. */
  #restartInMs = 0;
  #lastFrameAt = 0;
  /** Cancels the wait that is running: retry, welcome or silence. */
  #cancelWait: () => void = () => undefined;
  #cancelStable: () => void = () => undefined;
  /** Grows with each attempt, so that a ticket that comes too late is not used. */
  #generation = 0;
  #stopped = true;

  constructor(private readonly options: ClientOptions) {
    this.#inFlight = new InFlight(options.clock);
  }

  start(): void {
    this.#stopped = false;
    void this.#connect(this.#generation === 0);
  }

  stop(): void {
    this.#stopped = true;
    this.#hangUp();
    this.#inFlight.failAll();
  }

  /** The person asked, or the machine has network again: no reason to wait on. */
  retryNow(): void {
    if (this.#stopped || this.#welcomed) return;
    this.#hangUp();
    void this.#connect(false);
  }

  /** The machine lost its network: close at once instead of waiting for the silence. */
  wentOffline(): void {
    if (this.#stopped) return;
    this.#hangUp();
    this.options.sink.connection({ phase: 'offline' });
  }

  /** Sends now or, when cut, over the next connection if that comes before the deadline. */
  ask(ask: Ask, ttlMs: number = COMMAND_TTL_MS, id: string = this.options.newId()): Promise<unknown> {
    const command = { ...ask, id, ttl_ms: ttlMs } as Command;
    const answer = this.#inFlight.add(command, ttlMs);
    if (this.#welcomed) this.#send(command);
    return answer;
  }

  /** Follows a stream while somebody looks at it; the result undoes it. */
  follow(stream: StreamName): () => void {
    const lookers = this.#wanted.get(stream) ?? 0;
    this.#wanted.set(stream, lookers + 1);
    if (lookers === 0 && this.#welcomed) this.#subscribe(stream);
    let undone = false;
    return () => {
      if (undone) return;
      undone = true;
      this.#unfollow(stream);
    };
  }

  #unfollow(stream: StreamName): void {
    const left = (this.#wanted.get(stream) ?? 1) - 1;
    if (left > 0) {
      this.#wanted.set(stream, left);
      return;
    }
    this.#wanted.delete(stream);
    this.#positions.delete(stream);
    if (this.#welcomed) this.ask({ type: 'stream.unsubscribe', stream }).catch(() => undefined);
  }

  #subscribe(stream: StreamName): void {
    const position = this.#positions.get(stream) ?? null;
    this.ask({ type: 'stream.subscribe', stream, position }).then(
      (result) => {
        if (this.#wanted.has(stream) && isRecord(result)) {
          this.#begin(stream, result as unknown as StreamStart);
        }
      },
      // Refused or unanswered: the next connection subscribes again.
      () => undefined,
    );
  }

  async #connect(first: boolean): Promise<void> {
    if (!this.options.isOnline()) {
      this.options.sink.connection({ phase: 'offline' });
      return;
    }
    const generation = ++this.#generation;
    this.options.sink.connection({ phase: 'connecting', first });
    let ticket: Ticket;
    try {
      ticket = await this.options.buyTicket();
    } catch (error) {
      if (generation !== this.#generation) return;
      if (error instanceof SessionOver) this.#stay('session_ended');
      else this.#waitAndReturn();
      return;
    }
    if (generation === this.#generation && !this.#stopped) this.#open(ticket);
  }

  #open({ ticket, url }: Ticket): void {
    const socket = this.options.openSocket(url);
    this.#socket = socket;
    socket.onopen = () => socket.send(JSON.stringify(this.#hello(ticket)));
    socket.onmessage = (event) => {
      const frame = decodeFrame(event.data, this.dropped);
      this.#lastFrameAt = this.options.clock.now();
      if (frame) this.#receive(frame);
    };
    socket.onclose = (event) => this.#closed(event.code);
    this.#cancelWait = this.options.clock.after(WELCOME_TIMEOUT_MS, () => this.#closed(1006));
  }

  #hello(ticket: string): Hello {
    const streams = Object.fromEntries(this.#positions);
    return {
      type: 'hello',
      ticket,
      protocol: PROTOCOL_VERSION,
      features: FEATURES,
      streams,
      ...this.options.tab(),
    };
  }

  #receive(frame: ServerFrame): void {
    switch (frame.type) {
      case 'welcome':
        return this.#welcome(frame);
      case 'reply':
        return this.#inFlight.settle(frame);
      case 'ping':
        return this.#socket?.send(JSON.stringify({ type: 'pong', n: frame.n }));
      case 'stream.reset':
        return this.#begin(frame.stream, frame.start);
      case 'restarting':
        this.#restartInMs = frame.in_ms;
        return;
      default:
        return this.#push(frame);
    }
  }

  #welcome(welcome: Welcome): void {
    if (welcome.protocol !== PROTOCOL_VERSION) return this.#stay('protocol');
    this.#welcomed = true;
    this.#cancelWait();
    this.#cancelStable = this.options.clock.after(STABLE_MS, () => {
      this.#attempt = 0;
    });
    this.#watchSilence(welcome.ping_interval_s * 1000 * SILENT_INTERVALS);
    this.options.sink.welcome(welcome);
    for (const [stream, start] of Object.entries(welcome.streams)) {
      this.#begin(stream as StreamName, start);
    }
    this.options.sink.connection({ phase: 'online' });
    for (const command of this.#inFlight.unanswered()) {
      if (command.type !== 'stream.subscribe') this.#send(command);
    }
    for (const stream of this.#wanted.keys()) {
      if (!(stream in welcome.streams)) this.#subscribe(stream);
    }
  }

  #begin(stream: StreamName, start: StreamStart): void {
    const pushes = start.pushes
      .map((value) => decodePush(value, this.dropped))
      .filter((push) => push !== null);
    this.#positions.set(stream, [start.epoch, start.seq]);
    this.options.sink.start(stream, start.recovered, pushes);
  }

  #push(push: Push): void {
    const position = this.#positions.get(push.stream);
    // Of a stream nobody follows any more, or seen already: a push is applied once.
    if (!position || push.seq <= position[1]) return;
    this.#positions.set(push.stream, [position[0], push.seq]);
    this.options.sink.push(push);
  }

  #send(command: Command): void {
    this.#socket?.send(JSON.stringify(command));
  }

  #watchSilence(limitMs: number): void {
    const left = limitMs - (this.options.clock.now() - this.#lastFrameAt);
    this.#cancelWait = this.options.clock.after(Math.max(left, 1), () => {
      // A throttled background timer fires late; only real silence counts.
      if (this.options.clock.now() - this.#lastFrameAt >= limitMs) this.#closed(1006);
      else this.#watchSilence(limitMs);
    });
  }

  #closed(code: number): void {
    this.#hangUp();
    if (this.#stopped) return;
    if (mayReturn(code)) this.#waitAndReturn();
    else this.#stay(stopReason(code));
  }

  #waitAndReturn(): void {
    if (!this.options.isOnline()) {
      this.options.sink.connection({ phase: 'offline' });
      return;
    }
    const delay = this.#restartInMs + reconnectDelayMs(this.#attempt, this.options.random);
    this.#attempt += 1;
    this.#restartInMs = 0;
    this.options.sink.connection({ phase: 'waiting', retryAt: this.options.clock.now() + delay });
    this.#cancelWait();
    this.#cancelWait = this.options.clock.after(delay, () => void this.#connect(false));
  }

  #stay(reason: StopReason): void {
    this.#hangUp();
    this.#stopped = true;
    this.#inFlight.failAll();
    this.options.sink.connection({ phase: 'stopped', reason });
  }

  #hangUp(): void {
    this.#generation += 1;
    this.#cancelWait();
    this.#cancelStable();
    this.#welcomed = false;
    const socket = this.#socket;
    this.#socket = null;
    if (!socket) return;
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close(1000);
  }
}

function stopReason(code: number): StopReason {
  switch (code) {
    case CLOSE.ORIGIN:
      return 'origin';
    case CLOSE.PROTOCOL:
      return 'protocol';
    case CLOSE.REPLACED:
      return 'replaced';
    default:
      return 'session_ended';
  }
}
