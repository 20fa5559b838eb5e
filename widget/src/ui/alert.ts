/** Calls for attention outside the page: the title and the tab's icon. */
import type { Words } from '../i18n';
import { showNumber } from '../i18n';
import type { CallChanged } from '../protocol/messages';
import { isLive, rings } from '../state/selectors';

export function callerName(call: CallChanged, words: Words): string {
  return call.name ?? (call.number ? showNumber(call.number) : words.t('card.hidden_number'));
}

export function alertFor(call: CallChanged, words: Words): string {
  return words.t('alert.ringing', { name: callerName(call, words) });
}

/** What a screen reader says of the calls: who rings, otherwise how the talk stands. */
export function spoken(all: readonly CallChanged[], words: Words): string {
  const asks = all.find(rings);
  if (asks) return alertFor(asks, words);
  const call = all.find(isLive);
  if (!call) return '';
  const state = { talking: 'card.talking', held: 'card.held', ringing: 'card.outgoing' } as const;
  if (call.state === 'ended') return '';
  return `${words.t(state[call.state])}: ${callerName(call, words)}`;
}

const BELL =
  'data:image/svg+xml,' +
  encodeURIComponent(
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><circle cx="8" cy="8" r="8" fill="#0f766e"/><circle cx="8" cy="8" r="3" fill="#fff"/></svg>',
  );

/** Shows the alert in the document's title and icon, and puts the old ones back on null. */
export function watchTitle(page: Document): (alert: string | null) => void {
  let before: string | null = null;
  let icon: HTMLLinkElement | null = null;
  return (alert) => {
    if (alert === null) {
      if (before !== null) page.title = before;
      before = null;
      icon?.remove();
      icon = null;
      return;
    }
    before ??= page.title;
    page.title = alert;
    if (icon) return;
    icon = page.createElement('link');
    icon.rel = 'icon';
    icon.href = BELL;
    page.head.append(icon);
  };
}
