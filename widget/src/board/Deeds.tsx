/** What was done from boards: who listened to whom, changed a status, asked for help. */
import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { Button } from '../ui/Button';
import type { DeedAnswer } from './api';
import { useDesk } from './context';
import type { BoardKey, BoardWords } from './texts';
import type { Board } from './view';

export function Deeds({ board, now }: { board: Board; now: number }): JSX.Element {
  const { words, client, attempt } = useDesk();
  const [items, setItems] = useState<readonly DeedAnswer[] | null>(null);
  const load = (): void =>
    attempt(async () => {
      setItems((await client.deeds()).items);
    });
  useEffect(load, [client]);
  const names = new Map(board.people.map((person) => [person.employee_id, person.name]));
  return (
    <div class="b-stack">
      <div>
        <Button onPress={load}>{words.t('deeds.again')}</Button>
      </div>
      {items?.length === 0 && <p class="b-none">{words.t('deeds.none')}</p>}
      {items && items.length > 0 && (
        <ul class="b-deeds">
          {items.map((deed) => (
            <li key={`${deed.at}${deed.what}`}>
              <time dateTime={deed.at} class="muted">
                {words.when(deed.at, now)}
              </time>{' '}
              {sentence(deed, names, words)}
              {typeof deed.detail['reason'] === 'string' && (
                <span class="muted"> — {deed.detail['reason']}</span>
              )}
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}

function sentence(deed: DeedAnswer, names: Map<string, string>, words: BoardWords): string {
  const key = `deed.${deed.what}` as BoardKey;
  const of = (id: string | null): string => (id === null ? '' : (names.get(id) ?? id));
  return words.t(key, { by: of(deed.by), name: of(deed.employee_id) });
}
