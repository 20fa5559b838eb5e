/**
 * The ring tone, made with WebAudio so that no file has to load before the first call.
 *
 * Browsers keep audio locked until the first gesture in the page; `locked` says so, and any gesture
 * (or the banner's button) unlocks it.
 */
import { Store } from '../state/store';

/** Two notes of a quiet bell, the classic European pattern: one second on, three off. */
const NOTES_HZ = [523.25, 659.25] as const;
const PERIOD_S = 4;
const PULSE_S = 0.42;
const LOUDNESS = 0.22;
/** While its person talks: heard, not shouted over the voice. */
const SOFT = 0.25;

/** Another page that rings in place of this one. */
export interface Elsewhere {
  ring(on: boolean, soft: boolean): void;
  unlock(): void;
}

export class Ringer {
  /** Whether a tone could be heard right now. */
  readonly unlocked = new Store(false);
  #context: AudioContext | null = null;
  /** Set while ringing; stops the repetition. */
  #stop: (() => void) | null = null;
  /** What it rings through, while it does. */
  #gain: GainNode | null = null;
  #soft = false;
  /** Set while another page rings for this one, which tells what it may (`soundsElsewhere`). */
  #elsewhere: Elsewhere | null = null;
  /** What it was told last. */
  #toldElsewhere = '';
  /** 0 to 1, as its person set it. */
  #volume = 0.7;

  constructor(private readonly makeContext: () => AudioContext = () => new AudioContext()) {}

  /** Listens for the gestures that unlock audio; the result undoes it. */
  arm(target: EventTarget): () => void {
    const unlock = (): void => void this.unlock();
    // Not on the way down: the banner that goes would move the button from under the finger, and
    // the press would be none.
    const events = ['pointerup', 'keydown'] as const;
    for (const name of events) target.addEventListener(name, unlock, { capture: true });
    // Where the page was granted autoplay the context starts by itself.
    this.#prepare();
    return () => {
      for (const name of events) target.removeEventListener(name, unlock, { capture: true });
    };
  }

  /** From now on that page rings; null: this one does. */
  through(elsewhere: Elsewhere | null): void {
    this.ring(false);
    this.#elsewhere = elsewhere;
    this.#toldElsewhere = '';
    this.unlocked.set(elsewhere === null && this.#context?.state === 'running');
  }

  /** Whether the other page may sound. */
  soundsElsewhere(on: boolean): void {
    if (this.#elsewhere) this.unlocked.set(on);
  }

  async unlock(): Promise<void> {
    if (this.#elsewhere) {
      this.#elsewhere.unlock();
      return;
    }
    const context = this.#prepare();
    if (!context || context.state === 'running') return;
    try {
      await context.resume();
    } catch {
      // Not a gesture the browser accepts: the banner stays.
    }
  }

  /** Null until something made it: a page that never sounds needs none. */
  get context(): AudioContext | null {
    return this.#context;
  }

  setVolume(volume: number): void {
    this.#volume = volume;
    if (this.#gain) this.#gain.gain.value = this.#loudness();
  }

  /** `soft`: a second call while its person talks. */
  ring(on: boolean, soft = false): void {
    if (this.#elsewhere) {
      const told = `${on} ${on && soft}`;
      if (told !== this.#toldElsewhere) this.#elsewhere.ring(on, soft);
      this.#toldElsewhere = told;
      return;
    }
    if (on === (this.#stop !== null) && (!on || soft === this.#soft)) return;
    this.#stop?.();
    this.#stop = null;
    this.#soft = soft;
    if (!on) return;
    const context = this.#prepare();
    if (!context) return;
    const gain = context.createGain();
    this.#gain = gain;
    gain.gain.value = this.#loudness();
    gain.connect(context.destination);
    const play = (): void => pulse(context, gain);
    play();
    const timer = setInterval(play, PERIOD_S * 1000);
    this.#stop = () => {
      clearInterval(timer);
      gain.disconnect();
      this.#gain = null;
    };
  }

  #loudness(): number {
    return this.#volume * (this.#soft ? SOFT : 1);
  }

  #prepare(): AudioContext | null {
    if (this.#context) return this.#context;
    try {
      this.#context = this.makeContext();
    } catch {
      return null;
    }
    const context = this.#context;
    const report = (): void => {
      if (!this.#elsewhere) this.unlocked.set(context.state === 'running');
    };
    context.onstatechange = report;
    report();
    return context;
  }
}

function pulse(context: AudioContext, output: AudioNode): void {
  if (context.state !== 'running') return;
  for (const [index, note] of [...NOTES_HZ, ...NOTES_HZ].entries()) {
    const from = context.currentTime + index * (PULSE_S * 0.55);
    const tone = context.createOscillator();
    const volume = context.createGain();
    tone.frequency.value = note;
    volume.gain.setValueAtTime(0.0001, from);
    volume.gain.exponentialRampToValueAtTime(LOUDNESS, from + 0.02);
    volume.gain.exponentialRampToValueAtTime(0.0001, from + PULSE_S);
    tone.connect(volume).connect(output);
    tone.start(from);
    tone.stop(from + PULSE_S);
  }
}
