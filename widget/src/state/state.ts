/** What the server said, folded. One map of entities per stream, keyed as the pushes name them. */
import type { Push, StreamName } from '../protocol/messages';

export type Entities = Readonly<Record<string, Push>>;

export type State = Readonly<Record<StreamName, Entities>>;

export const EMPTY: State = { me: {}, account: {}, colleagues: {}, board: {} };
