// @vitest-environment happy-dom
import { render } from 'preact';
import { act } from 'preact/test-utils';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Words } from '../i18n';
import type { View } from '../phone';
import type { Connection } from '../protocol/connection';
import { EMPTY } from '../state/state';
import { Store } from '../state/store';
import { DeviceMenu, type Memory } from '../voice/devices';
import type { VoiceView } from '../voice/voice';
import { AmbientContext } from './context';
import { PhoneLine } from './PhoneLine';

let root: HTMLElement;

beforeEach(() => {
  root = document.createElement('div');
  document.body.append(root);
});

afterEach(async () => {
  await act(() => render(null, root));
  root.remove();
});

async function show(connection: Connection, memory: Partial<Memory> = {}): Promise<void> {
  const devices = new DeviceMenu(
    {
      addEventListener: () => undefined,
      enumerateDevices: () =>
        Promise.resolve([
          { deviceId: 'built-in', kind: 'audioinput', label: 'Встроенный' } as MediaDeviceInfo,
        ]),
    },
    { get: () => null, set: () => undefined, lasts: true, ...memory },
    false,
  );
  await devices.refresh();
  const voice: VoiceView = {
    on: true,
    microphone: 'granted',
    looked: true,
    line: { connected: false, registered: false },
    noLine: false,
    alone: false,
    legs: {},
  };
  const nothing = (): Promise<void> => Promise.resolve();
  const controls = {
    voice: { view: new Store(voice), allowMicrophone: nothing, take: nothing },
    devices,
  };
  const view = { connection, state: EMPTY } as unknown as View;
  const ambient = { words: new Words('ru'), openUrl: () => undefined, myId: 'me', skewMs: 0 };
  await act(() =>
    render(
      <AmbientContext.Provider value={ambient}>
        <PhoneLine
          view={view}
          controls={controls}
          tabId="here"
          passing={false}
          openWindow={null}
          unlock={() => undefined}
          isWindow={false}
        />
      </AmbientContext.Provider>,
      root,
    ),
  );
}

it('lets the headset be changed while the server is away, and says nothing of the phone', async () => {
  await show({ phase: 'offline' });
  expect(root.querySelector('select')).not.toBeNull();
  expect(root.querySelector('[role=status]')).toBeNull();
});

it('names a chosen device that is unplugged', async () => {
  await show({ phase: 'online' }, { get: (key) => (key === 'microphone' ? 'headset' : null) });
  const select = root.querySelector('select');
  expect(select?.value).toBe('headset');
  expect(select?.selectedOptions[0]?.textContent).toBe('Выбранное (отключено)');
});

it('says that a choice is forgotten where the browser keeps nothing for us', async () => {
  await show({ phase: 'online' }, { lasts: false });
  expect(root.textContent).toContain('выбор действует');
  await show({ phase: 'online' });
});
