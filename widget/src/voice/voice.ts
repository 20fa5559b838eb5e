/**
 * The voice of one tab: proves what it can, holds the line while this tab is the phone, takes what
 * rings when its person says so.
 *
 * The server chooses the tab (`phone.changed`), a lock of this browser confirms it (`tabs/lock`).
 * Where storage is partitioned or blocked the server is alone in it: what fences two tabs off then
 * is the password, since each registration gets a new one and the one before opens nothing.
 */
import type { Clock } from '../protocol/clock';
import type { Microphone as Heard } from '../protocol/messages';
import { failureCode } from '../protocol/failure';
import type { Phone } from '../phone';
import { device, phoneState } from '../state/selectors';
import { Store } from '../state/store';
import { Agreement, type TabsPage } from '../tabs/agreement';
import type { DeviceMenu } from './devices';
import type { LineState, OpenLine } from './line';
import type { Microphone } from './microphone';
import { OFF, Registration } from './registration';
import { Talks, type LegViews, type Playing } from './talks';

export interface VoiceView {
  /** This tab is to be a phone: its person talks in the browser. */
  readonly on: boolean;
  readonly microphone: Heard;
  /** The microphone was looked at: before, nothing is known of it. */
  readonly looked: boolean;
  readonly line: LineState;
  /** The switch gives no line to browsers: only an administrator can mend that. */
  readonly noLine: boolean;
  /** No lock of this browser confirms that this tab is the phone: the server alone says so. */
  readonly alone: boolean;
  /** Talks whose sound is in this tab, by call. */
  readonly legs: LegViews;
}

export interface VoiceOptions {
  readonly phone: Pick<Phone, 'view' | 'askFor' | 'fail'>;
  readonly clock: Clock;
  readonly tabId: string;
  readonly microphone: Microphone;
  readonly devices: DeviceMenu;
  /** Whether sound may be heard here. */
  readonly sound: Store<boolean>;
  /** Makes the page sound, once something allows it. */
  readonly unlock: () => Promise<void>;
  readonly loadLine: () => Promise<OpenLine>;
  readonly context: () => AudioContext | null;
  readonly play: (stream: MediaStream) => Playing;
  readonly tabs: TabsPage;
  /** 0 to 1, for waits that are not to end together. */
  readonly random: () => number;
  /** A page that cannot ask its person says nothing of itself until it was granted all. */
  readonly canAsk: boolean;
}

export class Voice {
  readonly view: Store<VoiceView>;
  readonly #talks: Talks;
  readonly #tabs: Agreement;
  readonly #registration: Registration;
  #reported = '';
  /** The page went: nothing is followed until it is back. */
  #stopped = false;
  /** This tab was the phone on this connection: another one now was chosen by the person. */
  #had = false;

