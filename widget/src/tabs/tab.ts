/** Which tab this is, and whether the person is looking at it. */
import { Store } from '../state/store';

export class Tab {
  /** Random, stable over reconnections of this page. */
  readonly id = `tab_${crypto.randomUUID().replaceAll('-', '').slice(0, 16)}`;
  readonly visible = new Store(!document.hidden);

  /** The result stops watching. */
  watch(): () => void {
    const report = (): void => this.visible.set(!document.hidden);
    document.addEventListener('visibilitychange', report);
    return () => document.removeEventListener('visibilitychange', report);
  }
}
