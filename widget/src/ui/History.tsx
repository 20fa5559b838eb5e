/** Past calls, newest first; each can be called again (W11). */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { duration, showNumber, type TextKey, type Words } from '../i18n';
import type { HistoryView } from '../phone';
import {
  CRM_TROUBLES,
  type HistoryEntry,
  type RecordingPause,
  type StepNote,
} from '../protocol/messages';
import { Button, Link } from './Button';
import { useAmbient } from './context';
import { Icon, type IconName } from './icons';
import { wayLine } from './Way';

interface Props {
  readonly history: HistoryView;
  readonly onMore: () => void;
  readonly onRetry: () => void;
  readonly onRedial: (number: string) => void;
}

export function History({ history, onMore, onRetry, onRedial }: Props): JSX.Element {
  const { words } = useAmbient();
  const { phase, entries, next } = history;
  return (
    <div class="list" aria-busy={phase === 'loading'}>
      {entries.length === 0 && phase === 'loading' && (
        <p class="lookup" role="status">
          <span class="spinner" aria-hidden="true" />
          {words.t('history.loading')}
        </p>
      )}
      {phase === 'failed' && (
        <div class="lookup lookup-trouble" role="alert">
          <p>{words.t('history.failed')}</p>
          <Button icon="retry" onPress={onRetry}>
            {words.t('do.retry')}
          </Button>
        </div>
      )}
      {entries.length === 0 && phase === 'ready' && <p class="empty">{words.t('history.empty')}</p>}
      {entries.length > 0 && (
        <ul class="rows">
          {entries.map((entry) => (
            <Entry key={entry.call_id} entry={entry} onRedial={onRedial} />
          ))}
        </ul>
      )}
      {next !== null && entries.length > 0 && (
        <Button busy={phase === 'loading'} onPress={onMore}>
          {words.t('do.more')}
        </Button>
      )}
    </div>
  );
}

function Entry(props: { entry: HistoryEntry; onRedial: (number: string) => void }): JSX.Element {
  const { entry, onRedial } = props;
  const { words, openUrl, skewMs } = useAmbient();
  const [playing, setPlaying] = useState(false);
  const { icon, label, bad } = look(entry);
  const number = entry.number ? showNumber(entry.number) : words.t('card.hidden_number');
  const name = entry.name ?? number;
  return (
    <li class="entry">
      <span class={`entry-icon${bad ? ' entry-bad' : ''}`} title={words.t(label)}>
        <Icon name={icon} />
        <span class="sr">{words.t(label)}</span>
      </span>
      <span class="entry-words">
        <span class="entry-name">
          {entry.record_url ? (
            <Link href={entry.record_url} open={openUrl} name={words.t('history.open', { name })}>
              {name}
            </Link>
          ) : (
            name
          )}
        </span>
        <span class="muted">
          {[
            words.when(entry.started_at, Date.now() + skewMs),
            entry.talk_s > 0 ? duration(entry.talk_s) : words.t(label),
          ].join(' · ')}
          {entry.name && (
            <>
              {' · '}
              <span class="number">{number}</span>
            </>
          )}
        </span>
        {!entry.mine && entry.answered_by && (
          <span class="muted">{words.t('history.by', { name: entry.answered_by.name })}</span>
        )}
        {entry.callback === 'open' && <span class="entry-bad">{words.t('history.callback')}</span>}
        {entry.message && (
          <span class="muted">{words.t('card.message', { message: entry.message })}</span>
        )}
        {entry.notes.map((note) => (
          <span key={note.step} class="muted">
            {noteText(note, words)}
          </span>
        ))}
        {entry.visit && wayLine(entry.visit) !== '' && (
          <span class="muted">{words.t('card.way', { way: wayLine(entry.visit) })}</span>
        )}
        {entry.transfers.map(({ at, by, target, reason }) => (
          <span key={at} class="muted">
            {words.t(reason === null ? 'history.passed' : 'history.not_passed', {
              by,
              target: showNumber(target),
            })}
          </span>
        ))}
        {entry.crm === 'refused' && (
          <span class="entry-bad">
            {words.t('history.crm_refused', { why: crmText(entry, words) })}
          </span>
        )}
        {entry.crm === 'waiting' && (
          <span class="muted">
            {entry.crm_reason
              ? words.t('history.crm_delayed', { why: crmText(entry, words) })
              : words.t('history.crm_waiting')}
          </span>
        )}
        {entry.recording === 'waiting' && (
          <span class="muted">{words.t('history.recording_waiting')}</span>
        )}
        {entry.pauses.map((pause) => (
          <span key={pause.began_at} class="muted">
            {pauseText(entry, pause, words)}
          </span>
        ))}
        {playing && entry.recording_url !== null && (
          // Loaded only now: a page of history is not thirty downloads.
          <audio
            class="entry-audio"
            src={entry.recording_url}
            aria-label={words.t('history.recording', { name })}
            controls
            autoplay
          />
        )}
      </span>
      {entry.recording === 'ready' && entry.recording_url !== null && (
        <Button
          kind="quiet"
          icon={playing ? 'close' : 'play'}
          name={words.t(playing ? 'history.silence' : 'history.listen', { name })}
          onPress={() => setPlaying(!playing)}
        />
      )}
      {entry.number !== '' && (
        <Button
          kind="quiet"
          icon="answer"
          name={words.t('history.redial', { name })}
          onPress={() => onRedial(entry.number)}
        />
      )}
    </li>
  );
}

/** What became of a step that asked the CRM for the customer's manager. */
export /** Where in the recording it is silent, how long and at whose word. */
function pauseText(entry: HistoryEntry, pause: RecordingPause, words: Words): string {
  const [from, to] = [Date.parse(pause.began_at), Date.parse(pause.ended_at)];
  const start = Date.parse(entry.answered_at ?? entry.started_at);
  const time = duration(Math.max(0, (from - start) / 1000));
  const length = duration((to - from) / 1000);
  return pause.by === ''
    ? words.t('history.pause_nobody', { time, length })
    : words.t('history.pause', { time, length, name: pause.by });
}

function noteText(note: StepNote, words: Words): string {
  const name = note.manager?.name;
  if (note.reason === null) return words.t('history.forwarded', { name: name ?? '' });
  const why = words.t(`step.${note.reason}`);
  return name
    ? words.t('history.not_forwarded_to', { name, why })
    : words.t('history.not_forwarded', { why });
}

/** Why the CRM does not have the call. Later servers may know reasons this page does not. */
function crmText(entry: HistoryEntry, words: Words): string {
  const trouble = CRM_TROUBLES.find((known) => known === entry.crm_reason);
  const why = words.t(trouble ? `crm_trouble.${trouble}` : 'crm_trouble.other');
  return entry.crm_said ? `${why} (${entry.crm_said})` : why;
}

function look(entry: HistoryEntry): { icon: IconName; label: TextKey; bad: boolean } {
  const lost = entry.outcome !== 'answered';
  if (lost && entry.direction !== 'outbound') {
    return { icon: 'missed', label: 'history.lost', bad: true };
  }
  if (lost) return { icon: 'outbound', label: 'history.unreached', bad: true };
  return { icon: entry.direction, label: `history.${entry.direction}`, bad: false };
}
