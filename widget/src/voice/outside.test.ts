// @vitest-environment happy-dom
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import callJson from '../../../protocol/fixtures/call.changed.json';
import credentialsJson from '../../../protocol/fixtures/phone_credentials.json';
import phoneJson from '../../../protocol/fixtures/phone.changed.json';
import { Ringer } from '../media/ringer';
import type { Phone, View } from '../phone';
import type { Ask } from '../protocol/client';
import { CommandFailed } from '../protocol/failure';
import type { CallChanged, PhoneChanged } from '../protocol/messages';
import { EMPTY } from '../state/state';
import { Store } from '../state/store';
import { FakeClock } from '../testing';
import type { Devices } from './devices';
import type { MicrophonePage } from './microphone';
import { isRefused, speakOutside, type Outside } from './outside';
import { speak, type Around } from './pagevoice';
import { toldOf } from './pagewire';
import type { StartOptions } from './start';
import type { VoiceView } from './voice';

const TAB = 'tab_here';
const CALL = callJson as unknown as CallChanged;
const READY: VoiceView = {
  on: true,
  microphone: 'granted',
  looked: true,
  line: { connected: true, registered: true },
  noLine: false,
  alone: false,
  legs: {},
};
const DEVICES: Devices = {
  inputs: [],
  outputs: [],
  chosen: { microphone: null, speaker: null, ringer: null },
  ringVolume: 0.5,
  canChooseOutput: true,
  lasts: true,
};

function page(change: Partial<MicrophonePage> = {}): MicrophonePage {
  return {
    secure: true,
    media: { getUserMedia: () => Promise.reject(new Error('not asked')) },
    allowed: () => true,
    permission: () => Promise.resolve(null),
    ...change,
  };
}

function view(): View {
  const phone = { ...(phoneJson as unknown as PhoneChanged), tab: TAB };
  return {
    state: { ...EMPTY, me: { [CALL.entity]: CALL, phone } },
    connection: { phase: 'online' },
    you: null,
    skewMs: 7,
    notices: [],
    pending: new Set(),
    history: { phase: 'idle', entries: [], next: null },
    from: null,
  };
}

/** A frame and the page around it, each with its half of the voice. */
class Both {
  readonly clock = new FakeClock();
  readonly asked: Ask[] = [];
  readonly failed: string[] = [];
  readonly done: string[] = [];
  readonly frameRinger = new Ringer(() => {
    throw new Error('no sound in this test');
  });
  readonly pageRinger = new (class extends Ringer {
    constructor(private readonly log: string[]) {
      super(() => {
        throw new Error('no sound in this test');
      });
    }
    override ring(on: boolean, soft = false): void {
      this.log.push(`ring ${String(on)} ${String(soft)}`);
    }
  })(this.done);
  readonly phone = {
    view: new Store<View>(view()),
    askFor: (ask: Ask) => {
      this.asked.push(ask);
      if (ask.type === 'phone.take') return Promise.reject(new CommandFailed('wrong_state'));
      return Promise.resolve(credentialsJson);
    },
    fail: (code: string) => void this.failed.push(code),
    answerHere: null as ((id: string) => boolean) | null,
    muteHere: null as ((id: string, on: boolean) => void) | null,
  };
  readonly voiceView = new Store<VoiceView>(READY);
  readonly devicesView = new Store<Devices>(DEVICES);
  given: StartOptions | null = null;
  readonly siblings: string[] = [];
  rings = true;
  lost = 0;
  refuse: (address: string) => void = () => undefined;
  stop: () => void = () => undefined;
  port: MessagePort | null = null;

