// @vitest-environment happy-dom
import { render } from 'preact';
import { act } from 'preact/test-utils';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import callJson from '../../../../protocol/fixtures/call.changed.json';
import employeeJson from '../../../../protocol/fixtures/employee.changed.json';
import groupsJson from '../../../../protocol/fixtures/groups.changed.json';
import { Words } from '../../i18n';
import type { Ask } from '../../protocol/client';
import { CommandFailed } from '../../protocol/failure';
import type {
  CallChanged,
  ColleaguePhoneChanged,
  EmployeeChanged,
  GroupsChanged,
  Push,
} from '../../protocol/messages';
import { reduce } from '../../state/reducer';
import { EMPTY } from '../../state/state';
import type { Verdict } from '../../voice/quality';
import type { LegViews } from '../../voice/talks';
import { AmbientContext } from '../context';
import { Talk } from './Talk';

const fixture = callJson as unknown as CallChanged;
const talking: CallChanged = {
  ...fixture,
  state: 'talking',
  my_leg: 'up',
  actions: ['hangup', 'hold'],
  transfer: null,
  parties: [],
  controls: ['mute', 'keypad', 'transfer_blind', 'transfer_attended'],
  barred: [],
};
const employee = employeeJson as unknown as EmployeeChanged;
const groupsPush = groupsJson as unknown as GroupsChanged;

function colleague(id: string, name: string, extension: string | null): EmployeeChanged {
  return { ...employee, entity: `employee:${id}`, employee_id: id, name, extension };
}

let root: HTMLElement;
let asked: Ask[];
let fails: CommandFailed | null;
let answer: (() => Promise<unknown>) | null;
let legs: LegViews;
let followed: string[];

beforeEach(() => {
  asked = [];
  followed = [];
  fails = null;
  answer = null;
  legs = {};
  root = document.createElement('div');
  document.body.append(root);
});

afterEach(async () => {
  await act(() => render(null, root));
  root.remove();
});

async function show(call: CallChanged, ...pushes: Push[]): Promise<void> {
  const state = pushes.reduce(reduce, EMPTY);
  const phone = {
    askFor: (ask: Ask): Promise<unknown> => {
      asked.push(ask);
      if (answer) return answer();
      return fails ? Promise.reject(fails) : Promise.resolve(null);
    },
    follow: (stream: string) => {
      followed.push(stream);
      return () => undefined;
    },
  };
  const ambient = { words: new Words('ru'), openUrl: () => undefined, myId: 'me', skewMs: 0, legs };
  await act(() =>
    render(
      <AmbientContext.Provider value={ambient}>
        <Talk call={call} state={state} phone={phone} first small={false} />
      </AmbientContext.Provider>,
      root,
    ),
  );
}

function named(words: string): HTMLElement {
  const found = [...root.querySelectorAll<HTMLElement>('button')].find((one) =>
    (one.getAttribute('aria-label') ?? one.textContent).includes(words),
  );
  if (!found) throw new Error(`nothing is called ${words}`);
  return found;
}

async function click(words: string): Promise<void> {
  await act(() => named(words).click());
}

async function type(label: string, text: string): Promise<HTMLInputElement> {
  const box = root.querySelector<HTMLInputElement>(`input[aria-label^="${label}"]`);
  if (!box) throw new Error(`no ${label}`);
  await act(() => {
    box.value = text;
    box.dispatchEvent(new Event('input', { bubbles: true }));
  });
  return box;
}

async function key(target: Element | Window, init: KeyboardEventInit): Promise<void> {
  const event = new KeyboardEvent('keydown', { ...init, bubbles: true, cancelable: true });
  await act(() => void target.dispatchEvent(event));
}

const ID = { call_id: talking.call_id };

