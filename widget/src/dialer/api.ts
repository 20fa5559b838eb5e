/** Lists are made and counted over HTTP: files and figures are no matter for a socket. */
import type { MarkedRow } from '../hosts/bridge';
import type { Locale } from '../i18n';
import type { DialerCheck, DialerList } from '../protocol/messages';
import type { Session } from '../protocol/session';

export type Purpose = DialerList['purpose'];

/** Headings of the file's columns. */
export interface Columns {
  readonly numbers: readonly string[];
  readonly name: string | null;
  readonly time_zone: string | null;
  readonly consent: string | null;
}

export interface FileLook {
  readonly columns: readonly string[];
  /** The first few. */
  readonly rows: readonly (readonly string[])[];
  /** Null: no heading looks like one of numbers. */
  readonly guess: Columns | null;
  readonly total: number;
}

export interface NewList {
  readonly name: string;
  readonly purpose: Purpose;
  readonly preview_s: number;
  readonly wrap_up_s: number;
  /** `09:00` to `20:00`, every day, by the clock of whoever is called. */
  readonly from: string;
  readonly till: string;
  readonly rows:
    | { readonly file: string; readonly columns: Columns }
    /** A list of the portal's own, by its number. */
    | { readonly call_list: string }
    | { readonly marked: readonly MarkedRow[]; readonly offered: number };
}

export interface Made {
  readonly list: DialerList;
  readonly check: DialerCheck;
}

export interface Share {
  readonly key: string;
  readonly attempts: number;
  readonly reached: number;
  readonly name: string;
}

export interface Statistics {
  readonly attempts: number;
  readonly reached: number;
  readonly people: number;
  readonly people_reached: number;
  readonly answer_rate: number | null;
  readonly talk_s: number;
  readonly wrap_up_s: number;
  readonly preview_s: number;
  readonly idle_s: number;
  readonly outcomes: readonly Share[];
  readonly dispositions: readonly Share[];
  readonly by_hour: readonly Share[];
  readonly by_employee: readonly Share[];
}

/** Which calls are behind a figure. */
export interface Filter {
  readonly by: 'outcome' | 'disposition' | 'hour' | 'employee';
  readonly key: string;
}

export interface Attempt {
  readonly call_id: string;
  readonly number: string;
  readonly name: string;
  readonly at: string;
  readonly outcome: string | null;
  readonly talk_s: number;
}

const WEEKDAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;

export class ListsApi {
  constructor(
    private readonly session: Pick<Session, 'fetch'>,
    private readonly locale: () => Locale,
  ) {}

  async look(file: string): Promise<FileLook> {
    return (await this.#ask('POST', '/columns', { file })) as FileLook;
  }

  /** `key`: the same for every try to make this one list. Raises Refusal. */
  async make(wanted: NewList, crm: 'amocrm' | 'bitrix24', key: string): Promise<Made> {
    const { name, purpose, preview_s, wrap_up_s, from, till, rows } = wanted;
    const hours = Object.fromEntries(WEEKDAYS.map((day) => [day, [`${from}-${till}`]]));
    const people =
      'file' in rows || 'call_list' in rows
        ? rows
        : {
            source: crm,
            offered: rows.offered,
            items: rows.marked.map(({ kind, id, name: known }) => ({
              name: known.slice(0, 200),
              record: { kind, id },
            })),
          };
    const body = { name, purpose, rules: { preview_s, wrap_up_s, hours }, ...people };
    return (await this.#ask('POST', '', body, key)) as Made;
  }

  async statistics(listId: string): Promise<Statistics> {
    return (await this.#ask('GET', `/${encodeURIComponent(listId)}/statistics`)) as Statistics;
  }

  /** The first two hundred. */
  async attempts(listId: string, filter: Filter | null): Promise<readonly Attempt[]> {
    const path = `/${encodeURIComponent(listId)}/attempts`;
    const answer = await this.#ask('GET', path, undefined, undefined, filter);
    return (answer as { attempts: readonly Attempt[] }).attempts;
  }

  #ask(
    method: 'GET' | 'POST',
    path: string,
    body?: unknown,
    key?: string,
    filter: Filter | null = null,
  ): Promise<unknown> {
    const query = new URLSearchParams({ lang: this.locale() });
    if (filter) query.set(filter.by, filter.key);
    return this.session.fetch(method, `/api/v1/lists${path}?${query.toString()}`, body, key);
  }
}
