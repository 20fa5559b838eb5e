/**
 * Commands waiting for their reply.
 *
 * They outlive a cut connection: the server remembers ids, so sending an unanswered command again
 * over the next connection has one effect (R3). Each has a deadline of its own.
 */
import type { Clock } from './clock';
import { CommandFailed, namedIn, reasonIn } from './failure';
import type { Command, Reply } from './messages';

/** Below this the server refuses a deadline (`Command.ttl_ms`). */
const LEAST_TTL_MS = 100;

interface Waiting {
  readonly command: Command;
  readonly deadlineAt: number;
  readonly cancelTimer: () => void;
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: CommandFailed) => void;
}

export class InFlight {
  /** By command id, in the order they were asked. */
  readonly #waiting = new Map<string, Waiting>();

  constructor(private readonly clock: Clock) {}

  /** Promises the command's result; rejects with CommandFailed. */
  add(command: Command, ttlMs: number): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const cancelTimer = this.clock.after(ttlMs, () => {
        this.#waiting.delete(command.id);
        reject(new CommandFailed('no_answer'));
      });
      const deadlineAt = this.clock.now() + ttlMs;
      this.#waiting.set(command.id, { command, deadlineAt, cancelTimer, resolve, reject });
    });
  }

  settle(reply: Reply): void {
    const waiting = this.#take(reply.id);
    if (!waiting) return;
    if (reply.ok) waiting.resolve(reply.result);
    else {
      const { code = 'internal', message, data } = reply.error ?? {};
      waiting.reject(new CommandFailed(code, message, reasonIn(data), namedIn(data)));
    }
  }

  /** The frames to send over a new connection, with what is left of their deadlines. */
  unanswered(): Command[] {
    const now = this.clock.now();
    return [...this.#waiting.values()]
      .map(({ command, deadlineAt }) => ({ ...command, ttl_ms: deadlineAt - now }))
      .filter((command) => command.ttl_ms >= LEAST_TTL_MS);
  }

  failAll(): void {
    for (const id of [...this.#waiting.keys()]) {
      this.#take(id)?.reject(new CommandFailed('disconnected'));
    }
  }

  #take(id: string): Waiting | undefined {
    const waiting = this.#waiting.get(id);
    if (waiting) {
      waiting.cancelTimer();
      this.#waiting.delete(id);
    }
    return waiting;
  }
}
