import { beforeEach, describe, expect, it } from 'vitest';
import callJson from '../../../protocol/fixtures/call.changed.json';
import contactJson from '../../../protocol/fixtures/contact.changed.json';
import { Words } from '../i18n';
import type { View } from '../phone';
import type { CallChanged, Push } from '../protocol/messages';
import { reduce } from '../state/reducer';
import { EMPTY } from '../state/state';
import { Store } from '../state/store';
import { FakeClock, settle } from '../testing';
import { CardDriver, type CardPhone } from './callcard';
import type { CardPort } from './cardqueue';

const call: CallChanged = {
  ...(callJson as unknown as CallChanged),
  virtual_number_name: 'Сайт',
  scenario: 'Отдел продаж',
};

function view(...calls: CallChanged[]): View {
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
class FakePortal implements CardPort {
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

class FakePhone implements CardPhone {
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
  chooseContact = (id: string, record: unknown): Promise<boolean> =>
    this.#ask('choose', id, record);
}

let clock: FakeClock;
let portal: FakePortal;
let phone: FakePhone;
let answers: (string | null | Error)[];
let waiting: (() => void)[];
let leads: boolean;
let released: number;
let hidden: string[];

beforeEach(() => {
  clock = new FakeClock();
  portal = new FakePortal(clock);
  phone = new FakePhone();
  answers = [call.call_id];
  waiting = [];
  leads = true;
  released = 0;
  hidden = [];
});

function driver(): CardDriver {
  const made = new CardDriver({
    port: portal,
    phone,
    clock,
    words: new Words('ru'),
    callOfCard: () => {
      const answer = answers.length > 1 ? answers.shift() : answers[0];
      return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer ?? null);
    },
    takeTurns: (_, lead) => {
      if (leads) queueMicrotask(lead);
      else waiting.push(lead);
      return () => (released += 1);
    },
    onHidden: (id) => hidden.push(id),
  });
  made.start();
  made.start();
  return made;
}

async function raised(...calls: CallChanged[]): Promise<void> {
  phone.view.set(view(...calls));
  driver();
  portal.fire('initialized', { CALL_ID: 'card-1', CALL_DIRECTION: 'incoming' });
  await clock.pass(0);
}

async function becomes(change: Partial<CallChanged>): Promise<void> {
  phone.view.set(view({ ...call, version: 9, ...change }));
  await clock.pass(0);
}

describe('a card of our call', () => {
  it('shows who calls, from where, and rings', async () => {
    await raised(call);
    expect(portal.commands).toEqual([
      ['CallCardSetCardTitle', { title: 'Мария Седова' }],
      ['CallCardSetUiState', { uiState: 'incoming' }],
      ['CallCardSetStatusText', { statusText: 'Сайт · Отдел продаж' }],
    ]);
  });

  it('gets no command before it is initialized', async () => {
    phone.view.set(view(call));
    driver();
    await becomes({ state: 'talking' });
    expect(portal.commands).toEqual([]);
  });

  it('follows the call and sends only what changed', async () => {
    await raised(call);
    await becomes({ state: 'talking', my_leg: 'up', actions: ['hangup', 'hold'] });
    await becomes({ state: 'held', my_leg: 'up', actions: ['hangup', 'unhold'] });
    expect(portal.sent('CallCardSetUiState')).toEqual(['incoming', 'connected']);
    expect(portal.sent('CallCardSetHold')).toEqual([true]);
    expect(portal.sent('CallCardSetCardTitle')).toHaveLength(1);
  });

  it('shows connecting while the answer is on its way', async () => {
    await raised(call);
    phone.view.set({ ...view(call), pending: new Set([`answer:${call.call_id}`]) });
    await clock.pass(0);
    expect(portal.sent('CallCardSetUiState')).toEqual(['incoming', 'connectingIncoming']);
  });

  it('closes when the call is taken away, once', async () => {
    await raised(call);
    phone.view.set(view());
    phone.view.set({ ...view(), skewMs: 1 });
    await clock.pass(0);
    expect(portal.sent('CallCardClose')).toHaveLength(1);
  });

  it('offers to call again a number that was not reached', async () => {
    await raised({ ...call, direction: 'outbound', actions: ['hangup'] });
    await becomes({ direction: 'outbound', state: 'ended', outcome: 'lost', cause: 'busy' });
    portal.fire('makeCallButtonClick');
    expect(portal.sent('CallCardSetUiState')).toEqual(['connectingOutgoing', 'redial']);
    expect(portal.sent('CallCardSetStatusText').at(-1)).toBe('Номер занят');
    expect(phone.asked).toEqual([['dial', call.number]]);
  });

  it('names a second caller in its status text', async () => {
    const talking: CallChanged = { ...call, state: 'talking', my_leg: 'up' };
    const other: CallChanged = {
      ...call,
      entity: 'call:2',
      call_id: '2',
      name: 'Пётр Власов',
    };
    await raised(talking, other);
    expect(portal.sent('CallCardSetStatusText')).toEqual(['Второй звонок: Пётр Власов']);
  });

  it('keeps a press made before it knew the call, and carries it out once', async () => {
    phone.view.set(view());
    driver();
    portal.fire('initialized', { CALL_ID: 'card-1', CALL_DIRECTION: 'incoming' });
    portal.fire('answerButtonClick');
    await clock.pass(0);
    expect(phone.asked).toEqual([]);
    phone.view.set(view(call));
    phone.view.set({ ...view(call), skewMs: 1 });
    expect(phone.asked.map(([what]) => what)).toEqual(['answer']);
  });

  it('forgets an early press nobody means any more', async () => {
    phone.view.set(view());
    driver();
    portal.fire('initialized', { CALL_ID: 'card-1', CALL_DIRECTION: 'incoming' });
    portal.fire('answerButtonClick');
    await clock.pass(5_500);
    phone.view.set(view(call));
    expect(phone.asked).toEqual([]);
  });

  it('says to pick up where answering from here is impossible', async () => {
    await raised({ ...call, actions: ['decline'] });
    portal.fire('answerButtonClick');
    await clock.pass(0);
    expect(portal.sent('CallCardSetStatusText')[0]).toContain('Снимите трубку');
    expect(phone.asked).toEqual([]);
    // The portal moved to another state by itself: it is put back.
    expect(portal.sent('CallCardSetUiState')).toEqual(['incoming', 'incoming']);
  });
});

describe('clicks', () => {
  it('become commands with ids derived from the call', async () => {
    await raised(call);
    portal.fire('answerButtonClick');
    portal.fire('skipButtonClick');
    expect(phone.asked).toEqual([
      ['answer', call.call_id, `b24_1_${call.call_id}`],
      ['decline', call.call_id],
    ]);
  });

  it('put the hold button back when the switch refused', async () => {
    await raised({ ...call, state: 'talking', my_leg: 'up', actions: ['hangup', 'hold'] });
    phone.works = false;
    portal.fire('holdButtonClick', true);
    await settle();
    await clock.pass(0);
    expect(phone.asked).toEqual([['hold', call.call_id, true]]);
    expect(portal.sent('CallCardSetHold')).toEqual([false]);
  });

  it('on mute are undone: the voice is on the phone', async () => {
    await raised({ ...call, state: 'talking', my_leg: 'up' });
    portal.fire('muteButtonClick', true);
    await clock.pass(0);
    expect(portal.sent('CallCardSetMute')).toEqual([false]);
    expect(portal.sent('CallCardSetStatusText').at(-1)).toContain('Микрофон выключается');
  });

  it.each([
    ['transferButtonClick', { phoneNumber: '+7', target: '7' }, 'Переведите звонок'],
    ['completeTransferButtonClick', undefined, 'Переведите звонок'],
    ['cancelTransferButtonClick', undefined, 'Переведите звонок'],
    ['dialpadButtonClick', '5', 'Наберите цифры'],
    ['qualityMeterClick', '3', 'Качество связи'],
    ['notifyAdminButtonClick', undefined, 'администратору'],
    ['addCommentButtonClick', 'перезвонить утром', 'Комментарий останется'],
    ['nextButtonClick', undefined, 'Сначала завершите'],
  ])('on %s are answered with what to do instead, for a moment', async (event, what, words) => {
    await raised({ ...call, state: 'talking', my_leg: 'up', actions: ['hangup', 'hold'] });
    portal.fire(event, what);
    await clock.pass(0);
    expect(portal.sent('CallCardSetStatusText').at(-1)).toContain(words);
    expect(portal.sent('CallCardSetUiState').at(-1)).toBe('connected');
    await clock.pass(6_500);
    expect(portal.sent('CallCardSetStatusText').at(-1)).toBe('Сайт · Отдел продаж');
    expect(phone.asked).toEqual([]);
  });

  it('fired twice by a portal are one press', async () => {
    await raised({ ...call, state: 'talking', my_leg: 'up', actions: ['hangup', 'hold'] });
    portal.fire('hangupButtonClick');
    portal.fire('hangupButtonClick');
    portal.fire('holdButtonClick', true);
    portal.fire('holdButtonClick', false);
    expect(phone.asked.map(([what]) => what)).toEqual(['hangup', 'hold', 'hold']);
    await clock.pass(500);
    portal.fire('hangupButtonClick');
    expect(phone.asked.filter(([what]) => what === 'hangup')).toHaveLength(2);
  });

  it('on close put the ended call and its card away', async () => {
    const ended = { state: 'ended', outcome: 'failed', cause: 'invalid_number' } as const;
    await raised({ ...call, direction: 'outbound', actions: ['dismiss'], ...ended });
    expect(portal.sent('CallCardSetUiState')).toEqual(['error']);
    expect(portal.sent('CallCardSetStatusText')).toEqual(['Такого номера не существует']);
    portal.fire('closeButtonClick');
    await clock.pass(0);
    expect(phone.asked).toEqual([['dismiss', call.call_id]]);
    expect(portal.sent('CallCardClose')).toHaveLength(1);
  });

  it('to call, on a call-back that rings, pick it up', async () => {
    await raised({ ...call, direction: 'outbound', actions: ['answer', 'decline'] });
    expect(portal.sent('CallCardSetUiState')).toEqual(['incoming']);
    portal.fire('makeCallButtonClick');
    expect(phone.asked.map(([what]) => what)).toEqual(['answer']);
  });

  it('to call again take the old card away before the new call is placed', async () => {
    await raised({ ...call, direction: 'outbound', actions: ['hangup'] });
    await becomes({ direction: 'outbound', state: 'ended', outcome: 'lost', cause: 'no_answer', actions: ['dismiss'] });
    portal.fire('makeCallButtonClick');
    await clock.pass(0);
    expect(portal.commands.at(-1)?.[0]).toBe('CallCardClose');
    expect(phone.asked.map(([what]) => what)).toEqual(['dismiss', 'dial']);
  });
});

describe('a record', () => {
  const two = (chosen: unknown): unknown => ({
    ...contactJson,
    entity: `contact:${call.call_id}`,
    call_id: call.call_id,
    lookup: 'found',
    chosen,
    matches: ['7', '8'].map((id) => ({
      ...contactJson.matches[0],
      record: { kind: 'contact', id },
      name: `Контакт ${id}`,
    })),
  });
  const found = (chosen: unknown = null): View => {
    const state = reduce(view(call).state, two(chosen) as Push);
    return { ...view(call), state };
  };
  const named = (id: number): Record<string, unknown> => ({
    PHONE_NUMBER: call.number,
    CRM_ENTITY_TYPE: 'CONTACT',
    CRM_ENTITY_ID: id,
  });

  it('the portal found by itself is nobody’s choice, before the card or with it', async () => {
    phone.view.set(found());
    driver();
    portal.fire('entityChanged', named(7));
    portal.fire('initialized', { CALL_ID: 'card-1', ...named(7) });
    portal.fire('entityChanged', named(7));
    await clock.pass(0);
    expect(phone.asked).toEqual([]);
    expect(portal.sent('CallCardSetCardTitle')).toEqual(['Мария Седова']);
  });

  it('the operator chooses on the card is chosen here, once, and names the card', async () => {
    phone.view.set(view(call));
    driver();
    portal.fire('initialized', { CALL_ID: 'card-1', ...named(7) });
    await clock.pass(0);
    portal.fire('entityChanged', named(8));
    phone.view.set(found());
    phone.view.set({ ...found(), skewMs: 1 });
    expect(phone.asked).toEqual([['choose', call.call_id, { kind: 'contact', id: '8' }]]);
    phone.view.set(found({ kind: 'contact', id: '8' }));
    await clock.pass(0);
    expect(portal.sent('CallCardSetCardTitle').at(-1)).toBe('Контакт 8');
  });

  it.each([
    { CRM_ENTITY_TYPE: 'DEAL', CRM_ENTITY_ID: 3 },
    { CRM_ENTITY_TYPE: 'CONTACT', CRM_ENTITY_ID: 99 },
    { CRM_ENTITY_TYPE: '', CRM_ENTITY_ID: 0 },
    'nonsense',
    null,
  ])('that is none of the caller’s (%o) is left alone', async (argument) => {
    phone.view.set(found());
    driver();
    portal.fire('initialized', { CALL_ID: 'card-1' });
    await clock.pass(0);
    portal.fire('entityChanged', argument);
    expect(phone.asked).toEqual([]);
  });
});

describe('one card after another', () => {
  it('gets nothing that was meant for the card before it', async () => {
    portal.silent = true;
    const other: CallChanged = { ...call, entity: 'call:2', call_id: '2', name: 'Пётр Власов' };
    answers = [call.call_id, '2'];
    await raised(call, other);
    expect(portal.commands).toHaveLength(1);
    portal.fire('initialized', { CALL_ID: 'card-2' });
    await clock.pass(10_000);
    expect(portal.commands.map(([name]) => name)).toEqual([
      'CallCardSetCardTitle',
      'CallCardSetCardTitle',
      'CallCardSetUiState',
      'CallCardSetStatusText',
    ]);
    expect(portal.sent('CallCardSetCardTitle')).toEqual(['Мария Седова', 'Пётр Власов']);
  });

  it('is not lost to a late refusal of the one before', async () => {
    const late: ((answer: unknown) => void)[] = [];
    const real = portal.call.bind(portal);
    await raised(call);
    portal.call = (command, params, timeoutMs) => {
      void real(command, params, timeoutMs);
      return new Promise((resolve) => late.push(resolve));
    };
    await becomes({ state: 'talking', my_leg: 'up', actions: ['hangup', 'hold'] });
    portal.call = real;
    portal.fire('initialized', { CALL_ID: 'card-2' });
    await clock.pass(0);
    late.forEach((answer) => answer([{ result: 'error', errorCode: 'Call card is undefined' }]));
    await clock.pass(0);
    const sent = portal.commands.length;
    await becomes({ state: 'held', my_leg: 'up', actions: ['hangup', 'unhold'], version: 10 });
    expect(portal.commands.length).toBeGreaterThan(sent);
    expect(hidden).toEqual([]);
  });

  it('finds room: what only says how a call ended goes when another lives', async () => {
    const ended: CallChanged = { ...call, direction: 'outbound', state: 'ended', outcome: 'lost', cause: 'busy' };
    await raised(ended);
    expect(portal.sent('CallCardClose')).toEqual([]);
    phone.view.set(view(ended, { ...call, entity: 'call:2', call_id: '2' }));
    await clock.pass(0);
    expect(portal.commands.at(-1)?.[0]).toBe('CallCardClose');
  });
});

describe('several frames of one page', () => {
  it('leave the card to the one whose turn it is', async () => {
    leads = false;
    await raised(call);
    portal.fire('answerButtonClick');
    expect(portal.commands).toEqual([]);
    expect(phone.asked).toEqual([]);
  });

  it('take the card over when that one closes', async () => {
    leads = false;
    await raised(call);
    waiting.forEach((lead) => lead());
    await clock.pass(0);
    expect(portal.sent('CallCardSetUiState')).toEqual(['incoming']);
  });
});

describe('a portal with its quirks', () => {
  it('does not hold up the next command by staying silent', async () => {
    portal.silent = true;
    await raised(call);
    await clock.pass(5_000);
    expect(portal.commands.map(([name]) => name)).toEqual([
      'CallCardSetCardTitle',
      'CallCardSetUiState',
      'CallCardSetStatusText',
    ]);
  });

  it('gets no more commands for a card it does not have', async () => {
    await raised(call);
    portal.gone = true;
    await becomes({ state: 'talking', my_leg: 'up' });
    const sent = portal.commands.length;
    await becomes({ state: 'held', my_leg: 'up', version: 10 });
    expect(portal.commands).toHaveLength(sent);
  });

  it('hides the card behind a call list: whoever can is told of the live call, once', async () => {
    portal.gone = true;
    await raised(call);
    expect(hidden).toEqual([call.call_id]);
    expect(released).toBe(1);
    portal.fire('answerButtonClick');
    await becomes({ state: 'talking', my_leg: 'up' });
    expect(hidden).toHaveLength(1);
    expect(phone.asked).toEqual([]);
  });

  it('that lacks a state is not asked for it', async () => {
    portal.states = ['incoming', 'connected'];
    await raised({ ...call, direction: 'outbound', actions: ['hangup'] });
    await becomes({ direction: 'outbound', state: 'talking', my_leg: 'up' });
    expect(portal.sent('CallCardSetUiState')).toEqual(['connected']);
  });

  it.each([[[{ result: 'error', errorCode: 'x' }]], [[]], [null], ['incoming']])(
    'that names its states as %o is believed to have all',
    async (states) => {
      portal.states = states;
      await raised(call);
      expect(portal.sent('CallCardSetUiState')).toEqual(['incoming']);
    },
  );

  it('of the desktop application refuses without an array', async () => {
    await raised(call);
    portal.call = () => Promise.resolve({ result: 'error', errorCode: 'Call card is undefined' });
    await becomes({ state: 'talking', my_leg: 'up' });
    expect(hidden).toEqual([call.call_id]);
  });

  it('may tell of a click long after it drew the card', async () => {
    answers = [null, null, null, null, null, null, call.call_id];
    await raised({ ...call, direction: 'outbound', actions: ['hangup'] });
    await clock.pass(21_000);
    expect(portal.sent('CallCardSetUiState')).toEqual(['connectingOutgoing']);
  });

  it('may show the card before our server knows its number', async () => {
    answers = [null, new Error('away'), call.call_id];
    await raised(call);
    await clock.pass(1_500);
    expect(portal.sent('CallCardSetUiState')).toEqual(['incoming']);
  });

  it('keeps cards that are not ours', async () => {
    answers = [null];
    await raised(call);
    await clock.pass(30_000);
    expect(portal.commands).toEqual([]);
    expect(released).toBe(1);
  });

  it('has a card left over from a call that is gone closed', async () => {
    await raised();
    await clock.pass(7_000);
    expect(portal.sent('CallCardClose')).toHaveLength(1);
  });
});
