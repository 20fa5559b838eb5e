/** What came of a talk: said in the talk or after it, with a note and an hour to call back. */
import type { JSX } from 'preact';
import { useEffect, useId, useRef, useState } from 'preact/hooks';
import { duration } from '../i18n';
import type { DialerDisposition, DialerInHand } from '../protocol/messages';
import { Button } from '../ui/Button';
import { useAmbient } from '../ui/context';
import { useNow, useStore } from '../ui/hooks';
import type { Desk } from './desk';
import { Countdown } from './Run';
import type { DialerWords } from './words';

/** Told while somebody writes; the server takes it every few seconds. */
const TYPING_MS = 4_000;
const HOUR_MS = 3_600_000;

interface Props {
  readonly hand: DialerInHand;
  readonly dispositions: readonly DialerDisposition[];
  readonly desk: Desk;
  readonly words: DialerWords;
}

export function Results({ hand, dispositions, desk, words }: Props): JSX.Element {
  const { skewMs } = useAmbient();
  const { asking } = useStore(desk.view);
  const { item, until } = hand;
  const id = { item_id: item.id, fence: item.fence };
  const wraps = item.phase === 'wrap_up';
  const name = useId();
  const [chosen, setChosen] = useState(item.disposition);
  const [note, setNote] = useState(item.note);
  const [when, setWhen] = useState(() => localHour(Date.now() + HOUR_MS));
  const [mine, setMine] = useState(true);
  const [wrong, setWrong] = useState<'need' | 'need_when' | null>(null);
  const told = useRef(0);
  const now = useNow(wraps && until !== null) + skewMs;
  const effect = dispositions.find(({ id: one }) => one === chosen)?.effect ?? null;

  // Another tab may have said it.
  useEffect(() => {
    if (item.disposition) setChosen(item.disposition);
  }, [item.disposition]);

  const typing = (): void => {
    if (!wraps || Date.now() - told.current < TYPING_MS) return;
    told.current = Date.now();
    desk.typing(id);
  };
  const save = async (): Promise<boolean> => {
    if (chosen === null) {
      // Nothing has to be said: whoever presses "Next" without a word means so.
      if (note.trim() === '' || dispositions.length === 0) return true;
      setWrong('need');
      return false;
    }
    const at = effect === 'callback' ? new Date(when) : null;
    if (at !== null && !(at.getTime() > Date.now() + skewMs)) {
      setWrong('need_when');
      return false;
    }
    setWrong(null);
    return desk.dispose(id, {
      disposition: chosen,
      note: note.trim(),
      callback_at: at?.toISOString() ?? null,
      callback_mine: mine,
    });
  };
  const next = async (): Promise<void> => {
    if (await save()) await desk.next(id);
  };
  return (
    <form
      class="results"
      onInput={typing}
      onSubmit={(event) => {
        event.preventDefault();
        void (wraps ? next() : save());
      }}
    >
      {dispositions.length > 0 && (
        <fieldset class="results-choice">
          <legend class="sr">{words.t('dispose.label')}</legend>
          {dispositions.map((one) => (
            <label key={one.id} class="results-option">
              <input
                type="radio"
                name={name}
                value={one.id}
                checked={chosen === one.id}
                onChange={() => {
                  setChosen(one.id);
                  setWrong(null);
                  typing();
                }}
              />
              <span>{one.name}</span>
              <Effect of={one} words={words} />
            </label>
          ))}
        </fieldset>
      )}
      {effect === 'callback' && (
        <div class="results-when">
          <label class="field">
            <span>{words.t('dispose.when')}</span>
            <input
              type="datetime-local"
              value={when}
              aria-invalid={wrong === 'need_when'}
              onInput={(event) => {
                setWhen(event.currentTarget.value);
                setWrong(null);
              }}
            />
          </label>
          <label class="check">
            <input type="checkbox" checked={mine} onChange={(event) => setMine(event.currentTarget.checked)} />
            <span>{words.t('dispose.mine')}</span>
          </label>
        </div>
      )}
      <label class="field">
        <span>{words.t('dispose.note')}</span>
        <textarea
          rows={2}
          maxLength={2000}
          value={note}
          onInput={(event) => setNote(event.currentTarget.value)}
          onFocus={typing}
        />
      </label>
      {wrong && (
        <p class="wrong" role="alert">
          {words.t(`dispose.${wrong}`)}
        </p>
      )}
      {wraps && until !== null && (
        <Countdown
          text={words.t('run.wraps_in', {
            left: duration(Math.max(0, Math.ceil((Date.parse(until) - now) / 1000))),
          })}
          since={hand.since}
          until={until}
          now={now}
        />
      )}
      <div class="actions">
        {wraps ? (
          <Button
            kind="primary"
            icon="play"
            busy={asking.has('dialer.dispose') || asking.has('dialer.next')}
            onPress={() => void next()}
          >
            {words.t(chosen === null ? 'do.next' : 'do.save_next')}
          </Button>
        ) : (
          chosen !== null &&
          chosen !== item.disposition && (
            <Button busy={asking.has('dialer.dispose')} onPress={() => void save()}>
              {words.t('dispose.label')}: {dispositions.find(({ id: one }) => one === chosen)?.name ?? ''}
            </Button>
          )
        )}
      </div>
    </form>
  );
}

/** What a result leads to, where its own name does not say so. */
function Effect({ of, words }: { of: DialerDisposition; words: DialerWords }): JSX.Element | null {
  const said = of.effect === 'done' ? null : words.named('effect', of.effect);
  if (said === null || of.name.toLowerCase().includes(said)) return null;
  return <span class="muted">{said}</span>;
}

/** As a datetime-local field wants it, in this computer's zone. */
function localHour(at: number): string {
  const date = new Date(at - new Date(at).getTimezoneOffset() * 60_000);
  return date.toISOString().slice(0, 16);
}
