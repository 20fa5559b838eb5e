/**
 * Opens the card of whoever is put before the operator, once, in the tab that rings for him.
 *
 * What somebody writes in the open card is not thrown away: the page around is asked to hold then,
 * and the operator opens the card himself.
 */
import type { DialerChanged } from '../protocol/messages';

export interface Around {
  /** False: the page holds something unsaved and stayed where it is. */
  open(url: string): Promise<boolean>;
  /** Whether this is the tab to do it in. */
  mine(): boolean;
}

export class CardOpener {
  #shown: string | null = null;

  constructor(
    private readonly around: Around,
    private readonly onHeld: (itemId: string | null) => void,
  ) {}

  /** Call with every change of the run. */
  follow(run: DialerChanged | null): void {
    const item = run?.in_hand?.item ?? null;
    if (item === null) {
      if (this.#shown !== null) this.onHeld(null);
      this.#shown = null;
      return;
    }
    // Each hand has a fence of its own: whoever comes back tomorrow is opened again.
    const hand = `${item.id}:${String(item.fence)}`;
    if (hand === this.#shown) return;
    this.#shown = hand;
    this.onHeld(null);
    const url = item.record?.url ?? null;
    // A talk that goes on after a reload has its card already.
    if (url === null || (item.phase !== 'shown' && item.phase !== 'dialling') || !this.around.mine()) return;
    void this.around.open(url).then((opened) => {
      if (!opened && this.#shown === hand) this.onHeld(item.id);
    });
  }
}
