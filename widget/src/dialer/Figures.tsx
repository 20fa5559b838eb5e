/** How a list went, and the calls behind each figure (D6). */
import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { duration, unbroken } from '../i18n';
import { Button } from '../ui/Button';
import { useAmbient } from '../ui/context';
import type { Attempt, Filter, ListsApi, Share, Statistics } from './api';
import type { DialerWords } from './words';

interface Props {
  readonly listId: string;
  /** Grows while the list runs: the figures are asked anew then. */
  readonly done: number;
  readonly api: ListsApi;
  readonly words: DialerWords;
}

export function Figures({ listId, done, api, words }: Props): JSX.Element {
  const [found, setFound] = useState<Statistics | null>(null);
  const [failed, setFailed] = useState(false);
  const [shown, setShown] = useState<{ filter: Filter | null; title: string } | null>(null);
  useEffect(() => {
    let here = true;
    api.statistics(listId).then(
      (came) => {
        if (!here) return;
        setFound(came);
        setFailed(false);
      },
      () => {
        if (here) setFailed(true);
      },
    );
    return () => {
      here = false;
    };
  }, [api, listId, done]);
  if (!found) return <p class="muted">{failed ? words.t('figures.failed') : words.t('loading')}</p>;
  const share = (value: number | null): string =>
    value === null
      ? '–'
      : new Intl.NumberFormat(words.locale, { style: 'percent', maximumFractionDigits: 0 }).format(value);
  const open = (filter: Filter | null, title: string): void => setShown({ filter, title });
  const chips = (rows: readonly Share[], by: Filter['by'], name: (one: Share) => string): JSX.Element => (
    <span class="figure-chips">
      {rows.map((one) => (
        <button
          type="button"
          key={one.key}
          class="button button-quiet"
          onClick={() => open({ by, key: one.key }, name(one))}
        >
          {name(one)} · {one.attempts}
        </button>
      ))}
    </span>
  );
  return (
    <section class="people" aria-label={words.t('figures.title')}>
      <h3>{words.t('figures.title')}</h3>
      <div class="figures">
        <button type="button" class="figure" onClick={() => open(null, words.t('figures.attempts'))}>
          <span class="figure-value">{found.attempts}</span>
          <span class="muted">{words.t('figures.attempts')}</span>
        </button>
        <button
          type="button"
          class="figure"
          onClick={() => open({ by: 'outcome', key: 'reached' }, words.t('figures.reached'))}
        >
          <span class="figure-value">{found.reached}</span>
          <span class="muted">{words.t('figures.reached')}</span>
        </button>
        <Figure value={share(found.answer_rate)} name={words.t('figures.rate')} />
        <Figure value={duration(found.talk_s)} name={words.t('figures.talk')} />
        <Figure value={duration(found.wrap_up_s)} name={words.t('figures.wrap_up')} />
        <Figure value={duration(found.idle_s)} name={words.t('figures.idle')} />
      </div>
      {chips(found.outcomes, 'outcome', (one) => words.named('outcome', one.key) ?? one.key)}
      {found.dispositions.length > 0 && chips(found.dispositions, 'disposition', (one) => one.name || one.key)}
      {found.by_hour.length > 1 && <Hours rows={found.by_hour} words={words} onOpen={open} />}
      {shown && (
        <Calls
          key={shown.title}
          title={shown.title}
          load={() => api.attempts(listId, shown.filter)}
          words={words}
          onClose={() => setShown(null)}
        />
      )}
    </section>
  );
}

function Figure({ value, name }: { value: string; name: string }): JSX.Element {
  return (
    <span class="figure">
      <span class="figure-value">{value}</span>
      <span class="muted">{name}</span>
    </span>
  );
}

/** Attempts of each hour, the reached ones filled. */
function Hours(props: {
  rows: readonly Share[];
  words: DialerWords;
  onOpen: (filter: Filter, title: string) => void;
}): JSX.Element {
  const { rows, words, onOpen } = props;
  const most = Math.max(1, ...rows.map(({ attempts }) => attempts));
  const percent = (n: number, of: number): string => `${String(Math.round((n / of) * 100))}%`;
  return (
    <div class="hours" role="group" aria-label={words.t('figures.by_hour')}>
      {rows.map(({ key, attempts, reached }) => {
        const hour = `${key.padStart(2, '0')}:00`;
        const said = words.t('figures.hour', { hour, n: attempts, reached });
        return (
          <button
            type="button"
            key={key}
            class="hour"
            aria-label={said}
            title={said}
            onClick={() => onOpen({ by: 'hour', key }, hour)}
          >
            <span class="hour-bar" style={{ height: percent(attempts, most) }}>
              <span style={{ height: percent(reached, Math.max(1, attempts)) }} />
            </span>
            <span class="hour-name">{key}</span>
          </button>
        );
      })}
    </div>
  );
}

function Calls(props: {
  title: string;
  load: () => Promise<readonly Attempt[]>;
  words: DialerWords;
  onClose: () => void;
}): JSX.Element {
  const { title, load, words, onClose } = props;
  const { skewMs } = useAmbient();
  const [calls, setCalls] = useState<readonly Attempt[] | null>(null);
  const [failed, setFailed] = useState(false);
  useEffect(() => {
    load().then(setCalls, () => setFailed(true));
  }, []);
  const name = words.t('figures.calls', { what: title });
  return (
    <section aria-label={name} class="figure-calls">
      <h4>
        {name} <Button kind="quiet" icon="close" name={words.t('do.close')} onPress={onClose} />
      </h4>
      {failed && <p class="muted">{words.t('figures.failed')}</p>}
      {calls?.length === 0 && <p class="muted">{words.t('figures.none')}</p>}
      <ul class="rows">
        {calls?.map((call) => (
          <li key={call.call_id} class="entry">
            <span class="entry-words">
              <span class="entry-name">{call.name || unbroken(call.number)}</span>
              <span class="muted">
                {[
                  words.when(call.at, Date.now() + skewMs),
                  unbroken(call.number),
                  words.named('outcome', call.outcome),
                  call.talk_s > 0 ? duration(call.talk_s) : '',
                ]
                  .filter(Boolean)
                  .join(' · ')}
              </span>
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}
