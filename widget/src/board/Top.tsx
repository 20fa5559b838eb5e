/** Above the tables: the figures one looks at first, and what needs somebody now. */
import type { JSX } from 'preact';
import { duration, showNumber } from '../i18n';
import { Button } from '../ui/Button';
import { useDesk } from './context';
import { alarmsOf, inTimePercent, lostPercent, type Alarm } from './rows';
import type { BoardWords } from './texts';
import type { Board } from './view';

const SHOWN = 4;

export function Tiles({ board, now }: { board: Board; now: number }): JSX.Element {
  const { words } = useDesk();
  const { counts, people, calls } = board;
  const limits = board.setup?.limits;
  const waiting = calls.filter((call) => call.waits_since !== null && call.state === 'ringing');
  const longest = Math.max(0, ...waiting.map((call) => now - Date.parse(call.waits_since ?? '')));
  const free = people.filter((one) => one.busy === 'free' && one.status === 'available').length;
  const talking = people.filter((one) => one.busy === 'talking').length;
  const [lost, inTime] = [lostPercent(board), inTimePercent(board)];
  const late = limits && limits.waiting_s > 0 && longest / 1000 >= limits.waiting_s;
  const many = limits && limits.lost_percent > 0 && lost !== null && lost > limits.lost_percent;
  const of = words.t('tile.all_time', { n: people.length });
  return (
    <dl class="b-tiles">
      <Tile name={words.t('tile.waiting')} value={waiting.length} bad={late === true} />
      <Tile
        name={words.t('tile.longest')}
        value={duration(longest / 1000)}
        bad={late === true}
      />
      <Tile name={words.t('tile.talking')} value={talking} more={of} />
      <Tile name={words.t('tile.free')} value={free} more={of} />
      <Tile name={words.t('tile.inbound')} value={counts?.inbound ?? 0} />
      <Tile
        name={words.t('tile.lost')}
        value={counts?.lost ?? 0}
        more={lost === null ? '' : `${lost} %`}
        bad={many === true}
      />
      <Tile name={words.t('tile.in_time')} value={inTime === null ? '—' : `${inTime} %`} />
      <Tile name={words.t('tile.outbound')} value={counts?.outbound ?? 0} />
    </dl>
  );
}

function Tile(props: {
  name: string;
  value: number | string;
  more?: string;
  bad?: boolean;
}): JSX.Element {
  return (
    <div class={`b-tile${props.bad ? ' b-bad' : ''}`}>
      <dt>{props.name}</dt>
      <dd>
        {props.value}
        {props.more && <span class="muted"> {props.more}</span>}
      </dd>
    </div>
  );
}

export function Alarms({ board, now }: { board: Board; now: number }): JSX.Element {
  const { words, client, past, attempt } = useDesk();
  const alarms = alarmsOf(board, now);
  return (
    <section class="b-alarms" aria-label={words.t('alarms')}>
      <ul role="log" aria-live="assertive" aria-relevant="additions">
        {alarms.slice(0, SHOWN).map((alarm) => (
          <li key={alarm.key} class={`b-alarm b-alarm-${alarm.kind}`}>
            <span aria-hidden={alarm.kind === 'hand' ? undefined : 'false'}>
              {alarmText(alarm, board, words)}
            </span>
            {alarm.kind === 'hand' && alarm.employeeId && !past && (
              <Button
                kind="primary"
                name={words.t('act.hand.come.of', { name: alarm.name })}
                onPress={() => attempt(() => client.answerHand(alarm.employeeId ?? '', false))}
              >
                {words.t('act.hand.come')}
              </Button>
            )}
          </li>
        ))}
      </ul>
      {alarms.length > SHOWN && <p class="muted">+{alarms.length - SHOWN}</p>}
    </section>
  );
}

function alarmText(alarm: Alarm, board: Board, words: BoardWords): string {
  const { name, amount } = alarm;
  switch (alarm.kind) {
    case 'hand': {
      const reason = board.people.find((one) => one.employee_id === alarm.employeeId)?.hand?.reason;
      return reason
        ? words.t('alarm.hand.reason', { name, reason })
        : words.t('alarm.hand', { name });
    }
    case 'waiting': {
      // By whole quarters of a minute: a screen reader is not told every second.
      const time = duration(amount - (amount % 15));
      return name
        ? words.t('alarm.waiting', { name: showNumber(name), time })
        : words.t('alarm.waiting.unknown', { time });
    }
    case 'break':
      return words.t('alarm.break', { name, n: amount });
    case 'lost':
      return words.t('alarm.lost', { n: amount });
  }
}

/** Whether the figures are those of the history (R13). */
export function Drift({ board, now }: { board: Board; now: number }): JSX.Element | null {
  const { words } = useDesk();
  const { counts } = board;
  if (!counts) return null;
  if (counts.drift === null || counts.compared_at === null) {
    return <p class="muted b-drift">{words.t('drift.none')}</p>;
  }
  const at = words.when(counts.compared_at, now);
  return counts.drift === 0 ? (
    <p class="muted b-drift">{words.t('drift.ok', { at })}</p>
  ) : (
    <p class="b-drift b-bad" role="alert">
      {words.t('drift.off', { n: counts.drift, at })}
    </p>
  );
}
