import { Phrases, type Locale, type Text } from '../../i18n';
import { en } from './en';
import { ru, type TalkKey } from './ru';

export type { TalkKey } from './ru';

export const TALK_TEXTS: Readonly<Record<Locale, Readonly<Record<TalkKey, Text>>>> = { ru, en };

export class TalkWords extends Phrases<TalkKey> {
  constructor(locale: Locale) {
    super(locale, TALK_TEXTS);
  }

  /** Also for a reason that only a later server knows. */
  why(reason: string | null): string {
    const key = `trouble.${reason ?? 'failed'}`;
    return this.t(key in ru ? (key as TalkKey) : 'trouble.failed');
  }

  /** Why the voice is where it was. Also for a reason that only a later server knows. */
  stayed(reason: string): string {
    const key = `stayed.${reason}`;
    return this.t(key in ru ? (key as TalkKey) : 'stayed.switch');
  }
}
