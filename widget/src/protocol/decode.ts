/**
 * Text from the socket to frames this build knows.
 *
 * A server newer than this tab may send tags we never heard of: they are dropped and counted here,
 * so that the reducer sees only what it has a case for. Fields are trusted: server and types come
 * from the same structs, and golden files are decoded by both sides' tests.
 */
import { PUSH_TAGS, type Push, type ServerFrame } from './messages';

const PUSHES: ReadonlySet<string> = new Set(PUSH_TAGS);
const FRAMES: ReadonlySet<string> = new Set([
  'welcome',
  'reply',
  'ping',
  'stream.reset',
  'restarting',
]);

/** What was thrown away since the page started; shown in diagnostics. */
export interface Dropped {
  unknownTags: number;
  malformed: number;
}

export function newDropped(): Dropped {
  return { unknownTags: 0, malformed: 0 };
}

export function decodeFrame(text: unknown, dropped: Dropped): ServerFrame | null {
  const value = typeof text === 'string' ? parse(text) : undefined;
  if (!isRecord(value) || typeof value['type'] !== 'string') {
    dropped.malformed += 1;
    return null;
  }
  if (FRAMES.has(value['type'])) return value as unknown as ServerFrame;
  return decodePush(value, dropped);
}

/** A push as found in a frame or inside a stream's start. */
export function decodePush(value: unknown, dropped: Dropped): Push | null {
  if (!isRecord(value) || typeof value['type'] !== 'string') {
    dropped.malformed += 1;
    return null;
  }
  if (!PUSHES.has(value['type'])) {
    dropped.unknownTags += 1;
    return null;
  }
  const whole =
    typeof value['seq'] === 'number' &&
    typeof value['version'] === 'number' &&
    typeof value['entity'] === 'string' &&
    typeof value['stream'] === 'string';
  if (!whole) {
    dropped.malformed += 1;
    return null;
  }
  return value as unknown as Push;
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
