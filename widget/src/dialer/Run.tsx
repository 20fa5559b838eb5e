/** The person before the operator: look, call, say what came of it, the next. */
import type { JSX } from 'preact';
import { useEffect, useMemo, useState } from 'preact/hooks';
import { duration, showNumber, unbroken } from '../i18n';
import type { DialerChanged, DialerInHand } from '../protocol/messages';
import { Button, Link } from '../ui/Button';
import { useAmbient } from '../ui/context';
import { useNow, useStore } from '../ui/hooks';
import { Counts } from './Counts';
import type { Desk } from './desk';
import { Results } from './Results';
import { DialerWords } from './words';

export interface RunProps {
  readonly run: DialerChanged;
  readonly desk: Desk;
  /** The card could not be opened: the page around holds something unsaved. */
  readonly cardHeld: boolean;
}

export function Run({ run, desk, cardHeld }: RunProps): JSX.Element | null {
  const { words: common, skewMs } = useAmbient();
  const words = useMemo(() => new DialerWords(common.locale), [common.locale]);
  const { asking, trouble } = useStore(desk.view);
  const list = run.current;
  const hand = run.in_hand;
  if (run.state === 'idle' || !list) return null;
  const goes = run.state === 'running';
  return (
    <section class="run" aria-label={words.t('run.label', { name: list.name })}>
      <header class="run-top">
        <h2 class="run-name">{list.name}</h2>
        {goes ? (
          <Button icon="hold" busy={asking.has('dialer.stop')} onPress={() => void desk.stop()}>
            {words.t('do.stop')}
          </Button>
        ) : (
          run.state === 'stopped' && (
            <Button
              icon="play"
              kind="primary"
              busy={asking.has('dialer.start')}
              onPress={() => void desk.start(list.id, run.blend)}
            >
              {words.t('do.go_on')}
            </Button>
          )
        )}
      </header>
      <Counts counts={list.counts} words={words} />
      <p class="run-state" role="status">
        {run.state === 'running' ? saying(run, words, skewMs) : words.t(`run.${run.state}`)}
      </p>
      {!goes && run.waits && (
        <p class="muted">{words.named('wait', run.waits)}</p>
      )}
      {hand && <Person key={hand.item.id} hand={hand} run={run} desk={desk} words={words} cardHeld={cardHeld} />}
      {trouble && (
        <p class="wrong" role="alert">
          {words.trouble(trouble.reason, trouble.code)}
        </p>
      )}
      {run.state !== 'finished' && run.state !== 'stopped' && (
        <label class="check">
          <input
            type="checkbox"
            checked={run.blend}
            onChange={(event) => void desk.blend(event.currentTarget.checked)}
          />
          <span>{words.t('blend')}</span>
        </label>
      )}
    </section>
  );
}

/** One sentence for where it stands while nobody is before the operator. */
function saying(run: DialerChanged, words: DialerWords, skewMs: number): string {
  const { in_hand: hand, waits, next_at: nextAt } = run;
  const refused = run.refusal ? words.named('wait', run.refusal) : null;
  if (waits) {
    const why = words.named('wait', waits) ?? words.t('run.looking');
    const again = nextAt && words.t('run.again_at', { when: words.when(nextAt, Date.now() + skewMs) });
    return [refused ?? why, again].filter(Boolean).join(' ');
  }
  if (!hand) return words.t('run.looking');
  switch (hand.item.phase) {
    case 'shown':
      return words.t(hand.callback ? 'run.shown_callback' : 'run.shown');
    case 'dialling':
      return words.t('run.dialling', { number: unbroken(hand.number ?? '') });
    case 'talking':
      return words.t('run.talking');
    default:
      return words.t('run.wrap_up');
  }
}

interface PersonProps {
  readonly hand: DialerInHand;
  readonly run: DialerChanged;
  readonly desk: Desk;
  readonly words: DialerWords;
  readonly cardHeld: boolean;
}

