import type { Phrases } from '../i18n';
import { Refused, Unreachable } from './client';
import type { OwnKey } from './own_ru';

/** What went wrong in words: the server's where it has some. */
export function troubleOf(error: unknown, words: Pick<Phrases<OwnKey>, 't'>): string {
  if (error instanceof Refused && error.message) return error.message;
  return words.t(error instanceof Unreachable ? 'trouble.unreachable' : 'trouble.unknown');
}
