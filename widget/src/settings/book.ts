/** Everything of the account the pages show, as last heard from the server. */
import { Store } from '../state/store';
import type {
  AreaAnswer,
  AreaValues,
  ConnectionAnswer,
  LogLine,
  SoundItem,
  SoundsAnswer,
  SyncAnswer,
} from './api';
import type { Items, ListName, SettingsClient } from './client';
import type { Versioned } from './draft';

export interface Page {
  readonly areas: ReadonlyMap<string, AreaAnswer>;
  readonly connection: ConnectionAnswer | null;
  readonly sync: SyncAnswer | null;
  readonly employees: readonly Items['employees'][];
  readonly groups: readonly Items['groups'][];
  readonly scenarios: readonly Items['scenarios'][];
  readonly teams: readonly Items['teams'][];
  readonly 'virtual-numbers': readonly Items['virtual-numbers'][];
  readonly sounds: readonly SoundItem[];
  /** Null until somebody looks at it. */
  readonly log: readonly LogLine[] | null;
}

export const KEY_OF: { readonly [Name in ListName]: (item: Items[Name]) => string } = {
  employees: (item) => item.value.id,
  groups: (item) => item.value.id,
  scenarios: (item) => item.value.id,
  teams: (item) => item.value.id,
  'virtual-numbers': (item) => item.value.number,
};

const EMPTY: Page = {
  areas: new Map(),
  connection: null,
  sync: null,
  employees: [],
  groups: [],
  scenarios: [],
  teams: [],
  'virtual-numbers': [],
  sounds: [],
  log: null,
};

export class Book {
  readonly page = new Store<Page>(EMPTY);

  constructor(readonly client: SettingsClient) {}

  /** Raises what the client raises. */
  async load(): Promise<void> {
    const { client } = this;
    const [areas, connection, people, groups, scenarios, teams, numbers, sounds] = await Promise.all([
      client.areas(),
      client.connection(),
      client.employees(),
      client.list('groups'),
      client.list('scenarios'),
      client.list('teams'),
      client.list('virtual-numbers'),
      client.sounds(),
    ]);
    this.page.set({
      areas: new Map(areas.map((area) => [area.area, area])),
      connection,
      sync: people.sync,
      employees: people.items,
      groups,
      scenarios,
      teams,
      'virtual-numbers': numbers,
      sounds: sounds.items,
      log: null,
    });
  }

  /** As they are now, with what may be uploaded. */
  async lookAtSounds(): Promise<SoundsAnswer> {
    const found = await this.client.sounds();
    this.page.update((page) => ({ ...page, sounds: found.items }));
    return found;
  }

  area<Name extends keyof AreaValues>(name: Name): Versioned<AreaValues[Name]> & AreaAnswer {
    const found = this.page.get().areas.get(name);
    if (!found) throw new Error(`the server has no area ${name}`);
    return found as unknown as Versioned<AreaValues[Name]> & AreaAnswer;
  }

  tookArea(answer: AreaAnswer): void {
    this.page.update((page) => ({ ...page, areas: new Map(page.areas).set(answer.area, answer) }));
  }

  /** The item as it is now, in its place; a new one at the end. */
  took<Name extends ListName>(name: Name, item: Items[Name]): void {
    const key = KEY_OF[name](item);
    const items = this.page.get()[name] as readonly Items[Name][];
    const known = items.some((one) => KEY_OF[name](one) === key);
    const next = known
      ? items.map((one) => (KEY_OF[name](one) === key ? item : one))
      : [...items, item];
    this.page.update((page) => ({ ...page, [name]: next }));
  }

  dropped(name: ListName, key: string): void {
    const items = this.page.get()[name] as readonly Items[ListName][];
    const keyOf = KEY_OF[name] as (item: Items[ListName]) => string;
    const next = items.filter((item) => keyOf(item) !== key);
    this.page.update((page) => ({ ...page, [name]: next }));
  }

  async loadConnection(): Promise<ConnectionAnswer> {
    const connection = await this.client.connection();
    this.page.update((page) => ({ ...page, connection, sync: connection.sync ?? page.sync }));
    return connection;
  }

  async loadPeople(): Promise<void> {
    const [people, teams] = await Promise.all([
      this.client.employees(),
      this.client.list('teams'),
    ]);
    this.page.update((page) => ({ ...page, employees: people.items, sync: people.sync, teams }));
  }

  async loadLog(): Promise<void> {
    const { items } = await this.client.log();
    this.page.update((page) => ({ ...page, log: items }));
  }

  nameOf(employee: string): string {
    const found = this.page.get().employees.find((item) => item.value.id === employee);
    return found?.value.name ?? employee;
  }
}
