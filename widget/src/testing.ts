/** Stand-ins for tests: time that moves when told, sockets that say what they are told. */
import type { Clock } from './protocol/clock';
import type { SocketLike } from './protocol/client';
import type { Push } from './protocol/messages';

export class FakeClock implements Clock {
  #now = Date.parse('2026-03-02T09:00:00Z');
  #timers: { at: number; run: () => void }[] = [];

  now(): number {
    return this.#now;
  }

  after(ms: number, run: () => void): () => void {
    const timer = { at: this.#now + ms, run };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((one) => one !== timer);
    };
  }

  /** Moves on, running what is due in order; promises settle between timers. */
  async pass(ms: number): Promise<void> {
    const end = this.#now + ms;
    await settle();
    for (;;) {
      const [next] = this.#timers.filter((one) => one.at <= end).sort((a, b) => a.at - b.at);
      if (!next) break;
      this.#timers = this.#timers.filter((one) => one !== next);
      this.#now = next.at;
      next.run();
      await settle();
    }
    this.#now = end;
  }
}

/** Lets promises that are ready run their callbacks, a few links deep. */
export async function settle(): Promise<void> {
  for (let link = 0; link < 10; link += 1) await Promise.resolve();
}

export class FakeSocket implements SocketLike {
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onclose: ((event: { code: number }) => void) | null = null;
  readonly sent: Record<string, unknown>[] = [];
  closed = false;

  constructor(readonly url: string) {}

  send(text: string): void {
    this.sent.push(JSON.parse(text) as Record<string, unknown>);
  }

  close(): void {
    this.closed = true;
  }

  say(frame: unknown): void {
    this.onmessage?.({ data: JSON.stringify(frame) });
  }

  /** What was sent with this tag. */
  sentOf(type: string): Record<string, unknown>[] {
    return this.sent.filter((frame) => frame['type'] === type);
  }
}

/** The push with another number and version. */
export function again<T extends Push>(push: T, seq: number, change: Partial<T> = {}): T {
  return { ...push, seq, version: push.version + 1, ...change };
}
