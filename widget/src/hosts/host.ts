/** What a page around us can do, whoever it is. */
import type { RecordRef, SessionToken } from '../protocol/messages';
import type { MarkedRow } from './bridge';

export type Theme = 'light' | 'dark' | 'auto';
/** `window`: the phone in a window of its own. */
export type HostKind = 'amocrm' | 'bitrix24' | 'standalone' | 'window';
/** Whether anything needs to be seen: nothing, a card, a card that rings. */
export type LayoutMode = 'collapsed' | 'open' | 'ringing';

export interface Surroundings {
  readonly locale: string;
  readonly theme: Theme;
}

/** A number somebody clicked on the page around, of this record if the page says of which. */
export interface Clicked {
  readonly number: string;
  /** Keys dialled on after the answer; a comma is a pause. */
  readonly extension: string | null;
  readonly record: RecordRef | null;
}

/** `offered`: how many were ticked in all, where that is more than the page could name. */
export interface Marked {
  readonly items: readonly MarkedRow[];
  readonly offered: number;
}

export interface Host {
  readonly kind: HostKind;
  readonly api: string;
  readonly session: SessionToken;
  readonly surroundings: Surroundings;
  openUrl(url: string): void;
  /** Shows a record beside the panel without anybody's press; false: the page around holds
   * something unsaved and stayed where it is. Absent where nothing can be shown beside. */
  readonly openCard?: (url: string) => Promise<boolean>;
  layout(mode: LayoutMode, height: number, alert: string | null): void;
  /** A call is in progress: the page around should not reload itself. */
  calling(on: boolean): void;
  /** The session goes on with a fresh token. */
  renewed?(token: SessionToken): void;
  /** The session is over: come through the CRM again. */
  signIn(): void;
  /** Why this person would get no session now, as the server says it; null when they would, or
   * nobody answers. */
  whyOver(): Promise<string | null>;
  /** Opens the phone in a window of its own; null where the page is that window. */
  readonly openPhone: (() => void) | null;
  /** Lets the page around speak for this frame; present where it could be asked to. The voice is
   * at the other end of the port, or nobody. */
  readonly pageVoice?: () => MessagePort;
  onSurroundings(listener: (surroundings: Surroundings) => void): () => void;
  /** People who were ticked in a list of the page around, to be called one after another. */
  readonly onMarked?: (listener: (marked: Marked) => void) => () => void;
  onDial(listener: (clicked: Clicked) => void): () => void;
}
