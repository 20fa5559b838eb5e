/** What the server wrote into the page's shell. */
import { isRecord } from '../protocol/decode';
import type { SessionToken } from '../protocol/messages';

export interface Boot {
  /** Null where the session comes over the bridge. */
  readonly session: SessionToken | null;
  readonly page: string;
  readonly placement: string;
  readonly options: Readonly<Record<string, unknown>>;
  readonly api: string;
  readonly locale: string | null;
}

/** An absent or broken element is an empty boot: the page then says it must be opened anew. */
export function readBoot(from: Document): Boot {
  const value = parse(from.getElementById('dozvon-boot')?.textContent ?? '');
  const text = (key: string): string => (typeof value[key] === 'string' ? value[key] : '');
  const options = isRecord(value['options']) ? value['options'] : {};
  return {
    session: text('token') ? { token: text('token'), expires_at: text('expires_at') } : null,
    page: text('page'),
    placement: text('placement'),
    options,
    api: text('api'),
    locale: text('locale') || null,
  };
}

function parse(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    return isRecord(value) ? value : {};
  } catch {
    return {};
  }
}
