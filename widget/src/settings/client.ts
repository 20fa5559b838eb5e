/**
 * The settings' HTTP door (`docs/settings.md`), as the pages use it.
 *
 * A session that ended is renewed through the CRM once and the request repeated: nothing typed is
 * lost because a page was open for long.
 */
import type { Locale } from '../i18n';
import { isRecord } from '../protocol/decode';
import type { SessionToken } from '../protocol/messages';
import type {
  AreaAnswer,
  AreasAnswer,
  CloudAnswer,
  CloudCheckAnswer,
  CloudPatch,
  ConnectionAnswer,
  EmployeeItem,
  EmployeesAnswer,
  GroupItem,
  LogAnswer,
  Me,
  OwnPatch,
  ScenarioItem,
  SoundsAnswer,
  TeamItem,
  VirtualNumberItem,
  VisitKeyItem,
  VisitKeysAnswer,
  WhoRingsAnswer,
} from './api';

const TIMEOUT_MS = 20_000;
/** Twenty megabytes over a slow line. */
const UPLOAD_TIMEOUT_MS = 180_000;

/** Lists of the account and what their items are. */
export interface Items {
  employees: EmployeeItem;
  groups: GroupItem;
  scenarios: ScenarioItem;
  teams: TeamItem;
  'virtual-numbers': VirtualNumberItem;
}
export type ListName = keyof Items;

/** What is wrong by its place inside what was sent, `numbers[0].endpoint`; '' is the whole. */
export type Faults = ReadonlyMap<string, Fault>;
export interface Fault {
  readonly code: string;
  readonly message: string;
}

/** The server understood and said no. */
export class Refused extends Error {
  override name = 'Refused';
  constructor(
    readonly why: string,
    message: string,
    readonly faults: Faults,
  ) {
    super(message);
  }
}

/** Nobody answered, or not as agreed: worth another try. */
export class Unreachable extends Error {
  override name = 'Unreachable';
}

export interface ClientOptions {
  readonly api: string;
  readonly session: SessionToken;
  readonly locale: () => Locale;
  /** A fresh session through the CRM; rejects when the person has to do something first. */
  readonly renew: () => Promise<SessionToken>;
  readonly request?: typeof fetch;
}

export class SettingsClient {
  #token: string;
  #renewal: Promise<void> | null = null;

  constructor(private readonly options: ClientOptions) {
    this.#token = options.session.token;
  }

  me(): Promise<Me> {
    return this.#ask('GET', 'me');
  }

  saveMe(patch: OwnPatch, version: string): Promise<Me> {
    return this.#ask('PATCH', 'me', patch, version);
  }

