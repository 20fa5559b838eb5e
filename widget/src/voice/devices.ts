/** Which microphone, speaker and ringer were chosen, and what there is to choose from. */
import { Store } from '../state/store';

export type DeviceUse = 'microphone' | 'speaker' | 'ringer';

export interface DeviceChoice {
  readonly id: string;
  /** Empty until the microphone was granted: browsers hide names before. */
  readonly label: string;
}

export interface Devices {
  readonly inputs: readonly DeviceChoice[];
  readonly outputs: readonly DeviceChoice[];
  /** By use; null is the system's own choice. */
  readonly chosen: Readonly<Record<DeviceUse, string | null>>;
  /** Loudness of the ring tone, 0 to 1. */
  readonly ringVolume: number;
  /** Whether the page may send sound elsewhere than where the system does. */
  readonly canChooseOutput: boolean;
  /** The choice outlives the page: nothing forbids it to keep data. */
  readonly lasts: boolean;
}

/** What keeps the choice over reloads, shared by the tabs of this browser. */
export interface Memory {
  get(key: string): string | null;
  set(key: string, value: string | null): void;
  /** False where storage is blocked, as third parties' often is. */
  readonly lasts: boolean;
}

export const LOUDEST = 1;
const DEFAULT_VOLUME = 0.7;

export class DeviceMenu {
  readonly view: Store<Devices>;
  #watched = false;

  constructor(
    private readonly media: Pick<MediaDevices, 'enumerateDevices' | 'addEventListener'> | undefined,
    private readonly memory: Memory,
    canChooseOutput: boolean,
  ) {
    const volume = Number(memory.get('ring_volume') ?? DEFAULT_VOLUME);
    this.view = new Store<Devices>({
      inputs: [],
      outputs: [],
      chosen: {
        microphone: memory.get('microphone'),
        speaker: memory.get('speaker'),
        ringer: memory.get('ringer'),
      },
      ringVolume: volume >= 0 && volume <= LOUDEST ? volume : DEFAULT_VOLUME,
      canChooseOutput,
      lasts: memory.lasts,
    });
  }

  /** Follows plugging in and out; the list is fresh when the promise is done. */
  async watch(): Promise<void> {
    // A person who goes to their telephone and comes back begins it again.
    if (!this.#watched) this.media?.addEventListener('devicechange', () => void this.refresh());
    this.#watched = true;
    await this.refresh();
  }

  async refresh(): Promise<void> {
    let found: MediaDeviceInfo[];
    try {
      found = (await this.media?.enumerateDevices()) ?? [];
    } catch {
      return;
    }
    const of = (kind: MediaDeviceKind): DeviceChoice[] =>
      found
        // `default` and `communications` are other names of devices that are listed anyway.
        .filter((one) => one.kind === kind && !ALIASES.has(one.deviceId))
        .map((one) => ({ id: one.deviceId, label: one.label }));
    this.view.update((view) => ({ ...view, inputs: of('audioinput'), outputs: of('audiooutput') }));
  }

  choose(use: DeviceUse, id: string | null): void {
    this.memory.set(use, id);
    this.view.update((view) => ({ ...view, chosen: { ...view.chosen, [use]: id } }));
  }

  setRingVolume(volume: number): void {
    const within = Math.min(LOUDEST, Math.max(0, volume));
    this.memory.set('ring_volume', String(within));
    this.view.update((view) => ({ ...view, ringVolume: within }));
  }

  /** The chosen device while it is plugged in, else the system's choice. */
  current(use: DeviceUse): string | null {
    const { chosen, inputs, outputs } = this.view.get();
    const id = chosen[use];
    const there = use === 'microphone' ? inputs : outputs;
    return id !== null && there.some((one) => one.id === id) ? id : null;
  }
}

const ALIASES: ReadonlySet<string> = new Set(['', 'default', 'communications']);

/** Kept in this browser for our origin; where storage is blocked, until the page is left. */
export function keptLocally(prefix: string): Memory {
  const here = new Map<string, string>();
  return {
    lasts: mayKeep(),
    get: (key) => {
      try {
        return localStorage.getItem(prefix + key);
      } catch {
        return here.get(key) ?? null;
      }
    },
    set: (key, value) => {
      try {
        if (value === null) localStorage.removeItem(prefix + key);
        else localStorage.setItem(prefix + key, value);
      } catch {
        if (value === null) here.delete(key);
        else here.set(key, value);
      }
    },
  };
}

function mayKeep(): boolean {
  try {
    // Reading it throws where the browser blocks it.
    return Boolean(localStorage);
  } catch {
    return false;
  }
}

type Sink = { setSinkId?: (id: string) => Promise<void> };

/** Sends an element's or a context's sound to a device; where that cannot be, it stays. */
export async function playOn(target: object, id: string | null): Promise<void> {
  try {
    await (target as Sink).setSinkId?.(id ?? '');
  } catch {
    // Unplugged meanwhile, or the page around forbids choosing (policy speaker-selection).
    return;
  }
}

export function outputsCanBeChosen(): boolean {
  return 'setSinkId' in HTMLMediaElement.prototype;
}
