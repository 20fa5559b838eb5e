// @vitest-environment happy-dom
import { render } from 'preact';
import { act } from 'preact/test-utils';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import itemsJson from '../../../protocol/fixtures/dialer_items.json';
import listsJson from '../../../protocol/fixtures/dialer_lists.json';
import runJson from '../../../protocol/fixtures/dialer.changed.json';
import { Words } from '../i18n';
import { CommandFailed } from '../protocol/failure';
import type {
  DialerChanged,
  DialerInHand,
  DialerItem,
  DialerItems,
  DialerList,
  DialerLists,
} from '../protocol/messages';
import { AmbientContext } from '../ui/context';
import type { Marked } from '../hosts/host';
import { Refusal } from '../protocol/session';
import { ListsApi, type Statistics } from './api';
import { Desk } from './desk';
import { CardOpener } from './opening';
import { Run } from './Run';
import { Section } from './Section';
import { DIALER_TEXTS, type DialerKey } from './words';

const push = runJson as unknown as DialerChanged;
const lists = listsJson as unknown as DialerLists;
const items = itemsJson as unknown as DialerItems;
const hand = push.in_hand as DialerInHand;
const running: DialerChanged = { ...push, waits: null, next_at: null };

const STATISTICS: Statistics = {
  attempts: 12,
  reached: 9,
  people: 10,
  people_reached: 8,
  answer_rate: 0.75,
  talk_s: 754,
  wrap_up_s: 120,
  preview_s: 60,
  idle_s: 30,
  outcomes: [{ key: 'busy', attempts: 3, reached: 0, name: '' }],
  dispositions: [{ key: 'agreed', attempts: 5, reached: 0, name: 'Agreed' }],
  by_hour: [
    { key: '9', attempts: 4, reached: 3, name: '' },
    { key: '10', attempts: 8, reached: 6, name: '' },
  ],
  by_employee: [],
};

let root: HTMLElement;
let asked: Record<string, unknown>[];
let answers: Record<string, unknown>;
let desk: Desk;

beforeEach(() => {
  fetched = [];
  served = { statistics: STATISTICS };
  root = document.createElement('div');
  document.body.append(root);
  asked = [];
  answers = { 'dialer.lists': lists, 'dialer.items': items };
  desk = new Desk({
    askFor: (ask) => {
      asked.push({ ...ask });
      const answer = answers[ask.type];
      return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
    },
  });
});

afterEach(async () => {
  await act(() => render(null, root));
  root.remove();
});

async function show(element: preact.JSX.Element): Promise<void> {
  const ambient = { words: new Words('en'), openUrl: () => undefined, myId: 'e', skewMs: 0 };
  await act(async () => {
    render(<AmbientContext.Provider value={ambient}>{element}</AmbientContext.Provider>, root);
    await Promise.resolve();
  });
}

function person(change: Partial<DialerInHand>, item: Partial<DialerItem> = {}): DialerChanged {
  return { ...running, in_hand: { ...hand, ...change, item: { ...hand.item, ...item } } };
}

let fetched: { method: string; path: string; body: unknown; key: string | undefined }[];
let served: Record<string, unknown>;

/** The section with an HTTP door that answers from `served`, by the path's end. */
function section(marked: Marked | null, crm: 'amocrm' | 'bitrix24' = 'amocrm'): preact.JSX.Element {
  const api = new ListsApi(
    {
      fetch: (method, path, body, key) => {
        fetched.push({ method, path, body, key });
        const answer = served[path.split('?')[0]?.split('/').at(-1) ?? ''];
        return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
      },
    },
    () => 'en',
  );
  return <Section desk={desk} run={null} api={api} crm={crm} marked={marked} onMarkedDone={() => undefined} />;
}

async function press(words: string): Promise<void> {
  const found = [...root.querySelectorAll<HTMLElement>('button, a, input[type=radio]')].find(
    (one) => (one.getAttribute('aria-label') ?? one.closest('label')?.textContent ?? one.textContent).includes(words),
  );
  if (!found) throw new Error(`nothing says ${words}: ${root.textContent}`);
  await act(async () => {
    found.click();
    await new Promise((resolve) => setTimeout(resolve, 0));
  });
}

