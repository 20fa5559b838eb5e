/** Fields of forms: a label, a hint, what is wrong, all tied together for screen readers. */
import type { ComponentChildren, JSX } from 'preact';
import { useId } from 'preact/hooks';
import type { Fault } from './client';

interface Common {
  readonly label: string;
  readonly hint?: ComponentChildren;
  readonly fault?: Fault | undefined;
  readonly disabled?: boolean;
  /** The label is heard, not seen: what is around says it to the eye. */
  readonly bare?: boolean;
}

function described(
  id: string,
  { hint, fault }: Common,
): { 'aria-describedby'?: string; 'aria-invalid'?: true } {
  const parts = [hint ? `${id}-hint` : '', fault ? `${id}-fault` : ''].filter(Boolean);
  return {
    ...(parts.length ? { 'aria-describedby': parts.join(' ') } : {}),
    ...(fault ? { 'aria-invalid': true } : {}),
  };
}

function Around(props: Common & { id: string; children: ComponentChildren }): JSX.Element {
  const { id, label, hint, fault, bare } = props;
  return (
    <div class="s-field">
      <label for={id} class={bare ? 'sr' : 's-label'}>
        {label}
      </label>
      {props.children}
      {hint && (
        <p class="s-hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
      {fault && (
        <p class="s-fault" id={`${id}-fault`}>
          {fault.message}
        </p>
      )}
    </div>
  );
}

export function TextField(
  props: Common & {
    value: string;
    onChange: (value: string) => void;
    placeholder?: string;
    short?: boolean;
    /** Nobody reads over a shoulder what is typed. */
    secret?: boolean;
  },
): JSX.Element {
  const id = useId();
  return (
    <Around {...props} id={id}>
      <input
        id={id}
        class={props.short ? 's-short' : ''}
        value={props.value}
        placeholder={props.placeholder}
        disabled={props.disabled}
        {...(props.secret ? { type: 'password' } : {})}
        autocomplete={props.secret ? 'new-password' : 'off'}
        spellcheck={false}
        {...described(id, props)}
        onInput={(event) => props.onChange(event.currentTarget.value)}
      />
    </Around>
  );
}

/** Empty is null where `optional`; what is no number goes to the server, which says what is wrong. */
export function NumberField(
  props: Common & {
    value: number | null;
    onChange: (value: number | null) => void;
    least: number;
    most: number;
    step?: number;
    unit: string;
    placeholder?: string;
  },
): JSX.Element {
  const id = useId();
  return (
    <Around {...props} id={id}>
      <span class="s-with-unit">
        <input
          id={id}
          class="s-short"
          type="number"
          inputMode="decimal"
          min={props.least}
          max={props.most}
          step={props.step ?? 1}
          value={props.value ?? ''}
          placeholder={props.placeholder}
          disabled={props.disabled}
          {...described(id, props)}
          onInput={(event) => {
            const typed = event.currentTarget.valueAsNumber;
            props.onChange(Number.isNaN(typed) ? null : typed);
          }}
        />
        <span aria-hidden="true">{props.unit}</span>
      </span>
    </Around>
  );
}

export interface Choice {
  readonly value: string;
  readonly name: string;
}

export function SelectField(
  props: Common & { value: string; choices: readonly Choice[]; onChange: (value: string) => void },
): JSX.Element {
  const id = useId();
  // What is kept and cannot be chosen any more is shown, not silently changed.
  const gone = !props.choices.some((choice) => choice.value === props.value);
  return (
    <Around {...props} id={id}>
      <select
        id={id}
        value={props.value}
        disabled={props.disabled}
        {...described(id, props)}
        onChange={(event) => props.onChange(event.currentTarget.value)}
      >
        {gone && <option value={props.value}>{props.value}</option>}
        {props.choices.map((choice) => (
          <option key={choice.value} value={choice.value}>
            {choice.name}
          </option>
        ))}
      </select>
    </Around>
  );
}

/** On or off; drawn as a switch. */
export function Toggle(
  props: Common & { on: boolean; onChange: (on: boolean) => void },
): JSX.Element {
  const id = useId();
  return (
    <div class="s-field">
      <label class="s-toggle" for={id}>
        <input
          id={id}
          type="checkbox"
          role="switch"
          checked={props.on}
          disabled={props.disabled}
          {...described(id, props)}
          onChange={(event) => props.onChange(event.currentTarget.checked)}
        />
        <span class="s-knob" aria-hidden="true" />
        <span class={props.bare ? 'sr' : 's-label'}>{props.label}</span>
      </label>
      {props.hint && (
        <p class="s-hint s-hint-toggle" id={`${id}-hint`}>
          {props.hint}
        </p>
      )}
      {props.fault && (
        <p class="s-fault s-hint-toggle" id={`${id}-fault`}>
          {props.fault.message}
        </p>
      )}
    </div>
  );
}

/** One of a few, all seen at once. */
export function RadioField<V extends string>(
  props: Common & {
    value: V;
    choices: readonly { value: V; name: string; hint?: string }[];
    onChange: (value: V) => void;
    inline?: boolean;
  },
): JSX.Element {
  const id = useId();
  return (
    <fieldset class={`s-field s-radios${props.inline ? ' s-radios-inline' : ''}`} {...described(id, props)}>
      <legend class="s-label">{props.label}</legend>
      {props.choices.map((choice) => (
        <label key={choice.value} class="s-radio">
          <input
            type="radio"
            name={id}
            checked={choice.value === props.value}
            disabled={props.disabled}
            onChange={() => props.onChange(choice.value)}
          />
          <span>
            {choice.name}
            {choice.hint && <span class="s-hint">{choice.hint}</span>}
          </span>
        </label>
      ))}
      {props.hint && (
        <p class="s-hint" id={`${id}-hint`}>
          {props.hint}
        </p>
      )}
      {props.fault && (
        <p class="s-fault" id={`${id}-fault`}>
          {props.fault.message}
        </p>
      )}
    </fieldset>
  );
}