  constructor(private readonly options: VoiceOptions) {
    this.view = new Store<VoiceView>({
      on: false,
      microphone: options.microphone.state.get(),
      looked: false,
      line: OFF,
      noLine: false,
      alone: false,
      legs: {},
    });
    this.#tabs = new Agreement({
      page: options.tabs,
      clock: options.clock,
      lost: () => {
        this.#registration.letGo();
        this.#follow();
      },
      changed: () => this.#follow(),
      unheard: () => options.phone.view.get().connection.phase !== 'online',
    });
    this.#talks = new Talks(options, (said) => this.#tabs.tell(said), () => this.#follow(), () => this.#takeBack());
    this.#registration = new Registration({
      phone: options.phone,
      clock: options.clock,
      random: options.random,
      loadLine: options.loadLine,
      isMine: () => this.#isMine() && this.#tabs.has,
      isBusy: () => this.#talks.some,
      begins: () => this.#tabs.tell({ what: 'holds' }),
      changed: (line) => {
        if (this.view.get().line !== line) this.#patch({ line });
      },
      refused: (noLine) => this.#patch({ noLine }),
      rings: (leg) => this.#talks.rings(leg),
      look: () => this.#follow(),
    });
  }

  start(): void {
    const { phone, microphone, devices, sound } = this.options;
    microphone.state.watch(() => {
      this.#patch({ microphone: microphone.state.get() });
      void devices.refresh();
      this.#follow();
    });
    sound.watch(() => this.#follow());
    this.#talks.views.watch(() => this.#patch({ legs: this.#talks.views.get() }));
    let chosen = devices.view.get().chosen;
    let plugged = '';
    devices.view.watch(() => {
      const { chosen: now, inputs } = devices.view.get();
      const ids = inputs.map(({ id }) => id).join();
      // A headset that was unplugged is found missing before a call is.
      if (ids !== plugged && this.view.get().looked) void this.#plugged();
      plugged = ids;
      if (now.microphone !== chosen.microphone) void this.#talks.changeMicrophone();
      if (now.speaker !== chosen.speaker) this.#talks.changeSpeaker();
      chosen = now;
    });
    phone.view.watch(() => this.#follow());
    this.#follow();
  }

  /** From the person's click: asks for the microphone, and unlocks sound with it. */
  async allowMicrophone(): Promise<void> {
    await this.options.microphone.request();
    await this.options.unlock();
  }

  /** Bring the voice to this tab; from the person's click. */
  async take(): Promise<void> {
    if (this.options.microphone.state.get() !== 'granted') await this.allowMicrophone();
    await this.options.unlock();
    if (this.options.microphone.state.get() !== 'granted') return;
    try {
      await this.options.phone.askFor({ type: 'phone.take' });
    } catch (error) {
      this.options.phone.fail(failureCode(error));
    }
  }

  /** Takes the call if it rings on the line of this tab. False: somebody else has to. */
  answer(callId: string): boolean {
    return this.#talks.answer(callId);
  }

  /** Silences a talk of this tab at once, or lets it be heard. */
  mute(callId: string, on: boolean): void {
    this.#talks.mute(callId, on);
  }

  /** The machine slept, or the network is another. */
  networkChanged(): void {
    this.#registration.reconnect();
    this.#talks.restart();
  }

  /**
   * The page goes. Its talks are ended by word, though nobody wants them over: the switch would
   * notice the silence only after ten seconds, and the server brings the talk back to the next tab.
   * What only rings is left to the next one, too.
   */
  stop(): void {
    this.#stopped = true;
    this.#talks.stop();
    this.#letGo();
    this.#tabs.leave();
  }

  /** The browser stops the page's scripts. One that talks is left alone by it, and by us. */
  freeze(): void {
    if (!this.#talks.talking) this.stop();
  }

  /** The browser had kept the page or stopped it, and goes on with it. */
  resume(): void {
    if (!this.#stopped) return;
    this.#stopped = false;
    this.#reported = '';
    this.#follow();
  }

  // ── which tab is the phone ──

  #follow(): void {
    if (this.#stopped) return;
    const { phone, microphone, tabId } = this.options;
    const { state, connection, you } = phone.view.get();
    const on = device(state) === 'browser';
    if (on !== this.view.get().on) {
      this.#patch({ on });
      if (on) void this.#begin();
      else this.#leave();
    }
    if (!on) return;
    if (you) this.#tabs.join(you.account_id, you.employee_id);
    if (connection.phase !== 'online') {
      // The server forgot what this socket proved; it hears it again.
      this.#reported = '';
      this.#had = false;
      // Coming back is spread over time by itself.
      this.#registration.hurry();
      return;
    }
    const may = microphone.state.get() === 'granted' || (this.view.get().looked && this.options.canAsk);
    // What was said once is also taken back: a microphone may go.
    if (may || this.#reported !== '') this.#report();
    const told = phoneState(state);
    if (told?.tab === tabId) {
      this.#had = true;
      this.#talks.keep();
      this.#hold(String(told.version));
    } else {
      this.#handOver();
      this.#letGo();
    }
    this.#talks.obey();
    this.#talks.mutes();
  }

  /** A talk whose headset went away gets its voice back with the headset. */
  async #plugged(): Promise<void> {
    await this.options.microphone.check();
    if (this.options.microphone.state.get() === 'granted') await this.#talks.revive();
  }

  async #begin(): Promise<void> {
    const { microphone, devices } = this.options;
    await microphone.check();
    this.#patch({ looked: true });
    await devices.watch();
    this.#follow();
  }

  #leave(): void {
    this.#letGo();
    this.#tabs.leave();
    this.#reported = '';
    this.options.phone.askFor({ type: 'phone.release' }).catch(() => undefined);
  }

  #report(): void {
    const { line, microphone } = this.view.get();
    const facts = { microphone, ...line, talking: this.#talks.talking };
    const said = JSON.stringify(facts);
    if (said === this.#reported) return;
    this.#reported = said;
    this.options.phone.askFor({ type: 'phone.report', ...facts }).catch(() => {
      this.#reported = '';
    });
  }

  /** `word`: of the server, which says that it is this tab. */
  #hold(word: string): void {
    const may = this.#tabs.take(word);
    if (this.view.get().alone !== this.#tabs.alone) this.#patch({ alone: this.#tabs.alone });
    if (may) this.#registration.hold();
  }

  #isMine(): boolean {
    const { state } = this.options.phone.view.get();
    const mine = phoneState(state)?.tab === this.options.tabId;
    return mine && this.view.get().on && !this.#stopped;
  }

  #letGo(): void {
    this.#tabs.letGo();
    this.#registration.letGo();
  }

  /** Another tab is the phone now, and ready: whatever is talked here goes there. */
  #handOver(): void {
    const told = phoneState(this.options.phone.view.get().state);
    if (told?.tab == null) {
      // Nobody is the phone: who is next was not chosen by the person.
      this.#had = false;
      return;
    }
    if (this.#had && told.missing.length === 0) this.#talks.handOver();
  }

  /** A talk could not leave for the tab that is the phone: the phone is where the talk is. */
  #takeBack(): void {
    const { phone, tabId } = this.options;
    if (phoneState(phone.view.get().state)?.tab === tabId) return;
    phone.askFor({ type: 'phone.take' }).catch(() => undefined);
  }

  #patch(change: Partial<VoiceView>): void {
    this.view.update((view) => ({ ...view, ...change }));
  }
}