const EMPTY_COUNTS = { loaded: 0, waiting: 0, in_hand: 0, done: 0, excluded: 0 };
const sent = (type: string): Record<string, unknown>[] => asked.filter((ask) => ask['type'] === type);
const id = { item_id: hand.item.id, fence: hand.item.fence };

describe('the person before the operator', () => {
  it('is shown with what is known, and is called or passed over with the fence in hand', async () => {
    await show(<Run run={running} desk={desk} cardHeld={false} />);
    for (const text of ['Мария Седова', 'busy', '1 attempt', '74 waiting', 'Dialling in']) {
      expect(root.textContent).toContain(text);
    }
    await press('Call');
    await press('Skip');
    expect(sent('dialer.dial')).toEqual([{ type: 'dialer.dial', ...id }]);
    expect(sent('dialer.skip')).toEqual([{ type: 'dialer.skip', ...id }]);
  });

  it('waits for a press on an advertising list, and says when the time to look is over', async () => {
    await show(<Run run={person({ press: true, until: '2020-01-01T00:00:00Z' })} desk={desk} cardHeld={false} />);
    expect(root.textContent).toContain('The time to look is over');
    expect(root.textContent).not.toContain('Dialling in');
  });

  it('may be called on another of his numbers', async () => {
    const numbers = hand.item.numbers.map((one) => ({ ...one, refusal: null }));
    await show(<Run run={person({}, { numbers })} desk={desk} cardHeld={false} />);
    const select = root.querySelector('select') as HTMLSelectElement;
    await act(() => {
      select.value = '+74950000118';
      select.dispatchEvent(new Event('change', { bubbles: true }));
    });
    await press('Call');
    expect(sent('dialer.dial')).toEqual([{ type: 'dialer.dial', ...id, number: '+74950000118' }]);
  });

  it('gets a result and a note in the wrap-up, then the next comes', async () => {
    vi.setSystemTime(new Date('2026-03-02T09:20:00Z'));
    await show(<Run run={person({}, { phase: 'wrap_up' })} desk={desk} cardHeld={false} />);
    await press('Договорились');
    const note = root.querySelector('textarea') as HTMLTextAreaElement;
    await act(() => {
      note.value = 'sends the contract';
      note.dispatchEvent(new Event('input', { bubbles: true }));
    });
    expect(sent('dialer.typing').length).toBeGreaterThan(0);
    await press('Save and next');
    expect(sent('dialer.dispose')).toMatchObject([
      { ...id, disposition: 'agreed', note: 'sends the contract', callback_at: null },
    ]);
    expect(asked.at(-1)).toEqual({ type: 'dialer.next', ...id });
    vi.useRealTimers();
  });

  it('goes on with the talk when the result is refused', async () => {
    answers['dialer.dispose'] = new CommandFailed('wrong_state', 'x', null, 'stale');
    await show(<Run run={person({}, { phase: 'wrap_up' })} desk={desk} cardHeld={false} />);
    await press('Договорились');
    await press('Save and next');
    expect(sent('dialer.next')).toEqual([]);
    expect(root.querySelector('[role=alert]')?.textContent).toContain('Somebody else has this person');
  });

  it('is called back at an hour to come', async () => {
    const run = {
      ...person({}, { phase: 'wrap_up' }),
      dispositions: [{ id: 'later', name: 'Later', effect: 'callback', reached: true }] as const,
    };
    await show(<Run run={run} desk={desk} cardHeld={false} />);
    await press('Later');
    const when = root.querySelector('input[type=datetime-local]') as HTMLInputElement;
    await act(() => {
      when.value = '2020-01-01T10:00';
      when.dispatchEvent(new Event('input', { bubbles: true }));
    });
    await press('Save and next');
    expect(root.textContent).toContain('Give a time to come');
    expect(sent('dialer.dispose')).toEqual([]);
    await act(() => {
      when.value = '2099-01-01T10:00';
      when.dispatchEvent(new Event('input', { bubbles: true }));
    });
    await press('Save and next');
    expect(sent('dialer.dispose')[0]).toMatchObject({ disposition: 'later', callback_mine: true });
  });

  it('says why nobody comes, and when it goes on', async () => {
    await show(<Run run={{ ...push, in_hand: null, waits: 'outside_hours' }} desk={desk} cardHeld={false} />);
    expect(root.textContent).toContain('not an hour for calls');
    expect(root.textContent).toContain('Going on at');
  });

  it('goes on where somebody stopped', async () => {
    await show(<Run run={{ ...running, state: 'stopped', in_hand: null, waits: 'vanished' }} desk={desk} cardHeld={false} />);
    expect(root.textContent).toContain('Nobody is lost');
    await press('Go on');
    expect(sent('dialer.start')).toEqual([{ type: 'dialer.start', list_id: 'l_renewals', blend: true }]);
  });
});

