/** Some employees in an order that counts: chosen ones as rows, the rest in a list to add from. */
import type { JSX } from 'preact';
import { useId, useRef } from 'preact/hooks';
import { Button } from '../ui/Button';
import type { Fault } from './client';
import { useDesk } from './context';
import { moved } from './draft';

export function PeoplePicker(props: {
  label: string;
  chosen: readonly string[];
  onChange: (chosen: readonly string[]) => void;
  ordered?: boolean;
  faults?: readonly Fault[];
  hint?: string;
}): JSX.Element {
  const { words, book, me } = useDesk();
  const id = useId();
  const add = useRef<HTMLSelectElement>(null);
  const { chosen, onChange, ordered = true, faults = [] } = props;
  const people = book.page.get().employees.map((item) => item.value);
  const others = people.filter((person) => person.active && !chosen.includes(person.id));
  return (
    <fieldset class="s-field s-picker">
      <legend class="s-label">{props.label}</legend>
      {props.hint && <p class="s-hint">{props.hint}</p>}
      {chosen.length > 0 && (
        <ol class="s-chosen">
          {chosen.map((employee, at) => {
            const name = book.nameOf(employee);
            return (
              <li key={employee}>
                {ordered && (
                  <span class="s-place" aria-hidden="true">
                    {at + 1}
                  </span>
                )}
                <span class="s-grow">{name}</span>
                {me.may_change && (
                  <>
                    {ordered && chosen.length > 1 && (
                      <Movers
                        name={name}
                        at={at}
                        count={chosen.length}
                        onMove={(step) => onChange(moved(chosen, at, step))}
                      />
                    )}
                    <Button
                      kind="quiet"
                      icon="close"
                      name={words.t('list.remove', { name })}
                      onPress={() => {
                        onChange(chosen.filter((one) => one !== employee));
                        add.current?.focus();
                      }}
                    />
                  </>
                )}
              </li>
            );
          })}
        </ol>
      )}
      {me.may_change && others.length > 0 && (
        <>
          <label class="sr" for={id}>
            {words.t('list.add_to', { name: props.label })}
          </label>
          <select
            id={id}
            ref={add}
            value=""
            onChange={(event) => {
              const { value } = event.currentTarget;
              event.currentTarget.value = '';
              if (value) onChange([...chosen, value]);
            }}
          >
            <option value="">{words.t('list.add_person')}</option>
            {others.map((person) => (
              <option key={person.id} value={person.id}>
                {person.extension ? `${person.name} · ${person.extension}` : person.name}
              </option>
            ))}
          </select>
        </>
      )}
      {chosen.length === 0 && !me.may_change && <p class="muted">{words.t('list.nobody')}</p>}
      {faults.map((fault) => (
        <p key={fault.message} class="s-fault" role="alert">
          {fault.message}
        </p>
      ))}
    </fieldset>
  );
}

/** Up and down; the focus follows what was moved, so that a person may press again. */
export function Movers(props: {
  name: string;
  at: number;
  count: number;
  onMove: (step: number) => void;
}): JSX.Element {
  const { words } = useDesk();
  const root = useRef<HTMLSpanElement>(null);
  const { name, at, count, onMove } = props;
  const move = (step: number): void => {
    const row = root.current?.closest('li');
    const rows = row?.parentElement;
    onMove(step);
    if (!row || !rows) return;
    const to = [...rows.children].indexOf(row) + step;
    requestAnimationFrame(() => {
      const buttons = [...(rows.children[to]?.querySelectorAll<HTMLButtonElement>('.s-movers button') ?? [])];
      const wanted = buttons[step < 0 ? 0 : 1];
      (wanted?.disabled ? buttons.find((button) => !button.disabled) : wanted)?.focus();
    });
  };
  return (
    <span class="s-movers" ref={root}>
      <Button
        kind="quiet"
        icon="up"
        name={words.t('list.up', { name })}
        disabled={at === 0}
        onPress={() => move(-1)}
      />
      <Button
        kind="quiet"
        icon="down"
        name={words.t('list.down', { name })}
        disabled={at === count - 1}
        onPress={() => move(1)}
      />
    </span>
  );
}
