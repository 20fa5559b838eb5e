// @vitest-environment happy-dom
import { render } from 'preact';
import { act } from 'preact/test-utils';
import { expect, it, vi } from 'vitest';
import pushJson from '../../../protocol/fixtures/callbacks.changed.json';
import { Words } from '../i18n';
import type { CallbacksChanged } from '../protocol/messages';
import { AmbientContext } from './context';
import { Callbacks } from './Callbacks';

const push = pushJson as unknown as CallbacksChanged;

async function show(
  callbacks: CallbacksChanged | null,
  busy = false,
): Promise<{ root: HTMLElement; onCall: ReturnType<typeof vi.fn>; onDone: ReturnType<typeof vi.fn> }> {
  const root = document.createElement('div');
  const [onCall, onDone] = [vi.fn(), vi.fn()];
  const ambient = { words: new Words('en'), openUrl: () => undefined, myId: 'e', skewMs: 0 };
  await act(() => {
    render(
      <AmbientContext.Provider value={ambient}>
        <Callbacks callbacks={callbacks} pending={new Set()} busy={busy} onCall={onCall} onDone={onDone} />
      </AmbientContext.Provider>,
      root,
    );
  });
  return { root, onCall, onDone };
}

it('says who waits and why, and lets the agent call or be done', async () => {
  const { root, onCall, onDone } = await show(push);
  expect(root.textContent).toContain('left a message');
  const [call, done] = [...root.querySelectorAll('button')];
  call?.click();
  done?.click();
  expect(onCall).toHaveBeenCalledWith(push.items[0]?.number);
  expect(onDone).toHaveBeenCalledWith(push.items[0]?.call_id);
});

it('says why the CRM has no task, whatever a later server calls it', async () => {
  const [item] = push.items;
  if (!item) throw new Error('the sample has nobody');
  const told = (change: Partial<typeof item>) => show({ ...push, items: [{ ...item, ...change }] });
  const waiting = await told({ crm: 'waiting', crm_reason: 'unavailable' });
  expect(waiting.root.textContent).toContain('no task in the CRM: the CRM does not answer');
  const refused = await told({ crm: 'refused', crm_reason: 'rejected', crm_said: 'no rights' });
  expect(refused.root.textContent).toContain('(no rights)');
  const later = await told({ crm: 'refused', crm_reason: 'of_next_year' });
  expect(later.root.textContent).toContain('ask an administrator');
  const written = await told({ crm: 'written' });
  expect(written.root.textContent).not.toContain('CRM');
});

it('plays a message, calls nobody beside a talk, and is not there when nobody waits', async () => {
  const [item] = push.items;
  if (!item) throw new Error('the sample has nobody');
  const withSound = { ...push, items: [{ ...item, recording_url: 'https://x.test/a.mp3', number: '' }] };
  const { root } = await show(withSound);
  expect(root.querySelector('audio')?.getAttribute('src')).toBe('https://x.test/a.mp3');
  expect(root.querySelectorAll('button')).toHaveLength(1);
  const busy = await show(push, true);
  expect(busy.root.querySelector('button')?.disabled).toBe(true);
  const none = await show({ ...push, items: [] });
  expect(none.root.textContent).toBe('');
});
