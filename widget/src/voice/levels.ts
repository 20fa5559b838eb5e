/** "You speak while muted": pure, on loudness samples of the microphone. */

/** Root mean square of speech near a headset lies far above this; a quiet room far below. */
const SPEECH = 0.02;
/** Speech this long in a row: a cough or a click is shorter. */
const LASTS_MS = 400;
/** The words stay this long after the last sound, or they would blink between syllables. */
const STAYS_MS = 2_500;

export class MutedSpeech {
  #since: number | null = null;
  #until = 0;

  /** Whether the person is to be told now. `level` is a root mean square, 0 to 1. */
  heard(level: number, muted: boolean, at: number): boolean {
    if (!muted) {
      this.#since = null;
      this.#until = 0;
      return false;
    }
    if (level < SPEECH) {
      this.#since = null;
    } else {
      this.#since ??= at;
      if (at - this.#since >= LASTS_MS) this.#until = at + STAYS_MS;
    }
    return at < this.#until;
  }
}

/** Root mean square of one block of samples. */
export function rms(samples: Float32Array): number {
  let sum = 0;
  for (const sample of samples) sum += sample * sample;
  return samples.length === 0 ? 0 : Math.sqrt(sum / samples.length);
}

/** Measures a stream; the track is a copy, so that muting the call does not silence the measuring. */
export class LevelMeter {
  readonly #copy: MediaStream;
  readonly #source: MediaStreamAudioSourceNode;
  readonly #analyser: AnalyserNode;
  readonly #samples: Float32Array<ArrayBuffer>;

  constructor(context: AudioContext, stream: MediaStream) {
    this.#copy = stream.clone();
    for (const track of this.#copy.getTracks()) track.enabled = true;
    this.#source = context.createMediaStreamSource(this.#copy);
    this.#analyser = context.createAnalyser();
    this.#analyser.fftSize = 1024;
    this.#samples = new Float32Array(this.#analyser.fftSize);
    this.#source.connect(this.#analyser);
  }

  level(): number {
    this.#analyser.getFloatTimeDomainData(this.#samples);
    return rms(this.#samples);
  }

  stop(): void {
    this.#source.disconnect();
    for (const track of this.#copy.getTracks()) track.stop();
  }
}
