/** What an operator asks of the dialer, and the lists he looks at. Draws nothing. */
import type { Phone } from '../phone';
import type { Ask } from '../protocol/client';
import { CommandFailed } from '../protocol/failure';
import type {
  DialerCheck,
  DialerItem,
  DialerItems,
  DialerList,
  DialerLists,
  DisposeItem,
  ListItems,
} from '../protocol/messages';
import { Store } from '../state/store';

export type Part = NonNullable<ListItems['part']>;

/** Why something did not work: the server's own word where there is one. */
export interface Trouble {
  readonly reason: string | null;
  readonly code: string;
}

export interface People {
  readonly listId: string;
  readonly part: Part;
  readonly items: readonly DialerItem[];
  readonly next: string | null;
  readonly loading: boolean;
}

export interface DeskView {
  readonly phase: 'loading' | 'ready' | 'failed';
  readonly lists: readonly DialerList[];
  /** The list that is looked into. */
  readonly people: People | null;
  readonly check: DialerCheck | null;
  /** What is asked and not answered: the command's tag. */
  readonly asking: ReadonlySet<string>;
  readonly trouble: Trouble | null;
}

export interface InHand {
  readonly item_id: string;
  readonly fence: number;
}

export type Result = Pick<DisposeItem, 'disposition' | 'note' | 'callback_at' | 'callback_mine'>;

const PAGE = 50;

export class Desk {
  readonly view = new Store<DeskView>({
    phase: 'loading',
    lists: [],
    people: null,
    check: null,
    asking: new Set(),
    trouble: null,
  });

  constructor(private readonly phone: Pick<Phone, 'askFor'>) {}

  // ── looking ────────────────────────────────────────────────────────────────────────────────

  /** Silently where something is shown already. */
  async load(): Promise<void> {
    try {
      const { lists } = (await this.phone.askFor({ type: 'dialer.lists' })) as DialerLists;
      this.#patch({ phase: 'ready', lists });
    } catch {
      this.view.update((view) => ({
        ...view,
        phase: view.phase === 'ready' ? 'ready' : 'failed',
      }));
    }
  }

  async look(listId: string, part: Part = 'all'): Promise<void> {
    const before = this.view.get().people;
    const same = before?.listId === listId && before.part === part;
    this.#patch({
      people: { listId, part, items: same ? before.items : [], next: null, loading: true },
      ...(before?.listId === listId ? {} : { check: null, trouble: null }),
    });
    await this.#page(listId, part, null);
  }

  async more(): Promise<void> {
    const people = this.view.get().people;
    if (!people?.next || people.loading) return;
    this.#patch({ people: { ...people, loading: true } });
    await this.#page(people.listId, people.part, people.next);
  }

  /** A fresh list is looked into at once. */
  async made(list: DialerList): Promise<void> {
    const others = this.view.get().lists.filter(({ id }) => id !== list.id);
    this.#patch({ phase: 'ready', lists: [list, ...others] });
    await this.look(list.id);
  }

  leave(): void {
    this.#patch({ people: null, check: null, trouble: null });
    void this.load();
  }

  async #page(listId: string, part: Part, after: string | null): Promise<void> {
    const ask = { type: 'dialer.items', list_id: listId, part, after, limit: PAGE } as const;
    let page: DialerItems | null = null;
    try {
      page = (await this.phone.askFor(ask)) as DialerItems;
    } catch (error) {
      this.#failed(error);
    }
    const people = this.view.get().people;
    // Somebody looks elsewhere by now.
    if (people?.listId !== listId || people.part !== part) return;
    const items = page === null ? people.items : [...(after === null ? [] : people.items), ...page.items];
    this.#patch({ people: { ...people, items, next: page?.next ?? null, loading: false } });
  }

  // ── doing ──────────────────────────────────────────────────────────────────────────────────

  start(listId: string, blend: boolean): Promise<boolean> {
    return this.#do({ type: 'dialer.start', list_id: listId, blend });
  }

  stop(): Promise<boolean> {
    return this.#do({ type: 'dialer.stop' });
  }

  blend(on: boolean): Promise<boolean> {
    return this.#do({ type: 'dialer.blend', on });
  }

  dial(hand: InHand, number?: string): Promise<boolean> {
    return this.#do({ type: 'dialer.dial', ...hand, ...(number === undefined ? {} : { number }) });
  }

  skip(hand: InHand): Promise<boolean> {
    return this.#do({ type: 'dialer.skip', ...hand });
  }

  next(hand: InHand): Promise<boolean> {
    return this.#do({ type: 'dialer.next', ...hand });
  }

  /** Lost ones do no harm: the next comes in a moment. */
  typing(hand: InHand): void {
    this.phone.askFor({ type: 'dialer.typing', ...hand }).catch(() => undefined);
  }

  dispose(hand: InHand, result: Result): Promise<boolean> {
    return this.#do({ type: 'dialer.dispose', ...hand, ...result });
  }

  async remove(item: DialerItem): Promise<void> {
    await this.#edit((list_id) => ({ type: 'dialer.remove', list_id, item_id: item.id }));
  }

  /** Before the one above it. */
  async moveUp(item: DialerItem): Promise<void> {
    const items = this.view.get().people?.items ?? [];
    const above = items[items.findIndex(({ id }) => id === item.id) - 1];
    if (!above) return;
    const before = above.id;
    await this.#edit((list_id) => ({ type: 'dialer.move', list_id, item_id: item.id, before }));
  }

  /** Reads one record again, or all of them, and tells who may not be called. */
  async check(item?: DialerItem): Promise<void> {
    const listId = this.view.get().people?.listId;
    if (listId === undefined) return;
    const ask = { type: 'dialer.refresh', list_id: listId, item_id: item?.id ?? null } as const;
    const [check, fine] = await this.#answer(ask);
    if (!fine || this.view.get().people?.listId !== listId) return;
    this.#patch({ check: check as DialerCheck });
    await this.#again();
  }

  async repeat(): Promise<void> {
    await this.#edit((list_id) => ({ type: 'dialer.repeat', list_id, outcomes: [] }));
  }

  async reset(): Promise<void> {
    if (await this.#edit((list_id) => ({ type: 'dialer.reset', list_id }))) this.leave();
  }

  async #edit(make: (listId: string) => Ask): Promise<boolean> {
    const listId = this.view.get().people?.listId;
    if (listId === undefined || !(await this.#do(make(listId)))) return false;
    await this.#again();
    return true;
  }

  /** What is on screen, as it is now. */
  async #again(): Promise<void> {
    const people = this.view.get().people;
    await Promise.all([this.load(), people ? this.look(people.listId, people.part) : undefined]);
  }

  async #do(ask: Ask): Promise<boolean> {
    return (await this.#answer(ask))[1];
  }

  async #answer(ask: Ask): Promise<[unknown, boolean]> {
    if (this.view.get().asking.has(ask.type)) return [null, false];
    this.#asking(ask.type, true);
    this.#patch({ trouble: null });
    try {
      return [await this.phone.askFor(ask), true];
    } catch (error) {
      this.#failed(error);
      return [null, false];
    } finally {
      this.#asking(ask.type, false);
    }
  }

  #failed(error: unknown): void {
    const known = error instanceof CommandFailed;
    this.#patch({
      trouble: { reason: known ? error.named : null, code: known ? error.code : 'failed' },
    });
  }

  #asking(type: string, on: boolean): void {
    const asking = new Set(this.view.get().asking);
    if (on) asking.add(type);
    else asking.delete(type);
    this.#patch({ asking });
  }

  #patch(change: Partial<DeskView>): void {
    this.view.update((view) => ({ ...view, ...change }));
  }
}
