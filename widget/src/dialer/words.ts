import { Phrases, type Locale, type Text } from '../i18n';
import { en } from './en';
import { ru, type DialerKey } from './ru';

export type { DialerKey } from './ru';

export const DIALER_TEXTS: Readonly<Record<Locale, Readonly<Record<DialerKey, Text>>>> = { ru, en };

export class DialerWords extends Phrases<DialerKey> {
  constructor(locale: Locale) {
    super(locale, DIALER_TEXTS);
  }

  /** A word of the server's, of this family; null for one that only a later server knows. */
  named(family: string, word: string | null): string | null {
    const key = `${family}.${word ?? ''}`;
    return key in ru ? this.t(key as DialerKey) : null;
  }

  /** Why something was refused, by the most telling word there is. */
  trouble(reason: string | null, code: string): string {
    return (
      this.named('trouble', reason) ??
      this.named('wait', reason) ??
      this.named('reason', reason) ??
      this.named('trouble', code) ??
      this.t('trouble.failed')
    );
  }
}
