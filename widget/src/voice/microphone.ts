/**
 * Whether this page may hear the person, found out without asking them, and the stream when a call
 * needs it.
 *
 * A frame of another site needs the page around to delegate the microphone; where it does not, the
 * browser says "denied" as if the person had: the policy is asked first, so that the right cause is
 * named. A permission that was granted is proven by opening the microphone once, which also lets
 * the page sound before the first click (measured: a live capture unlocks audio).
 */
import type { Microphone as State } from '../protocol/messages';
import { Store } from '../state/store';

/** What of the browser is needed; arguments, so that tests can stand in for it. */
export interface MicrophonePage {
  readonly secure: boolean;
  readonly media: Pick<MediaDevices, 'getUserMedia'> | undefined;
  /** False where a policy of the page around forbids it; null where the browser does not say. */
  allowed(): boolean | null;
  /** The permission, or null where the browser cannot be asked about it. */
  permission(): Promise<PermissionStatus | null>;
}

/** A browser that does not let the page sound leaves the question open for ever. */
const SOUNDS_WITHIN_MS = 500;

export class Microphone {
  readonly state = new Store<State>('ask');
  #permission: PermissionStatus | null = null;
  /** The newest look; an older one that ends later says nothing. */
  #look = 0;

  constructor(
    private readonly page: MicrophonePage,
    private readonly chosen: () => string | null = () => null,
    /** Done while the microphone is open for its proof: a page that hears may begin to sound. */
    private readonly whileOpen: () => Promise<void> = () => Promise.resolve(),
  ) {}

  /** Looks without asking the person. Opens the microphone only where that is granted already. */
  async check(): Promise<State> {
    const look = (this.#look += 1);
    const found = await this.#found();
    if (look === this.#look) this.state.set(found);
    return found;
  }

  /** Asks the person; to be called from their click. */
  async request(): Promise<State> {
    this.#look += 1;
    if (this.#blocked()) return this.#now('blocked');
    try {
      await this.#prove();
      return this.#now('granted');
    } catch (error) {
      return this.#now(await this.#after(error));
    }
  }

  /** For a call. Raises what the browser said, and remembers it as the state. */
  async open(): Promise<MediaStream> {
    try {
      const stream = await this.#get();
      this.state.set('granted');
      return stream;
    } catch (error) {
      this.state.set(await this.#after(error));
      throw error;
    }
  }

  #now(state: State): State {
    this.state.set(state);
    return state;
  }

  #blocked(): boolean {
    return !this.page.secure || !this.page.media || this.page.allowed() === false;
  }

  async #found(): Promise<State> {
    if (this.#blocked()) return 'blocked';
    const permission = await this.#watched();
    if (permission?.state === 'denied') return 'denied';
    if (permission?.state !== 'granted') return 'ask';
    try {
      await this.#prove();
      return 'granted';
    } catch (error) {
      return this.#after(error);
    }
  }

  /** A question that was closed without an answer fails as a refusal does, and may be asked again. */
  async #after(error: unknown): Promise<State> {
    const state = stateOf(error);
    if (state !== 'denied') return state;
    return (await this.#watched())?.state === 'prompt' ? 'ask' : 'denied';
  }

  async #prove(): Promise<void> {
    const stream = await this.#get();
    try {
      await Promise.race([this.whileOpen(), new Promise((late) => setTimeout(late, SOUNDS_WITHIN_MS))]);
    } finally {
      stop(stream);
    }
  }

  async #watched(): Promise<PermissionStatus | null> {
    if (this.#permission) return this.#permission;
    this.#permission = await this.page.permission();
    this.#permission?.addEventListener('change', () => void this.check());
    return this.#permission;
  }

  async #get(): Promise<MediaStream> {
    const media = this.page.media;
    if (!media) throw new DOMException('no microphone here', 'SecurityError');
    const id = this.chosen();
    const sound = { echoCancellation: true, noiseSuppression: true, autoGainControl: true };
    if (id === null) return media.getUserMedia({ audio: sound });
    try {
      return await media.getUserMedia({ audio: { ...sound, deviceId: { exact: id } } });
    } catch (error) {
      // The chosen one was unplugged: another is better than none.
      if (error instanceof DOMException && error.name === 'OverconstrainedError') {
        return media.getUserMedia({ audio: sound });
      }
      throw error;
    }
  }
}

/** The browser's error as a state of the microphone (names: W3C Media Capture §10.2). */
export function stateOf(error: unknown): State {
  const name = error instanceof DOMException || error instanceof Error ? error.name : '';
  if (name === 'NotAllowedError') return 'denied';
  if (name === 'SecurityError') return 'blocked';
  return 'absent';
}

export function stop(stream: MediaStream): void {
  for (const track of stream.getTracks()) track.stop();
}

interface Policy {
  allowsFeature(feature: string): boolean;
}

/** Builds of WebKit for Linux leave WebRTC out. */
export function talksOverNetworks(): boolean {
  return 'RTCPeerConnection' in window;
}

/** The page this script runs in. */
export function thisPage(): MicrophonePage {
  const holder = document as unknown as { permissionsPolicy?: Policy; featurePolicy?: Policy };
  return {
    secure: window.isSecureContext,
    // Absent outside secure contexts, whatever the types say. Without WebRTC it is of no use.
    media: talksOverNetworks()
      ? (navigator as { mediaDevices?: MediaDevices }).mediaDevices
      : undefined,
    allowed: () =>
      (holder.permissionsPolicy ?? holder.featurePolicy)?.allowsFeature('microphone') ?? null,
    permission: async () => {
      try {
        return await navigator.permissions.query({ name: 'microphone' });
      } catch {
        return null;
      }
    },
  };
}
