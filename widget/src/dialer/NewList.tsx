/** A new list: of people ticked in the CRM's own list, of one the portal keeps, or from a file (D1). */
import type { JSX } from 'preact';
import { useMemo, useRef, useState } from 'preact/hooks';
import type { Marked } from '../hosts/host';
import { Refusal } from '../protocol/session';
import { Button } from '../ui/Button';
import type { Columns, FileLook, ListsApi, Made, Purpose } from './api';
import type { DialerWords } from './words';

const PURPOSES: readonly Purpose[] = ['service', 'advertising'];
const PREVIEW_S = 20;
const WRAP_UP_S = 60;
/** L667 of the product's list of features. */
const MAX_WRAP_UP_S = 2_000;
const MAX_PREVIEW_S = 600;

interface Props {
  /** Null: from a file. */
  readonly marked: Marked | null;
  readonly crm: 'amocrm' | 'bitrix24';
  readonly api: ListsApi;
  readonly words: DialerWords;
  readonly onMade: (made: Made) => void;
  readonly onCancel: () => void;
}

export function NewList({ marked, crm, api, words, onMade, onCancel }: Props): JSX.Element {
  const [name, setName] = useState(() => words.t('new.default_name', { day: today(words.locale) }));
  const [purpose, setPurpose] = useState<Purpose | null>(null);
  const [preview, setPreview] = useState(PREVIEW_S);
  const [wrapUp, setWrapUp] = useState(WRAP_UP_S);
  const [from, setFrom] = useState('09:00');
  const [till, setTill] = useState('20:00');
  const [file, setFile] = useState<{ text: string; look: FileLook } | null>(null);
  const [columns, setColumns] = useState<Columns | null>(null);
  const [callList, setCallList] = useState('');
  const [busy, setBusy] = useState(false);
  const [trouble, setTrouble] = useState<string | null>(null);
  // One list for one form, however often it has to be sent.
  const key = useMemo(() => crypto.randomUUID(), []);
  const top = useRef<HTMLHeadingElement>(null);

  const failed = (error: unknown): void => {
    if (error instanceof Refusal) {
      setTrouble(words.named('trouble', error.why) ?? (error.message || words.trouble(error.why, error.code)));
    } else {
      setTrouble(words.t('trouble.failed'));
    }
  };
  const choose = async (chosen: File | undefined): Promise<void> => {
    setFile(null);
    setTrouble(null);
    if (!chosen) return;
    setBusy(true);
    try {
      const text = await base64(chosen);
      const look = await api.look(text);
      setFile({ text, look });
      setColumns(look.guess ?? { numbers: [], name: null, time_zone: null, consent: null });
    } catch (error) {
      failed(error);
    } finally {
      setBusy(false);
    }
  };
  const make = async (): Promise<void> => {
    const numbered = file && columns && columns.numbers.length > 0;
    const own = /^\d+$/.test(callList.trim()) && { call_list: callList.trim() };
    const rows = marked
      ? { marked: marked.items, offered: marked.offered }
      : own || (numbered && { file: file.text, columns });
    if (!rows || purpose === null || name.trim() === '') {
      setTrouble(words.t(marked ? 'new.need_purpose' : 'new.need'));
      return;
    }
    if (!(from < till)) {
      setTrouble(words.t('new.need_hours'));
      return;
    }
    setBusy(true);
    setTrouble(null);
    const rules = { preview_s: preview, wrap_up_s: wrapUp, from, till };
    try {
      onMade(await api.make({ name: name.trim(), purpose, ...rules, rows }, crm, key));
    } catch (error) {
      failed(error);
    } finally {
      setBusy(false);
    }
  };
  return (
    <form
      class="new-list people"
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        if (!busy) void make();
      }}
    >
      <h2 class="list-name" ref={top} tabIndex={-1}>
        {words.t('new.title')}
      </h2>
      {marked && (
        <p>
          {words.t('new.people', { n: marked.items.length })}
          {marked.offered > marked.items.length && (
            <>
              {' '}
              {words.t('new.taken', { taken: marked.items.length, offered: marked.offered })}
            </>
          )}
        </p>
      )}
      <label class="field">
        <span>{words.t('new.name')}</span>
        <input type="text" maxLength={200} value={name} onInput={(event) => setName(event.currentTarget.value)} />
      </label>
      <fieldset class="results-choice" aria-describedby="purpose-hint">
        <legend class="muted">{words.t('new.purpose')}</legend>
        {PURPOSES.map((one) => (
          <label key={one} class="results-option">
            <input type="radio" name="purpose" checked={purpose === one} onChange={() => setPurpose(one)} />
            <span>{words.t(`purpose.${one}`)}</span>
          </label>
        ))}
      </fieldset>
      <p class="muted" id="purpose-hint">
        {purpose && words.t(`purpose.hint.${purpose}`)}
      </p>
      <div class="figures">
        <Seconds label={words.t('new.preview')} most={MAX_PREVIEW_S} value={preview} onChange={setPreview} />
        <Seconds label={words.t('new.wrap_up')} most={MAX_WRAP_UP_S} value={wrapUp} onChange={setWrapUp} />
      </div>
      <fieldset class="mapping">
        <legend class="muted">{words.t('new.hours')}</legend>
        <div class="figures">
          <Hour label={words.t('new.from')} value={from} onChange={setFrom} />
          <Hour label={words.t('new.till')} value={till} onChange={setTill} />
        </div>
      </fieldset>
      {!marked && crm === 'bitrix24' && (
        <label class="field">
          <span>{words.t('new.call_list')}</span>
          <input
            type="text"
            inputMode="numeric"
            maxLength={20}
            value={callList}
            aria-describedby="call-list-hint"
            onInput={(event) => setCallList(event.currentTarget.value)}
          />
          <span class="muted" id="call-list-hint">
            {words.t('new.call_list_hint')}
          </span>
        </label>
      )}
      {!marked && (
        <label class="field">
          <span>{words.t('new.file')}</span>
          <input
            type="file"
            accept=".csv,.xlsx,text/csv"
            onChange={(event) => void choose(event.currentTarget.files?.[0])}
          />
        </label>
      )}
      {file && columns && <Mapping look={file.look} columns={columns} words={words} onChange={setColumns} />}
      {trouble && (
        <p class="wrong" role="alert">
          {trouble}
        </p>
      )}
      <div class="actions">
        <Button kind="primary" busy={busy} onPress={() => void make()}>
          {words.t('new.make')}
        </Button>
        <Button onPress={onCancel}>{words.t('do.cancel')}</Button>
      </div>
    </form>
  );
}

