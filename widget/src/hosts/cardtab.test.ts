import { beforeEach, describe, expect, it } from 'vitest';
import callJson from '../../../protocol/fixtures/call.changed.json';
import type { View } from '../phone';
import type { CallChanged } from '../protocol/messages';
import { reduce } from '../state/reducer';
import { EMPTY } from '../state/state';
import { Store } from '../state/store';
import { CardTab, keepEarly } from './cardtab';

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

describe('our tab in the card', () => {
  const bound = new Map<string, (argument: unknown) => void>();
  let told: string[];
  let stopped: number;
  let phone: { view: Store<View>; stop: () => void };

  beforeEach(() => {
    bound.clear();
    told = [];
    stopped = 0;
    phone = { view: new Store(view()), stop: () => (stopped += 1) };
    const port = {
      call: (command: string) => {
        told.push(command);
        return Promise.reject(new Error('silent'));
      },
      bind: (event: string, listener: (argument: unknown) => void) => void bound.set(event, listener),
    };
    new CardTab({ port, phone, callId: call.call_id, isKept: false }).start();
  });

  it('keeps the card of a call that reached nobody', () => {
    phone.view.set(view(call));
    phone.view.set(view({ ...call, version: 9, state: 'ended', outcome: 'lost', cause: 'busy' }));
    bound.get('CallCard::CallStateChanged')?.(['idle', { failedCode: '486' }]);
    expect(told).toEqual(['disableAutoClose']);
  });

  it('lets the card of a talk go with the talk', () => {
    phone.view.set(view(call));
    phone.view.set(view({ ...call, version: 9, state: 'talking', my_leg: 'up' }));
    bound.get('CallCard::CallStateChanged')?.('idle');
    expect(told).toEqual(['disableAutoClose', 'enableAutoClose']);
  });

  it('leaves the card of an incoming call to the portal', () => {
    phone.view.set(view({ ...call, direction: 'inbound' }));
    expect(told).toEqual([]);
  });

  it.each([
    ['outgoing', 'disableAutoClose,enableAutoClose'],
    ['callback', 'disableAutoClose,enableAutoClose'],
    ['incoming', ''],
    [undefined, ''],
  ])('keeps an %s call’s card before it knows anything', (direction, commands) => {
    const said: string[] = [];
    const port = { call: (command: string) => Promise.resolve(said.push(command)) };
    keepEarly(port, direction)?.();
    expect(said.join()).toBe(commands);
  });

  it('lets a card go that was kept early for a call that was answered', () => {
    const said: string[] = [];
    const port = {
      call: (command: string) => Promise.resolve(said.push(command)),
      bind: () => undefined,
    };
    phone.view.set(view({ ...call, state: 'talking', my_leg: 'up' }));
    new CardTab({ port, phone, callId: call.call_id, isKept: true }).start();
    expect(said).toEqual(['enableAutoClose']);
  });

  it('ends once, however often the portal says that it closes', () => {
    phone.view.set(view(call));
    bound.get('CallCard::BeforeClose')?.(undefined);
    bound.get('CallCard::BeforeClose')?.(undefined);
    phone.view.set(view({ ...call, version: 9, state: 'talking', my_leg: 'up' }));
    expect(stopped).toBe(1);
    expect(told).toEqual(['disableAutoClose']);
  });
});
