/**
 * The frame's end of the bridge to the loader in the CRM's page.
 *
 * One `ready` goes to the exact origin the loader named; the answer must come from that origin and
 * from our parent, and carries a MessagePort. Everything after travels over the port, which no
 * other window can reach.
 */
import { isRecord } from '../protocol/decode';
import type { RecordRef } from '../protocol/messages';

export const BRIDGE_VERSION = 1;

export type FromPage =
  | { type: 'connect'; token: string; expires_at: string; locale: string; theme: string }
  | { type: 'page'; locale: string; theme: string }
  | { type: 'dial'; number: string; extension: string | null; record: RecordRef | null }
  | { type: 'over'; why: string }
  | { type: 'opened'; url: string; opened: boolean }
  | { type: 'marked'; items: readonly MarkedRow[]; offered: number };

/** A row of the page's list that somebody ticked. */
export interface MarkedRow {
  readonly kind: 'contact' | 'company' | 'deal';
  readonly id: string;
  readonly name: string;
}

export type ToPage =
  | { type: 'layout'; mode: 'collapsed' | 'open' | 'ringing'; height: number; alert: string | null }
  | { type: 'navigate'; url: string }
  /** Navigate, unless somebody is writing in the page; `opened` answers. */
  | { type: 'open_card'; url: string }
  | { type: 'calling'; on: boolean }
  | { type: 'sign_in' }
  | { type: 'why_over' }
  /** Speak in the page: `module` is a path on our server, the port the voice's own. */
  | { type: 'voice'; module: string };

export interface Bridge {
  send(message: ToPage, port?: MessagePort): void;
  /** The result stops listening. */
  listen(listener: (message: FromPage) => void): () => void;
}

/** The windows involved, as arguments so that tests can stand in for them. */
export interface Windows {
  readonly self: Pick<Window, 'addEventListener' | 'removeEventListener'>;
  readonly parent: Pick<Window, 'postMessage'>;
}

/** Answers once the loader connected; never, when nobody at `origin` does. */
export function connectBridge(
  origin: string,
  windows: Windows,
): Promise<{ bridge: Bridge; first: Extract<FromPage, { type: 'connect' }> }> {
  return new Promise((resolve) => {
    const receive = (event: MessageEvent): void => {
      if (event.origin !== origin || event.source !== windows.parent) return;
      const message = decode(event.data);
      const port = event.ports[0];
      if (message?.type !== 'connect' || !port) return;
      windows.self.removeEventListener('message', receive);
      resolve({ bridge: overPort(port), first: message });
    };
    windows.self.addEventListener('message', receive);
    windows.parent.postMessage({ dozvon: BRIDGE_VERSION, type: 'ready' }, origin);
  });
}

/** An https origin, or http on this machine; anything else is no page to speak to. */
export function exactOrigin(text: string | null): string | null {
  try {
    const url = new URL(text ?? '');
    const local = url.hostname === 'localhost' || url.hostname.endsWith('.localhost');
    const fine = url.protocol === 'https:' || (url.protocol === 'http:' && local);
    return fine && url.origin === text ? url.origin : null;
  } catch {
    return null;
  }
}

function overPort(port: MessagePort): Bridge {
  return {
    send: (message, along) => port.postMessage(message, along ? [along] : []),
    listen(listener) {
      const receive = (event: MessageEvent): void => {
        const message = decode(event.data);
        if (message) listener(message);
      };
      port.addEventListener('message', receive);
      port.start();
      return () => port.removeEventListener('message', receive);
    },
  };
}

function decode(data: unknown): FromPage | null {
  if (!isRecord(data)) return null;
  const text = (key: string): string => (typeof data[key] === 'string' ? data[key] : '');
  const page = { locale: text('locale'), theme: text('theme') };
  switch (data['type']) {
    case 'connect':
      if (data['dozvon'] !== BRIDGE_VERSION || !text('token')) return null;
      return { type: 'connect', token: text('token'), expires_at: text('expires_at'), ...page };
    case 'page':
      return { type: 'page', ...page };
    case 'dial':
      if (!text('number')) return null;
      return {
        type: 'dial',
        number: text('number'),
        // Loaders of before ran it into the number.
        extension: text('extension') || null,
        record: recordOf(data['record']),
      };
    case 'opened':
      return { type: 'opened', url: text('url'), opened: data['opened'] === true };
    case 'marked': {
      const rows: unknown[] = Array.isArray(data['items']) ? data['items'] : [];
      const items = rows.map(markedRow).filter((row) => row !== null);
      return { type: 'marked', items, offered: Math.max(items.length, Number(data['offered']) || 0) };
    }
    case 'over':
      return { type: 'over', why: text('why') };
    default:
      return null;
  }
}

function markedRow(value: unknown): MarkedRow | null {
  if (!isRecord(value) || typeof value['id'] !== 'string' || value['id'] === '') return null;
  const { kind, id, name } = value;
  if (kind !== 'contact' && kind !== 'company' && kind !== 'deal') return null;
  return { kind, id, name: typeof name === 'string' ? name : '' };
}

/** Which record the number belongs to; loaders of before say nothing of it. */
function recordOf(value: unknown): RecordRef | null {
  if (!isRecord(value) || typeof value['id'] !== 'string' || value['id'] === '') return null;
  const kind = value['kind'];
  return kind === 'contact' || kind === 'company' ? { kind, id: value['id'] } : null;
}
