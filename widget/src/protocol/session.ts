/**
 * The page's session: a token kept in memory only, and the one-time tickets bought with it.
 *
 * Reconnecting buys a ticket and never asks the CRM again.
 */
import { isRecord } from './decode';
import type { SessionToken } from './messages';

export interface Ticket {
  readonly ticket: string;
  /** Absolute address of the socket. */
  readonly url: string;
}

/** The server does not know this session any more: the person has to come through the CRM again. */
export class SessionOver extends Error {
  override name = 'SessionOver';
}

/** The server understood and said no; the message is a sentence for the person. */
export class Refusal extends Error {
  override name = 'Refusal';

  constructor(
    readonly code: string,
    readonly why: string | null,
    message: string,
  ) {
    super(message);
  }
}

const TICKET_TIMEOUT_MS = 10_000;
/** A file of thousands of rows, each of which the server looks up in the CRM. */
const LONG_TIMEOUT_MS = 120_000;

export class Session {
  #token: string;
  #expiresAt: number;

  constructor(
    /** Base address of our server; empty when the page itself came from it. */
    readonly api: string,
    token: SessionToken,
    private readonly request: typeof fetch = (...args) => fetch(...args),
  ) {
    this.#token = token.token;
    this.#expiresAt = Date.parse(token.expires_at);
  }

  get expiresAt(): number {
    return this.#expiresAt;
  }

  renewed(token: SessionToken): void {
    this.#token = token.token;
    this.#expiresAt = Date.parse(token.expires_at);
  }

  /** Raises SessionOver, or any other error when the server cannot be reached. */
  async buyTicket(): Promise<Ticket> {
    const answer = await this.#ask('POST', '/api/ticket');
    if (!isRecord(answer) || typeof answer['ticket'] !== 'string') throw new Error('no ticket');
    const url = typeof answer['url'] === 'string' ? answer['url'] : '/ws';
    return { ticket: answer['ticket'], url: socketUrl(url, this.api) };
  }

  /**
   * A session of its own for this page, in place of the one another page handed to it: a token that
   * two pages share is taken from the one whenever the other renews it.
   *
   * Raises SessionOver, or any other error when the server cannot be reached.
   */
  async part(): Promise<SessionToken> {
    const answer = await this.#ask('POST', '/api/window/session');
    if (!isRecord(answer)) throw new Error('no session');
    const { token, expires_at: expiresAt } = answer;
    if (typeof token !== 'string' || typeof expiresAt !== 'string') throw new Error('no session');
    const own = { token, expires_at: expiresAt };
    this.renewed(own);
    return own;
  }

  /** The call behind a Bitrix24 card, or null when the server does not know that card. */
  async callOfCard(cardId: string): Promise<string | null> {
    const path = `/api/bitrix24/call?id=${encodeURIComponent(cardId)}`;
    const answer = await this.#ask('GET', path, true);
    return isRecord(answer) && typeof answer['call_id'] === 'string' ? answer['call_id'] : null;
  }

  /**
   * What goes by HTTP and not by the socket: files, figures. `key` makes a repetition harmless.
   *
   * Raises Refusal, SessionOver, or any other error when the server cannot be reached.
   */
  async fetch(method: 'GET' | 'POST', path: string, body?: unknown, key?: string): Promise<unknown> {
    const response = await this.request(this.api + path, {
      method,
      headers: {
        Authorization: `Bearer ${this.#token}`,
        ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
        ...(key === undefined ? {} : { 'Idempotency-Key': key }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      credentials: 'omit',
      cache: 'no-store',
      signal: AbortSignal.timeout(LONG_TIMEOUT_MS),
    });
    if (response.status === 401) throw new SessionOver();
    if (response.ok) return response.json();
    const answer: unknown = await response.json().catch(() => null);
    const error = isRecord(answer) && isRecord(answer['error']) ? answer['error'] : null;
    if (!error) throw new Error(`${path} answered ${response.status}`);
    const text = (value: unknown): string => (typeof value === 'string' ? value : '');
    const data = isRecord(error['data']) ? error['data'] : {};
    throw new Refusal(text(error['code']), text(data['why']) || null, text(error['message']));
  }

  async #ask(method: string, path: string, mayBeAbsent = false): Promise<unknown> {
    const response = await this.request(this.api + path, {
      method,
      headers: { Authorization: `Bearer ${this.#token}` },
      credentials: 'omit',
      cache: 'no-store',
      signal: AbortSignal.timeout(TICKET_TIMEOUT_MS),
    });
    if (response.status === 401 || response.status === 403) throw new SessionOver();
    if (mayBeAbsent && response.status === 404) return null;
    if (!response.ok) throw new Error(`${path} answered ${response.status}`);
    return response.json();
  }
}

export function socketUrl(url: string, api: string): string {
  const absolute = new URL(url, api || globalThis.location.href);
  if (absolute.protocol === 'http:') absolute.protocol = 'ws:';
  if (absolute.protocol === 'https:') absolute.protocol = 'wss:';
  return absolute.href;
}
