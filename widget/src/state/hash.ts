/**
 * One short word for a whole view: two tabs, or a tab and a fresh snapshot, show the same exactly
 * when their words are equal. The number of a push is left out: it says how the view was reached,
 * not what it is.
 */
import type { State } from './state';

export function viewHash(state: State): string {
  return fnv1a(canonical(state));
}

/** JSON with sorted keys and without `seq`. */
export function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value === 'object' && value !== null) {
    const fields = Object.entries(value)
      .filter(([key, field]) => key !== 'seq' && field !== undefined)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, field]) => `${JSON.stringify(key)}:${canonical(field)}`);
    return `{${fields.join(',')}}`;
  }
  return JSON.stringify(value);
}

/** 64-bit FNV-1a over UTF-8, as hex (http://www.isthe.com/chongo/tech/comp/fnv/). */
export function fnv1a(text: string): string {
  let hash = 0xcbf29ce484222325n;
  for (const byte of new TextEncoder().encode(text)) {
    hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n);
  }
  return hash.toString(16).padStart(16, '0');
}
