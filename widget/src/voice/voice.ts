/**
 * The voice of one tab: proves what it can, holds the line while this tab is the phone, takes what
 * rings when its person says so.
 *
 * The server chooses the tab (`phone.changed`); Web Locks and channels are not asked, so storage
 * that is partitioned or blocked changes nothing. What fences two tabs off is the password: each
 * registration gets a new one, and the one before opens nothing.
 */
import type { Clock } from '../protocol/clock';
import type { CallChanged, Microphone as Heard, PhoneCredentials } from '../protocol/messages';
import { failureCode } from '../protocol/failure';
import type { Phone } from '../phone';
import { calls, device, phoneAsked, phoneState } from '../state/selectors';
import { Store } from '../state/store';
import { playOn, type DeviceMenu } from './devices';
import { LevelMeter, MutedSpeech } from './levels';
import type { LegEvents, Line, LineLeg, LineState, OpenLine } from './line';
import { stop, type Microphone } from './microphone';
import { GOOD, QualityMeter, readingOf, type Verdict } from './quality';

export interface LegView {
  readonly verdict: Verdict;
  readonly speaksMuted: boolean;
}

export interface VoiceView {
  /** This tab is to be a phone: its person talks in the browser. */
  readonly on: boolean;
  readonly microphone: Heard;
  /** The microphone was looked at: before, nothing is known of it. */
  readonly looked: boolean;
  readonly line: LineState;
  /** The switch gives no line to browsers: only an administrator can mend that. */
  readonly noLine: boolean;
  /** Talks whose sound is in this tab, by call. */
  readonly legs: Readonly<Record<string, LegView>>;
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
  /** A page that cannot ask its person says nothing of itself until it was granted all. */
  readonly canAsk: boolean;
}

/** Somebody's sound in this tab. */
export interface Playing {
  readonly element: object;
  stop(): void;
}

interface Talk {
  readonly leg: LineLeg;
  readonly quality: QualityMeter;
  readonly mutedSpeech: MutedSpeech;
  stream: MediaStream | null;
  playing: Playing | null;
  meter: LevelMeter | null;
  answered: boolean;
}

const OFF: LineState = { connected: false, registered: false };
/** A wish of another tab counts this long: it says which call, but the call may ring again. */
const WISH_MS = 15_000;
/** Registering is tried again after this when the server or the switch would not, then after twice
 * as long each time. */
const RETRY_MS = 3_000;
const RETRY_AT_MOST_MS = 60_000;
/** Credentials are asked for anew this long before their end, or as soon as nobody talks then. */
const RENEW_BEFORE_MS = 10 * 60_000;
const LOOK_MS = 500;

export class Voice {
  readonly view: Store<VoiceView>;
  readonly #talks = new Map<LineLeg, Talk>();
  #line: Line | null = null;
  /** Whether this tab asked for credentials since it became the phone. */
  #registering = false;
  #cancelRetry: () => void = () => undefined;
  #cancelRenewal: () => void = () => undefined;
  #wait = RETRY_MS;
  #reported = '';
  /** This tab was the phone on this connection: another one now was chosen by the person. */
  #had = false;
  #looking = false;

