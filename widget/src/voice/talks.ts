/**
 * The talks whose sound is in this tab: what rings on its line, the microphone and the speaker of
 * each, and how it sounds.
 */
import type { Clock } from '../protocol/clock';
import type { CallChanged } from '../protocol/messages';
import type { Phone } from '../phone';
import { calls, phoneAsked } from '../state/selectors';
import { Store } from '../state/store';
import type { Said } from '../tabs/siblings';
import { playOn, type DeviceMenu } from './devices';
import { LevelMeter, MutedSpeech } from './levels';
import type { LegEvents, LineLeg } from './line';
import { stop, type Microphone } from './microphone';
import { Mutes, ROOM_MS } from './mutes';
import { GOOD, QualityMeter, readingOf, type Verdict } from './quality';

export interface LegView {
  readonly verdict: Verdict;
  readonly speaksMuted: boolean;
  /** Muted as its person meant it, whether the server knows or not. */
  readonly muted: boolean;
}

/** By call. */
export type LegViews = Readonly<Record<string, LegView>>;

export interface TalksOptions {
  readonly phone: Pick<Phone, 'view' | 'askFor' | 'fail'>;
  readonly clock: Clock;
  readonly microphone: Microphone;
  readonly devices: DeviceMenu;
  readonly context: () => AudioContext | null;
  readonly play: (stream: MediaStream) => Playing;
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
  /** Its microphone was unplugged, and no other was there. */
  voiceless: boolean;
  /** The server was asked to have it go on in the tab that is the phone now. */
  leaving: boolean;
}

/** A wish of another tab counts this long: it says which call, but the call may ring again. */
const WISH_MS = 15_000;
const LOOK_MS = 500;
/** A talk that moves here is waited for so long, and looked for so often, once its way is open. */
const ARRIVES_MS = 1_000;
const LISTEN_MS = 20;

export class Talks {
  readonly views = new Store<LegViews>({});
  readonly #talks = new Map<LineLeg, Talk>();
  readonly #mutes = new Mutes();
  #looking = false;

  constructor(
    private readonly options: TalksOptions,
    /** What the other tabs of this browser are to know at once. */
    private readonly tell: (said: Said) => void,
    /** One rang, was taken or is over. */
    private readonly changed: () => void,
    /** A talk that was to go on in another tab goes on here. */
    private readonly stayed: () => void,
  ) {}

  get some(): boolean {
    return this.#talks.size > 0;
  }

  /** Somebody talks, or is about to. */
  get talking(): boolean {
    return this.#answered().length > 0;
  }

