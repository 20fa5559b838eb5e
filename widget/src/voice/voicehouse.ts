/** A stand-in for the page around a voice: its server, line, microphone and headset; for tests. */
import type { Ask } from '../protocol/client';
import type { CallChanged, Microphone as Heard, PhonePart, Push } from '../protocol/messages';
import { CommandFailed } from '../protocol/failure';
import type { View } from '../phone';
import { reduce } from '../state/reducer';
import { EMPTY } from '../state/state';
import { Store } from '../state/store';
import { FakeBrowser } from '../tabs/fakebrowser';
import { FakeClock, settle } from '../testing';
import callJson from '../../../protocol/fixtures/call.changed.json';
import credentialsJson from '../../../protocol/fixtures/phone_credentials.json';
import { DeviceMenu } from './devices';
import type { LegEvents, LineEvents, LineLeg } from './line';
import { Microphone } from './microphone';
import { Voice } from './voice';

export const CALL = callJson as unknown as CallChanged;
export const TAB = 'tab_here';

export class Leg implements LineLeg {
  answeredWith: MediaStream | null = null;
  ended = false;
  muted = false;
  restarts = 0;
  events: LegEvents | null = null;

  constructor(
    readonly callId: string | null = CALL.call_id,
    readonly legId: string | null = 'agent-e_101-1',
    readonly answersItself = false,
    readonly movesHere = false,
  ) {}

  watch(events: LegEvents): void {
    this.events = events;
  }
  answer(stream: MediaStream): void {
    this.answeredWith = stream;
  }
  end(): void {
    this.ended = true;
  }
  mute(on: boolean): void {
    this.muted = on;
  }
  speakThrough(stream: MediaStream): Promise<void> {
    this.answeredWith = stream;
    return Promise.resolve();
  }
  entries: readonly Readonly<Record<string, unknown>>[] = [];
  stats(): Promise<readonly Readonly<Record<string, unknown>>[]> {
    return Promise.resolve(this.entries);
  }
  restart(): void {
    this.restarts += 1;
  }
}

interface Opened {
  stopped: boolean;
  /** Its device is unplugged. */
  gone: () => void;
}

const HEADSET = { kind: 'audioinput', deviceId: 'usb', label: 'usb' } as MediaDeviceInfo;

export class House {
  readonly clock = new FakeClock();
  readonly asked: Ask[] = [];
  readonly failed: string[] = [];
  readonly sound = new Store(true);
  readonly lines: { events: LineEvents; started: number; stopped: number; reconnected: number }[] = [];
  readonly streams: Opened[] = [];
  inputs: MediaDeviceInfo[] = [HEADSET];
  /** What opening the microphone waits for. */
  gate: Promise<unknown> = Promise.resolve();
  #plugged: () => void = () => undefined;
  readonly devices: DeviceMenu;
  refuse: string | null = null;
  grants: Heard = 'granted';
  #version = 10;
  readonly view = new Store<View>({
    state: EMPTY,
    connection: { phase: 'online' },
    you: { account_id: 'a_1', employee_id: 'e_101', name: '', extension: null, is_supervisor: false },
    skewMs: 0,
    notices: [],
    pending: new Set(),
    history: { phase: 'idle', entries: [], next: null },
    from: null,
  });
  readonly voice: Voice;
  quiet: ReadonlySet<string> = new Set();
  called = 0;

