/** Short messages that leave by themselves. */
import type { Clock } from './protocol/clock';
import type { FailureCode } from './protocol/failure';
import type {
  CallRemoved,
  NoticeRaised,
  PhonePart,
  PhonePassed,
  RefusalReason,
} from './protocol/messages';
import { Store } from './state/store';

export type Notice =
  | { readonly id: number; readonly kind: 'removed'; readonly removed: CallRemoved }
  | { readonly id: number; readonly kind: 'failed'; readonly code: FailureCode }
  | {
      readonly id: number;
      readonly kind: 'passed';
      readonly number: string;
      readonly missing: readonly PhonePart[];
    }
  | {
      readonly id: number;
      readonly kind: 'refused';
      readonly reason: RefusalReason;
      readonly number: string | null;
    };

/** `Omit` over each member of the union; the plain one would merge them. */
type NewNotice = Notice extends infer N ? (N extends Notice ? Omit<N, 'id'> : never) : never;

const NOTICE_MS = 7_000;
/** A refusal older than this is no news: it came with a snapshot. */
const NEWS_MS = 60_000;

export class NoticeBoard {
  readonly shown = new Store<readonly Notice[]>([]);
  #last = 0;

  constructor(
    private readonly clock: Clock,
    private readonly skewMs: () => number,
  ) {}

  show(notice: NewNotice): void {
    if (notice.kind === 'removed' && !WORTH_TELLING.has(notice.removed.reason)) return;
    this.#last += 1;
    const id = this.#last;
    this.shown.update((shown) => [...shown.slice(-2), { ...notice, id }]);
    this.clock.after(NOTICE_MS, () => this.dismiss(id));
  }

  dismiss(id: number): void {
    this.shown.update((shown) => shown.filter((notice) => notice.id !== id));
  }

  /** Why a call was not placed. */
  raised({ reason, number, at }: NoticeRaised): void {
    if (this.#isNews(at)) this.show({ kind: 'refused', reason, number });
  }

  /** A call nothing of this person's could ring for. */
  passed({ number, at }: PhonePassed, missing: readonly PhonePart[]): void {
    if (this.#isNews(at)) this.show({ kind: 'passed', number, missing });
  }

  /** The newest one comes with every snapshot, too. */
  #isNews(at: string): boolean {
    return this.clock.now() + this.skewMs() - Date.parse(at) <= NEWS_MS;
  }
}

/** Others are the person's own doing and need no words. */
const WORTH_TELLING: ReadonlySet<CallRemoved['reason']> = new Set([
  'answered_elsewhere',
  'timed_out',
  'abandoned',
]);
