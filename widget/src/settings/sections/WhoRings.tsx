/** Who would ring by a scenario, now or at another time: the server walks through it. */
import type { JSX } from 'preact';
import { useId, useState } from 'preact/hooks';
import { Button } from '../../ui/Button';
import type { WhoRingsAnswer } from '../api';
import { useDesk } from '../context';
import { troubleOf } from '../trouble';

export function WhoRings({ scenario }: { readonly scenario: string }): JSX.Element {
  const { words, book } = useDesk();
  const id = useId();
  const [at, setAt] = useState('');
  const [answer, setAnswer] = useState<WhoRingsAnswer | null>(null);
  const [trouble, setTrouble] = useState<string | null>(null);
  const ask = async (): Promise<void> => {
    setTrouble(null);
    try {
      setAnswer(await book.client.whoRings(scenario, at));
    } catch (error) {
      setTrouble(troubleOf(error, words));
    }
  };
  return (
    <section class="s-card" aria-labelledby={`${id}-title`}>
      <h3 id={`${id}-title`} class="s-part">
        {words.t('who.title')}
      </h3>
      <p class="muted">{words.t('who.note')}</p>
      <div class="s-field">
        <label class="s-label" for={id}>
          {words.t('who.at')}
        </label>
        <input
          id={id}
          type="datetime-local"
          value={at}
          aria-describedby={`${id}-hint`}
          onInput={(event) => setAt(event.currentTarget.value)}
        />
        <p class="s-hint" id={`${id}-hint`}>
          {words.t('who.at.hint')}
        </p>
      </div>
      <Button onPress={() => void ask()}>{words.t('who.ask')}</Button>
      <div role="status" aria-live="polite">
        {trouble && <p class="s-fault">{trouble}</p>}
        {answer && !answer.lines.length && <p>{words.t('who.nothing')}</p>}
        {answer && answer.lines.length > 0 && (
          <ul class="s-who">
            {answer.lines.map((line, at) => (
              <li key={at} data-rings={line.rings}>
                <span class="s-place">{line.step || words.t('who.end')}</span> {line.text}
              </li>
            ))}
          </ul>
        )}
      </div>
    </section>
  );
}