  /** Without a browser its storage is blocked. */
  constructor(canAsk = true, browser?: FakeBrowser, readonly tab = TAB) {
    const microphone = new Microphone({
      secure: true,
      media: { getUserMedia: () => this.#open() },
      allowed: () => this.grants !== 'blocked',
      permission: () =>
        Promise.resolve({
          state: this.grants === 'ask' ? 'prompt' : this.grants === 'denied' ? 'denied' : 'granted',
          addEventListener: () => undefined,
        } as unknown as PermissionStatus),
    });
    const media = {
      enumerateDevices: () => Promise.resolve(this.inputs),
      addEventListener: (_: string, plugged: EventListenerOrEventListenerObject) => {
        this.#plugged = plugged as () => void;
      },
    };
    this.devices = new DeviceMenu(media, { get: () => null, set: () => undefined, lasts: true }, false);
    this.voice = new Voice({
      phone: {
        view: this.view,
        askFor: (ask) => {
          this.asked.push(ask);
          if (this.refuse === ask.type) return Promise.reject(new CommandFailed('no_device'));
          return Promise.resolve(ask.type === 'phone.register' ? credentialsJson : null);
        },
        fail: (code) => this.failed.push(code),
      },
      clock: this.clock,
      tabId: tab,
      microphone,
      devices: this.devices,
      sound: this.sound,
      unlock: () => Promise.resolve(),
      loadLine: () =>
        Promise.resolve((events: LineEvents) => {
          const line = { events, started: 0, stopped: 0, reconnected: 0 };
          this.lines.push(line);
          return {
            start: () => void (line.started += 1),
            stop: () => void (line.stopped += 1),
            reconnect: () => void (line.reconnected += 1),
          };
        }),
      context: () => null,
      play: () => ({ element: {}, stop: () => undefined }),
      tabs: {
        locks: () => browser?.locks(),
        channel: (name) => (browser ?? new FakeBrowser()).channel(name),
        quiet: (calls) => (this.quiet = calls),
        called: () => void (this.called += 1),
      },
      random: () => 1,
      canAsk,
    });
  }

  async #open(): Promise<MediaStream> {
    await this.gate;
    if (this.grants === 'absent') throw new DOMException('', 'NotFoundError');
    const stream: Opened = { stopped: false, gone: () => undefined };
    this.streams.push(stream);
    const track = {
      stop: () => void (stream.stopped = true),
      addEventListener: (_: string, gone: () => void) => void (stream.gone = gone),
    };
    const tracks = [track];
    return { getTracks: () => tracks, getAudioTracks: () => tracks } as unknown as MediaStream;
  }

  async unplug(): Promise<void> {
    this.grants = 'absent';
    this.inputs = [];
    this.streams.at(-1)?.gone();
    await this.#replug();
  }

  async plug(): Promise<void> {
    this.grants = 'granted';
    this.inputs = [HEADSET];
    await this.#replug();
  }

  async #replug(): Promise<void> {
    this.#plugged();
    for (let link = 0; link < 4; link += 1) await settle();
  }

  async talk(): Promise<Leg> {
    const leg = new Leg();
    this.line.events.rings(leg);
    this.voice.answer(CALL.call_id);
    await settle();
    await this.told({ ...CALL, state: 'talking', transfer: null });
    return leg;
  }

  async told(push: Record<string, unknown>): Promise<void> {
    this.#version += 1;
    const whole = { stream: 'me', seq: this.#version, version: this.#version, ...push };
    const state = reduce(this.view.get().state, whole as unknown as Push);
    this.view.update((view) => ({ ...view, state }));
    await settle();
    await settle();
  }

  device(device: 'phone' | 'browser'): Promise<void> {
    return this.told({ type: 'device.changed', entity: 'device', device });
  }

  phone(tab: string | null, ...missing: PhonePart[]): Promise<void> {
    return this.told({ type: 'phone.changed', entity: 'phone', tab, missing });
  }

  of(type: string): Ask[] {
    return this.asked.filter((ask) => ask.type === type);
  }

  get line() {
    const line = this.lines.at(-1);
    if (!line) throw new Error('no line yet');
    return line;
  }
}

export async function registered(canAsk = true): Promise<House> {
  const house = new House(canAsk);
  house.voice.start();
  await house.device('browser');
  await house.phone(TAB, 'registration');
  house.line.events.changed({ connected: true, registered: true });
  await house.phone(TAB);
  return house;
}
