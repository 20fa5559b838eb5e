/** The states of the panel as views, made from the golden messages both sides are tested with. */
import type { View } from '../src/phone';
import type {
  CallChanged,
  CallRemoved,
  ContactChanged,
  DialerChanged,
  DialerInHand,
  DialerItem,
  EmployeeChanged,
  HistoryPage,
  OutgoingChanged,
  Push,
  StatusChanged,
} from '../src/protocol/messages';
import { reduce } from '../src/state/reducer';
import { EMPTY } from '../src/state/state';
import callJson from '../../protocol/fixtures/call.changed.json';
import removedJson from '../../protocol/fixtures/call.removed.json';
import contactJson from '../../protocol/fixtures/contact.changed.json';
import dialerJson from '../../protocol/fixtures/dialer.changed.json';
import employeeJson from '../../protocol/fixtures/employee.changed.json';
import pageJson from '../../protocol/fixtures/history_page.json';
import outgoingJson from '../../protocol/fixtures/outgoing.changed.json';
import statusJson from '../../protocol/fixtures/status.changed.json';

const ago = (seconds: number): string => new Date(Date.now() - seconds * 1000).toISOString();

const call = { ...(callJson as unknown as CallChanged), started_at: ago(6) };
const contact = contactJson as unknown as ContactChanged;
const removed = removedJson as unknown as CallRemoved;
const employee = employeeJson as unknown as EmployeeChanged;
const page = pageJson as unknown as HistoryPage;
const outgoing = outgoingJson as unknown as OutgoingChanged;
const status: StatusChanged = {
  ...(statusJson as unknown as StatusChanged),
  status: 'available',
  source: 'person',
  reason: null,
  since: ago(3000),
};

const talking: CallChanged = {
  ...call,
  state: 'talking',
  my_leg: 'up',
  answered_at: ago(83),
  actions: ['hangup', 'hold'],
};
const second: CallChanged = {
  ...call,
  entity: 'call:c_2',
  call_id: 'c_2',
  name: null,
  number: '+79260000345',
  virtual_number_name: null,
  scenario: 'Поддержка',
  rung: [],
};
const unknownCall: CallChanged = { ...call, name: null, visit: null };

const RESULTS = [
  { id: 'agreed', name: 'Договорились', effect: 'done', reached: true },
  { id: 'later', name: 'Перезвонить', effect: 'callback', reached: true },
  { id: 'think', name: 'Думает', effect: 'repeat', reached: true },
  { id: 'never', name: 'Просит не звонить', effect: 'do_not_call', reached: true },
] as const;

function run(item: Partial<DialerItem>): DialerChanged {
  const push = dialerJson as unknown as DialerChanged;
  const hand = push.in_hand as DialerInHand;
  return {
    ...push,
    waits: null,
    next_at: null,
    dispositions: RESULTS,
    in_hand: { ...hand, since: ago(8), until: ago(-12), item: { ...hand.item, ...item } },
  };
}

function people(): Push[] {
  const names: [string, string | null, string, string][] = [
    ['Анна Орлова', '101', 'Руководитель', 'Отдел продаж'],
    ['Борис Литвин', '102', 'Менеджер', 'Отдел продаж'],
    ['Вера Климова', '103', 'Менеджер', 'Поддержка'],
    ['Глеб Яшин', null, 'Бухгалтер', 'Финансы'],
    ['Дарья Ким', '105', 'Инженер', 'Поддержка'],
  ];
  const base = { seq: 1, stream: 'colleagues', version: 1, since: ago(60) } as const;
  return names.flatMap(([name, extension, position, department], index): Push[] => {
    const id = `e_${100 + index}`;
    return [
      { ...employee, entity: `employee:${id}`, employee_id: id, name, extension, position, department },
      { ...base, type: 'colleague.presence_changed', entity: `presence:${id}`, employee_id: id, online: index !== 3 },
      { ...base, type: 'colleague.status_changed', entity: `status:${id}`, employee_id: id, status: index === 2 ? 'break' : 'available' },
      { ...base, type: 'colleague.busy_changed', entity: `busy:${id}`, employee_id: id, busy: index === 1 ? 'talking' : 'free' },
    ];
  });
}

