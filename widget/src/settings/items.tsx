/** Lists of the account: a table of rows, and one of them open in a form. */
import type { ComponentChildren, JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { Button } from '../ui/Button';
import { useStore } from '../ui/hooks';
import { KEY_OF } from './book';
import type { Items, ListName } from './client';
import { useDesk } from './context';
import { Dialog } from './Dialog';
import type { Versioned } from './draft';
import { useForm, type Form } from './form';
import { troubleOf } from './trouble';
import type { SettingsKey } from './texts';

/** A form of an item; without `item` of one that is not kept yet. */
export function useItem<Name extends ListName>(
  list: Name,
  item: Items[Name] | null,
  blank: Items[Name]['value'],
  onMade: (key: string) => void,
): Form<Items[Name]['value']> {
  type Value = Items[Name]['value'];
  const { book } = useDesk();
  const key = item ? KEY_OF[list](item) : '';
  const cast = (answer: Items[Name]): Versioned<Value> => answer;
  return useForm<Value>({
    name: `${list}/${key}`,
    kept: item ? cast(item) : { version: '', value: blank },
    isNew: item === null,
    send: async (patch, version) =>
      cast(
        item
          ? await book.client.save(list, key, patch, version)
          : await book.client.make(list, withoutId(patch)),
      ),
    again: async () => cast(await book.client.item(list, key)),
    took: (now) => {
      const answer = now as unknown as Items[Name];
      book.took(list, answer);
      if (!item) onMade(KEY_OF[list](answer));
    },
  });
}

/** The server makes ids. */
function withoutId(value: object): object {
  return Object.fromEntries(Object.entries(value).filter(([name]) => name !== 'id'));
}

export interface Column<Name extends ListName> {
  readonly title: SettingsKey;
  readonly cell: (item: Items[Name]) => ComponentChildren;
}

/** The first column opens the item; where it is narrow only that one and the last stay. */
export function ItemTable<Name extends ListName>(props: {
  list: Name;
  caption: string;
  first?: SettingsKey;
  items: readonly Items[Name][];
  columns: readonly Column<Name>[];
  name: (item: Items[Name]) => string;
  under?: (item: Items[Name]) => ComponentChildren;
  onOpen: (key: string) => void;
  empty: string;
}): JSX.Element {
  const { words } = useDesk();
  const { items, columns } = props;
  if (items.length === 0) return <p class="empty">{props.empty}</p>;
  return (
    <table class="s-table">
      <caption class="sr">{props.caption}</caption>
      <thead>
        <tr>
          <th scope="col">{words.t(props.first ?? 'column.name')}</th>
          {columns.map((column) => (
            <th scope="col" key={column.title} class="s-wide">
              {words.t(column.title)}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {items.map((item) => {
          const key = KEY_OF[props.list](item);
          return (
            <tr key={key}>
              <th scope="row">
                <button type="button" class="s-open" onClick={() => props.onOpen(key)}>
                  {props.name(item)}
                </button>
                {props.under && <span class="muted s-under">{props.under(item)}</span>}
              </th>
              {columns.map((column) => (
                <td key={column.title} class="s-wide">
                  {column.cell(item)}
                </td>
              ))}
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}

/** The list or the open item. Leaving an item with unsaved changes is asked about first. */
export function ListAndItem<Name extends ListName>(props: {
  list: Name;
  open: string | null;
  onOpen: (key: string | null) => void;
  table: () => ComponentChildren;
  form: (item: Items[Name] | null, made: (key: string) => void) => ComponentChildren;
}): JSX.Element {
  const { book, words } = useDesk();
  const page = useStore(book.page);
  const { list, open, onOpen } = props;
  if (open === null) return <>{props.table()}</>;
  const items = page[list] as readonly Items[Name][];
  const item = items.find((one) => KEY_OF[list](one) === open) ?? null;
  const known = open === NEW || item !== null;
  return (
    <>
      <p class="s-back">
        <Button kind="quiet" onPress={() => onOpen(null)}>
          {words.t('list.back')}
        </Button>
      </p>
      {known ? (
        <div key={open} class="s-stack">
          {props.form(item, onOpen)}
        </div>
      ) : (
        <p class="empty">{words.t('list.gone')}</p>
      )}
    </>
  );
}

/** Opens the form of an item that is not there yet. */
export const NEW = '+';

/** Removing is asked about by name, and says why when it cannot be. */
export function RemoveButton(props: {
  list: ListName;
  keyOf: string;
  version: string;
  name: string;
  note?: string;
  onGone: () => void;
}): JSX.Element {
  const { words, book } = useDesk();
  const [asking, setAsking] = useState(false);
  const [busy, setBusy] = useState(false);
  const [trouble, setTrouble] = useState<string | null>(null);
  const remove = async (): Promise<void> => {
    setBusy(true);
    try {
      await book.client.remove(props.list, props.keyOf, props.version);
      props.onGone();
      book.dropped(props.list, props.keyOf);
    } catch (error) {
      setTrouble(firstFault(error) ?? troubleOf(error, words));
    } finally {
      setBusy(false);
    }
  };
  return (
    <>
      <span class="s-grow" />
      <Button kind="quiet" onPress={() => setAsking(true)}>
        {words.t('list.delete')}
      </Button>
      {asking && (
        <Dialog
          title={words.t('list.delete_title', { name: props.name })}
          onClose={() => setAsking(false)}
        >
          <p>{props.note ?? words.t('list.delete_text')}</p>
          {trouble && (
            <p class="s-trouble" role="alert">
              {trouble}
            </p>
          )}
          <div class="s-dialog-actions">
            <Button kind="danger" busy={busy} onPress={() => void remove()}>
              {words.t('list.delete')}
            </Button>
            <Button onPress={() => setAsking(false)}>{words.t('form.stay')}</Button>
          </div>
        </Dialog>
      )}
    </>
  );
}

function firstFault(error: unknown): string | null {
  if (!(error instanceof Error) || !('faults' in error) || !(error.faults instanceof Map)) return null;
  const [first] = [...(error.faults as Map<string, { message: string }>).values()];
  return first?.message ?? null;
}

/** A heading that takes the focus when what is under it changes: screen readers say where one is. */
export function Heading({ children, of }: { children: string; of: string }): JSX.Element {
  const element = useRef<HTMLHeadingElement>(null);
  const first = useRef(true);
  useEffect(() => {
    if (first.current) first.current = false;
    else element.current?.focus();
  }, [of]);
  return (
    <h1 ref={element} tabIndex={-1} class="s-heading">
      {children}
    </h1>
  );
}
