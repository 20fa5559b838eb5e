// @vitest-environment happy-dom
import { render } from 'preact';
import { act } from 'preact/test-utils';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import callJson from '../../../protocol/fixtures/call.changed.json';
import contactJson from '../../../protocol/fixtures/contact.changed.json';
import outgoingJson from '../../../protocol/fixtures/outgoing.changed.json';
import type { Host } from '../hosts/host';
import { Words } from '../i18n';
import { Ringer } from '../media/ringer';
import { Phone } from '../phone';
import { Session } from '../protocol/session';
import type { CallChanged, ContactChanged, OutgoingChanged, Push } from '../protocol/messages';
import { reduce } from '../state/reducer';
import { EMPTY } from '../state/state';
import { Store } from '../state/store';
import { FakeClock, FakeSocket } from '../testing';
import { App } from './App';
import { dialTarget } from './DialBox';

const call = callJson as unknown as CallChanged;
const contact = contactJson as unknown as ContactChanged;
const outgoing = outgoingJson as unknown as OutgoingChanged;

/** Writes down what it was asked to do. */
class AskedPhone extends Phone {
  readonly asked: unknown[][] = [];
  #ask(...what: unknown[]): Promise<boolean> {
    this.asked.push(what);
    return Promise.resolve(true);
  }
  override answer(id: string): Promise<boolean> {
    return this.#ask('answer', id);
  }
  override decline(id: string): Promise<boolean> {
    return this.#ask('decline', id);
  }
  override hold(id: string, on: boolean): Promise<boolean> {
    return this.#ask('hold', id, on);
  }
  override dial(target: string, source?: string): Promise<boolean> {
    return this.#ask('dial', target, source);
  }
  override chooseContact(id: string, record: { id: string }): Promise<boolean> {
    return this.#ask('choose', id, record.id);
  }
  override retryLookup(id: string): Promise<boolean> {
    return this.#ask('retry', id);
  }
  override setStatus(status: string, reason: string | null): Promise<boolean> {
    return this.#ask('status', status, reason);
  }
}

let phone: AskedPhone;
let root: HTMLElement;
let layouts: unknown[][];
let opened: string[];

beforeEach(async () => {
  const token = { token: 't', expires_at: '2026-03-02T21:00:00Z' };
  layouts = [];
  opened = [];
  phone = new AskedPhone({
    session: new Session('https://dozvon.test', token),
    clock: new FakeClock(),
    tab: { id: 'tab_1', visible: new Store(true) },
    sound: new Store(true),
    locale: () => 'ru',
    openSocket: (url) => new FakeSocket(url),
    isOnline: () => true,
  });
  const host: Host = {
    kind: 'standalone',
    openPhone: null,
    api: '',
    session: token,
    surroundings: { locale: 'ru', theme: 'light' },
    openUrl: (url) => opened.push(url),
    layout: (...what) => layouts.push(what),
    calling: () => undefined,
    signIn: () => undefined,
    whyOver: () => Promise.resolve(null),
    onSurroundings: () => () => undefined,
    onDial: () => () => undefined,
  };
  root = document.createElement('div');
  document.body.append(root);
  const app = <App phone={phone} host={host} words={new Words('ru')} sound={new Ringer()} />;
  await act(() => render(app, root));
});

afterEach(async () => {
  await act(() => render(null, root));
  root.remove();
});

async function show(...pushes: Push[]): Promise<void> {
  await act(() => {
    const state = pushes.reduce(reduce, EMPTY);
    phone.view.update((view) => ({ ...view, state, connection: { phase: 'online' } }));
  });
}

async function press(code: string): Promise<void> {
  const event = new KeyboardEvent('keydown', { code, altKey: true, cancelable: true });
  await act(() => void window.dispatchEvent(event));
}

async function click(words: string): Promise<void> {
  const found = [...root.querySelectorAll<HTMLElement>('button, a')].find((one) =>
    one.textContent.includes(words),
  );
  if (!found) throw new Error(`nothing says ${words}`);
  await act(() => found.click());
}

describe('a ringing card', () => {
  it('shows who, from where and what is open', async () => {
    await show(call, contact);
    for (const text of [
      'Мария Седова',
      '+7 495 000-01-17',
      'ООО «Северный свет»',
      'Сайт',
      'Отдел продаж',
      'Поставка светильников',
      'Продажи · Переговоры',
      'Просрочено',
    ]) {
      expect(root.textContent).toContain(text);
    }
    expect(layouts.at(-1)?.[0]).toBe('ringing');
  });

  it('takes the focus and is announced', async () => {
    await show(call);
    expect(document.activeElement?.className).toContain('card-ringing');
    expect(root.querySelector('[aria-live="assertive"]')?.textContent).toContain('Мария Седова');
  });

  it('is answered and declined from the keyboard, whatever the layout', async () => {
    await show(call);
    await press('KeyA');
    await press('KeyD');
    expect(phone.asked).toEqual([
      ['answer', call.call_id],
      ['decline', call.call_id],
    ]);
  });

  it('offers no answer where the device cannot be answered from here', async () => {
    await show({ ...call, actions: ['decline'] });
    await press('KeyA');
    expect(phone.asked).toEqual([]);
    expect(root.textContent).toContain('Снимите трубку: Настольный телефон');
  });

  it('opens records the way the page around does', async () => {
    await show(call, contact);
    await click('Поставка светильников');
    expect(opened).toEqual(['https://portal.example/crm/deal/details/88/']);
  });
});

