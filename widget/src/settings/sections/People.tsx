/** Employees: who they are, on what they are rung, what they may. */
import type { JSX } from 'preact';
import { showNumber } from '../../i18n';
import { Button, Link } from '../../ui/Button';
import { useStore } from '../../ui/hooks';
import type { Employee, EmployeeItem } from '../api';
import { useArea } from '../areas';
import { useDesk } from '../context';
import { SelectField, TextField, Toggle } from '../fields';
import { FormCard } from '../form';
import { ItemTable, ListAndItem, NEW, useItem } from '../items';
import { NumbersEditor } from './NumbersEditor';
import { Remarks } from './Remarks';
import { usersPage } from '../values';

const ROLES = ['operator', 'supervisor', 'administrator'] as const;

const BLANK: Employee = {
  id: '',
  name: '',
  email: null,
  position: null,
  department: null,
  crm_user_id: null,
  active: true,
  role: 'operator',
  role_by_hand: false,
  extension: null,
  calls_enabled: true,
  caller_id: null,
  caller_id_choice: false,
  workday_import: true,
  workday_write: false,
  device: 'phone',
  numbers: [],
};

interface Opened {
  readonly open: string | null;
  readonly onOpen: (key: string | null) => void;
}

export function People({ open, onOpen }: Opened): JSX.Element {
  const { words, book, me } = useDesk();
  const page = useStore(book.page);
  return (
    <ListAndItem
      list="employees"
      open={open}
      onOpen={onOpen}
      form={(item, made) => <Person item={item} onMade={made} />}
      table={() => (
        <>
          <section class="s-card s-card-table" aria-label={words.t('section.people')}>
            <ItemTable
              list="employees"
              caption={words.t('section.people')}
              first="column.person"
              items={[...page.employees].sort(byStanding)}
              name={(item) => item.value.name}
              under={(item) => <Under person={item.value} />}
              empty={words.t('people.empty')}
              onOpen={onOpen}
              columns={[
                { title: 'column.extension', cell: (item) => item.value.extension ?? '—' },
                { title: 'column.numbers', cell: (item) => numbersOf(item.value) },
                { title: 'column.role', cell: (item) => words.t(`role.${item.value.role}`) },
                { title: 'column.calls', cell: (item) => callsOf(item.value) },
              ]}
            />
            {me.may_change && (
              <div class="s-save" data-dirty>
                <Button icon="plus" onPress={() => onOpen(NEW)}>
                  {words.t('people.add')}
                </Button>
                <p class="muted s-grow">{words.t('people.add.note')}</p>
              </div>
            )}
          </section>
          {page.sync && page.sync.remarks.length > 0 && (
            <section class="s-card" aria-labelledby="s-skipped">
              <header class="s-card-head">
                <h2 id="s-skipped">{words.t('people.skipped')}</h2>
                <p class="muted">{words.t('people.skipped.note')}</p>
              </header>
              <Remarks remarks={page.sync.remarks} />
            </section>
          )}
          <FromCrm />
        </>
      )}
    />
  );

  function numbersOf(person: Employee): string {
    const active = person.numbers.filter((number) => number.active);
    const [first] = active;
    if (!first) return words.t('people.no_numbers');
    const name = first.label || showNumber(first.endpoint);
    return active.length > 1 ? words.t('people.and_more', { name, n: active.length - 1 }) : name;
  }

  function callsOf(person: Employee): JSX.Element {
    const key = !person.active ? 'left' : person.calls_enabled ? 'on' : 'off';
    return <span class={`s-chip s-chip-${key}`}>{words.t(`calls.${key}`)}</span>;
  }

  function Under({ person }: { person: Employee }): JSX.Element {
    const parts = [person.department, person.position].filter(Boolean).join(' · ');
    return (
      <>
        {parts}
        <span class="s-narrow">
          {parts && ' · '}
          {[person.extension, words.t(`role.${person.role}`)].filter(Boolean).join(' · ')}
        </span>
        {(!person.calls_enabled || !person.active) && (
          <span class="s-narrow"> {callsOf(person)}</span>
        )}
      </>
    );
  }
}

/** Who works here first, by extension. */
function byStanding(a: EmployeeItem, b: EmployeeItem): number {
  return (
    Number(b.value.active) - Number(a.value.active) ||
    (a.value.extension ?? '~').localeCompare(b.value.extension ?? '~') ||
    a.value.name.localeCompare(b.value.name)
  );
}

