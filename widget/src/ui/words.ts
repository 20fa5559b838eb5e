/** Sentences that pages without components need too. */
import type { Words } from '../i18n';
import type { Connection } from '../protocol/connection';

export function connectionText(connection: Connection, now: number, words: Words): string {
  switch (connection.phase) {
    case 'online':
      return words.t('connection.online');
    case 'connecting':
      return words.t(connection.first ? 'connection.connecting' : 'connection.reconnecting');
    case 'waiting': {
      const seconds = Math.max(1, Math.ceil((connection.retryAt - now) / 1000));
      return words.t('connection.waiting', { n: seconds });
    }
    case 'offline':
      return words.t('connection.offline');
    case 'stopped':
      return words.t(`connection.stopped.${connection.reason}`);
  }
}
