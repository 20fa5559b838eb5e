import { Phrases, type Locale } from '../i18n';
import { en } from './en';
import { ru, type BoardKey } from './ru';

export type BoardWords = Phrases<BoardKey>;
export type { BoardKey } from './ru';

export function boardWords(locale: Locale): BoardWords {
  return new Phrases(locale, { ru, en });
}
