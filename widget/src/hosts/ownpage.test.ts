import { beforeEach, describe, expect, it } from 'vitest';
import callJson from '../../../protocol/fixtures/call.changed.json';
import type { View } from '../phone';
import type { CallChanged } from '../protocol/messages';
import { reduce } from '../state/reducer';
import { EMPTY } from '../state/state';
import { Store } from '../state/store';
import { FakeClock } from '../testing';
import { hasMarkedPage, markPage, OwnPage, PAGE_LOCK } from './ownpage';

const call: CallChanged = { ...(callJson as unknown as CallChanged), direction: 'outbound', actions: ['hangup'] };

function view(...calls: CallChanged[]): View {
  return {
    state: calls.reduce(reduce, EMPTY),
    connection: { phase: 'online' },
    you: null,
    skewMs: 0,
    notices: [],
    pending: new Set(),
    history: { phase: 'idle', entries: [], next: null },
    from: null,
  };
}

describe('our own page', () => {
  const ringing: CallChanged = { ...call, direction: 'inbound', my_leg: 'ringing', actions: ['decline'] };
  let clock: FakeClock;
  let phone: { view: Store<View> };
  let opened: number;
  let visible: boolean;
  let shown: boolean;
  let held: string[] | null;
  let page: OwnPage;

  beforeEach(() => {
    clock = new FakeClock();
    phone = { view: new Store(view()) };
    opened = 0;
    visible = true;
    shown = false;
    held = ['something else'];
    page = new OwnPage({
      phone,
      clock,
      isVisible: () => visible,
      isShownHere: () => shown,
      held: () => Promise.resolve(held),
      open: () => (opened += 1),
    });
    page.start();
  });

  async function rung(): Promise<void> {
    phone.view.set(view(ringing));
    phone.view.set(view({ ...ringing, version: 9 }));
    await clock.pass(10_000);
  }

  it('opens once for a call the portal shows no card of', async () => {
    await rung();
    expect(opened).toBe(1);
  });

  it('opens soon where the portal said that it has no card', async () => {
    phone.view.set(view(ringing));
    page.hidden(ringing.call_id);
    await clock.pass(500);
    expect(opened).toBe(1);
  });

  it.each([[['dozvon-card-externalCall.1']], [[PAGE_LOCK]]])(
    'stays away while %o',
    async (names) => {
      held = names;
      await rung();
      expect(opened).toBe(0);
    },
  );

  it('opens where other tabs cannot be asked', async () => {
    held = null;
    await rung();
    expect(opened).toBe(1);
  });

  it('stays away from a tab that shows the call already', async () => {
    held = null;
    shown = true;
    await rung();
    expect(opened).toBe(0);
  });

  it('stays away from a tab nobody looks at', async () => {
    visible = false;
    await rung();
    expect(opened).toBe(0);
  });

  it('stays away when the call is over by then', async () => {
    phone.view.set(view(ringing));
    await clock.pass(3_000);
    phone.view.set(view());
    await clock.pass(10_000);
    page.hidden(ringing.call_id);
    await clock.pass(1_000);
    expect(opened).toBe(0);
  });
});

describe('our page among the frames of a tab', () => {
  const frame = (...below: unknown[]): Window => Object.assign([...below], {}) as unknown as Window;
  const of = (dataset: object, ...below: unknown[]): unknown =>
    Object.assign([...below], { document: { documentElement: { dataset } } });
  const foreign = (...below: unknown[]): unknown =>
    Object.defineProperty([...below], 'document', {
      get: () => {
        throw new DOMException('blocked', 'SecurityError');
      },
    });

  it('is found wherever it is', () => {
    expect(hasMarkedPage(frame())).toBe(false);
    expect(hasMarkedPage(frame(of({}), foreign()))).toBe(false);
    expect(hasMarkedPage(frame(foreign(), of({ dozvonPage: '' })))).toBe(true);
    expect(hasMarkedPage(frame(of({}), foreign(foreign(of({ dozvonPage: '' })))))).toBe(true);
  });

  it('marks itself', () => {
    const element = { dataset: {} };
    markPage({ documentElement: element } as unknown as Document);
    expect(element.dataset).toEqual({ dozvonPage: '' });
  });
});