describe('the lists', () => {
  it('are opened, checked and started', async () => {
    const list = { ...(lists.lists[0] as DialerList), state: 'open', may_edit: true } as const;
    answers['dialer.lists'] = { lists: [list] };
    answers['dialer.refresh'] = { counts: list.counts, refused: [items.items[0]], waits: [] };
    await show(section(null));
    await press(list.name);
    expect(root.textContent).toContain(items.items[0]?.name);
    await press('Check');
    expect(root.textContent).toContain('1 person cannot be called');
    await press('Go on');
    expect(sent('dialer.start')).toEqual([{ type: 'dialer.start', list_id: list.id, blend: false }]);
  });

  it('say how to make one where there is none', async () => {
    answers['dialer.lists'] = { lists: [] };
    await show(section(null));
    expect(root.textContent).toContain('No lists yet');
  });

  it('are put away after a second press only', async () => {
    const list = { ...(lists.lists[0] as DialerList), may_edit: true, counts: { ...EMPTY_COUNTS, loaded: 3, done: 3 } };
    answers['dialer.lists'] = { lists: [list] };
    await show(section(null));
    await press(list.name);
    await press('Put the list away');
    expect(sent('dialer.reset')).toEqual([]);
    await press('Yes, put it away');
    expect(sent('dialer.reset')).toEqual([{ type: 'dialer.reset', list_id: list.id }]);
  });
});

describe('a new list', () => {
  const marked: Marked = {
    items: [{ kind: 'deal', id: '9001', name: 'Lamps' }],
    offered: 40,
  };
  const made = { list: { ...(lists.lists[0] as DialerList), id: 'l_new', name: 'Fresh' }, check: {} };

  it('of ticked rows says how many there were, wants a purpose, and is made once', async () => {
    served['lists'] = new Refusal('not_allowed', 'list_supervisors_only', 'no');
    await show(section(marked));
    expect(root.textContent).toContain('40 were ticked');
    await press('Create');
    expect(fetched).toEqual([]);
    expect(root.textContent).toContain('Choose what the calls are for');
    await press('Advertising');
    await press('Create');
    expect(root.textContent).toContain('made by a supervisor');
    served['lists'] = made;
    await press('Service');
    await press('Create');
    const tries = fetched.filter(({ path }) => path.startsWith('/api/v1/lists?'));
    expect(tries[0]?.key).toBe(tries[1]?.key);
    expect(tries[1]?.body).toMatchObject({
      purpose: 'service',
      source: 'amocrm',
      offered: 40,
      rules: { preview_s: 20, wrap_up_s: 60 },
      items: [{ name: 'Lamps', record: { kind: 'deal', id: '9001' } }],
    });
  });

  it('from a file shows its first rows and what is where', async () => {
    served['columns'] = {
      columns: ['Client', 'Phone'],
      rows: [['Maria', '+74950000117']],
      guess: { numbers: ['Phone'], name: 'Client', time_zone: null, consent: null },
      total: 3,
    };
    served['lists'] = made;
    await show(section(null));
    await press('New list');
    const input = root.querySelector('input[type=file]') as HTMLInputElement;
    Object.defineProperty(input, 'files', { value: [new File(['a;b'], 'people.csv')] });
    await act(async () => {
      input.dispatchEvent(new Event('change', { bubbles: true }));
      await Promise.resolve();
    });
    await vi.waitFor(() => expect(root.textContent).toContain('3 rows'));
    expect(root.querySelector('table')?.textContent).toContain('Maria');
    await press('Service');
    await press('Create');
    const posted = fetched.filter(({ method }) => method === 'POST');
    expect(posted.at(-1)?.body).toMatchObject({ file: btoa('a;b'), columns: { numbers: ['Phone'], name: 'Client' } });
  });
});

