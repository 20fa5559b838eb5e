/** The connection in words: nothing when all is well, otherwise what happens and what to do. */
import type { JSX } from 'preact';
import type { Words } from '../i18n';
import type { Connection } from '../protocol/connection';
import { Banner } from './Notices';
import { useAmbient } from './context';
import { useNow } from './hooks';
import { connectionText } from './words';

interface Props {
  readonly connection: Connection;
  readonly onRetry: () => void;
  readonly onSignIn: () => void;
}

export function ConnectionBar({ connection, onRetry, onSignIn }: Props): JSX.Element {
  const { words } = useAmbient();
  const now = useNow(connection.phase === 'waiting');
  const action = connectionAction(connection, words);
  if (connection.phase === 'online') {
    return (
      <p class="online" role="status">
        <span class="dot" aria-hidden="true" />
        {words.t('connection.online')}
      </p>
    );
  }
  return (
    <Banner
      kind={connection.phase === 'stopped' ? 'danger' : 'warning'}
      busy={connection.phase === 'connecting'}
      {...(action ? { action } : {})}
      onAction={connection.phase === 'stopped' ? onSignIn : onRetry}
    >
      {connectionText(connection, now, words)}
    </Banner>
  );
}

function connectionAction(connection: Connection, words: Words): string | null {
  if (connection.phase === 'waiting') return words.t('do.connect_now');
  if (connection.phase !== 'stopped' || connection.reason === 'origin') return null;
  return words.t(connection.reason === 'session_ended' ? 'do.sign_in' : 'do.reload');
}
