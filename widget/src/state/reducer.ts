import type { Push, StreamName } from '../protocol/messages';
import { EMPTY, type State } from './state';

/** Pure: the same function plays a snapshot, a recovery and a live push. */
export function reduce(state: State, push: Push): State {
  const known = state[push.stream][push.entity];
  if (known && known.version > push.version) return state;
  if (!removes(push)) return put(state, push);
  return known ? without(state, push) : state;
}

/** The protocol's names say so: `call.removed`, `board.person_removed`. */
function removes(push: Push): boolean {
  return /[._]removed$/.test(push.type);
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
