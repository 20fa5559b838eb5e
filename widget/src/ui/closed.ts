/** The page was opened without a session: one sentence instead of an empty page. */
import { localeOf, Words } from '../i18n';

export function showClosed(root: HTMLElement, locale: string | null): void {
  const words = new Words(localeOf(locale ?? navigator.language));
  const text = document.createElement('p');
  text.className = 'empty';
  text.setAttribute('role', 'alert');
  text.textContent = words.t('connection.stopped.session_ended');
  root.replaceChildren(text);
}
