/** What the rows of the board say and in which order: pure. */
import type { AgentStatus, BoardCall, BoardLimits, BoardPerson } from '../protocol/messages';
import type { Board } from './view';

export type Doing = 'hand' | 'talking' | 'ringing' | 'ready' | 'not_ready' | AgentStatus | 'offline';

export interface PersonRow {
  readonly person: BoardPerson;
  readonly doing: Doing;
  /** Since when; null where nobody knows. */
  readonly since: string | null;
  readonly call: BoardCall | null;
  /** Away or on a break for longer than the account wants. */
  readonly long: boolean;
}

export interface Wanted {
  readonly text: string;
  readonly team: string;
  readonly doing: '' | 'talking' | 'free' | 'away' | 'hand';
}

export const EVERYBODY: Wanted = { text: '', team: '', doing: '' };

const ORDER: Readonly<Record<Doing, number>> = {
  hand: 0,
  talking: 1,
  ringing: 2,
  ready: 3,
  not_ready: 4,
  available: 4,
  break: 5,
  away: 6,
  do_not_disturb: 7,
  off_work: 8,
  offline: 9,
};
const AWAY = new Set<AgentStatus>(['break', 'away']);

/** One row for each person, most urgent first. */
export function personRows(board: Board, wanted: Wanted, now: number): PersonRow[] {
  const talks = new Map<string, BoardCall>();
  for (const call of board.calls) {
    for (const who of call.ringing) if (!talks.has(who)) talks.set(who, call);
    for (const who of call.talking) talks.set(who, call);
  }
  const team = board.setup?.teams.find((one) => one.team_id === wanted.team);
  const members = team ? new Set<string>(team.members) : null;
  const limits = board.setup ? board.setup.limits : null;
  const text = wanted.text.trim().toLowerCase();
  return board.people
    .filter((person) => !members || members.has(person.employee_id))
    .filter(
      (person) =>
        !text || person.name.toLowerCase().includes(text) || (person.extension ?? '').startsWith(text),
    )
    .map((person) => rowOf(person, talks.get(person.employee_id) ?? null, limits, now))
    .filter((row) => fits(row, wanted.doing))
    .sort(
      (a, b) =>
        ORDER[a.doing] - ORDER[b.doing] ||
        a.person.name.localeCompare(b.person.name) ||
        (a.person.employee_id < b.person.employee_id ? -1 : 1),
    );
}

function rowOf(
  person: BoardPerson,
  call: BoardCall | null,
  limits: BoardLimits | null,
  now: number,
): PersonRow {
  const doing = doingOf(person);
  const since =
    doing === 'hand'
      ? (person.hand?.since ?? null)
      : doing === 'talking' || doing === 'ringing'
        ? person.busy_since
        : person.status_since;
  const away = AWAY.has(person.status) ? person.status_since : null;
  const minutes = away === null ? 0 : (now - Date.parse(away)) / 60_000;
  const long = limits !== null && limits.break_min > 0 && minutes >= limits.break_min;
  return { person, doing, since, call, long };
}

export function doingOf(person: BoardPerson): Doing {
  if (person.hand && !person.hand.answered_by) return 'hand';
  if (person.busy !== 'free') return person.busy;
  if (person.status !== 'available') return person.status;
  if (person.missing === null) return person.online ? 'ready' : 'available';
  if (person.missing.length > 0) return person.missing.includes('tab') ? 'offline' : 'not_ready';
  return 'ready';
}

function fits(row: PersonRow, doing: Wanted['doing']): boolean {
  switch (doing) {
    case '':
      return true;
    case 'talking':
      return row.person.busy !== 'free';
    case 'free':
      return row.person.busy === 'free' && row.person.status === 'available';
    case 'away':
      return row.person.status !== 'available';
    case 'hand':
      return row.person.hand !== null;
  }
}

/** Those who wait first, longest first; then the talks, oldest first. */
export function callRows(board: Board): BoardCall[] {
  return [...board.calls].sort((a, b) => {
    if ((a.waits_since === null) !== (b.waits_since === null)) return a.waits_since ? -1 : 1;
    const [left, right] = [a.waits_since ?? a.started_at, b.waits_since ?? b.started_at];
    return left === right ? (a.call_id < b.call_id ? -1 : 1) : left < right ? -1 : 1;
  });
}

export interface Alarm {
  /** Stays while it lasts, so that it is said once. */
  readonly key: string;
  readonly kind: 'hand' | 'waiting' | 'break' | 'lost';
  readonly employeeId: string | null;
  readonly callId: string | null;
  readonly name: string;
  /** Seconds, minutes or percent, by the kind. */
  readonly amount: number;
}

/** What is beyond the account's limits now. */
export function alarmsOf(board: Board, now: number): Alarm[] {
  const limits = board.setup?.limits;
  const found: Alarm[] = [];
  for (const person of board.people) {
    if (person.hand && !person.hand.answered_by) {
      found.push(ofPerson('hand', person, (now - Date.parse(person.hand.since)) / 1000));
    }
  }
  if (!limits) return found;
  for (const call of board.calls) {
    const waits = call.waits_since ? (now - Date.parse(call.waits_since)) / 1000 : 0;
    if (limits.waiting_s > 0 && waits >= limits.waiting_s) {
      found.push({
        key: `waiting:${call.call_id}`,
        kind: 'waiting',
        employeeId: null,
        callId: call.call_id,
        name: call.name ?? call.number,
        amount: Math.floor(waits),
      });
    }
  }
  for (const person of board.people) {
    const away = AWAY.has(person.status) && person.status_since;
    const minutes = away ? (now - Date.parse(away)) / 60_000 : 0;
    if (limits.break_min > 0 && minutes >= limits.break_min) {
      found.push(ofPerson('break', person, minutes));
    }
  }
  const percent = lostPercent(board);
  if (limits.lost_percent > 0 && percent !== null && percent > limits.lost_percent) {
    found.push({ key: 'lost', kind: 'lost', employeeId: null, callId: null, name: '', amount: percent });
  }
  return found;
}

function ofPerson(kind: 'hand' | 'break', person: BoardPerson, amount: number): Alarm {
  return {
    key: `${kind}:${person.employee_id}`,
    kind,
    employeeId: person.employee_id,
    callId: person.hand?.call_id ?? null,
    name: person.name,
    amount: Math.max(0, Math.floor(amount)),
  };
}

/** Of the calls that came in today; null while none did. */
export function lostPercent({ counts }: Board): number | null {
  return counts && counts.inbound > 0 ? Math.round((100 * counts.lost) / counts.inbound) : null;
}

/** Of the answered ones, how many in time; null while none was. */
export function inTimePercent({ counts }: Board): number | null {
  return counts && counts.answered > 0 ? Math.round((100 * counts.in_time) / counts.answered) : null;
}