function Seconds(props: {
  label: string;
  most: number;
  value: number;
  onChange: (seconds: number) => void;
}): JSX.Element {
  const { label, most, value, onChange } = props;
  return (
    <label class="field">
      <span>{label}</span>
      <input
        type="number"
        inputMode="numeric"
        min={0}
        max={most}
        value={value}
        onChange={(event) => {
          const typed = Math.round(Number(event.currentTarget.value));
          onChange(Math.min(most, Math.max(0, Number.isFinite(typed) ? typed : 0)));
        }}
      />
    </label>
  );
}

function Hour(props: { label: string; value: string; onChange: (hour: string) => void }): JSX.Element {
  return (
    <label class="field">
      <span>{props.label}</span>
      <input type="time" value={props.value} onInput={(event) => props.onChange(event.currentTarget.value)} />
    </label>
  );
}

/** Which column is what, with the first rows beside it. */
function Mapping(props: {
  look: FileLook;
  columns: Columns;
  words: DialerWords;
  onChange: (columns: Columns) => void;
}): JSX.Element {
  const { look, columns, words, onChange } = props;
  const choice = (
    label: string,
    value: string | null,
    change: (heading: string | null) => void,
  ): JSX.Element => (
    <label class="field">
      <span>{label}</span>
      <select value={value ?? ''} onChange={(event) => change(event.currentTarget.value || null)}>
        <option value="">{words.t('new.column_none')}</option>
        {look.columns.map((heading) => (
          <option key={heading} value={heading}>
            {heading}
          </option>
        ))}
      </select>
    </label>
  );
  // Numbers of one person, in the order they are tried; one more place than is filled.
  const numbers = [...columns.numbers, null].slice(0, 3);
  return (
    <fieldset class="people mapping">
      <legend class="muted">
        {words.t('new.columns')} · {words.t('new.people', { n: look.total })}
      </legend>
      {choice(words.t('new.column_name'), columns.name, (name) => onChange({ ...columns, name }))}
      {numbers.map((number, at) => (
        <div key={at}>
          {choice(
            at === 0 ? words.t('new.column_number') : words.t('new.column_number_more', { n: at + 1 }),
            number,
            (heading) => {
              const next: (string | null)[] = [...columns.numbers];
              next[at] = heading;
              onChange({ ...columns, numbers: next.filter((one) => one !== null) });
            },
          )}
        </div>
      ))}
      {choice(words.t('new.column_zone'), columns.time_zone, (zone) => onChange({ ...columns, time_zone: zone }))}
      {choice(words.t('new.column_consent'), columns.consent, (consent) => onChange({ ...columns, consent }))}
      <div class="sample" tabIndex={0} role="region" aria-label={words.t('new.sample')}>
        <table>
          <thead>
            <tr>
              {look.columns.map((heading) => (
                <th key={heading} scope="col">
                  {heading}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {look.rows.map((row, at) => (
              <tr key={at}>
                {row.map((cell, place) => (
                  <td key={place}>{cell}</td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </fieldset>
  );
}

function today(locale: string): string {
  return new Intl.DateTimeFormat(locale, { day: 'numeric', month: 'long' }).format();
}

async function base64(file: File): Promise<string> {
  const bytes = new Uint8Array(await file.arrayBuffer());
  let text = '';
  // In pieces: a call takes only so many arguments.
  for (let at = 0; at < bytes.length; at += 0x8000) {
    text += String.fromCharCode(...bytes.subarray(at, at + 0x8000));
  }
  return btoa(text);
}