  /** Takes the call if it rings on the line of this tab. False: somebody else has to. */
  answer(callId: string): boolean {
    const talk = [...this.#talks.values()].find((one) => one.leg.callId === callId);
    if (!talk || talk.answered) return talk !== undefined;
    void this.#answer(talk);
    return true;
  }

  rings(leg: LineLeg): void {
    const here = this.#answered().some((one) => one.leg.callId === leg.callId);
    if (leg.movesHere && here) {
      // The line was given back to this tab meanwhile: the talk it is to bring here is here.
      leg.end();
      return;
    }
    const talk: Talk = {
      leg,
      quality: new QualityMeter(),
      mutedSpeech: new MutedSpeech(),
      stream: null,
      playing: null,
      meter: null,
      answered: false,
      voiceless: false,
      leaving: false,
    };
    this.#talks.set(leg, talk);
    const events: LegEvents = {
      hears: (stream) => {
        talk.playing?.stop();
        talk.playing = this.options.play(stream);
        void playOn(talk.playing.element, this.options.devices.current('speaker'));
      },
      up: () => this.changed(),
      connected: () => void this.#takeOver(leg),
      ended: () => {
        const wasHere = this.#over(talk);
        if (wasHere && !talk.answered) this.#say('gone', talk);
      },
    };
    this.#say('rings', talk);
    leg.watch(events);
    if (leg.answersItself) void this.#answer(talk);
    else this.obey();
  }

  /** A button in another tab: the server asks the phone. */
  obey(): void {
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

  /** The button in this tab: silent at once, whatever becomes of the question to the server. */
  mute(callId: string, on: boolean): void {
    if (!this.#answered().some(({ leg }) => leg.callId === callId)) return;
    this.#mutes.press(callId, on);
    this.mutes();
  }

  /** Whoever pressed mute, wherever: what the card says holds here too. */
  mutes(): void {
    const all = calls(this.options.phone.view.get().state);
    for (const { leg } of this.#talks.values()) {
      const call = all.find((one) => one.call_id === leg.callId);
      if (!call) continue;
      leg.mute(this.#mutes.isSilent(call, this.options.clock.now()));
      const muted = this.#mutes.isMuted(call);
      const shown = this.views.get()[call.call_id];
      if (shown && shown.muted !== muted) {
        this.views.set({ ...this.views.get(), [call.call_id]: { ...shown, muted } });
      }
    }
  }

  /**
   * The person brought the audio to another tab, which is ready by now: the server rings it, and
   * ends the talk here once it is heard there. What is being passed on waits for the end of that.
   */
  handOver(): void {
    const all = calls(this.options.phone.view.get().state);
    for (const talk of this.#answered()) {
      const { callId, legId } = talk.leg;
      const call = all.find((one) => one.call_id === callId);
      if (!call || callId === null || legId === null || talk.leaving || !isTalkedOn(call)) continue;
      talk.leaving = true;
      this.options.phone
        .askFor({ type: 'call.move_voice', call_id: callId, leg_id: legId })
        .catch(() => {
          if (this.#talks.has(talk.leg)) this.stayed();
        });
    }
  }

  /** This tab is the phone: whatever is talked here stays. */
  keep(): void {
    for (const talk of this.#talks.values()) talk.leaving = false;
  }

  /** Sound is up on a leg that a talk moves to: as soon as it is heard, the other tab's may go. */
  async #takeOver(leg: LineLeg): Promise<void> {
    const { movesHere, callId, legId } = leg;
    if (!movesHere || callId === null || legId === null) return;
    const { clock, phone } = this.options;
    // A switch may send nothing while nobody speaks: that the way is open has to do then.
    const until = clock.now() + ARRIVES_MS;
    while (clock.now() < until && !hearsAnything(await leg.stats().catch(() => []))) {
      await new Promise<void>((resolve) => clock.after(LISTEN_MS, resolve));
    }
    await phone
      .askFor({ type: 'call.take_voice', call_id: callId, leg_id: legId })
      .catch(() => undefined);
  }

  restart(): void {
    for (const { leg } of this.#answered()) leg.restart();
  }

  /** The page goes. */
  stop(): void {
    for (const talk of [...this.#talks.values()]) {
      talk.leg.end();
      this.#over(talk);
    }
  }

  async changeMicrophone(): Promise<void> {
    for (const talk of this.#answered()) if (talk.stream) await this.#speakAnew(talk);
  }

  /** A microphone is there again: whose own was unplugged speaks through it. */
  async revive(): Promise<void> {
    for (const talk of this.#answered()) if (talk.voiceless) await this.#speakAnew(talk);
  }

  changeSpeaker(): void {
    const id = this.options.devices.current('speaker');
    for (const { playing } of this.#talks.values()) if (playing) void playOn(playing.element, id);
  }

  #answered(): Talk[] {
    return [...this.#talks.values()].filter((talk) => talk.answered);
  }

  async #answer(talk: Talk): Promise<void> {
    if (!talk.leg.answersItself) this.#makeRoom();
    talk.answered = true;
    let stream: MediaStream;
    try {
      stream = await this.options.microphone.open();
    } catch {
      this.options.phone.fail('no_microphone');
      this.#mutes.keepRoom();
      this.mutes();
      talk.answered = false;
      if (talk.leg.answersItself) talk.leg.end();
      return;
    }
    if (!this.#speaks(talk, stream)) return;
    talk.leg.answer(stream);
    this.#say('answered', talk);
    this.mutes();
    this.changed();
    this.#look();
  }

  #makeRoom(): void {
    const { clock } = this.options;
    const older = this.#answered();
    if (older.length === 0) return;
    for (const { leg } of older) if (leg.callId) this.#mutes.makeRoom(leg.callId, clock.now() + ROOM_MS);
    clock.after(ROOM_MS, () => this.mutes());
    this.mutes();
  }

  async #speakAnew(talk: Talk): Promise<void> {
    let stream: MediaStream;
    try {
      stream = await this.options.microphone.open();
    } catch {
      this.options.phone.fail('no_microphone');
      return;
    }
    const before = talk.stream;
    if (!this.#speaks(talk, stream)) return;
    try {
      await talk.leg.speakThrough(stream);
    } catch {
      // The connection closed in this moment: the end of the talk lets the microphone go.
    } finally {
      if (before) stop(before);
    }
  }

  /** The talk has this stream now. False: it ended while the microphone opened, which is let go. */
  #speaks(talk: Talk, stream: MediaStream): boolean {
    if (!this.#talks.has(talk.leg)) {
      stop(stream);
      return false;
    }
    talk.stream = stream;
    talk.voiceless = false;
    // A track ends by itself when its device is unplugged: the talk goes on with another.
    for (const track of stream.getAudioTracks()) {
      track.addEventListener('ended', () => {
        if (talk.stream !== stream) return;
        talk.voiceless = true;
        void this.revive();
      });
    }
    talk.meter?.stop();
    const context = this.options.context();
    talk.meter = context ? new LevelMeter(context, stream) : null;
    return true;
  }

  #say(what: 'rings' | 'answered' | 'gone', { leg }: Talk): void {
    if (leg.callId !== null) this.tell({ what, call: leg.callId });
  }

  /** False: it was over before. */
  #over(talk: Talk): boolean {
    if (!this.#talks.delete(talk.leg)) return false;
    talk.playing?.stop();
    talk.meter?.stop();
    if (talk.stream) stop(talk.stream);
    const { callId } = talk.leg;
    if (callId !== null && callId in this.views.get()) {
      const left = Object.entries(this.views.get()).filter(([id]) => id !== callId);
      this.views.set(Object.fromEntries(left));
    }
    this.changed();
    return true;
  }

  #look(): void {
    if (this.#looking) return;
    this.#looking = true;
    const again = (): void => {
      const live = this.#answered();
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
    const muted = call !== undefined && this.#mutes.isMuted(call);
    const speaksMuted = talk.mutedSpeech.heard(talk.meter?.level() ?? 0, muted, now);
    const entries = await talk.leg.stats().catch(() => null);
    const held = call?.state !== 'talking';
    // Nothing comes while the customer hears music instead of us.
    const verdict =
      entries && !held ? talk.quality.take(readingOf(entries, now, muted)) : GOOD;
    if (!this.#talks.has(talk.leg)) return;
    const before = this.views.get()[callId];
    const same =
      before?.verdict === verdict && before.speaksMuted === speaksMuted && before.muted === muted;
    if (same) return;
    this.views.set({ ...this.views.get(), [callId]: { verdict, speaksMuted, muted } });
  }
}

/** Somebody talks, and no transfer is under way. */
function isTalkedOn({ state, transfer }: CallChanged): boolean {
  const talks = state === 'talking' || state === 'held';
  return talks && (transfer == null || transfer.phase === 'failed' || transfer.phase === 'done');
}

/** Sound was played that came from the other side. */
function hearsAnything(entries: readonly Readonly<Record<string, unknown>>[]): boolean {
  return entries.some(
    ({ type, jitterBufferEmittedCount: played }) =>
      type === 'inbound-rtp' && typeof played === 'number' && played > 0,
  );
}
