/** The phone's line on screen, for tests: what the server said, what the page may, what is pressed. */
import { render } from 'preact';
import { act } from 'preact/test-utils';
import { Words } from '../i18n';
import type { Connection } from '../protocol/connection';
import type { PhonePart } from '../protocol/messages';
import type { View } from '../phone';
import { EMPTY } from '../state/state';
import { Store } from '../state/store';
import { DeviceMenu, type Memory } from '../voice/devices';
import type { VoiceView } from '../voice/voice';
import { AmbientContext } from './context';
import { PhoneLine } from './PhoneLine';

export const TAB = 'tab_here';

export interface Scene {
  readonly connection?: Connection;
  readonly memory?: Partial<Memory>;
  readonly voice?: Partial<VoiceView>;
  /** What the server says of the phone: which tab, and what it lacks. */
  readonly told?: { readonly tab: string | null; readonly missing: readonly PhonePart[] };
  readonly hasWindow?: boolean;
}

/** Draws it into `root`; the result grows by what is pressed. */
export async function show(root: HTMLElement, scene: Scene = {}): Promise<string[]> {
  const pressed: string[] = [];
  const press = (what: string) => (): Promise<void> => {
    pressed.push(what);
    return Promise.resolve();
  };
  const devices = new DeviceMenu(
    {
      addEventListener: () => undefined,
      enumerateDevices: () =>
        Promise.resolve([
          { deviceId: 'built-in', kind: 'audioinput', label: 'Встроенный' } as MediaDeviceInfo,
        ]),
    },
    { get: () => null, set: () => undefined, lasts: true, ...scene.memory },
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
    ...scene.voice,
  };
  const told = scene.told && {
    type: 'phone.changed',
    stream: 'me',
    entity: 'phone',
    seq: 1,
    version: 1,
    ...scene.told,
  };
  const state = told ? { ...EMPTY, me: { phone: told } } : EMPTY;
  const view = { connection: scene.connection ?? { phase: 'online' }, state } as unknown as View;
  const ambient = { words: new Words('ru'), openUrl: () => undefined, myId: 'me', skewMs: 0 };
  await act(() =>
    render(
      <AmbientContext.Provider value={ambient}>
        <PhoneLine
          view={view}
          controls={{
            voice: {
              view: new Store(voice),
              allowMicrophone: press('allow'),
              take: press('take'),
            },
            devices,
          }}
          tabId={TAB}
          passing={false}
          openWindow={scene.hasWindow ? () => void pressed.push('window') : null}
          unlock={() => void pressed.push('sound')}
          isWindow={false}
        />
      </AmbientContext.Provider>,
      root,
    ),
  );
  return pressed;
}
