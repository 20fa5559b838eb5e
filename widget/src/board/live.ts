/** The board that is live: a socket that follows one stream, drawn at most once a frame. */
import { SocketClient, type SocketLike } from '../protocol/client';
import type { Clock } from '../protocol/clock';
import type { Connection } from '../protocol/connection';
import type { Push } from '../protocol/messages';
import type { Ticket } from '../protocol/session';
import { Store } from '../state/store';
import { Refused } from './client';
import { boardOf, fold, toldOf, type Board, type Entities } from './view';

export interface LiveView {
  readonly board: Board;
  readonly connection: Connection;
  /** Server's clock minus ours. */
  readonly skewMs: number;
  /** Why the server gives this person no board. */
  readonly refused: string | null;
  /** The stream's beginning arrived. */
  readonly ready: boolean;
}

export interface LiveOptions {
  readonly clock: Clock;
  readonly buyTicket: () => Promise<Ticket>;
  readonly openSocket: (url: string) => SocketLike;
  readonly isOnline: () => boolean;
  readonly locale: () => string;
  readonly newId: () => string;
  /** Calls back before the next picture; the result cancels. */
  readonly nextFrame: (draw: () => void) => () => void;
}

export class Live {
  readonly view = new Store<LiveView>({
    board: boardOf(new Map()),
    connection: { phase: 'connecting', first: true },
    skewMs: 0,
    refused: null,
    ready: false,
  });
  readonly #entities: Entities = new Map();
  readonly #client: SocketClient;
  #drawing = false;

  constructor(private readonly options: LiveOptions) {
    const { clock } = options;
    this.#client = new SocketClient({
      clock,
      random: Math.random,
      newId: options.newId,
      openSocket: options.openSocket,
      isOnline: options.isOnline,
      buyTicket: () => this.#buyTicket(),
      tab: () => ({ tab: 'board', visible: true, sound: false, locale: options.locale() }),
      sink: {
        start: (stream, recovered, pushes) => {
          if (stream !== 'board') return;
          if (!recovered) this.#entities.clear();
          this.#take(pushes);
          this.#patch({ ready: true });
        },
        push: (push) => {
          if (push.stream === 'board') this.#take([push]);
        },
        welcome: (welcome) => {
          this.#patch({ skewMs: Date.parse(welcome.server_time) - clock.now() });
        },
        connection: (connection) => this.#patch({ connection }),
      },
    });
    this.#client.follow('board');
  }

  start(): void {
    this.#client.start();
  }

  stop(): void {
    this.#client.stop();
  }

  networkChanged(on: boolean): void {
    if (on) this.#client.retryNow();
    else this.#client.wentOffline();
  }

  retryNow(): void {
    this.#client.retryNow();
  }

  async #buyTicket(): Promise<Ticket> {
    try {
      const ticket = await this.options.buyTicket();
      this.#patch({ refused: null });
      return ticket;
    } catch (error) {
      if (error instanceof Refused) this.#patch({ refused: error.message });
      throw error;
    }
  }

  #take(pushes: readonly Push[]): void {
    fold(this.#entities, pushes.map(toldOf));
    if (this.#drawing) return;
    this.#drawing = true;
    this.options.nextFrame(() => {
      this.#drawing = false;
      this.#patch({ board: boardOf(this.#entities) });
    });
  }

  #patch(part: Partial<LiveView>): void {
    this.view.update((view) => ({ ...view, ...part }));
  }
}
