/** Whether the talk is being recorded, and the pause for what must not be kept. */
import type { JSX } from 'preact';
import { duration } from '../i18n';
import type { CallChanged } from '../protocol/messages';
import { Button } from './Button';
import { useAmbient } from './context';
import { useNow } from './hooks';

interface Props {
  readonly call: CallChanged;
  readonly busy: boolean;
  readonly onPause: (on: boolean) => void;
}

/** Says "paused" only when the server does: somebody may read a card's digits out then. */
export function RecordingMark({ call, busy, onPause }: Props): JSX.Element | null {
  const { words, skewMs } = useAmbient();
  const until = call.recording?.paused_until ?? null;
  const now = useNow(until !== null);
  if (!call.recording) return null;
  const action = until === null ? 'do.pause_recording' : 'do.resume_recording';
  const left = until === null ? 0 : Math.max(0, (Date.parse(until) - now - skewMs) / 1000);
  return (
    <div class={`recording${until === null ? '' : ' recording-paused'}`}>
      <span class="recording-text" role="status">
        {words.t(until === null ? 'recording.on' : 'recording.paused')}
      </span>
      {until !== null && (
        <span class="timer" role="timer" aria-label={words.t('recording.left', { time: duration(left) })}>
          {duration(left)}
        </span>
      )}
      <Button
        kind={until === null ? 'quiet' : 'primary'}
        icon={until === null ? 'hold' : 'play'}
        busy={busy}
        disabled={!call.recording.can_pause}
        name={words.t(call.recording.can_pause ? action : 'recording.fixed')}
        onPress={() => onPause(until === null)}
      >
        {words.t(action)}
      </Button>
    </div>
  );
}
