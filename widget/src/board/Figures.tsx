/** The day by hours, and any period with its people; both can be taken away. */
import type { ComponentType, JSX } from 'preact';
import { useEffect, useMemo, useState } from 'preact/hooks';
import { duration } from '../i18n';
import { Button } from '../ui/Button';
import type { FiguresAnswer } from './api';
import type { ChartProps } from './Chart';
import type { Form } from './client';
import { useDesk } from './context';
import type { Board } from './view';

export function Figures({ board }: { board: Board }): JSX.Element {
  const { words, past } = useDesk();
  const { counts } = board;
  const hours = useMemo(
    () => (counts?.hours ?? []).map((h) => [h.inbound, h.answered, h.lost, h.outbound]),
    [counts],
  );
  return (
    <div class="b-stack">
      <section class="b-card">
        <h2>{words.t('figures.hours')}</h2>
        <Hours hours={hours} />
      </section>
      {!past && <Period today={counts?.day ?? ''} />}
    </div>
  );
}

/** A chart for the eye, and the same as a table for whoever does not see it. */
function Hours({ hours }: { hours: number[][] }): JSX.Element {
  const { words } = useDesk();
  const Chart = useChart();
  const labels = [
    words.t('figures.answered'),
    words.t('figures.lost'),
    words.t('figures.outbound'),
  ] as const;
  const busy = hours.map((row, hour) => ({ row, hour })).filter(({ row }) => row.some((n) => n > 0));
  return (
    <>
      {Chart && <Chart hours={hours} labels={labels} name={words.t('figures.hours')} />}
      <table class="sr">
        <thead>
          <tr>
            <th scope="col">{words.t('figures.hour')}</th>
            {labels.map((label) => (
              <th key={label} scope="col">
                {label}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {busy.map(({ row, hour }) => (
            <tr key={hour}>
              <th scope="row">{hour}</th>
              {[1, 2, 3].map((at) => (
                <td key={at}>{row[at]}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </>
  );
}

function useChart(): ComponentType<ChartProps> | null {
  const [chart, setChart] = useState<{ of: ComponentType<ChartProps> } | null>(null);
  useEffect(() => {
    // Without it the table is still there for everybody who listens, and the tiles for the rest.
    import('./Chart').then(
      (module) => setChart({ of: module.default }),
      () => undefined,
    );
  }, []);
  return chart?.of ?? null;
}

function Period({ today }: { today: string }): JSX.Element {
  const { words, client, attempt } = useDesk();
  const [from, setFrom] = useState('');
  const [to, setTo] = useState('');
  const [found, setFound] = useState<FiguresAnswer | null>(null);
  const [first, last] = [from || today, to || today];
  const show = (): void =>
    attempt(async () => {
      setFound(await client.figures(first, last));
    });
  const take = (form: Form): void =>
    attempt(async () => save(await client.export(form, first, last), `dozvon-${first}-${last}.${form}`));
  return (
    <section class="b-card b-stack">
      <h2>{words.t('figures.period')}</h2>
      <form
        class="b-filter"
        onSubmit={(event) => {
          event.preventDefault();
          show();
        }}
      >
        <label>
          {words.t('figures.from')}{' '}
          <input
            type="date"
            class="field"
            value={first}
            max={today}
            onChange={(event) => setFrom(event.currentTarget.value)}
          />
        </label>
        <label>
          {words.t('figures.to')}{' '}
          <input
            type="date"
            class="field"
            value={last}
            max={today}
            onChange={(event) => setTo(event.currentTarget.value)}
          />
        </label>
        <Button kind="primary" onPress={show}>
          {words.t('figures.show')}
        </Button>
        <Button onPress={() => take('csv')}>{words.t('figures.csv')}</Button>
        <Button onPress={() => take('xlsx')}>{words.t('figures.xlsx')}</Button>
        <Button onPress={() => window.print()}>{words.t('figures.print')}</Button>
      </form>
      {found && <Found found={found} />}
    </section>
  );
}

function Found({ found }: { found: FiguresAnswer }): JSX.Element {
  const { words } = useDesk();
  const { totals } = found;
  const wait = totals.answered > 0 ? totals.wait_s / totals.answered : 0;
  if (totals.inbound + totals.outbound + totals.internal === 0) {
    return <p role="status">{words.t('figures.none')}</p>;
  }
  const figures: [string, string | number][] = [
    [words.t('figures.inbound'), totals.inbound],
    [words.t('figures.answered'), totals.answered],
    [words.t('figures.lost'), totals.lost],
    [words.t('figures.outbound'), totals.outbound],
    [words.t('figures.reached'), totals.reached],
    [words.t('figures.internal'), totals.internal],
    [words.t('figures.talk'), duration(totals.talk_s)],
    [words.t('figures.wait'), duration(wait)],
    [words.t('figures.longest'), duration(totals.longest_wait_s)],
  ];
  return (
    <>
      <dl class="b-figures">
        {figures.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      <div class="b-wide">
        <table class="b-plain">
          <thead>
            <tr>
              <th scope="col">{words.t('people.name')}</th>
              <th scope="col">{words.t('figures.answered')}</th>
              <th scope="col">{words.t('figures.missed')}</th>
              <th scope="col">{words.t('figures.placed')}</th>
              <th scope="col">{words.t('figures.reached')}</th>
              <th scope="col">{words.t('figures.talk')}</th>
            </tr>
          </thead>
          <tbody>
            {found.people.map((one) => (
              <tr key={one.employee_id}>
                <th scope="row">{one.name}</th>
                <td>{one.answered}</td>
                <td>{one.missed}</td>
                <td>{one.placed}</td>
                <td>{one.reached}</td>
                <td>{duration(one.talk_s)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </>
  );
}

function save(blob: Blob, name: string): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
