import { beforeEach, describe, expect, it } from 'vitest';
import type { Ask } from '../protocol/client';
import type { CallChanged, Microphone as Heard, PhonePart, Push } from '../protocol/messages';
import { CommandFailed } from '../protocol/failure';
import type { View } from '../phone';
import { reduce } from '../state/reducer';
import { EMPTY } from '../state/state';
import { Store } from '../state/store';
import { FakeClock, settle } from '../testing';
import callJson from '../../../protocol/fixtures/call.changed.json';
import credentialsJson from '../../../protocol/fixtures/phone_credentials.json';
import { DeviceMenu } from './devices';
import type { LegEvents, LineEvents, LineLeg } from './line';
import { Microphone } from './microphone';
import { Voice } from './voice';

const CALL = callJson as unknown as CallChanged;
const TAB = 'tab_here';

class Leg implements LineLeg {
  answeredWith: MediaStream | null = null;
  ended = false;
  muted = false;
  restarts = 0;
  events: LegEvents | null = null;

  constructor(
    readonly callId: string | null = CALL.call_id,
    readonly legId: string | null = 'agent-e_101-1',
    readonly answersItself = false,
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
  stats(): Promise<readonly Readonly<Record<string, unknown>>[]> {
    return Promise.resolve([]);
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

class House {
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
    you: null,
    skewMs: 0,
    notices: [],
    pending: new Set(),
    history: { phase: 'idle', entries: [], next: null },
    from: null,
  });
  readonly voice: Voice;

  constructor(canAsk = true) {
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
      tabId: TAB,
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

async function registered(canAsk = true): Promise<House> {
  const house = new House(canAsk);
  house.voice.start();
  await house.device('browser');
  await house.phone(TAB, 'registration');
  house.line.events.changed({ connected: true, registered: true });
  await house.phone(TAB);
  return house;
}

describe('the voice of a tab', () => {
  let house: House;
  beforeEach(async () => {
    house = await registered();
  });

  it('does nothing for somebody on a telephone', async () => {
    const other = new House();
    other.voice.start();
    await other.device('phone');
    await other.phone(TAB);
    expect(other.of('phone.report')).toEqual([]);
    expect(other.lines).toEqual([]);
  });

  it('proves its parts one by one and tells each change once', () => {
    expect(house.of('phone.report')).toEqual([
      { type: 'phone.report', microphone: 'granted', connected: false, registered: false, talking: false },
      { type: 'phone.report', microphone: 'granted', connected: true, registered: true, talking: false },
    ]);
    expect(house.line.started).toBe(1);
  });

  it('tells everything again after the socket came back', async () => {
    const before = house.of('phone.report').length;
    house.view.update((view) => ({ ...view, connection: { phase: 'connecting', first: false } }));
    house.view.update((view) => ({ ...view, connection: { phase: 'online' } }));
    await settle();
    expect(house.of('phone.report').length).toBe(before + 1);
  });

  it('leaves the line to the tab that was given it', async () => {
    await house.phone('tab_there');
    expect(house.line.stopped).toBe(1);
    expect(house.voice.view.get().line.registered).toBe(false);
    await house.phone(TAB);
    expect(house.lines.length).toBe(2);
  });

  it('asks for new credentials when the switch refuses them, while it is the phone', async () => {
    house.line.events.refused();
    await house.clock.pass(3_000);
    await settle();
    expect(house.of('phone.register').length).toBe(2);
    house.line.events.refused();
    await house.phone('tab_there');
    await house.clock.pass(3_000);
    expect(house.of('phone.register').length).toBe(2);
  });

  it('goes on asking when the server would not', async () => {
    const late = new House();
    late.refuse = 'phone.register';
    late.voice.start();
    await late.device('browser');
    await late.phone(TAB);
    expect(late.voice.view.get().noLine).toBe(true);
    await late.clock.pass(3_000);
    await late.clock.pass(5_999);
    expect(late.of('phone.register').length).toBe(2);
    late.refuse = null;
    await late.clock.pass(1);
    await settle();
    expect(late.lines.length).toBe(1);
    expect(late.voice.view.get().noLine).toBe(false);
  });

  it('does not ask the sooner for all that happens meanwhile', async () => {
    const late = new House();
    late.refuse = 'phone.register';
    late.voice.start();
    await late.device('browser');
    await late.phone(TAB);
    for (let n = 0; n < 20; n += 1) {
      await late.told({ ...CALL, call_id: `c_${n}`, entity: `call:c_${n}` });
    }
    expect(late.of('phone.register').length).toBe(1);
    late.view.update((view) => ({ ...view, connection: { phase: 'connecting', first: false } }));
    late.view.update((view) => ({ ...view, connection: { phase: 'online' } }));
    await settle();
    expect(late.of('phone.register').length).toBe(2);
  });

  it('takes a call that rings here at once, without the server', async () => {
    const leg = new Leg();
    house.line.events.rings(leg);
    await settle();
    expect(leg.answeredWith).toBeNull();
    expect(house.voice.answer(CALL.call_id)).toBe(true);
    await settle();
    expect(leg.answeredWith).not.toBeNull();
    expect(house.of('phone.report').at(-1)).toMatchObject({ talking: true });
    expect(house.voice.answer('another')).toBe(false);
  });

  it('takes it when another tab asked, and only that leg, and only now', async () => {
    const leg = new Leg();
    house.line.events.rings(leg);
    const asked = { type: 'phone.asked', entity: 'phone_asked', call_id: CALL.call_id, act: 'answer' };
    const at = (age: number): string => new Date(house.clock.now() - age).toISOString();
    await house.told({ ...asked, leg_id: 'agent-e_101-0', at: at(0) });
    await house.told({ ...asked, leg_id: leg.legId, at: at(60_000) });
    expect(leg.answeredWith).toBeNull();
    await house.told({ ...asked, leg_id: leg.legId, at: at(1_000) });
    expect(leg.answeredWith).not.toBeNull();
  });

  it('takes it when the wish came before the ringing', async () => {
    const at = new Date(house.clock.now()).toISOString();
    const asked = { type: 'phone.asked', entity: 'phone_asked', call_id: CALL.call_id, act: 'answer' };
    await house.told({ ...asked, leg_id: 'agent-e_101-1', at });
    const leg = new Leg();
    house.line.events.rings(leg);
    await settle();
    expect(leg.answeredWith).not.toBeNull();
  });

  it('picks up by itself what its person asked for', async () => {
    const leg = new Leg('c_2', 'agent-e_101-1', true);
    house.line.events.rings(leg);
    await settle();
    expect(leg.answeredWith).not.toBeNull();
  });

  it('lets the microphone go with the call', async () => {
    const leg = new Leg(CALL.call_id, 'agent-e_101-1', true);
    house.line.events.rings(leg);
    await settle();
    leg.events?.ended();
    expect(house.streams.every((stream) => stream.stopped)).toBe(true);
    expect(house.voice.answer(CALL.call_id)).toBe(false);
  });

  it('says so when the microphone will not open, and the call rings on', async () => {
    const leg = new Leg();
    house.line.events.rings(leg);
    house.grants = 'absent';
    house.voice.answer(CALL.call_id);
    await settle();
    expect(house.failed).toEqual(['no_microphone']);
    expect(leg.ended).toBe(false);
    expect(house.of('phone.report').at(-1)).toMatchObject({ microphone: 'absent' });
  });

  it('is silent at once where it is muted here, and heard when its person says so', async () => {
    const leg = await house.talk();
    house.voice.mute(CALL.call_id, true);
    expect(leg.muted).toBe(true);
    // The server was out of reach; what it says next knows nothing of it.
    await house.told({ ...CALL, state: 'talking', muted: false });
    expect(leg.muted).toBe(true);
    await house.clock.pass(1_000);
    expect(house.voice.view.get().legs[CALL.call_id]?.muted).toBe(true);
    house.voice.mute(CALL.call_id, false);
    expect([leg.muted, house.voice.view.get().legs[CALL.call_id]?.muted]).toEqual([false, false]);
    // Once the server knew, any tab may undo it.
    house.voice.mute(CALL.call_id, true);
    await house.told({ ...CALL, state: 'talking', muted: true });
    await house.told({ ...CALL, state: 'talking', muted: false });
    expect(leg.muted).toBe(false);
  });

  it('lets nobody hear the greeting of another call, until it is held', async () => {
    const leg = await house.talk();
    const second = new Leg('second', 'second');
    house.line.events.rings(second);
    house.voice.answer('second');
    expect([leg.muted, second.muted]).toEqual([true, false]);
    await settle();
    await house.told({ ...CALL, state: 'held' });
    await house.told({ ...CALL, state: 'talking' });
    expect(leg.muted).toBe(false);
    // A server that would not hold it does not leave it silent.
    const third = new Leg('third', 'third');
    house.line.events.rings(third);
    house.voice.answer('third');
    expect(leg.muted).toBe(true);
    await house.clock.pass(5_000);
    expect(leg.muted).toBe(false);
  });

  it('is muted as the card says, whoever pressed it', async () => {
    const leg = new Leg();
    house.line.events.rings(leg);
    house.voice.answer(CALL.call_id);
    await settle();
    await house.told({ ...CALL, state: 'talking', muted: true });
    expect(leg.muted).toBe(true);
    await house.told({ ...CALL, state: 'talking', muted: false });
    expect(leg.muted).toBe(false);
  });

  it('hands the talk over once the tab the person chose is ready, and not before', async () => {
    const leg = new Leg();
    house.line.events.rings(leg);
    house.voice.answer(CALL.call_id);
    await settle();
    await house.told({ ...CALL, state: 'talking', transfer: null });
    await house.phone('tab_there', 'registration');
    expect(leg.ended).toBe(false);
    await house.phone('tab_there');
    expect(leg.ended).toBe(true);
  });

  it('keeps the talk while it is passed on, and when only its own socket was cut', async () => {
    const leg = new Leg();
    house.line.events.rings(leg);
    house.voice.answer(CALL.call_id);
    await settle();
    house.view.update((view) => ({ ...view, connection: { phase: 'connecting', first: false } }));
    await house.told({ ...CALL, state: 'talking', transfer: null });
    await house.phone('tab_there');
    house.view.update((view) => ({ ...view, connection: { phase: 'online' } }));
    await settle();
    expect(leg.ended).toBe(false);
    await house.phone(TAB);
    const transfer = { kind: 'blind', phase: 'ringing', role: 'sender', target: 'x', by: 'y' };
    await house.told({ ...CALL, state: 'held', transfer });
    await house.phone('tab_there');
    expect(leg.ended).toBe(false);
  });

  it('ends its talks by word when the page goes', async () => {
    const leg = new Leg(CALL.call_id, 'agent-e_101-1', true);
    house.line.events.rings(leg);
    await settle();
    house.voice.stop();
    expect([leg.ended, house.line.stopped]).toEqual([true, 1]);
    expect(house.streams.every((stream) => stream.stopped)).toBe(true);
  });

  it('is on the line again when the browser shows a page it had kept', async () => {
    house.voice.stop();
    await house.phone(TAB, 'socket');
    await house.clock.pass(120_000);
    expect(house.of('phone.register').length).toBe(1);
    house.voice.resume();
    await settle();
    expect([house.of('phone.register').length, house.lines.length]).toEqual([2, 2]);
  });

  it('speaks again through a headset that was plugged in again', async () => {
    const leg = await house.talk();
    const first = leg.answeredWith;
    await house.unplug();
    expect(house.failed).toEqual(['no_microphone']);
    expect(leg.answeredWith).toBe(first);
    await house.plug();
    expect(leg.answeredWith).not.toBe(first);
    expect(house.of('phone.report').at(-1)).toMatchObject({ microphone: 'granted', talking: true });
  });

  it('keeps its talk when the other tab was chosen because the headset went away', async () => {
    const leg = await house.talk();
    await house.phone(null, 'microphone_absent');
    await house.phone('tab_there', 'registration');
    await house.phone('tab_there');
    expect(leg.ended).toBe(false);
  });

  it('lets a microphone go that opened when the talk was over', async () => {
    const leg = await house.talk();
    let open: (value: unknown) => void = () => undefined;
    house.gate = new Promise((resolve) => (open = resolve));
    house.devices.choose('microphone', 'usb');
    await settle();
    leg.events?.ended();
    open(null);
    for (let link = 0; link < 4; link += 1) await settle();
    expect(house.streams.map((stream) => stream.stopped)).toEqual(house.streams.map(() => true));
  });

  it('lets the microphone before go, whatever the connection says of the new one', async () => {
    const leg = await house.talk();
    leg.speakThrough = () => Promise.reject(new DOMException('closed', 'InvalidStateError'));
    const before = house.streams.at(-1);
    house.devices.choose('microphone', 'usb');
    for (let link = 0; link < 4; link += 1) await settle();
    expect(before?.stopped).toBe(true);
    leg.events?.ended();
    expect(house.streams.every((stream) => stream.stopped)).toBe(true);
  });

  it('takes back what it said when a page without pixels loses its microphone', async () => {
    const worker = await registered(false);
    await worker.unplug();
    expect(worker.of('phone.report').at(-1)).toMatchObject({ microphone: 'absent' });
  });

  it('looks for new ways when the network changed', async () => {
    const leg = new Leg(CALL.call_id, 'agent-e_101-1', true);
    house.line.events.rings(leg);
    await settle();
    house.voice.networkChanged();
    expect([house.line.reconnected, leg.restarts]).toEqual([1, 1]);
  });

  it('asks for new credentials before the old ones end, when nobody talks', async () => {
    const left = Date.parse(credentialsJson.expires_at) - house.clock.now();
    const leg = new Leg();
    house.line.events.rings(leg);
    await house.clock.pass(Math.max(60_000, left - 10 * 60_000));
    expect(house.of('phone.register').length).toBe(1);
    leg.events?.ended();
    await house.clock.pass(60_000);
    await settle();
    expect(house.of('phone.register').length).toBe(2);
  });

  it('is no phone any more once its person chose a telephone', async () => {
    await house.device('phone');
    expect(house.of('phone.release').length).toBe(1);
    expect(house.line.stopped).toBe(1);
  });

  it('brings the audio here', async () => {
    await house.phone('tab_there');
    await house.voice.take();
    expect(house.of('phone.take').length).toBe(1);
  });

  it('says nothing of itself in a page without pixels until all was granted', async () => {
    const worker = new House(false);
    worker.grants = 'ask';
    worker.voice.start();
    await worker.device('browser');
    expect(worker.of('phone.report')).toEqual([]);
    const asking = new House();
    asking.grants = 'ask';
    asking.voice.start();
    await asking.device('browser');
    expect(asking.of('phone.report')).toMatchObject([{ microphone: 'ask' }]);
  });
});
