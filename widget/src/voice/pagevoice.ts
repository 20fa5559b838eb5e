/**
 * The voice in the CRM's own page, for a panel whose frame a policy forbids the microphone. The
 * frame keeps the session and the screens; here are microphone, line, sound and ring tone, and the
 * same code behind them.
 */
import { Ringer } from '../media/ringer';
import type { FailureCode } from '../protocol/failure';
import { CommandFailed, failureCode } from '../protocol/failure';
import type { Ask } from '../protocol/client';
import { isRecord } from '../protocol/decode';
import type { View } from '../phone';
import { Store } from '../state/store';
import { thisPage, type MicrophonePage } from './microphone';
import { NOTHING, viewOf, type FromPageVoice, type ToPageVoice } from './pagewire';
import { startVoice, type StartOptions } from './start';

/** What of the page is needed; arguments, so that tests can stand in for it. */
export interface Around {
  readonly page: MicrophonePage;
  readonly ringer: Ringer;
  readonly start: (options: StartOptions) => ReturnType<typeof startVoice>;
  /** Calls back with addresses the page's own policy kept us from; the result undoes it. */
  readonly refusals: (refused: (address: string) => void) => () => void;
  readonly gestures: EventTarget;
}

/** Speaks for the frame at the other end of `port`; the result falls silent. */
export function speak(port: MessagePort, around: Around = thisAround()): () => void {
  const voice = new PageVoice(port, around);
  voice.listen();
  return () => voice.end();
}

class PageVoice {
  readonly #view = new Store<View>(viewOf(NOTHING));
  readonly #asked = new Map<number, { done: (value: unknown) => void; failed: (why: Error) => void }>();
  #count = 0;
  #voice: ReturnType<typeof startVoice> | null = null;
  #switchAddress = '';
  #over = false;
  #undo: (() => void)[] = [];
  /** As `startVoice` sees a phone. */
  readonly #phone: StartOptions['phone'] = {
    view: this.#view,
    askFor: (ask) => this.#ask(ask),
    fail: (code) => this.#tell({ type: 'fail', code }),
    answerHere: null,
    muteHere: null,
  };

  constructor(
    private readonly port: MessagePort,
    private readonly around: Around,
  ) {}

  listen(): void {
    const { page } = this.around;
    if (!page.secure || !page.media || page.allowed() === false) {
      this.#tell({ type: 'cannot' });
      this.end();
      return;
    }
    this.port.onmessage = (event) => this.#hear(event.data as ToPageVoice);
    // A frame that crashed says no word; browsers that know this event tell of it.
    this.port.addEventListener('close', () => this.end());
    this.#tell({ type: 'here' });
  }

  end(): void {
    if (this.#over) return;
    this.#voice?.voice.stop();
    this.#over = true;
    this.around.ringer.ring(false);
    // A page the browser keeps and shows again is told nothing any more: it is nobody's phone.
    this.#view.set(viewOf(NOTHING));
    for (const undo of this.#undo.splice(0)) undo();
    this.port.close();
  }

  #hear(message: ToPageVoice): void {
    const voice = this.#voice;
    switch (message.type) {
      case 'begin':
        this.#view.set(viewOf(message.told));
        if (!voice) this.#begin(message.tabId);
        return;
      case 'told':
        this.#view.set(viewOf(message.told));
        return;
      case 'answer':
        this.#answer(message.callId);
        return;
      case 'mute':
        voice?.voice.mute(message.callId, message.on);
        return;
      case 'ring':
        this.around.ringer.ring(message.on, message.soft);
        return;
      case 'choose':
        voice?.devices.choose(message.use, message.id);
        return;
      case 'volume':
        voice?.devices.setRingVolume(message.volume);
        return;
      case 'reply':
        this.#answered(message.n)?.done(message.value);
        return;
      case 'failed':
        this.#answered(message.n)?.failed(new CommandFailed(message.code));
        return;
      case 'allow':
        void voice?.voice.allowMicrophone();
        return;
      case 'take':
        void voice?.voice.take();
        return;
      case 'unlock':
        void this.around.ringer.unlock();
        return;
      case 'end':
        this.end();
        return;
    }
  }

  #begin(tabId: string): void {
    const { ringer, refusals, gestures } = this.around;
    const sound = (): void => this.#tell({ type: 'sound', on: ringer.unlocked.get() });
    this.#undo.push(
      ringer.arm(gestures),
      ringer.unlocked.watch(sound),
      refusals((address) => {
        if (this.#switchAddress !== '' && hostOf(address) === hostOf(this.#switchAddress)) {
          this.#tell({ type: 'cannot' });
          this.end();
        }
      }),
    );
    const siblings = {
      quiet: (calls: ReadonlySet<string>): void => this.#tell({ type: 'quiet', calls: [...calls] }),
      called: (): void => this.#tell({ type: 'called' }),
    };
    const phone = this.#phone;
    const { voice, devices } = this.around.start({ phone, tabId, ringer, canAsk: true, siblings });
    this.#voice = { voice, devices };
    const shown = (): void => this.#tell({ type: 'view', view: voice.view.get() });
    const chosen = (): void => this.#tell({ type: 'devices', devices: devices.view.get() });
    this.#undo.push(voice.view.watch(shown), devices.view.watch(chosen));
    sound();
    shown();
    chosen();
  }

  /** Where it does not ring on this line the server finds who has it, as for any other tab. */
  #answer(callId: string): void {
    if (this.#voice?.voice.answer(callId)) return;
    this.#ask({ type: 'call.answer', call_id: callId }).catch((error: unknown) => {
      this.#tell({ type: 'fail', code: failureCode(error) satisfies FailureCode });
    });
  }

  async #ask(ask: Ask): Promise<unknown> {
    const n = (this.#count += 1);
    const answer = await new Promise<unknown>((done, failed) => {
      if (this.#over) {
        failed(new CommandFailed('disconnected'));
        return;
      }
      this.#asked.set(n, { done, failed });
      this.#tell({ type: 'ask', n, ask });
    });
    if (ask.type === 'phone.register' && isRecord(answer)) {
      this.#switchAddress = String(answer['ws_url']);
    }
    return answer;
  }

  #answered(n: number): { done: (value: unknown) => void; failed: (why: Error) => void } | undefined {
    const asked = this.#asked.get(n);
    this.#asked.delete(n);
    return asked;
  }

  #tell(message: FromPageVoice): void {
    if (!this.#over) this.port.postMessage(message);
  }
}

function hostOf(address: string): string | null {
  try {
    return new URL(address).host;
  } catch {
    return null;
  }
}

function thisAround(): Around {
  return {
    page: thisPage(),
    ringer: new Ringer(),
    start: startVoice,
    refusals: (refused) => {
      const heard = (event: SecurityPolicyViolationEvent): void => {
        if (event.effectiveDirective === 'connect-src') refused(event.blockedURI);
      };
      document.addEventListener('securitypolicyviolation', heard);
      return () => document.removeEventListener('securitypolicyviolation', heard);
    },
    gestures: window,
  };
}