  constructor(private readonly options: VoiceOptions) {
    this.view = new Store<VoiceView>({
      on: false,
      microphone: options.microphone.state.get(),
      looked: false,
      line: OFF,
      noLine: false,
      legs: {},
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
    let chosen = devices.view.get().chosen;
    let plugged = '';
    devices.view.watch(() => {
      const { chosen: now, inputs } = devices.view.get();
      const ids = inputs.map(({ id }) => id).join();
      // A headset that was unplugged is found missing before a call is.
      if (ids !== plugged && this.view.get().looked) void microphone.check();
      plugged = ids;
      if (now.microphone !== chosen.microphone) void this.#changeMicrophone();
      if (now.speaker !== chosen.speaker) this.#changeSpeaker();
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
    const talk = [...this.#talks.values()].find((one) => one.leg.callId === callId);
    if (!talk || talk.answered) return talk !== undefined;
    void this.#answer(talk);
    return true;
  }

  /** The machine slept, or the network is another. */
  networkChanged(): void {
    this.#line?.reconnect();
    for (const { leg, answered } of this.#talks.values()) if (answered) leg.restart();
  }

  /**
   * The page goes. Its talks are ended by word, though nobody wants them over: the switch would
   * notice the silence only after ten seconds, and the server brings the talk back to the next tab.
   */
  stop(): void {
    this.#cancelRetry();
    for (const { leg } of this.#talks.values()) leg.end();
    this.#line?.stop();
    for (const talk of [...this.#talks.values()]) this.#over(talk);
  }

  // ── which tab is the phone ──

  #follow(): void {
    const { phone, microphone, tabId } = this.options;
    const { state, connection } = phone.view.get();
    const on = device(state) === 'browser';
    if (on !== this.view.get().on) {
      this.#patch({ on });
      if (on) void this.#begin();
      else this.#leave();
    }
    if (!on) return;
    if (connection.phase !== 'online') {
      // The server forgot what this socket proved; it hears it again.
      this.#reported = '';
      this.#had = false;
      return;
    }
    const known = microphone.state.get() === 'granted' || (this.view.get().looked && this.options.canAsk);
    if (known) this.#report();
    const mine = phoneState(state)?.tab === tabId;
    if (mine) {
      this.#had = true;
      this.#hold();
    } else {
      this.#handOver();
      this.#letGo();
    }
    this.#obey();
    this.#mutes();
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
    this.#reported = '';
    this.options.phone.askFor({ type: 'phone.release' }).catch(() => undefined);
  }

  #report(): void {
    const { line, microphone } = this.view.get();
    const talking = [...this.#talks.values()].some((talk) => talk.answered);
    const facts = { microphone, ...line, talking };
    const said = JSON.stringify(facts);
    if (said === this.#reported) return;
    this.#reported = said;
    this.options.phone.askFor({ type: 'phone.report', ...facts }).catch(() => {
      this.#reported = '';
    });
  }

  #hold(): void {
    if (this.#registering || this.#line) return;
    void this.#register();
  }

  async #register(): Promise<void> {
    this.#cancelRetry();
    this.#registering = true;
    try {
      const [open, credentials] = await Promise.all([
        this.options.loadLine(),
        this.options.phone.askFor({ type: 'phone.register' }) as Promise<PhoneCredentials>,
      ]);
      if (!this.#isMine()) return;
      this.#line ??= open({
        changed: (line) => {
          if (line.registered) this.#wait = RETRY_MS;
          this.#patch({ line });
          this.#follow();
        },
        refused: () => this.#again(),
        rings: (leg) => this.#rings(leg),
      });
      this.#line.start(credentials);
      this.#patch({ noLine: false });
      this.#renewLater(credentials);
    } catch (error) {
      this.#patch({ noLine: failureCode(error) === 'no_device' });
      this.#again();
    } finally {
      this.#registering = false;
    }
  }

  /** Later: another tab may have been given the line, and then it is not ours to ask for. */
  #again(): void {
    this.#cancelRetry();
    this.#cancelRetry = this.options.clock.after(this.#wait, () => {
      if (this.#isMine()) void this.#register();
    });
    this.#wait = Math.min(RETRY_AT_MOST_MS, this.#wait * 2);
  }

  /** Passwords of TURN servers end; nobody's talk is to end with them. */
  #renewLater({ expires_at: expiresAt }: Pick<PhoneCredentials, 'expires_at'>): void {
    const { clock, phone } = this.options;
    const left = Date.parse(expiresAt) - phone.view.get().skewMs - clock.now();
    this.#cancelRenewal();
    this.#cancelRenewal = clock.after(Math.max(RETRY_AT_MOST_MS, left - RENEW_BEFORE_MS), () => {
      if (!this.#isMine()) return;
      if (this.#talks.size === 0) void this.#register();
      else this.#renewLater({ expires_at: expiresAt });
    });
  }

  #isMine(): boolean {
    const { state } = this.options.phone.view.get();
    return this.view.get().on && phoneState(state)?.tab === this.options.tabId;
  }

  #letGo(): void {
    this.#cancelRetry();
    this.#cancelRenewal();
    const line = this.#line;
    this.#line = null;
    line?.stop();
    if (this.view.get().line !== OFF) this.#patch({ line: OFF });
  }

  /**
   * The person brought the audio to another tab, which is ready by now: talks here end, and the
   * server, which keeps the customer, rings that tab at once. Not while a talk is being passed on:
   * it would be taken for a farewell.
   */
  #handOver(): void {
    const { state } = this.options.phone.view.get();
    const told = phoneState(state);
    if (!this.#had || told?.tab == null || told.missing.length > 0) return;
    this.#had = false;
    const all = calls(state);
    for (const { leg, answered } of this.#talks.values()) {
      const call = all.find((one) => one.call_id === leg.callId);
      if (answered && call && !isPassedOn(call)) leg.end();
    }
  }

  // ── what rings ──

  #rings(leg: LineLeg): void {
    const talk: Talk = {
      leg,
      quality: new QualityMeter(),
      mutedSpeech: new MutedSpeech(),
      stream: null,
      playing: null,
      meter: null,
      answered: false,
    };
    this.#talks.set(leg, talk);
    const events: LegEvents = {
      hears: (stream) => {
        talk.playing?.stop();
        talk.playing = this.options.play(stream);
        void playOn(talk.playing.element, this.options.devices.current('speaker'));
      },
      up: () => this.#follow(),
      ended: () => this.#over(talk),
    };
    leg.watch(events);
    if (leg.answersItself) void this.#answer(talk);
    else this.#obey();
  }

  async #answer(talk: Talk): Promise<void> {
    talk.answered = true;
    try {
      talk.stream = await this.options.microphone.open();
    } catch {
      this.options.phone.fail('no_microphone');
      talk.answered = false;
      if (talk.leg.answersItself) talk.leg.end();
      return;
    }
    if (!this.#talks.has(talk.leg)) {
      stop(talk.stream);
      return;
    }
    talk.leg.answer(talk.stream);
    this.#replaceWhenGone(talk.stream);
    const context = this.options.context();
    if (context) talk.meter = new LevelMeter(context, talk.stream);
    this.#mutes();
    this.#follow();
    this.#look();
  }

