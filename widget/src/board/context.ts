import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import type { BoardClient, WatchMode } from './client';
import type { BoardWords } from './texts';

/** What every part of the board needs. */
export interface Desk {
  readonly words: BoardWords;
  readonly client: BoardClient;
  /** The past is on screen: nothing can be done to it. */
  readonly past: boolean;
  readonly modes: readonly WatchMode[];
  /** Does something and tells how it went. */
  readonly attempt: (work: () => Promise<void>, done?: string) => void;
}

export const DeskContext = createContext<Desk | null>(null);

export function useDesk(): Desk {
  const desk = useContext(DeskContext);
  if (!desk) throw new Error('no desk around');
  return desk;
}
