/** Questions the screens ask of the state. */
import type {
  AgentStatus,
  CallChanged,
  CallbacksChanged,
  ColleagueBusyChanged,
  ContactChanged,
  CrmChanged,
  DeviceChanged,
  DialerChanged,
  EmployeeChanged,
  GroupBrief,
  HistoryChanged,
  OutgoingChanged,
  PhoneAsked,
  PhoneChanged,
  PhonePart,
  Push,
  RingerChanged,
  StatusChanged,
  SwitchChanged,
} from '../protocol/messages';
import type { Entities, State } from './state';

type Tagged<T extends Push['type']> = Extract<Push, { type: T }>;

function all<T extends Push['type']>(entities: Entities, type: T): Tagged<T>[] {
  return Object.values(entities).filter((push): push is Tagged<T> => push.type === type);
}

function one<T extends Push['type']>(
  entities: Entities,
  entity: string,
  type: T,
): Tagged<T> | null {
  const push = entities[entity];
  return push?.type === type ? (push as Tagged<T>) : null;
}

/** Ringing first, then live, then ended; within those the older first, so that cards do not jump. */
export function calls(state: State): CallChanged[] {
  return all(state.me, 'call.changed').sort(
    (a, b) => rank(a) - rank(b) || a.started_at.localeCompare(b.started_at),
  );
}

function rank(call: CallChanged): number {
  if (call.state === 'ended') return 2;
  return rings(call) ? 0 : 1;
}

/** Whether it asks this agent to pick up, here and now. */
export function rings(call: CallChanged): boolean {
  return (
    call.direction !== 'outbound' &&
    call.state === 'ringing' &&
    (call.my_leg === 'ringing' || call.my_leg === 'dialing')
  );
}

export function isLive(call: CallChanged): boolean {
  return call.state !== 'ended';
}

export function contactOf(state: State, callId: string): ContactChanged | null {
  return one(state.me, `contact:${callId}`, 'contact.changed');
}

export function ownStatus(state: State): StatusChanged | null {
  return one(state.me, 'status', 'status.changed');
}

export function ringer(state: State): RingerChanged | null {
  return one(state.me, 'ringer', 'ringer.changed');
}

/** Where this employee talks; unknown until the server said so. */
export function device(state: State): DeviceChanged['device'] | null {
  return one(state.me, 'device', 'device.changed')?.device ?? null;
}

export function phoneState(state: State): PhoneChanged | null {
  return one(state.me, 'phone', 'phone.changed');
}

/** The newest wish of another tab that the phone take a call; stale ones come with snapshots. */
export function phoneAsked(state: State): PhoneAsked | null {
  return one(state.me, 'phone_asked', 'phone.asked');
}

export function outgoing(state: State): OutgoingChanged | null {
  return one(state.me, 'outgoing', 'outgoing.changed');
}

/** The groups a call can be passed to. */
export function groups(state: State): readonly GroupBrief[] {
  return one(state.account, 'groups', 'groups.changed')?.groups ?? [];
}

export function historyMark(state: State): HistoryChanged | null {
  return one(state.me, 'history', 'history.changed');
}

export function callbacks(state: State): CallbacksChanged | null {
  return one(state.me, 'callbacks', 'callbacks.changed');
}

/** How far this employee is with a list. */
export function dialer(state: State): DialerChanged | null {
  return one(state.me, 'dialer', 'dialer.changed');
}

export function switchState(state: State): SwitchChanged | null {
  return one(state.account, 'switch', 'switch.changed');
}

export function crmState(state: State): CrmChanged | null {
  return one(state.account, 'crm', 'crm.changed');
}

export interface Colleague {
  readonly employee: EmployeeChanged;
  readonly online: boolean;
  readonly status: AgentStatus | null;
  readonly busy: ColleagueBusyChanged['busy'];
  /** What their browser lacks to be called on; null for those on telephones. */
  readonly lacks: readonly PhonePart[] | null;
}

/** By name; those without an extension too: they are people, only not ones to call. */
export function colleagues(state: State, locale: string): Colleague[] {
  return all(state.account, 'employee.changed')
    .map((employee) => {
      const id = employee.employee_id;
      const presence = one(state.colleagues, `presence:${id}`, 'colleague.presence_changed');
      const status = one(state.colleagues, `status:${id}`, 'colleague.status_changed');
      const busy = one(state.colleagues, `busy:${id}`, 'colleague.busy_changed');
      return {
        employee,
        online: presence?.online ?? false,
        status: status?.status ?? null,
        busy: busy?.busy ?? 'free',
        lacks: one(state.colleagues, `phone:${id}`, 'colleague.phone_changed')?.missing ?? null,
      };
    })
    .sort((a, b) => a.employee.name.localeCompare(b.employee.name, locale));
}
