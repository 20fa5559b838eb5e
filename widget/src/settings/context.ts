import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import type { Phrases } from '../i18n';
import type { Me } from './api';
import type { Book } from './book';
import type { SettingsKey } from './texts';

/** What every part of the settings' page has at hand. */
export interface Desk {
  readonly words: Phrases<SettingsKey>;
  readonly book: Book;
  readonly me: Me;
  readonly openUrl: (url: string) => void;
  /** Forms with something unsaved say so, by a name of their own. */
  readonly unsaved: (form: string, on: boolean) => void;
}

export const DeskContext = createContext<Desk | null>(null);

export function useDesk(): Desk {
  const desk = useContext(DeskContext);
  if (!desk) throw new Error('outside the page of settings');
  return desk;
}