  start(change: Partial<MicrophonePage> = {}): Promise<Outside | null> {
    return speakOutside({
      phone: this.phone as unknown as Phone,
      tabId: TAB,
      ringer: this.frameRinger,
      clock: this.clock,
      lost: () => (this.lost += 1),
      siblings: {
        quiet: (calls) => void this.siblings.push(...calls),
        called: () => void this.siblings.push('called'),
      },
      open: () => {
        const { port1, port2 } = new MessageChannel();
        this.stop = speak(port2, this.#around(page(change)));
        this.port = port1;
        return port1;
      },
    });
  }

  #around(around: MicrophonePage): Around {
    const voice = {
      view: this.voiceView,
      answer: (id: string) => this.done.push(`answer ${id}`) > 0 && this.rings,
      mute: (id: string, on: boolean) => this.done.push(`mute ${id} ${String(on)}`),
      allowMicrophone: () => Promise.resolve(this.done.push('allow')),
      take: () => Promise.resolve(this.done.push('take')),
      stop: () => this.done.push('stop'),
    };
    const devices = {
      view: this.devicesView,
      choose: (use: string, id: string) => this.done.push(`choose ${use} ${id}`),
      setRingVolume: (volume: number) => this.done.push(`volume ${volume}`),
    };
    return {
      page: around,
      ringer: this.pageRinger,
      start: (options) => {
        this.given = options;
        return { voice, devices } as unknown as ReturnType<Around['start']>;
      },
      refusals: (refused) => {
        this.refuse = refused;
        return () => undefined;
      },
      gestures: new EventTarget(),
    };
  }
}

describe('a voice in the page around', () => {
  let both: Both;
  let outside: Outside;
  beforeEach(async () => {
    both = new Both();
    outside = (await both.start()) ?? never();
    await until(() => outside.voice.view.get().on);
  });
  afterEach(() => outside.voice.stop());

  it('shows the panel what it is and what devices there are', async () => {
    await until(() => outside.devices.view.get().ringVolume === 0.5);
    expect(outside.voice.view.get()).toEqual(READY);
    both.voiceView.set({ ...READY, microphone: 'absent' });
    await until(() => outside.voice.view.get().microphone === 'absent');
  });

  it('is told of calls and of no customer', async () => {
    const given = both.given ?? never();
    expect(given.tabId).toBe(TAB);
    const calls = Object.values(given.phone.view.get().state.me);
    expect(calls.map((one) => one.type).sort()).toEqual(['call.changed', 'phone.changed']);
    const text = JSON.stringify(given.phone.view.get());
    expect(text).toContain(CALL.call_id);
    for (const theirs of [CALL.number, CALL.name]) expect(text).not.toContain(theirs ?? never());
    const ended = { ...CALL, state: 'ended' as const };
    both.phone.view.update((now) => ({ ...now, state: { ...EMPTY, me: { [CALL.entity]: ended } } }));
    await until(() => JSON.stringify(given.phone.view.get()).includes('"ended"'));
  });

  it('asks the server through the frame, which passes on what a voice may ask', async () => {
    const { phone } = both.given ?? never();
    await expect(phone.askFor({ type: 'phone.register' })).resolves.toEqual(credentialsJson);
    await expect(phone.askFor({ type: 'phone.take' })).rejects.toMatchObject({ code: 'wrong_state' });
    const other = { type: 'call.dial', target: '+74951234567', source: 'keypad' } as const;
    await expect(phone.askFor(other)).rejects.toMatchObject({ code: 'not_allowed' });
    expect(both.asked.map(({ type }) => type)).toEqual(['phone.register', 'phone.take']);
    phone.fail('no_microphone');
    await until(() => both.failed.length === 1);
  });

  it('does what the panel says', async () => {
    expect(both.phone.answerHere?.('c_1')).toBe(true);
    both.phone.muteHere?.('c_1', true);
    void outside.voice.allowMicrophone();
    void outside.voice.take();
    outside.devices.choose('speaker', 'headset');
    outside.devices.setRingVolume(0.2);
    both.frameRinger.ring(true);
    both.frameRinger.ring(true);
    both.frameRinger.ring(true, true);
    await until(() => both.done.includes('ring true true'));
    expect(both.done).toEqual([
      ...['answer c_1', 'mute c_1 true', 'allow', 'take', 'choose speaker headset', 'volume 0.2'],
      ...['ring true false', 'ring true true'],
    ]);
    expect(both.asked).toEqual([]);
  });

  it('passes on what other tabs of the browser told the page', async () => {
    both.given?.siblings?.quiet(new Set(['c_1', 'c_2']));
    both.given?.siblings?.called();
    await until(() => both.siblings.length === 3);
    expect(both.siblings).toEqual(['c_1', 'c_2', 'called']);
  });

  it('leaves to the server what does not ring on its line', async () => {
    both.rings = false;
    expect(both.phone.answerHere?.('c_9')).toBe(true);
    await until(() => both.asked.length === 1);
    expect(both.asked).toEqual([{ type: 'call.answer', call_id: 'c_9' }]);
  });

  it('answers nothing while another tab is the phone, or its line is not registered', async () => {
    both.voiceView.set({ ...READY, line: { connected: true, registered: false } });
    await until(() => !outside.voice.view.get().line.registered);
    expect(both.phone.answerHere?.('c_1')).toBe(false);
  });

  it('says whether the page may sound in place of the frame', async () => {
    both.pageRinger.unlocked.set(true);
    await until(() => both.frameRinger.unlocked.get());
    outside.voice.stop();
    expect(both.frameRinger.unlocked.get()).toBe(false);
  });

  it('falls silent with the frame, and is nobody\'s phone then', async () => {
    outside.voice.stop();
    await until(() => both.done.includes('stop'));
    expect(both.phone.answerHere).toBeNull();
    expect(both.given?.phone.view.get().state.me).toEqual({});
    await expect(both.given?.phone.askFor({ type: 'phone.register' })).rejects.toThrow();
  });

  it('falls silent when the frame crashes', async () => {
    both.port?.close();
    await until(() => both.done.includes('stop'));
  });

  it('gives up where the page may not reach the switch', async () => {
    await both.given?.phone.askFor({ type: 'phone.register' });
    both.refuse('https://elsewhere.test/');
    both.refuse(credentialsJson.ws_url);
    await until(() => both.lost === 1);
    expect(both.done).toContain('stop');
    expect(outside.voice.view.get().on).toBe(false);
  });
});