function Person(props: { item: EmployeeItem | null; onMade: (key: string) => void }): JSX.Element {
  const { words, book, me, openUrl } = useDesk();
  const page = useStore(book.page);
  const form = useItem('employees', props.item, BLANK, props.onMade);
  const { value, set, fault } = form;
  const owned = (field: string): boolean => props.item?.owned_by_crm.includes(field) ?? false;
  const linked = value.crm_user_id !== null;
  const user = value.crm_user_id === null ? null : usersPage(page.connection, value.crm_user_id);
  const numbers = page['virtual-numbers'].map((item) => ({
    value: item.value.number,
    name: named(showNumber(item.value.number), item.value.name),
  }));
  const text = (field: 'name' | 'email' | 'position' | 'department'): JSX.Element => (
    <TextField
      label={words.t(`person.${field}`)}
      value={value[field] ?? ''}
      disabled={owned(field)}
      fault={fault(field)}
      onChange={(typed) => set({ [field]: field === 'name' ? typed : typed || null })}
    />
  );
  return (
    <FormCard
      form={form}
      always={props.item === null}
      title={props.item ? props.item.value.name : words.t('people.new')}
      note={
        linked && (
          <>
            {words.t('person.linked', { id: value.crm_user_id })}{' '}
            {user && (
              <Link href={user} open={openUrl}>
                {words.t('person.in_crm')}
              </Link>
            )}
          </>
        )
      }
    >
      <h3 class="s-part">{words.t('person.calls')}</h3>
      <Toggle
        label={words.t('person.calls_enabled')}
        hint={words.t('person.calls_enabled.hint')}
        on={value.calls_enabled}
        fault={fault('calls_enabled')}
        onChange={(on) => set({ calls_enabled: on })}
      />
      <div class="s-pair">
        <TextField
          label={words.t('person.extension')}
          hint={words.t('person.extension.hint')}
          value={value.extension ?? ''}
          short
          fault={fault('extension')}
          onChange={(typed) => set({ extension: typed.trim() || null })}
        />
        <SelectField
          label={words.t('person.role')}
          hint={words.t(`role.${value.role}.hint`)}
          value={value.role}
          fault={fault('role')}
          choices={ROLES.map((role) => ({ value: role, name: words.t(`role.${role}`) }))}
          onChange={(role) => set({ role: role as Employee['role'], role_by_hand: true })}
        />
      </div>
      {linked && value.role_by_hand && (
        <Toggle
          label={words.t('person.role_by_hand')}
          hint={words.t('person.role_by_hand.hint')}
          on={value.role_by_hand}
          onChange={(on) => set({ role_by_hand: on })}
        />
      )}
      <h3 class="s-part">{words.t('person.numbers')}</h3>
      <NumbersEditor
        slug={me.slug}
        extension={value.extension}
        numbers={value.numbers}
        fault={fault}
        onChange={(next) => set({ numbers: next })}
      />
      <h3 class="s-part">{words.t('person.outgoing')}</h3>
      <SelectField
        label={words.t('person.caller_id')}
        hint={words.t('person.caller_id.hint')}
        value={value.caller_id ?? ''}
        fault={fault('caller_id')}
        choices={[{ value: '', name: words.t('person.caller_id.account') }, ...numbers]}
        onChange={(chosen) => set({ caller_id: chosen || null })}
      />
      <Toggle
        label={words.t('person.caller_id_choice')}
        hint={words.t('person.caller_id_choice.hint')}
        on={value.caller_id_choice}
        onChange={(on) => set({ caller_id_choice: on })}
      />
      <SelectField
        label={words.t('person.device')}
        hint={words.t('person.device.hint')}
        value={value.device}
        fault={fault('device')}
        choices={[...new Set([...me.devices, value.device])].map((device) => ({
          value: device,
          name: words.t(`device.${device}`),
        }))}
        onChange={(device) => set({ device: device as Employee['device'] })}
      />
      {me.crm === 'bitrix24' && (
        <>
          <h3 class="s-part">{words.t('section.workday')}</h3>
          <Toggle
            label={words.t('person.workday_import')}
            on={value.workday_import}
            onChange={(on) => set({ workday_import: on })}
          />
          <Toggle
            label={words.t('person.workday_write')}
            on={value.workday_write}
            onChange={(on) => set({ workday_write: on })}
          />
        </>
      )}
      <h3 class="s-part">{words.t('person.who')}</h3>
      {linked && <p class="s-hint">{words.t('person.owned')}</p>}
      <div class="s-pair">
        {text('name')}
        {text('email')}
      </div>
      <div class="s-pair">
        {text('department')}
        {text('position')}
      </div>
      {props.item && !linked && (
        <Toggle
          label={words.t('person.active')}
          hint={words.t('person.active.hint')}
          on={value.active}
          fault={fault('active')}
          onChange={(on) => set({ active: on })}
        />
      )}
    </FormCard>
  );
}

export function named(number: string, name: string): string {
  return name ? `${number} · ${name}` : number;
}

/** Who comes from the CRM at all. */
function FromCrm(): JSX.Element {
  const { words, book } = useDesk();
  const form = useArea('people');
  const { value, set } = form;
  const teams = useStore(book.page).teams.filter((team) => team.value.crm_id !== null);
  const known = new Map(teams.map((team) => [team.value.crm_id ?? '', team.value.name]));
  for (const id of value.skip_departments) if (!known.has(id)) known.set(id, `№ ${id}`);
  return (
    <FormCard form={form} title={words.t('people.from_crm')} note={words.t('people.from_crm.note')}>
      <Toggle
        label={words.t('people.sync')}
        on={value.sync}
        onChange={(on) => set({ sync: on })}
      />
      <Toggle
        label={words.t('people.skip_external')}
        on={value.skip_external}
        onChange={(on) => set({ skip_external: on })}
      />
      <Toggle
        label={words.t('people.admins_rule')}
        hint={words.t('people.admins_rule.hint')}
        on={value.admins_rule}
        onChange={(on) => set({ admins_rule: on })}
      />
      {known.size > 0 && (
        <fieldset class="s-field s-radios">
          <legend class="s-label">{words.t('people.skip_departments')}</legend>
          {[...known].map(([id, name]) => (
            <label key={id} class="s-radio">
              <input
                type="checkbox"
                checked={value.skip_departments.includes(id)}
                onChange={(event) =>
                  set({
                    skip_departments: event.currentTarget.checked
                      ? [...value.skip_departments, id]
                      : value.skip_departments.filter((one) => one !== id),
                  })
                }
              />
              <span>{name}</span>
            </label>
          ))}
        </fieldset>
      )}
    </FormCard>
  );
}
