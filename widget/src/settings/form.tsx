/** One thing that is edited and saved whole: its draft, its faults, and what to do when somebody
 * else saved it first. */
import type { ComponentChildren, JSX } from 'preact';
import { useEffect, useId, useRef, useState } from 'preact/hooks';
import { Button } from '../ui/Button';
import { Refused, type Fault, type Faults } from './client';
import { useDesk } from './context';
import { changed, differences, rebased, same, type Versioned } from './draft';
import { Dialog } from './Dialog';
import { troubleOf } from './trouble';
import { fieldName, shown } from './values';

const NONE: Faults = new Map();

export interface FormOptions<T extends object> {
  /** For the guard of unsaved changes; one page has each name once. */
  readonly name: string;
  readonly kept: Versioned<T>;
  /** Sends what changed; answers with the thing as it is now. */
  readonly send: (patch: Partial<T>, version: string) => Promise<Versioned<T>>;
  /** The thing as it is now; asked when somebody else was faster. */
  readonly again: () => Promise<Versioned<T>>;
  readonly took: (now: Versioned<T>) => void;
  /** Nothing of it is kept yet: saving makes it, whatever is in it. */
  readonly isNew?: boolean;
}

export interface Form<T extends object> {
  readonly value: T;
  readonly dirty: boolean;
  readonly saving: boolean;
  readonly saved: boolean;
  readonly trouble: string | null;
  readonly set: (part: Partial<T>) => void;
  readonly fault: (path: string) => Fault | undefined;
  /** All faults at or inside a place. */
  readonly within: (path: string) => readonly Fault[];
  readonly reset: () => void;
  readonly save: () => Promise<void>;
  readonly dialog: JSX.Element | null;
}

