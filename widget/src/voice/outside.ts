/**
 * The frame's end of a voice that lives in the CRM's own page. Tried where a policy forbids this
 * frame the microphone; where the page has none either, or an older loader is around, the panel
 * says what is wrong and offers the window, as ever.
 */
import { CommandFailed, failureCode } from '../protocol/failure';
import { isRecord } from '../protocol/decode';
import type { Clock } from '../protocol/clock';
import type { Ringer } from '../media/ringer';
import type { Phone } from '../phone';
import { phoneState } from '../state/selectors';
import { Store } from '../state/store';
import type { SiblingsHeard } from '../tabs/agreement';
import type { Devices, DeviceUse } from './devices';
import { thisPage, type MicrophonePage } from './microphone';
import { mayAsk, toldOf, type FromPageVoice, type ToPageVoice } from './pagewire';
import type { VoiceView } from './voice';

/** The loader fetches the voice in this time, or is one of before and never answers. */
const HERE_WITHIN_MS = 8_000;

export interface OutsideOptions {
  readonly phone: Phone;
  readonly tabId: string;
  readonly ringer: Ringer;
  readonly clock: Clock;
  readonly siblings: SiblingsHeard;
  /** Asks the page around to speak; the other end of the port is the voice's. */
  readonly open: () => MessagePort;
  /** The page turned out to have no voice after all. */
  readonly lost: () => void;
}

/** Whether a policy of the page around, not the person, keeps this frame from hearing. */
export async function isRefused(page: MicrophonePage = thisPage()): Promise<boolean> {
  if (!page.secure) return false;
  const allowed = page.allowed();
  // Browsers that name no policy say "denied" to a frame nobody delegated the microphone to.
  return allowed === null ? (await page.permission())?.state === 'denied' : !allowed;
}

/** Null when the page around cannot speak for us. */
export function speakOutside(options: OutsideOptions): Promise<Outside | null> {
  const port = options.open();
  return new Promise((resolve) => {
    const give = (voice: Outside | null): void => {
      cancel();
      if (!voice) close(port);
      resolve(voice);
    };
    const cancel = options.clock.after(HERE_WITHIN_MS, () => give(null));
    port.onmessage = ({ data }) => {
      const said = isRecord(data) ? data['type'] : null;
      if (said === 'here') give(new Outside(options, port));
      else if (said === 'cannot') give(null);
    };
  });
}

function close(port: MessagePort): void {
  port.postMessage({ type: 'end' } satisfies ToPageVoice);
  port.close();
}

const NO_VIEW: VoiceView = {
  on: false,
  microphone: 'ask',
  looked: false,
  line: { connected: false, registered: false },
  noLine: false,
  alone: false,
  legs: {},
};
const NO_DEVICES: Devices = {
  inputs: [],
  outputs: [],
  chosen: { microphone: null, speaker: null, ringer: null },
  ringVolume: 0,
  canChooseOutput: false,
  lasts: true,
};

/** What the panel sees of the voice, and what it orders. */
export class Outside {
  readonly devices = {
    view: new Store<Devices>(NO_DEVICES),
    choose: (use: DeviceUse, id: string | null): void => this.#tell({ type: 'choose', use, id }),
    setRingVolume: (volume: number): void => this.#tell({ type: 'volume', volume }),
  };
  readonly voice = {
    view: new Store<VoiceView>(NO_VIEW),
    allowMicrophone: (): Promise<void> => {
      this.#tell({ type: 'allow' });
      return Promise.resolve();
    },
    take: (): Promise<void> => {
      this.#tell({ type: 'take' });
      return Promise.resolve();
    },
    stop: (): void => this.#stop(),
  };
  #told = '';
  #undo: (() => void)[] = [];
  #over = false;

  constructor(
    private readonly options: OutsideOptions,
    private readonly port: MessagePort,
  ) {
    const { phone, tabId, ringer } = options;
    port.onmessage = ({ data }) => {
      if (isRecord(data)) this.#hear(data as unknown as FromPageVoice);
    };
    const told = toldOf(phone.view.get());
    this.#told = JSON.stringify(told);
    this.#tell({ type: 'begin', tabId, told });
    ringer.through({
      ring: (on, soft) => this.#tell({ type: 'ring', on, soft }),
      unlock: () => this.#tell({ type: 'unlock' }),
    });
    phone.answerHere = (callId) => this.#answer(callId);
    phone.muteHere = (callId, on) => this.#tell({ type: 'mute', callId, on });
    const gone = ({ persisted }: PageTransitionEvent): void => {
      // A page that is kept comes back with its voice: the page around has the same end.
      if (!persisted) this.#stop();
    };
    window.addEventListener('pagehide', gone);
    this.#undo = [
      phone.view.watch(() => this.#follow()),
      () => window.removeEventListener('pagehide', gone),
    ];
  }

  #follow(): void {
    const told = toldOf(this.options.phone.view.get());
    const said = JSON.stringify(told);
    if (said === this.#told) return;
    this.#told = said;
    this.#tell({ type: 'told', told });
  }

  /** The voice there finds whether it rings on its line. */
  #answer(callId: string): boolean {
    const { phone, tabId } = this.options;
    const mine = phoneState(phone.view.get().state)?.tab === tabId;
    const ready = mine && this.voice.view.get().line.registered;
    if (ready) this.#tell({ type: 'answer', callId });
    return ready;
  }

  #hear(message: FromPageVoice): void {
    const { phone, ringer, siblings } = this.options;
    switch (message.type) {
      case 'view':
        this.voice.view.set(message.view);
        return;
      case 'devices':
        this.devices.view.set(message.devices);
        return;
      case 'sound':
        ringer.soundsElsewhere(message.on);
        return;
      case 'ask':
        void this.#ask(message.n, message.ask);
        return;
      case 'quiet':
        siblings.quiet(new Set(message.calls));
        return;
      case 'called':
        siblings.called();
        return;
      case 'fail':
        phone.fail(message.code);
        return;
      case 'cannot':
        this.#stop();
        this.options.lost();
        return;
      case 'here':
        return;
    }
  }

  async #ask(n: number, ask: unknown): Promise<void> {
    try {
      if (!mayAsk(ask)) throw new CommandFailed('not_allowed');
      this.#tell({ type: 'reply', n, value: await this.options.phone.askFor(ask) });
    } catch (error) {
      this.#tell({ type: 'failed', n, code: failureCode(error) });
    }
  }

  #stop(): void {
    if (this.#over) return;
    this.#over = true;
    const { phone, ringer } = this.options;
    for (const undo of this.#undo.splice(0)) undo();
    phone.answerHere = null;
    phone.muteHere = null;
    ringer.through(null);
    this.voice.view.set(NO_VIEW);
    close(this.port);
  }

  #tell(message: ToPageVoice): void {
    if (!this.#over) this.port.postMessage(message);
  }
}
