/** How far a list is: a bar and the same in words. */
import type { JSX } from 'preact';
import type { DialerCounts } from '../protocol/messages';
import type { DialerWords } from './words';

const PARTS = ['done', 'in_hand', 'waiting', 'excluded'] as const;

export function Counts({ counts, words }: { counts: DialerCounts; words: DialerWords }): JSX.Element {
  const whole = Math.max(1, counts.loaded);
  return (
    <div class="counts">
      <span class="counts-bar" aria-hidden="true">
        {PARTS.filter((part) => counts[part] > 0).map((part) => (
          <span key={part} class={`counts-${part}`} style={{ width: `${String((counts[part] / whole) * 100)}%` }} />
        ))}
      </span>
      <span class="muted">{words.t('counts.line', { ...counts })}</span>
    </div>
  );
}