function Person({ hand, run, desk, words, cardHeld }: PersonProps): JSX.Element {
  const { openUrl, skewMs } = useAmbient();
  const { asking } = useStore(desk.view);
  const { item } = hand;
  const id = { item_id: item.id, fence: item.fence };
  const dialable = item.numbers.filter((one) => one.refusal === null);
  const first = dialable[0]?.number ?? '';
  const [chosen, setChosen] = useState(hand.number ?? first);
  const url = item.record?.url ?? null;
  useEffect(() => setChosen(hand.number ?? first), [hand.number, first]);
  return (
    <div class="run-person">
      <p class="run-who">
        <span class="caller">{url ? <Link href={url} open={openUrl}>{item.name}</Link> : item.name}</span>
        <span class="muted">
          {[
            item.attempts > 0 ? words.t('run.attempts', { n: item.attempts }) : '',
            words.named('outcome', item.outcome) ?? '',
            item.zone ? words.t('run.zone', { time: timeThere(item.zone, words.locale) }) : '',
          ]
            .filter(Boolean)
            .join(' · ')}
        </span>
        {item.note && <span class="run-note">{item.note}</span>}
      </p>
      {cardHeld && url && (
        <p class="run-held" role="alert">
          {words.t('run.unsaved')}{' '}
          <Link class="button button-plain" href={url} open={openUrl}>
            {words.t('do.open_card')}
          </Link>
        </p>
      )}
      {item.phase === 'shown' && (
        <>
          {dialable.length > 1 && (
            <label class="field">
              <span>{words.t('run.number')}</span>
              <select value={chosen} onChange={(event) => setChosen(event.currentTarget.value)}>
                {dialable.map(({ number, last }) => (
                  <option key={number} value={number}>
                    {[unbroken(number), words.named('outcome', last)].filter(Boolean).join(' · ')}
                  </option>
                ))}
              </select>
            </label>
          )}
          {dialable.length === 1 && <p class="number">{showNumber(first)}</p>}
          <Left until={hand.until} since={hand.since} skewMs={skewMs} press={hand.press} words={words} />
          <div class="actions">
            <Button
              kind="primary"
              icon="answer"
              busy={asking.has('dialer.dial')}
              onPress={() => void desk.dial(id, dialable.length > 1 ? chosen : undefined)}
            >
              {words.t('do.dial')}
            </Button>
            <Button busy={asking.has('dialer.skip')} onPress={() => void desk.skip(id)}>
              {words.t('do.skip')}
            </Button>
          </div>
        </>
      )}
      {(item.phase === 'talking' || item.phase === 'wrap_up') && (
        <Results hand={hand} dispositions={run.dispositions} desk={desk} words={words} />
      )}
    </div>
  );
}

/** What is left of the time to look; a bar beside the words. */
function Left(props: {
  until: string | null;
  since: string;
  skewMs: number;
  press: boolean;
  words: DialerWords;
}): JSX.Element | null {
  const { until, since, skewMs, press, words } = props;
  const now = useNow(until !== null) + skewMs;
  if (until === null) return press ? <p class="muted">{words.t('run.press')}</p> : null;
  const left = Math.max(0, Math.ceil((Date.parse(until) - now) / 1000));
  const text = press
    ? words.t(left > 0 ? 'run.press' : 'run.press_due')
    : words.t('run.dials_in', { left: duration(left) });
  return <Countdown text={text} since={since} until={until} now={now} />;
}

export function Countdown(props: { text: string; since: string; until: string; now: number }): JSX.Element {
  const { text, since, until, now } = props;
  const whole = Math.max(1, Date.parse(until) - Date.parse(since));
  const share = Math.min(1, Math.max(0, (Date.parse(until) - now) / whole));
  return (
    <div class="countdown">
      <span role="timer">{text}</span>
      <span class="countdown-bar" aria-hidden="true">
        <span style={{ width: `${String(Math.round(share * 100))}%` }} />
      </span>
    </div>
  );
}

function timeThere(zone: string, locale: string): string {
  try {
    return new Intl.DateTimeFormat(locale, { hour: '2-digit', minute: '2-digit', timeZone: zone }).format();
  } catch {
    // A zone this browser does not know.
    return zone;
  }
}