it('is made of a list the portal keeps, by its number', async () => {
  served['lists'] = { list: { ...(lists.lists[0] as DialerList), id: 'l_new' }, check: {} };
  await show(section(null, 'bitrix24'));
  await press('New list');
  const input = root.querySelector('input[inputmode=numeric][type=text]') as HTMLInputElement;
  await act(() => {
    input.value = '17';
    input.dispatchEvent(new Event('input', { bubbles: true }));
  });
  await press('Service');
  await press('Create');
  const posted = fetched.filter(({ method }) => method === 'POST');
  expect(posted.at(-1)?.body).toMatchObject({ call_list: '17', purpose: 'service' });
});

describe('the figures of a list', () => {
  it('open their calls', async () => {
    answers['dialer.lists'] = { lists: [lists.lists[0]] };
    served['attempts'] = {
      attempts: [
        { call_id: 'c', number: '+74950000117', name: 'Maria', at: '2026-03-02T09:00:00Z', outcome: 'busy', talk_s: 0 },
      ],
    };
    await show(section(null));
    await press(lists.lists[0]?.name ?? '');
    await vi.waitFor(() => expect(root.textContent).toContain('75%'));
    await press('busy · 3');
    expect(fetched.at(-1)?.path).toContain('/attempts?lang=en&outcome=busy');
    await vi.waitFor(() => expect(root.textContent).toContain('Maria'));
    await press('10:00: 8 attempts, 6 reached');
    expect(fetched.at(-1)?.path).toContain('hour=10');
  });
});

describe('the card of the person', () => {
  it('is opened once for each hand, in the tab that rings', async () => {
    const opened: string[] = [];
    const held: (string | null)[] = [];
    let mine = true;
    const opener = new CardOpener(
      { open: (url) => (opened.push(url), Promise.resolve(opened.length > 1 ? false : true)), mine: () => mine },
      (item) => held.push(item),
    );
    opener.follow(running);
    opener.follow({ ...running, version: 2 });
    expect(opened).toHaveLength(1);
    opener.follow({ ...running, in_hand: { ...hand, item: { ...hand.item, fence: 5 } } });
    await Promise.resolve();
    await Promise.resolve();
    expect(opened).toHaveLength(2);
    expect(held.at(-1)).toBe(hand.item.id);
    mine = false;
    opener.follow({ ...running, in_hand: { ...hand, item: { ...hand.item, fence: 6 } } });
    expect(opened).toHaveLength(2);
    expect(held.at(-1)).toBeNull();
  });
});

describe('texts of the dialer', () => {
  const parameters = (text: (typeof DIALER_TEXTS)['ru'][DialerKey]): string[] => {
    const forms = typeof text === 'string' ? [text] : Object.values(text);
    return [...new Set(forms.flatMap((form) => form.match(/\{\w+\}/g) ?? []))].sort();
  };
  it('exist in both languages with the same parameters', () => {
    for (const key of Object.keys(DIALER_TEXTS.ru) as DialerKey[]) {
      expect(parameters(DIALER_TEXTS.en[key]), key).toEqual(parameters(DIALER_TEXTS.ru[key]));
    }
  });
});
