/** The portal's call card for tests: a portal, a phone and time, all of them fakes. */
import callJson from '../../../protocol/fixtures/call.changed.json';
import { Words } from '../i18n';
import type { View } from '../phone';
import type { Ask } from '../protocol/client';
import { CommandFailed } from '../protocol/failure';
import type { CallChanged } from '../protocol/messages';
import { reduce } from '../state/reducer';
import { EMPTY } from '../state/state';
import { Store } from '../state/store';
import { FakeClock } from '../testing';
import { CardDriver, type CardPhone } from './callcard';
import type { CardPort } from './cardqueue';

export const call: CallChanged = {
  ...(callJson as unknown as CallChanged),
  virtual_number_name: 'Сайт',
  scenario: 'Отдел продаж',
  transfer: null,
  controls: [],
  barred: [],
};

export function view(...calls: CallChanged[]): View {
  return {
    state: calls.reduce(reduce, EMPTY),
    connection: { phase: 'online' },
    you: null,
    skewMs: 0,
    notices: [],
    pending: new Set(),
    history: { phase: 'idle', entries: [], next: null },
    from: null,
  };
}

/** The portal: remembers commands, answers them (or not), fires events. */
export class FakePortal implements CardPort {
  readonly commands: [string, unknown][] = [];
  silent = false;
  gone = false;
  states: unknown = [];
  readonly #bound = new Map<string, ((argument: unknown) => void)[]>();

  constructor(private readonly clock: FakeClock) {}

  call(command: string, params: unknown, timeoutMs: number): Promise<unknown> {
    if (command === 'CallCardGetListUiStates') return Promise.resolve(this.states);
    this.commands.push([command, params]);
    if (this.gone) return Promise.resolve([{ result: 'error', errorCode: 'Call card is undefined' }]);
    if (!this.silent) return Promise.resolve([]);
    return new Promise((_, reject) => {
      this.clock.after(timeoutMs, () => reject(new Error('silent')));
    });
  }

  bind(event: string, listener: (argument: unknown) => void): void {
    this.#bound.set(event, [...(this.#bound.get(event) ?? []), listener]);
  }

  fire(event: string, argument?: unknown): void {
    for (const listener of this.#bound.get(`BackgroundCallCard::${event}`) ?? []) listener(argument);
  }

  /** Values sent with this command, in order. */
  sent(command: string): unknown[] {
    return this.commands
      .filter(([name]) => name === command)
      .map(([, params]) => Object.values(params as object)[0] as unknown);
  }
}

export class FakePhone implements CardPhone {
  readonly view = new Store<View>(view());
  readonly asked: unknown[][] = [];
  works = true;
  #ask = (...what: unknown[]): Promise<boolean> => {
    this.asked.push(what);
    return Promise.resolve(this.works);
  };
  answer = (id: string, command?: string): Promise<boolean> => this.#ask('answer', id, command);
  decline = (id: string): Promise<boolean> => this.#ask('decline', id);
  hangUp = (id: string): Promise<boolean> => this.#ask('hangup', id);
  hold = (id: string, on: boolean): Promise<boolean> => this.#ask('hold', id, on);
  dismiss = (id: string): Promise<boolean> => this.#ask('dismiss', id);
  dial = (number: string): Promise<boolean> => this.#ask('dial', number);
  askFor = async (ask: Ask, id?: string): Promise<unknown> => {
    this.asked.push([ask, id]);
    return this.works ? null : Promise.reject(new CommandFailed('wrong_state'));
  };
  chooseContact = (id: string, record: unknown): Promise<boolean> =>
    this.#ask('choose', id, record);
}

/** One tab of a portal with its card, our phone behind it, and what the tests make of both. */
export class Scene {
  readonly clock = new FakeClock();
  readonly portal = new FakePortal(this.clock);
  readonly phone = new FakePhone();
  /** What our server says of the card's number, in turn; the last answer goes on. */
  answers: (string | null | Error)[] = [call.call_id];
  waiting: (() => void)[] = [];
  /** Whether this frame is the one whose turn it is. */
  leads = true;
  released = 0;
  readonly hidden: string[] = [];

  driver(): CardDriver {
    const made = new CardDriver({
      port: this.portal,
      phone: this.phone,
      clock: this.clock,
      words: new Words('ru'),
      callOfCard: () => {
        const answer = this.answers.length > 1 ? this.answers.shift() : this.answers[0];
        return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer ?? null);
      },
      takeTurns: (_, lead) => {
        if (this.leads) queueMicrotask(lead);
        else this.waiting.push(lead);
        return () => (this.released += 1);
      },
      onHidden: (id) => this.hidden.push(id),
    });
    made.start();
    made.start();
    return made;
  }

  async raised(...calls: CallChanged[]): Promise<void> {
    this.phone.view.set(view(...calls));
    this.driver();
    this.portal.fire('initialized', { CALL_ID: 'card-1', CALL_DIRECTION: 'incoming' });
    await this.clock.pass(0);
  }

  async becomes(change: Partial<CallChanged>): Promise<void> {
    this.phone.view.set(view({ ...call, version: 9, ...change }));
    await this.clock.pass(0);
  }
}