describe('without a voice in the page around', () => {
  it.each([{ allowed: () => false }, { secure: false }, { media: undefined }])(
    'there is none with %o',
    async (change) => expect(await new Both().start(change)).toBeNull(),
  );

  it('a loader of before is not waited for', async () => {
    const clock = new FakeClock();
    const { port1 } = new MessageChannel();
    const asked = speakOutside({ clock, open: () => port1 } as unknown as Parameters<typeof speakOutside>[0]);
    await clock.pass(8_000);
    expect(await asked).toBeNull();
  });

  const denied = (): Promise<PermissionStatus> =>
    Promise.resolve({ state: 'denied' } as PermissionStatus);
  const policies: [Partial<MicrophonePage>, boolean][] = [
    [{}, false],
    [{ allowed: () => false }, true],
    [{ allowed: () => false, secure: false }, false],
    [{ allowed: () => null }, false],
    [{ allowed: () => null, permission: denied }, true],
    [{ permission: denied }, false],
  ];
  it.each(policies)('%o is a refusal of the page: %s', async (change, refused) => {
    expect(await isRefused(page(change))).toBe(refused);
  });
});

describe('what the page is told', () => {
  it('names nobody in a transfer', () => {
    const transfer: CallChanged['transfer'] = {
      kind: 'blind',
      phase: 'ringing',
      role: 'sender',
      target: 'Анна',
      by: 'Борис',
      reason: null,
      note: 'срочно',
      swapped: false,
    };
    const now = view();
    const state = { ...EMPTY, me: { [CALL.entity]: { ...CALL, transfer } } };
    const text = JSON.stringify(toldOf({ ...now, state }));
    for (const secret of ['Анна', 'Борис', 'срочно']) expect(text).not.toContain(secret);
    expect(text).toContain('"phase":"ringing"');
  });
});

/** Messages between ports take turns of the event loop. */
async function until(holds: () => boolean): Promise<void> {
  for (let turn = 0; turn < 1_000 && !holds(); turn += 1) {
    await new Promise((next) => setImmediate(next));
  }
  expect(holds()).toBe(true);
}

function never(): never {
  throw new Error('unreachable');
}