describe('the controls of a talk', () => {
  it('mute by the button and by Alt+M, and say that nobody hears', async () => {
    await show(talking);
    await click('Выключить микрофон');
    await show({ ...talking, muted: true, controls: ['unmute'] });
    expect(root.textContent).toContain('вас не слышат');
    await key(window, { code: 'KeyM', altKey: true });
    expect(asked).toEqual([
      { type: 'call.mute', ...ID, on: true },
      { type: 'call.mute', ...ID, on: false },
    ]);
  });

  it('send keys pressed and typed, each once', async () => {
    await show(talking);
    await click('Клавиши');
    await click('5');
    const pad = root.querySelector('.keypad');
    if (!pad) throw new Error('no keypad');
    await key(pad, { key: '#' });
    await key(pad, { key: 'x' });
    expect(asked).toEqual([
      { type: 'call.dtmf', ...ID, digits: '5' },
      { type: 'call.dtmf', ...ID, digits: '#' },
    ]);
    await key(pad, { key: 'Escape' });
    expect(root.querySelector('.keypad')).toBeNull();
  });

  it('pass the call on by # and a number', async () => {
    await show(talking);
    await key(window, { code: 'KeyK', altKey: true });
    const pad = root.querySelector('.keypad');
    if (!pad) throw new Error('no keypad');
    for (const digit of '#200') await key(pad, { key: digit });
    expect(asked).toEqual([]);
    await key(pad, { key: 'Enter' });
    expect(asked).toEqual([
      { type: 'call.transfer', ...ID, kind: 'blind', note: null, number: '200' },
    ]);
  });

  it('find colleagues with an extension, groups and any number', async () => {
    const boris = colleague('b', 'Борис Литвин', '102');
    await show(talking, boris, colleague('c', 'Без Номера', null), groupsPush);
    await click('Перевести');
    expect(followed).toEqual(['colleagues']);
    const rows = (): string[] =>
      [...root.querySelectorAll('.entry-name')].map((one) => one.textContent);
    expect(rows()).toEqual(['Борис Литвин', 'Отдел продаж']);
    await type('Имя, отдел', '#+79160000001');
    expect(rows()).toEqual(['+7 916 000-00-01']);
    await type('Имя, отдел', 'бор');
    await type('Сообщение', 'Просит скидку');
    await click('Сначала поговорить: Борис');
    expect(asked).toEqual([
      { type: 'call.transfer', ...ID, kind: 'attended', note: 'Просит скидку', employee_id: 'b' },
    ]);
    expect(root.querySelector('.transfer')).toBeNull();
  });

  it('show what was muted in this tab, though the server has not heard of it', async () => {
    const verdict = { bars: 4, fault: null, side: null } as unknown as Verdict;
    legs = { [talking.call_id]: { verdict, speaksMuted: false, muted: true } };
    answer = () => new Promise(() => undefined);
    await show(talking);
    expect(root.textContent).toContain('вас не слышат');
    await click('Включить микрофон');
    await click('Включить микрофон');
    const ask = { type: 'call.mute', ...ID, on: false };
    expect(asked).toEqual([ask, ask]);
  });

  it('say why the sound stayed in the tab it was in', async () => {
    await show({ ...talking, voice_stayed: 'no_sound' });
    expect(root.querySelector('[role=alert]')?.textContent).toContain('в новую он не дошёл');
    await show({ ...talking, voice_stayed: 'of_a_later_server' as 'switch' });
    expect(root.querySelector('[role=alert]')?.textContent).toContain('станция не соединила');
    await show(talking);
    expect(root.querySelector('[role=alert]')).toBeNull();
  });

  it('let keys wait for each other, and hold up nothing else', async () => {
    const done: (() => void)[] = [];
    await show(talking);
    answer = () => new Promise((resolve) => done.push(() => resolve(null)));
    await click('Клавиши');
    for (const digit of ['4', '2', '#']) await click(digit);
    await click('Выключить микрофон');
    expect(asked).toEqual([
      { type: 'call.dtmf', ...ID, digits: '4' },
      { type: 'call.mute', ...ID, on: true },
    ]);
    await act(async () => {
      done[0]?.();
      await Promise.resolve();
    });
    expect(asked.at(-1)).toEqual({ type: 'call.dtmf', ...ID, digits: '2#' });
  });

  it('show whose browser phone is not ready as not free', async () => {
    const phonePush: ColleaguePhoneChanged = {
      type: 'colleague.phone_changed',
      stream: 'colleagues',
      entity: 'phone:b',
      seq: 1,
      version: 1,
      employee_id: 'b',
      missing: ['tab'],
      since: '2026-03-02T09:00:00Z',
    };
    await show(talking, colleague('b', 'Борис', '102'), phonePush);
    await click('Перевести');
    expect(root.querySelector('.status-dot')?.classList.contains('status-busy')).toBe(true);
  });

  it('say why a transfer was refused, and that the talk goes on', async () => {
    fails = new CommandFailed('wrong_state', '', null, 'off_work');
    await show(talking, colleague('b', 'Борис', '102'));
    await click('Перевести');
    await click('Перевести сразу: Борис');
    expect(root.querySelector('[role=alert]')?.textContent).toBe(
      'Перевести не удалось: не принимает звонки. Разговор продолжается.',
    );
  });

  it('grey what the switch cannot do, with the reason', async () => {
    await show({ ...talking, controls: ['keypad'], barred: ['mute', 'transfer_blind'] });
    const mute = named('Выключить микрофон: ваша телефонная станция');
    expect(mute.hasAttribute('disabled')).toBe(true);
    expect(named('Перевести: ваша телефонная станция').hasAttribute('disabled')).toBe(true);
  });
});

