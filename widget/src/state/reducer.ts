import type { Push, StreamName } from '../protocol/messages';
import { EMPTY, type State } from './state';

/**
 * Pure: the same function plays a snapshot, a recovery and a live push. A new tag fails to compile
 * until it has a case; unknown tags were dropped and counted in decode.
 */
export function reduce(state: State, push: Push): State {
  const known = state[push.stream][push.entity];
  if (known && known.version > push.version) return state;
  switch (push.type) {
    case 'call.changed':
    case 'contact.changed':
    case 'status.changed':
    case 'ringer.changed':
    case 'notice.raised':
    case 'outgoing.changed':
    case 'history.changed':
    case 'callbacks.changed':
    case 'employee.changed':
    case 'switch.changed':
    case 'crm.changed':
    case 'colleague.presence_changed':
    case 'colleague.status_changed':
    case 'colleague.busy_changed':
    case 'colleague.phone_changed':
    case 'device.changed':
    case 'groups.changed':
    case 'phone.changed':
    case 'phone.asked':
    case 'phone.passed':
    case 'dialer.changed':
    case 'colleague.dialer_changed':
    case 'hand.changed':
    case 'monitored.changed':
    case 'board.setup_changed':
    case 'board.person_changed':
    case 'board.call_changed':
    case 'board.tally_changed':
    case 'board.counts_changed':
      return put(state, push);
    case 'call.removed':
    case 'contact.removed':
    case 'employee.removed':
    case 'board.person_removed':
    case 'board.call_removed':
      return known ? without(state, push) : state;
    default:
      return unreachable(push);
  }
}

/** A stream begins: a snapshot replaces its entities, a recovery continues from them. */
export function begin(
  state: State,
  stream: StreamName,
  recovered: boolean,
  pushes: readonly Push[],
): State {
  const from = recovered ? state : { ...state, [stream]: EMPTY[stream] };
  return pushes.reduce(reduce, from);
}

function put(state: State, push: Push): State {
  return { ...state, [push.stream]: { ...state[push.stream], [push.entity]: push } };
}

function without(state: State, push: Push): State {
  const rest = Object.entries(state[push.stream]).filter(([entity]) => entity !== push.entity);
  return { ...state, [push.stream]: Object.fromEntries(rest) };
}

function unreachable(push: never): never {
  throw new Error(`no case for ${JSON.stringify(push)}`);
}