  async areas(): Promise<readonly AreaAnswer[]> {
    return (await this.#ask<AreasAnswer>('GET', 'settings')).areas;
  }

  area(name: string): Promise<AreaAnswer> {
    return this.#ask('GET', `settings/${name}`);
  }

  saveArea(name: string, patch: object, version: string): Promise<AreaAnswer> {
    return this.#ask('PATCH', `settings/${name}`, patch, version);
  }

  connection(): Promise<ConnectionAnswer> {
    return this.#ask('GET', 'connection');
  }

  async synchronise(): Promise<void> {
    await this.#ask('POST', 'employees/sync', {});
  }

  async bind(): Promise<void> {
    await this.#ask('POST', 'connection/bind', {});
  }

  visitKeys(): Promise<VisitKeysAnswer> {
    return this.#ask('GET', 'visit-keys');
  }

  /** The only answer that has a server's key in it. */
  issueVisitKey(kind: VisitKeyItem['kind']): Promise<VisitKeyItem> {
    return this.#ask('POST', 'visit-keys', { kind });
  }

  async withdrawVisitKey(id: string): Promise<void> {
    await this.#ask('DELETE', `visit-keys/${encodeURIComponent(id)}`);
  }

  sounds(): Promise<SoundsAnswer> {
    return this.#ask('GET', 'sounds');
  }

  async uploadSound(file: File): Promise<void> {
    await this.#ask('POST', `sounds?${new URLSearchParams({ name: file.name }).toString()}`, file);
  }

  async removeSound(id: string): Promise<void> {
    await this.#ask('DELETE', `sounds/${encodeURIComponent(id)}`);
  }

  cloud(): Promise<CloudAnswer> {
    return this.#ask('GET', 'cloud');
  }

  saveCloud(patch: CloudPatch, version: string): Promise<CloudAnswer> {
    return this.#ask('PATCH', 'cloud', patch, version);
  }

  checkCloud(): Promise<CloudCheckAnswer> {
    return this.#ask('POST', 'cloud/check', {});
  }

  log(): Promise<LogAnswer> {
    return this.#ask('GET', 'log');
  }

  /** Who would ring by a scenario; `at` on the account's clock, empty is now. */
  whoRings(scenario: string, at: string): Promise<WhoRingsAnswer> {
    const asked = new URLSearchParams({ scenario, ...(at ? { at } : {}) });
    return this.#ask('GET', `who-rings?${asked.toString()}`);
  }

  employees(): Promise<EmployeesAnswer> {
    return this.#ask('GET', 'employees');
  }

  async list<Name extends ListName>(name: Name): Promise<readonly Items[Name][]> {
    return (await this.#ask<{ items: readonly Items[Name][] }>('GET', name)).items;
  }

  item<Name extends ListName>(name: Name, key: string): Promise<Items[Name]> {
    return this.#ask('GET', `${name}/${encodeURIComponent(key)}`);
  }

  make<Name extends ListName>(name: Name, value: object): Promise<Items[Name]> {
    return this.#ask('POST', name, value);
  }

  save<Name extends ListName>(
    name: Name,
    key: string,
    patch: object,
    version: string,
  ): Promise<Items[Name]> {
    return this.#ask('PATCH', `${name}/${encodeURIComponent(key)}`, patch, version);
  }

  async remove(name: ListName, key: string, version: string): Promise<void> {
    await this.#ask('DELETE', `${name}/${encodeURIComponent(key)}`, undefined, version);
  }

  async #ask<T>(method: string, path: string, body?: object, version?: string): Promise<T> {
    let answer = await this.#send(method, path, body, version);
    if (answer.status === 401 || (answer.status === 403 && !whyOf(answer.body))) {
      await this.#renew();
      answer = await this.#send(method, path, body, version);
    }
    if (answer.status >= 200 && answer.status < 300) return answer.body as T;
    if (answer.status >= 500 || answer.status === 429) throw new Unreachable(path);
    throw refusal(answer.body);
  }

  async #send(
    method: string,
    path: string,
    body?: object,
    version?: string,
  ): Promise<{ status: number; body: unknown }> {
    const { api, request = (...args: Parameters<typeof fetch>) => fetch(...args) } = this.options;
    try {
      const response = await request(`${api}/api/v1/${path}`, {
        method,
        headers: {
          Authorization: `Bearer ${this.#token}`,
          'Accept-Language': this.options.locale(),
          ...(body && !(body instanceof Blob) ? { 'Content-Type': 'application/json' } : {}),
          ...(version === undefined ? {} : { 'If-Match': `"${version}"` }),
        },
        ...(body ? { body: body instanceof Blob ? body : JSON.stringify(body) } : {}),
        credentials: 'omit',
        cache: 'no-store',
        signal: AbortSignal.timeout(body instanceof Blob ? UPLOAD_TIMEOUT_MS : TIMEOUT_MS),
      });
      const text = await response.text();
      return { status: response.status, body: text ? (JSON.parse(text) as unknown) : null };
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
        throw new Unreachable('session');
      })
      .finally(() => {
        this.#renewal = null;
      });
    return this.#renewal;
  }
}

function errorOf(body: unknown): Record<string, unknown> {
  const error = isRecord(body) ? body['error'] : null;
  return isRecord(error) ? error : {};
}

function whyOf(body: unknown): string {
  const data = errorOf(body)['data'];
  return isRecord(data) && typeof data['why'] === 'string' ? data['why'] : '';
}

function refusal(body: unknown): Refused {
  const error = errorOf(body);
  const data = isRecord(error['data']) ? error['data'] : {};
  const faults = new Map<string, Fault>();
  for (const raw of Array.isArray(data['faults']) ? (data['faults'] as unknown[]) : []) {
    if (!isRecord(raw) || typeof raw['path'] !== 'string') continue;
    const message = typeof raw['message'] === 'string' ? raw['message'] : '';
    const code = typeof raw['code'] === 'string' ? raw['code'] : '';
    // Of two faults in one place the first is told; the other is still there after it.
    if (!faults.has(raw['path'])) faults.set(raw['path'], { code, message });
  }
  const message = typeof error['message'] === 'string' ? error['message'] : '';
  return new Refused(whyOf(body), message, faults);
}
