/** The board's HTTP door (`docs/supervisor.md`): a ticket for its socket, the past, deeds. */
import type { Locale } from '../i18n';
import { isRecord } from '../protocol/decode';
import type { AgentStatus, MonitoredChanged, SessionToken } from '../protocol/messages';
import { SessionOver, socketUrl, type Ticket } from '../protocol/session';
import type { DeedsAnswer, FiguresAnswer, PastAnswer } from './api';

export type WatchMode = NonNullable<MonitoredChanged['mode']>;

const TIMEOUT_MS = 20_000;

/** The server said no, in the reader's language. */
export class Refused extends Error {
  override name = 'Refused';
  constructor(
    readonly why: string,
    message: string,
  ) {
    super(message);
  }
}

/** Nobody answered, or something broke over there: worth another try. */
export class Unreachable extends Error {
  override name = 'Unreachable';
}

export interface BoardClientOptions {
  readonly api: string;
  readonly session: SessionToken;
  readonly locale: () => Locale;
  /** A fresh session through the CRM; rejects where nobody can get one. */
  readonly renew: () => Promise<SessionToken>;
  readonly request?: typeof fetch;
}

export type Form = 'csv' | 'xlsx';

export class BoardClient {
  #token: string;
  #renewal: Promise<void> | null = null;

  constructor(private readonly options: BoardClientOptions) {
    this.#token = options.session.token;
  }

  /** For `SocketClient`: raises SessionOver where a person has to come through the CRM again. */
  async buyTicket(): Promise<Ticket> {
    const answer = await this.#json('POST', 'ticket', {});
    if (!isRecord(answer) || typeof answer['ticket'] !== 'string') throw new Error('no ticket');
    const url = typeof answer['url'] === 'string' ? answer['url'] : '/ws';
    return { ticket: answer['ticket'], url: socketUrl(url, this.options.api) };
  }

  async past(from: Date, to: Date): Promise<PastAnswer> {
    return (await this.#json('GET', `past?${span(from.toISOString(), to.toISOString())}`)) as PastAnswer;
  }

  async figures(from: string, to: string): Promise<FiguresAnswer> {
    return (await this.#json('GET', `figures?${span(from, to)}`)) as FiguresAnswer;
  }

  async deeds(): Promise<DeedsAnswer> {
    return (await this.#json('GET', 'deeds')) as DeedsAnswer;
  }

  async export(form: Form, from: string, to: string): Promise<Blob> {
    const response = await this.#ask('GET', `export?form=${form}&${span(from, to)}`);
    return response.blob();
  }

  async setStatus(employeeId: string, status: AgentStatus, reason: string): Promise<void> {
    await this.#json('POST', 'status', { employee_id: employeeId, status, reason });
  }

  async answerHand(employeeId: string, done: boolean): Promise<void> {
    await this.#json('POST', 'hand', { employee_id: employeeId, done });
  }

  async watch(callId: string, employeeId: string, mode: WatchMode): Promise<void> {
    await this.#json('POST', 'watch', { call_id: callId, employee_id: employeeId, mode });
  }

  async stopWatching(callId: string): Promise<void> {
    await this.#json('POST', 'watch/stop', { call_id: callId });
  }

  async #json(method: string, path: string, body?: object): Promise<unknown> {
    const response = await this.#ask(method, path, body);
    return response.json();
  }

  async #ask(method: string, path: string, body?: object): Promise<Response> {
    let response = await this.#send(method, path, body);
    let said = response.ok ? null : await errorOf(response);
    if (response.status === 401 || (response.status === 403 && !said?.why)) {
      await this.#renew();
      response = await this.#send(method, path, body);
      said = response.ok ? null : await errorOf(response);
    }
    if (!said) return response;
    if (response.status >= 500 && !said.why) throw new Unreachable(path);
    if (response.status === 429) throw new Unreachable(path);
    throw new Refused(said.why, said.message);
  }

  async #send(method: string, path: string, body?: object): Promise<Response> {
    const { api, request = (...args: Parameters<typeof fetch>) => fetch(...args) } = this.options;
    try {
      return await request(`${api}/api/v1/board/${path}`, {
        method,
        headers: {
          Authorization: `Bearer ${this.#token}`,
          'Accept-Language': this.options.locale(),
          ...(body ? { 'Content-Type': 'application/json' } : {}),
        },
        ...(body ? { body: JSON.stringify(body) } : {}),
        credentials: 'omit',
        cache: 'no-store',
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
    } catch {
      throw new Unreachable(path);
    }
  }

  /** Many requests may find out together; the CRM is asked once. */
  #renew(): Promise<void> {
    this.#renewal ??= this.options
      .renew()
      .then((session) => {
        this.#token = session.token;
      })
      .catch(() => {
        throw new SessionOver();
      })
      .finally(() => {
        this.#renewal = null;
      });
    return this.#renewal;
  }
}

function span(from: string, to: string): string {
  return new URLSearchParams({ from, to }).toString();
}

async function errorOf(response: Response): Promise<{ why: string; message: string }> {
  const body: unknown = await response.json().catch(() => null);
  const error = isRecord(body) && isRecord(body['error']) ? body['error'] : {};
  const data = isRecord(error['data']) ? error['data'] : {};
  return {
    why: typeof data['why'] === 'string' ? data['why'] : '',
    message: typeof error['message'] === 'string' ? error['message'] : '',
  };
}
