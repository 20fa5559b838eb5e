/** The line to the switch, whoever speaks SIP behind it: the rest of the phone knows only this. */
import type { PhoneCredentials } from '../protocol/messages';

export interface LineEvents {
  /** The socket to the switch, and its word on the registration. */
  changed(state: LineState): void;
  /** The credentials are void: another tab was given new ones, or their time is over. */
  refused(): void;
  /** A leg of ours rings; it waits until it is answered. */
  rings(leg: LineLeg): void;
}

export interface LineState {
  readonly connected: boolean;
  readonly registered: boolean;
}

export interface LegEvents {
  /** The other side's sound. */
  hears(stream: MediaStream): void;
  up(): void;
  /** Sound may flow, both ways. */
  connected(): void;
  ended(): void;
}

/** One call on the line. */
export interface LineLeg {
  readonly callId: string | null;
  readonly legId: string | null;
  /** The server wants it taken without a button: its person pressed one already. */
  readonly answersItself: boolean;
  /** The talk is in another tab, and comes here as soon as this leg is `connected`. */
  readonly movesHere: boolean;
  watch(events: LegEvents): void;
  answer(stream: MediaStream): void;
  /** Hangs up; what only rings goes on to its person's next device. */
  end(): void;
  mute(on: boolean): void;
  /** Speaks through another microphone from now on. */
  speakThrough(stream: MediaStream): Promise<void>;
  stats(): Promise<readonly Readonly<Record<string, unknown>>[]>;
  /** New addresses after a change of network. */
  restart(): void;
}

export interface Line {
  /** Registers; asked again with other credentials, those count. */
  start(credentials: PhoneCredentials): void;
  /** Leaves the switch; a talk under way goes on until it ends. */
  stop(): void;
  /** The network changed: what was open may be dead without knowing. */
  reconnect(): void;
}

export type OpenLine = (events: LineEvents) => Line;
