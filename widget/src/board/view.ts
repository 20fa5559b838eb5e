/**
 * A board as the sum of its pushes. The server keeps, digests and replays by the same two rules
 * (`backend/domain/board/view.py`); `tests/contract/board_morning.json` holds both sides together.
 */
import type {
  BoardCall,
  BoardCounts,
  BoardPerson,
  BoardSetup,
  BoardTally,
  Push,
} from '../protocol/messages';
import { canonical, fnv1a } from '../state/hash';

/** What every push has, of this server or of a newer one. */
export interface Told {
  readonly type: string;
  readonly entity: string;
  readonly [field: string]: unknown;
}

export type Entities = Map<string, Told>;

/** Changes `view` in place: 600 entities are not copied for each of 50 pushes a second. */
export function fold(view: Entities, pushes: Iterable<Told>): Entities {
  for (const push of pushes) {
    if (push.type.endsWith('_removed')) view.delete(push.entity);
    else view.set(push.entity, push);
  }
  return view;
}

const HOW_IT_CAME = new Set(['seq', 'version', 'stream']);

/** The same word for views that show the same. */
export function digest(view: Entities): string {
  const shown = Object.fromEntries(
    [...view].map(([entity, push]) => [
      entity,
      Object.fromEntries(Object.entries(push).filter(([key]) => !HOW_IT_CAME.has(key))),
    ]),
  );
  return fnv1a(canonical(shown));
}

export function toldOf(push: Push): Told {
  return push as unknown as Told;
}

export interface Board {
  readonly setup: BoardSetup | null;
  readonly counts: BoardCounts | null;
  readonly people: readonly BoardPerson[];
  readonly calls: readonly BoardCall[];
  readonly tallies: ReadonlyMap<string, BoardTally>;
}

/** The parts of a view, as one push told them. */
export function boardOf(view: Entities): Board {
  const people: BoardPerson[] = [];
  const calls: BoardCall[] = [];
  const tallies = new Map<string, BoardTally>();
  let setup: BoardSetup | null = null;
  let counts: BoardCounts | null = null;
  for (const told of view.values()) {
    const push = told as unknown as Push;
    switch (push.type) {
      case 'board.person_changed':
        people.push(push);
        break;
      case 'board.call_changed':
        calls.push(push);
        break;
      case 'board.tally_changed':
        tallies.set(push.employee_id, push);
        break;
      case 'board.setup_changed':
        setup = push;
        break;
      case 'board.counts_changed':
        counts = push;
        break;
      default:
    }
  }
  return { setup, counts, people, calls, tallies };
}
