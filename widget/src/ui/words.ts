/** Sentences that pages without components need too. */
import { showNumber, unbroken, type TextKey, type Words } from '../i18n';
import type { Notice } from '../notices';
import type { Connection } from '../protocol/connection';
import type { PhonePart } from '../protocol/messages';

const PART_TEXTS: Readonly<Record<PhonePart, TextKey>> = {
  tab: 'phone.part.tab',
  microphone_ask: 'phone.part.microphone_ask',
  microphone_denied: 'phone.part.microphone_denied',
  microphone_absent: 'phone.part.microphone_absent',
  microphone_blocked: 'phone.part.microphone_blocked',
  sound: 'phone.part.sound',
  socket: 'phone.part.socket',
  registration: 'phone.part.registration',
};

/** What a phone in the browser lacks, in words. */
export function lacksText(missing: readonly PhonePart[], words: Words): string {
  return missing.map((part) => words.t(PART_TEXTS[part])).join(', ');
}

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

export function noticeText(notice: Notice, words: Words): string {
  if (notice.kind === 'failed') return words.t(`error.${notice.code}`);
  if (notice.kind === 'refused') {
    const why = words.t(`refused.${notice.reason}`);
    if (notice.number === null) return why;
    return words.t('refused.number', { number: unbroken(notice.number), why });
  }
  if (notice.kind === 'passed') {
    const why = lacksText(notice.missing, words);
    const number = notice.number ? unbroken(notice.number) : words.t('card.hidden_number');
    return words.t('phone.passed', { number, why });
  }
  const { removed } = notice;
  const number = removed.number ? showNumber(removed.number) : words.t('card.hidden_number');
  const name = removed.name ?? number;
  switch (removed.reason) {
    case 'answered_elsewhere':
      return removed.by
        ? words.t('removed.answered_elsewhere', { name, by: removed.by.name })
        : words.t('removed.answered_elsewhere_unknown', { name });
    case 'timed_out':
      return words.t('removed.timed_out', { name });
    default:
      return words.t('removed.abandoned', { name });
  }
}