describe('the search for the caller', () => {
  it.each([
    ['looking', 'Ищем в CRM'],
    ['not_found', 'Создать контакт'],
    ['unavailable', 'Повторить поиск'],
  ] as const)('%s looks like nothing else', async (lookup, words) => {
    await show(call, { ...contact, lookup, matches: [] });
    expect(root.textContent).toContain(words);
    const others = ['Ищем в CRM', 'Создать контакт', 'Повторить поиск'].filter((x) => x !== words);
    for (const other of others) expect(root.textContent).not.toContain(other);
  });

  it('offers every match and sends the choice', async () => {
    const [match] = contact.matches;
    if (!match) throw new Error('the golden contact has a match');
    const second = { ...match, record: { kind: 'lead', id: '9' }, name: 'Заявка' } as const;
    await show(call, { ...contact, matches: [match, second] });
    await click('Заявка');
    expect(phone.asked).toEqual([['choose', call.call_id, '9']]);
  });

  it('never puts a stranger’s address into a link', async () => {
    const [match] = contact.matches;
    if (!match) throw new Error('the golden contact has a match');
     
    await show(call, { ...contact, matches: [{ ...match, url: 'javascript:alert(1)' }] });
    expect(root.querySelector('.caller a')).toBeNull();
  });
});

describe('a call in progress', () => {
  const talking: CallChanged = { ...call, state: 'talking', my_leg: 'up', actions: ['hangup', 'hold'] };

  it('is held and resumed by the same key', async () => {
    await show(talking);
    await press('KeyH');
    await show({ ...talking, version: 9, state: 'held', actions: ['hangup', 'unhold'] });
    await press('KeyH');
    expect(phone.asked).toEqual([
      ['hold', call.call_id, true],
      ['hold', call.call_id, false],
    ]);
  });

  it('keeps keys for a menu from going astray when a second one rings', async () => {
    await show(talking);
    const pad = document.createElement('div');
    pad.className = 'keypad';
    pad.tabIndex = -1;
    root.append(pad);
    pad.focus();
    await show({ ...call, entity: 'call:2', call_id: '2', name: 'Пётр Власов' });
    expect(document.activeElement).toBe(pad);
    pad.remove();
  });

  it('stays beside a second caller, who comes first', async () => {
    const second = { ...call, entity: 'call:2', call_id: '2', name: 'Пётр Власов' };
    await show(talking, second);
    const cards = [...root.querySelectorAll('.card')].map((card) => card.textContent);
    expect(cards).toHaveLength(2);
    expect(cards[0]).toContain('Второй звонок');
    expect(cards[0]).toContain('Пётр Власов');
  });

  it('says how it ended and why', async () => {
    await show({ ...call, direction: 'outbound', state: 'ended', outcome: 'lost', cause: 'busy' });
    expect(root.textContent).toContain('Не дозвонились');
    expect(root.textContent).toContain('Номер занят');
    await click('Перезвонить');
    expect(phone.asked).toEqual([['dial', call.number, 'redial']]);
  });
});

describe('the status', () => {
  it('is chosen from five', async () => {
    await show();
    await act(() => root.querySelector<HTMLElement>('.status-button')?.click());
    expect(root.querySelectorAll('[role="radio"]')).toHaveLength(5);
    await click('Перерыв');
    expect(phone.asked).toEqual([['status', 'break', null]]);
  });
});

describe('a dialled number', () => {
  it.each([
    ['+7 (495) 000-01-17', '+74950000117', null],
    ['101', '101', null],
    ['*72#', '*72#', null],
    ['+7 495 000-01-17 доб. 21-4', '+74950000117', '214'],
    ['84950000117,,2,14', '84950000117', ',,2,14'],
    ['84950000117,', '84950000117', null],
    ['доб. 214', null, null],
    ['звонок', null, null],
    ['', null, null],
    ['1'.repeat(21), null, null],
  ])('%s is sent as %s', (typed, number, extension) => {
    expect(dialTarget(typed)).toEqual(number === null ? null : { number, extension });
  });
});

describe('the outgoing number', () => {
  const choose = async (number: string): Promise<void> => {
    const select = root.querySelector('select');
    if (!select) throw new Error('nothing to choose from');
    select.value = number;
    await act(() => void select.dispatchEvent(new Event('change', { bubbles: true })));
  };

  it('is chosen by who may, the rule standing first', async () => {
    expect(root.querySelector('select')).toBeNull();
    await show(outgoing);
    const options = [...root.querySelectorAll('option')].map(({ textContent }) => textContent);
    expect(options[0]).toContain('как в настройках');
    expect(options).toHaveLength(outgoing.numbers.length + 1);
    expect(root.querySelector('label')?.htmlFor).toBe(root.querySelector('select')?.id);
    await choose('+74950000118');
    expect(phone.view.get().from).toBe('+74950000118');
    await choose('');
    expect(phone.view.get().from).toBeNull();
  });
});

describe('what a CRM said with its wish', () => {
  it('is on the card', async () => {
    await show({ ...call, extension: '214', extension_dialed: null, message: 'После обеда' });
    expect(root.textContent).toContain('Добавочный: 214 — наберётся');
    expect(root.textContent).toContain('«После обеда»');
  });

  it.each([
    [true, '— набран'],
    [false, 'наберите сами'],
  ])('says what became of the extension: %s', async (extension_dialed, told) => {
    await show({ ...call, extension: '214', extension_dialed });
    expect(root.textContent).toContain(told);
  });
});