function view(pushes: readonly Push[], change: Partial<View> = {}): View {
  return {
    state: [status, ...people(), ...pushes].reduce(reduce, EMPTY),
    connection: { phase: 'online' },
    you: { account_id: 'a', employee_id: 'e_100', name: 'Анна Орлова', extension: '101', is_supervisor: false },
    skewMs: 0,
    notices: [],
    pending: new Set(),
    history: { phase: 'ready', entries: entries(), next: 'more' },
    from: null,
    ...change,
  };
}

function entries(): HistoryPage['entries'] {
  const [first] = page.entries;
  if (!first) return [];
  return [
    { ...first, started_at: ago(600) },
    { ...first, call_id: '2', outcome: 'lost', talk_s: 0, started_at: ago(4000), name: null, record_url: null },
    { ...first, call_id: '3', direction: 'outbound', started_at: ago(90_000), talk_s: 3720, name: 'ООО «Северный свет»' },
    { ...first, call_id: '4', direction: 'outbound', outcome: 'lost', talk_s: 0, started_at: ago(91_000), name: 'Пётр Власов' },
    { ...first, call_id: '5', direction: 'internal', started_at: ago(95_000), name: 'Борис Литвин', number: '102', mine: false },
  ];
}

const [match] = contact.matches;
const several: ContactChanged = {
  ...contact,
  matches: match
    ? [
        match,
        { ...match, record: { kind: 'company', id: '7' }, name: 'ООО «Северный свет»', company: null },
        { ...match, record: { kind: 'lead', id: '9' }, name: 'Заявка с сайта', company: null, responsible: null },
      ]
    : [],
};

export const SCENES: Readonly<Record<string, () => View>> = {
  ringing: () => view([call, contact]),
  looking: () => view([unknownCall, { ...contact, lookup: 'looking', matches: [] }]),
  visitor: () =>
    view([{ ...unknownCall, visit: call.visit }, { ...contact, lookup: 'not_found', matches: [] }]),
  not_found: () => view([unknownCall, { ...contact, lookup: 'not_found', matches: [] }]),
  unavailable: () => view([call, { ...contact, lookup: 'unavailable', matches: [], create_url: null }]),
  several: () => view([unknownCall, several]),
  pick_up: () => view([{ ...call, actions: ['decline'] }, contact]),
  second: () => view([talking, contact, second]),
  talking: () => view([talking, contact]),
  held: () => view([{ ...talking, state: 'held', actions: ['hangup', 'unhold'] }, contact]),
  ended: () =>
    view([
      { ...call, direction: 'outbound', state: 'ended', my_leg: 'ended', outcome: 'lost', cause: 'busy', actions: ['dismiss'], ended_at: ago(3) },
      contact,
    ]),
  taken: () => view([], { notices: [{ id: 1, kind: 'removed', removed }, { id: 2, kind: 'failed', code: 'no_device' }] }),
  idle: () => view([]),
  outgoing_choice: () => view([outgoing]),
  connecting: () => view([], { connection: { phase: 'connecting', first: true } }),
  waiting: () => view([talking], { connection: { phase: 'waiting', retryAt: Date.now() + 12_000 } }),
  offline: () => view([], { connection: { phase: 'offline' } }),
  stopped: () => view([], { connection: { phase: 'stopped', reason: 'session_ended' } }),
  list_shown: () => view([run({})]),
  list_wrap_up: () => view([run({ phase: 'wrap_up' })]),
  list_stopped: () => view([{ ...run({}), state: 'stopped', in_hand: null, waits: 'vanished' }]),
  trouble: () =>
    view([
      { type: 'switch.changed', seq: 2, stream: 'account', entity: 'switch', version: 1, connected: false, since: ago(40) },
      { type: 'crm.changed', seq: 3, stream: 'account', entity: 'crm', version: 1, crm: 'amocrm', state: 'auth_expired', since: ago(40) },
      { ...status, version: 99, status: 'break', source: 'supervisor', reason: 'Обед' },
    ]),
};
