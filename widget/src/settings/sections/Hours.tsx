/** Working hours: a field for each weekday, and the days that differ, a line each. */
import type { JSX } from 'preact';
import { useId, useState } from 'preact/hooks';
import { useArea } from '../areas';
import type { Fault } from '../client';
import { useDesk } from '../context';
import { TextField } from '../fields';
import { FormCard } from '../form';
import { hoursOf, WEEKDAYS, type Days, type Week } from '../steps';
import { daysOf, linesOf } from './days';

export function WorkingHours(): JSX.Element {
  const { words } = useDesk();
  const form = useArea('hours');
  const { value, set, within } = form;
  const [fault] = [...within('week'), ...within('days')];
  return (
    <FormCard form={form} title={words.t('hours.title')} note={words.t('hours.note')}>
      <WeekFields week={value.week} onChange={(week) => set({ week })} />
      <DaysField
        days={value.days}
        fault={fault}
        onChange={(days) => set({ days })}
      />
    </FormCard>
  );
}

export function WeekFields(props: { week: Week; onChange: (week: Week) => void }): JSX.Element {
  const { words } = useDesk();
  return (
    <fieldset class="s-field s-week">
      <legend class="s-hint">{words.t('hours.hint')}</legend>
      {WEEKDAYS.map((day) => (
        <Written
          key={day}
          label={words.t(`hours.${day}`)}
          hours={props.week[day] ?? []}
          onChange={(hours) => props.onChange({ ...props.week, [day]: hours })}
        />
      ))}
    </fieldset>
  );
}

/** What is being typed stays as it is typed; its meaning goes on. */
function Written(props: {
  label: string;
  hours: readonly string[];
  onChange: (hours: string[]) => void;
}): JSX.Element {
  const kept = props.hours.join(', ');
  const [typed, setTyped] = useState(kept);
  const shown = hoursOf(typed).join(', ') === kept ? typed : kept;
  return (
    <TextField
      label={props.label}
      value={shown}
      onChange={(text) => {
        setTyped(text);
        props.onChange(hoursOf(text));
      }}
    />
  );
}

export function DaysField(props: {
  days: Days;
  fault: Fault | undefined;
  onChange: (days: Record<string, readonly string[]>) => void;
}): JSX.Element {
  const { words, me } = useDesk();
  const id = useId();
  const kept = linesOf(props.days);
  const [typed, setTyped] = useState(kept);
  const shown = linesOf(daysOf(typed)) === kept ? typed : kept;
  return (
    <div class="s-field">
      <label class="s-label" for={id}>
        {words.t('hours.days')}
      </label>
      <textarea
        id={id}
        rows={4}
        value={shown}
        readOnly={!me.may_change}
        aria-describedby={`${id}-hint`}
        aria-invalid={props.fault ? true : undefined}
        onInput={(event) => {
          setTyped(event.currentTarget.value);
          props.onChange(daysOf(event.currentTarget.value));
        }}
      />
      <p class="s-hint" id={`${id}-hint`}>
        {words.t('hours.days.hint')}
      </p>
      {props.fault && (
        <p class="s-fault" role="alert">
          {props.fault.message}
        </p>
      )}
    </div>
  );
}