describe('a transfer under way', () => {
  const step = {
    kind: 'attended',
    phase: 'consulting',
    role: 'sender',
    target: 'Борис',
    by: 'Анна',
    reason: null,
    note: 'Просит скидку',
    swapped: false,
  } as const;

  it('can be completed, merged and taken back by its sender', async () => {
    const controls = ['transfer_complete', 'merge', 'swap', 'transfer_cancel'] as const;
    await show({ ...talking, state: 'held', transfer: step, controls });
    expect(root.textContent).toContain('Вы говорите с: Борис. Абонент слушает музыку');
    expect(root.textContent).not.toContain('Просит скидку');
    for (const words of ['Соединить', 'Втроём', 'Вернуть звонок']) await click(words);
    expect(asked.map((one) => one.type)).toEqual([
      'call.transfer_complete',
      'call.merge',
      'call.transfer_cancel',
    ]);
  });

  it.each([
    [{ phase: 'ringing', role: 'target' }, 'Вам переводит Анна«Просит скидку»'],
    [{ phase: 'done', role: 'target' }, 'Звонок передал(а) Анна«Просит скидку»'],
    [{ phase: 'returning', reason: 'no_answer' }, 'Борис: не ответил. Звонок вернулся к вам'],
    [{ phase: 'failed', reason: 'busy' }, 'Не переведён, Борис: занят разговором'],
    [{ phase: 'ringing', kind: 'blind' }, 'Переводим: Борис. Абонент слушает музыку'],
  ] as const)('tells where it is: %o', async (facts, text) => {
    await show({ ...talking, transfer: { ...step, ...facts } });
    expect(root.querySelector('.talk-step')?.textContent).toBe(text);
  });

  it('of three names the others and lets one leave', async () => {
    const party = { leg: 'up', apart: false, muted: false, employee_id: null } as const;
    const parties = [
      { ...party, kind: 'customer', name: 'Мария', number: '+7' },
      { ...party, kind: 'outside', name: null, number: '+79160000001' },
    ] as const;
    await show({ ...talking, parties, controls: ['leave'] });
    expect(root.textContent).toContain('В разговоре: Мария, внешний номер +7 916 000-00-01');
    await click('Выйти');
    expect(asked).toEqual([{ type: 'call.leave', ...ID }]);
  });
});