export function useForm<T extends object>(options: FormOptions<T>): Form<T> {
  const { words, unsaved } = useDesk();
  const { name, isNew = false } = options;
  const [base, setBase] = useState(options.kept);
  const [value, setValue] = useState<T>(options.kept.value);
  const [faults, setFaults] = useState<Faults>(NONE);
  const [trouble, setTrouble] = useState<string | null>(null);
  const [saving, setSaving] = useState(false);
  const [saved, setSaved] = useState(false);
  const [theirs, setTheirs] = useState<Versioned<T> | null>(null);
  const dirty = !same(base.value, value);

  useEffect(() => {
    unsaved(name, dirty);
    return () => unsaved(name, false);
  }, [name, dirty, unsaved]);

  // What is kept moved on while nothing here was touched: show that.
  useEffect(() => {
    if (options.kept.version === base.version || dirty || isNew) return;
    setBase(options.kept);
    setValue(options.kept.value);
  }, [options.kept.version]);

  const begin = (kept: Versioned<T>, draft: T): void => {
    setBase(kept);
    setValue(draft);
    setFaults(NONE);
    setTrouble(null);
  };

  const attempt = async (from: Versioned<T>, draft: T): Promise<void> => {
    setSaving(true);
    setTrouble(null);
    setSaved(false);
    try {
      const now = await options.send(isNew ? draft : changed(from.value, draft), from.version);
      begin(now, now.value);
      unsaved(name, false);
      setSaved(true);
      options.took(now);
    } catch (error) {
      if (error instanceof Refused && error.why === 'changed_meanwhile') {
        setTheirs(await options.again().catch(() => null));
        setTrouble(words.t('form.changed'));
      } else {
        setFaults(error instanceof Refused ? error.faults : NONE);
        setTrouble(troubleOf(error, words));
      }
    } finally {
      setSaving(false);
    }
  };

  const set = (part: Partial<T>): void => {
    setSaved(false);
    setValue((before) => ({ ...before, ...part }));
    // A place somebody is correcting is not scolded while they type.
    const touched = Object.keys(part);
    setFaults((all) => {
      const left = [...all].filter(([path]) => !touched.includes(path.split(/[.[]/)[0] ?? ''));
      return left.length === all.size ? all : new Map(left);
    });
  };

  return {
    value,
    dirty,
    saving,
    saved: saved && !dirty,
    trouble,
    set,
    fault: (path) => faults.get(path),
    within: (path) =>
      [...faults].filter(([at]) => at === path || at.startsWith(`${path}.`)).map(([, fault]) => fault),
    reset: () => begin(base, base.value),
    save: () => attempt(base, value),
    dialog: theirs && (
      <ChangedMeanwhile
        differences={differences(base.value, theirs.value, value)}
        onMine={() => {
          const draft = rebased(base.value, theirs.value, value);
          setTheirs(null);
          begin(theirs, draft);
          void attempt(theirs, draft);
        }}
        onTheirs={() => {
          options.took(theirs);
          begin(theirs, theirs.value);
          setTheirs(null);
        }}
        onLater={() => setTheirs(null)}
      />
    ),
  };
}

function ChangedMeanwhile(props: {
  differences: readonly { field: PropertyKey; before: unknown; theirs: unknown; mine: unknown }[];
  onMine: () => void;
  onTheirs: () => void;
  onLater: () => void;
}): JSX.Element {
  const { words, book } = useDesk();
  return (
    <Dialog title={words.t('conflict.title')} onClose={props.onLater}>
      <p>{words.t('conflict.text')}</p>
      <dl class="s-differences">
        {props.differences.map(({ field, before, theirs, mine }) => (
          <div key={String(field)}>
            <dt>{fieldName(String(field), words)}</dt>
            <dd>
              <span class="muted">{words.t('conflict.before')}</span> {shown(before, words, book)}
            </dd>
            <dd>
              <span class="muted">{words.t('conflict.theirs')}</span>{' '}
              <strong>{shown(theirs, words, book)}</strong>
            </dd>
            {!same(before, mine) && (
              <dd>
                <span class="muted">{words.t('conflict.mine')}</span>{' '}
                <strong>{shown(mine, words, book)}</strong>
              </dd>
            )}
          </div>
        ))}
      </dl>
      <div class="s-dialog-actions">
        <Button kind="primary" onPress={props.onMine}>
          {words.t('conflict.keep_mine')}
        </Button>
        <Button onPress={props.onTheirs}>{words.t('conflict.take_theirs')}</Button>
        <Button kind="quiet" onPress={props.onLater}>
          {words.t('conflict.later')}
        </Button>
      </div>
    </Dialog>
  );
}

/** A form as a card: heading, fields, and its own saving. For supervisors it is to read. */
export function FormCard<T extends object>(props: {
  form: Form<T>;
  title?: string;
  note?: ComponentChildren;
  children: ComponentChildren;
  extra?: ComponentChildren;
  saveName?: string;
  always?: boolean;
}): JSX.Element {
  const { words, me } = useDesk();
  const { form, title } = props;
  const id = useId();
  const root = useRef<HTMLFormElement>(null);
  useEffect(() => {
    if (!form.trouble || form.saving) return;
    root.current?.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus();
  }, [form.trouble, form.saving]);
  return (
    <form
      class="s-card"
      ref={root}
      noValidate
      {...(title ? { 'aria-labelledby': id } : {})}
      onSubmit={(event) => {
        event.preventDefault();
        if (!form.saving && (form.dirty || props.always)) void form.save();
      }}
    >
      {title && (
        <header class="s-card-head">
          <h2 id={id}>{title}</h2>
          {props.note && <p class="muted">{props.note}</p>}
        </header>
      )}
      <fieldset class="s-fields" disabled={!me.may_change}>
        {title && <legend class="sr">{title}</legend>}
        {props.children}
      </fieldset>
      {me.may_change && (
        <div class="s-save" data-dirty={form.dirty || props.always}>
          {(form.dirty || props.always) && (
            <>
              <button type="submit" class="button button-primary" aria-busy={form.saving}>
                {words.t('form.save')}
              </button>
              {form.dirty && (
                <Button kind="quiet" disabled={form.saving} onPress={form.reset}>
                  {words.t('form.undo')}
                </Button>
              )}
            </>
          )}
          <p class="s-save-state" role="status">
            {form.saving ? words.t('form.saving') : form.saved ? words.t('form.saved') : ''}
          </p>
          {props.extra}
        </div>
      )}
      {form.trouble && (
        <p class="s-trouble" role="alert">
          {form.trouble}
        </p>
      )}
      {form.dialog}
    </form>
  );
}
