/** A supervisor beside the talk: asked for without a word to the customer (M17), or listening. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { Ask } from '../../protocol/client';
import type { CallChanged, HandChanged, MonitoredChanged } from '../../protocol/messages';
import type { State } from '../../state/state';
import { Button } from '../Button';
import type { TalkWords } from './words';

interface HelpProps {
  readonly call: CallChanged;
  readonly state: State;
  readonly words: TalkWords;
  readonly busy: boolean;
  readonly ask: (what: Ask) => void;
}

const REASON_MAX = 200;

export function Help({ call, state, words, busy, ask }: HelpProps): JSX.Element {
  const [open, setOpen] = useState(false);
  const [reason, setReason] = useState('');
  const hand = handOf(state);
  const watcher = watcherOf(state, call);
  const raise = (): void => {
    setOpen(false);
    ask({ type: 'hand.raise', reason: reason.trim(), call_id: call.call_id });
  };
  return (
    <>
      {watcher && (
        <p class="talk-line" role="status">
          {words.t(`help.${watcher.mode ?? 'listen'}`, { name: watcher.by })}
        </p>
      )}
      {hand && (
        <p class="talk-line talk-step" role="status">
          {hand.answered_by === null
            ? words.t('help.raised')
            : words.t('help.coming', { name: hand.answered_by })}
        </p>
      )}
      {open && !hand && (
        <form
          class="talk-line"
          onSubmit={(event) => {
            event.preventDefault();
            raise();
          }}
        >
          <input
            class="field"
            aria-label={words.t('help.reason')}
            placeholder={words.t('help.reason')}
            maxLength={REASON_MAX}
            value={reason}
            onInput={(event) => setReason(event.currentTarget.value)}
          />
          <Button kind="primary" busy={busy} onPress={raise}>
            {words.t('help.ask')}
          </Button>
        </form>
      )}
      <div class="actions">
        {hand ? (
          <Button busy={busy} onPress={() => ask({ type: 'hand.lower' })}>
            {words.t('help.lower')}
          </Button>
        ) : (
          <Button kind="quiet" pressed={open} onPress={() => setOpen(!open)}>
            {words.t('help.need')}
          </Button>
        )}
      </div>
    </>
  );
}

function handOf(state: State): HandChanged | null {
  const push = state.me['hand'];
  return push?.type === 'hand.changed' && push.raised ? push : null;
}

function watcherOf(state: State, call: CallChanged): MonitoredChanged | null {
  const push = state.me['monitored'];
  const here = push?.type === 'monitored.changed' && push.mode !== null;
  return here && push.call_id === call.call_id ? push : null;
}
