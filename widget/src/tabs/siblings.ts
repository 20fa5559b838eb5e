/**
 * What the tabs of one browser tell each other of their person's phone, past the server: quicker
 * than it, and while it is out of reach. Nothing depends on it; where the browser has no channel, or
 * parts the tabs' storage, the server's word comes a moment later.
 */
import { isRecord } from '../protocol/decode';
import type { Clock } from '../protocol/clock';

export type Said =
  /** The server named me, and I register now. */
  | { readonly what: 'holds' }
  /** A call rings on the line of mine. */
  | { readonly what: 'rings'; readonly call: string }
  /** It was taken in mine. */
  | { readonly what: 'answered'; readonly call: string }
  /** It rings no more, and not because of us. */
  | { readonly what: 'gone'; readonly call: string };

export interface Channel {
  /** Calls back with each message; replaces who was called before. */
  listen(heard: (data: unknown) => void): void;
  postMessage(message: unknown): void;
  close(): void;
}

export class Siblings {
  #channel: Channel | null = null;
  #name = '';

  constructor(
    private readonly open: (name: string) => Channel,
    private readonly heard: (said: Said) => void,
  ) {}

  /** From now on; asked again with the same name, nothing changes. */
  join(name: string): void {
    if (name === this.#name) return;
    this.leave();
    this.#name = name;
    try {
      const channel = this.open(name);
      channel.listen((data) => {
        const said = saidOf(data);
        if (said) this.heard(said);
      });
      this.#channel = channel;
    } catch {
      // No such thing here, or refused with the storage: the server alone tells.
      this.#channel = null;
    }
  }

  leave(): void {
    this.#name = '';
    this.#channel?.close();
    this.#channel = null;
  }

  tell(said: Said): void {
    try {
      this.#channel?.postMessage(said);
    } catch {
      // Closed in this moment, with the page.
      this.#channel = null;
    }
  }
}

/** Pages of another version of ours may say more: what is not known is no word. */
function saidOf(data: unknown): Said | null {
  if (!isRecord(data)) return null;
  const { what, call } = data;
  if (what === 'holds') return { what };
  const known = what === 'rings' || what === 'answered' || what === 'gone';
  return known && typeof call === 'string' ? { what, call } : null;
}

/** Within this the server's word is there, or this tab rings on: its own socket may be cut. */
const ANSWERED_MS = 10_000;
/** Sooner: the same call may ring the person again, elsewhere. */
const GONE_MS = 3_000;

/** Calls that need no ring tone in this tab any more, as its siblings say. */
export class Quiet {
  readonly #calls = new Map<string, () => void>();

  constructor(
    private readonly clock: Clock,
    private readonly changed: (calls: ReadonlySet<string>) => void,
  ) {}

  hear(said: Said): void {
    if (said.what === 'holds') return;
    this.#forget(said.call);
    if (said.what !== 'rings') {
      const ms = said.what === 'gone' ? GONE_MS : ANSWERED_MS;
      const cancel = this.clock.after(ms, () => {
        this.#calls.delete(said.call);
        this.#tell();
      });
      this.#calls.set(said.call, cancel);
    }
    this.#tell();
  }

  #forget(call: string): void {
    this.#calls.get(call)?.();
    this.#calls.delete(call);
  }

  #tell(): void {
    this.changed(new Set(this.#calls.keys()));
  }
}

/** Raises in browsers without it, and where one refuses it with the storage. */
export function openChannel(name: string): Channel {
  const channel = new BroadcastChannel(name);
  return {
    listen: (heard) => {
      channel.onmessage = ({ data }: MessageEvent<unknown>) => heard(data);
    },
    postMessage: (message) => channel.postMessage(message),
    close: () => channel.close(),
  };
}