  /** A button in another tab: the server asks the phone. */
  #obey(): void {
    const { state, skewMs } = this.options.phone.view.get();
    const asked = phoneAsked(state);
    if (!asked) return;
    const age = this.options.clock.now() + skewMs - Date.parse(asked.at);
    if (age > WISH_MS) return;
    for (const talk of this.#talks.values()) {
      const meant = talk.leg.legId === asked.leg_id && talk.leg.callId === asked.call_id;
      if (meant && !talk.answered) void this.#answer(talk);
    }
  }

  /** Whoever pressed mute, wherever: what the card says holds here too. */
  #mutes(): void {
    const all = calls(this.options.phone.view.get().state);
    for (const { leg } of this.#talks.values()) {
      const call = all.find((one) => one.call_id === leg.callId);
      if (call) leg.mute(isMuted(call));
    }
  }

  #over(talk: Talk): void {
    if (!this.#talks.delete(talk.leg)) return;
    talk.playing?.stop();
    talk.meter?.stop();
    if (talk.stream) stop(talk.stream);
    const { callId } = talk.leg;
    if (callId !== null && callId in this.view.get().legs) {
      const left = Object.entries(this.view.get().legs).filter(([id]) => id !== callId);
      this.#patch({ legs: Object.fromEntries(left) });
    }
    this.#follow();
  }

  // ── while they talk ──

  #look(): void {
    if (this.#looking) return;
    this.#looking = true;
    const again = (): void => {
      const live = [...this.#talks.values()].filter((talk) => talk.answered);
      if (live.length === 0) {
        this.#looking = false;
        return;
      }
      void Promise.all(live.map((talk) => this.#measure(talk))).finally(() => {
        this.options.clock.after(LOOK_MS, again);
      });
    };
    again();
  }

  async #measure(talk: Talk): Promise<void> {
    const { callId } = talk.leg;
    if (callId === null) return;
    const now = this.options.clock.now();
    const call = calls(this.options.phone.view.get().state).find((one) => one.call_id === callId);
    const muted = call !== undefined && isMuted(call);
    const speaksMuted = talk.mutedSpeech.heard(talk.meter?.level() ?? 0, muted, now);
    const entries = await talk.leg.stats().catch(() => null);
    const held = call?.state !== 'talking';
    // Nothing comes while the customer hears music instead of us.
    const verdict =
      entries && !held ? talk.quality.take(readingOf(entries, now, muted)) : GOOD;
    if (!this.#talks.has(talk.leg)) return;
    const before = this.view.get().legs[callId];
    if (before?.verdict === verdict && before.speaksMuted === speaksMuted) return;
    this.#patch({ legs: { ...this.view.get().legs, [callId]: { verdict, speaksMuted } } });
  }

  async #changeMicrophone(): Promise<void> {
    for (const talk of this.#talks.values()) {
      if (!talk.answered || !talk.stream) continue;
      const before = talk.stream;
      let stream: MediaStream;
      try {
        stream = await this.options.microphone.open();
      } catch {
        this.options.phone.fail('no_microphone');
        return;
      }
      talk.stream = stream;
      this.#replaceWhenGone(stream);
      await talk.leg.speakThrough(stream);
      stop(before);
      talk.meter?.stop();
      const context = this.options.context();
      talk.meter = context ? new LevelMeter(context, stream) : null;
    }
  }

  /** A track ends by itself when its device is unplugged: the talk goes on with another. */
  #replaceWhenGone(stream: MediaStream): void {
    for (const track of stream.getAudioTracks()) {
      track.addEventListener('ended', () => void this.#changeMicrophone());
    }
  }

  #changeSpeaker(): void {
    const id = this.options.devices.current('speaker');
    for (const { playing } of this.#talks.values()) if (playing) void playOn(playing.element, id);
  }

  #patch(change: Partial<VoiceView>): void {
    this.view.update((view) => ({ ...view, ...change }));
  }
}

/** A transfer of the call is under way. */
function isPassedOn({ transfer }: CallChanged): boolean {
  return transfer != null && transfer.phase !== 'failed' && transfer.phase !== 'done';
}

/** The server's word; servers of before do not know of muting. */
function isMuted(call: CallChanged): boolean {
  return (call as { muted?: boolean }).muted === true;
}
