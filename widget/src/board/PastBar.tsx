/** Choosing a moment of the past, dragging through it, playing it. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { Button } from '../ui/Button';
import { useStore } from '../ui/hooks';
import { useDesk } from './context';
import { SPEEDS, type Past } from './past';

const QUARTER_MS = 15 * 60_000;

export function PastOpener(props: {
  keepsDays: number;
  now: number;
  onShow: (from: Date, to: Date) => void;
}): JSX.Element {
  const { words } = useDesk();
  const [at, setAt] = useState(() => local(props.now - QUARTER_MS));
  const show = (): void => {
    const from = new Date(at);
    if (!Number.isNaN(from.getTime())) props.onShow(from, new Date(from.getTime() + QUARTER_MS));
  };
  return (
    <form
      class="b-past"
      onSubmit={(event) => {
        event.preventDefault();
        show();
      }}
    >
      <label>
        {words.t('past.from')}{' '}
        <input
          type="datetime-local"
          class="field"
          step="1"
          value={at}
          min={local(props.now - props.keepsDays * 86_400_000)}
          max={local(props.now)}
          onInput={(event) => setAt(event.currentTarget.value)}
        />
      </label>
      <Button kind="primary" onPress={show}>
        {words.t('past.show')}
      </Button>
      <span class="muted">{words.t('past.hint', { n: props.keepsDays })}</span>
    </form>
  );
}

/** As a field of local time wants it, whole seconds. */
function local(ms: number): string {
  const at = new Date(ms);
  return new Date(ms - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 19);
}

export function PastBar({ past, onClose }: { past: Past; onClose: () => void }): JSX.Element {
  const { words } = useDesk();
  const view = useStore(past.view);
  const shown = new Date(view.at).toLocaleString(words.locale);
  return (
    <div class="b-past b-past-on">
      <strong role="status">{words.t('past.on', { at: shown })}</strong>
      <input
        type="range"
        class="b-slider"
        aria-label={words.t('past.moment')}
        aria-valuetext={shown}
        min={view.from}
        max={view.to}
        step={1000}
        value={view.at}
        onInput={(event) => {
          past.pause();
          past.seek(Number(event.currentTarget.value));
        }}
      />
      {SPEEDS.map((speed) => (
        <Button
          key={speed}
          pressed={view.playing && view.speed === speed}
          onPress={() => past.play(speed)}
        >
          {words.t('past.play', { n: speed })}
        </Button>
      ))}
      <Button disabled={!view.playing} onPress={() => past.pause()}>
        {words.t('past.pause')}
      </Button>
      <Button kind="primary" onPress={onClose}>
        {words.t('past.close')}
      </Button>
      {view.true === false && <p role="alert">{words.t('past.untrue')}</p>}
    </div>
  );
}
