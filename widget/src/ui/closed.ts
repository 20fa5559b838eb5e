/** There is no session: one sentence with what to do instead of an empty page. */
import { localeOf, Words, type TextKey } from '../i18n';

const SENTENCE: Readonly<Record<string, TextKey>> = {
  not_an_employee: 'closed.not_an_employee',
  no_line: 'closed.no_line',
  calls_off: 'closed.calls_off',
};

/** Whether there is more to say than that the session is over. */
export function explains(why: string): boolean {
  return why in SENTENCE;
}

/** `why` is the server's reason, or empty when the page was opened without a CRM around it. */
export function showClosed(root: HTMLElement, locale: string | null, why = ''): void {
  const words = new Words(localeOf(locale ?? navigator.language));
  const text = document.createElement('p');
  text.className = 'empty';
  text.setAttribute('role', 'alert');
  text.textContent = words.t(SENTENCE[why] ?? 'connection.stopped.session_ended');
  root.replaceChildren(text);
}
