/** What somebody changed and has not saved; pure. */

export interface Versioned<T> {
  readonly version: string;
  readonly value: T;
}

/** Everything that is kept here is plain data with its fields in one order. */
export function same(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

/** The fields of `mine` that differ from `base`: what a PATCH says. */
export function changed<T extends object>(base: T, mine: T): Partial<T> {
  const fields = Object.keys(mine) as (keyof T)[];
  return Object.fromEntries(
    fields.filter((field) => !same(base[field], mine[field])).map((field) => [field, mine[field]]),
  ) as Partial<T>;
}

export interface Difference<T> {
  readonly field: keyof T;
  readonly before: unknown;
  readonly theirs: unknown;
  /** What is in the form; equal to `before` where this person did not touch the field. */
  readonly mine: unknown;
}

/** What somebody else changed since `base` was read. */
export function differences<T extends object>(base: T, theirs: T, mine: T): Difference<T>[] {
  return (Object.keys(changed(base, theirs)) as (keyof T)[]).map((field) => ({
    field,
    before: base[field],
    theirs: theirs[field],
    mine: mine[field],
  }));
}

/** My changes on top of theirs. */
export function rebased<T extends object>(base: T, theirs: T, mine: T): T {
  return { ...theirs, ...changed(base, mine) };
}

/** The list with the item at `from` moved by `step`; the same list where that leads outside. */
export function moved<T>(list: readonly T[], from: number, step: number): readonly T[] {
  const to = from + step;
  const item = list[from];
  if (item === undefined || to < 0 || to >= list.length) return list;
  const rest = list.filter((_, at) => at !== from);
  return [...rest.slice(0, to), item, ...rest.slice(to)];
}
