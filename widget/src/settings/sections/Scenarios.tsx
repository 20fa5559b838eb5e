/** What happens to a call: whom it rings, one step after another, and how it ends. */
import type { JSX } from 'preact';
import { showNumber } from '../../i18n';
import { Button } from '../../ui/Button';
import { useStore } from '../../ui/hooks';
import type { ScenarioConfig, ScenarioItem } from '../api';
import { useArea } from '../areas';
import { useDesk } from '../context';
import { moved } from '../draft';
import { NumberField, RadioField, SelectField, TextField, Toggle } from '../fields';
import { FormCard } from '../form';
import { ItemTable, ListAndItem, NEW, RemoveButton, useItem } from '../items';
import { BLANK_STEP, readStep, STEP_KINDS, type RawStep, type StepKind } from '../steps';
import { WorkingHours } from './Hours';
import { StepEditor } from './StepEditor';
import { WhoRings } from './WhoRings';

const BLANK: ScenarioConfig = { id: '', name: '', steps: [BLANK_STEP.ring], final: 'no_answer' };
/** As the server has it. */
const MAX_STEPS = 20;
/** Those without a button of their own. */
const OTHER_KINDS = STEP_KINDS.filter((kind) => kind !== 'ring' && kind !== 'manager');

interface Opened {
  readonly open: string | null;
  readonly onOpen: (key: string | null) => void;
}

export function Scenarios({ open, onOpen }: Opened): JSX.Element {
  const { words, book, me } = useDesk();
  const page = useStore(book.page);
  const usedBy = (id: string): string =>
    page['virtual-numbers']
      .filter((item) => item.value.scenario === id)
      .map((item) => showNumber(item.value.number))
      .join(', ');
  return (
    <ListAndItem
      list="scenarios"
      open={open}
      onOpen={onOpen}
      form={(item, made) => (
        <ScenarioForm
          item={item}
          usedBy={item ? usedBy(item.value.id) : ''}
          onMade={made}
          onGone={() => onOpen(null)}
        />
      )}
      table={() => (
        <>
          <section class="s-card s-card-table" aria-label={words.t('section.scenarios')}>
            <p class="muted s-intro">{words.t('scenarios.note')}</p>
            <ItemTable
              list="scenarios"
              caption={words.t('section.scenarios')}
              items={page.scenarios}
              name={(item) => item.value.name}
              under={(item) => stepsInWords(item.value.steps)}
              empty={words.t('scenarios.empty')}
              onOpen={onOpen}
              columns={[
                {
                  title: 'column.numbers',
                  cell: (item) => usedBy(item.value.id) || words.t('scenarios.unused'),
                },
              ]}
            />
            {me.may_change && (
              <div class="s-save" data-dirty>
                <Button icon="plus" onPress={() => onOpen(NEW)}>
                  {words.t('scenarios.add')}
                </Button>
              </div>
            )}
          </section>
          <WorkingHours />
          <PersonalManager />
        </>
      )}
    />
  );

  function stepsInWords(steps: readonly RawStep[]): string {
    return steps
      .map((raw) => {
        const step = readStep(raw);
        if (step.kind !== 'ring') return words.t(`step.${step.kind}`);
        const group = page.groups.find((item) => item.value.id === step.group)?.value.name;
        return [group, ...step.employees.map((id) => book.nameOf(id))].filter(Boolean).join(', ');
      })
      .join(' → ');
  }
}

function ScenarioForm(props: {
  item: ScenarioItem | null;
  usedBy: string;
  onMade: (key: string) => void;
  onGone: () => void;
}): JSX.Element {
  const { words, me } = useDesk();
  const { item, usedBy } = props;
  const form = useItem('scenarios', item, BLANK, props.onMade);
  const { value, set, fault } = form;
  const put = (steps: readonly RawStep[]): void => set({ steps });
  const add = (kind: StepKind): void => put([...value.steps, BLANK_STEP[kind]]);
  const whole = fault('steps');
  return (
    <>
      <FormCard
        form={form}
        always={item === null}
        title={item?.value.name ?? words.t('scenarios.new')}
        note={usedBy && words.t('scenarios.used_by', { numbers: usedBy })}
        extra={
          item && (
            <RemoveButton
              list="scenarios"
              keyOf={item.value.id}
              version={item.version}
              name={item.value.name}
              onGone={props.onGone}
            />
          )
        }
      >
        <TextField
          label={words.t('item.name')}
          value={value.name}
          fault={fault('name')}
          onChange={(name) => set({ name })}
        />
        <h3 class="s-part">{words.t('scenarios.steps')}</h3>
        <ol class="s-steps">
          {value.steps.map((raw, at) => (
            <StepEditor
              key={at}
              raw={raw}
              scenario={value.id}
              at={at}
              count={value.steps.length}
              faultAt={(inside) => fault(`steps[${at}]${inside}`)}
              within={(inside) => form.within(`steps[${at}]${inside}`)}
              onChange={(next) => put(value.steps.map((one, place) => (place === at ? next : one)))}
              onMove={(step) => put(moved(value.steps, at, step))}
              onRemove={() => put(value.steps.filter((_, place) => place !== at))}
            />
          ))}
        </ol>
        {whole && (
          <p class="s-fault" role="alert">
            {whole.message}
          </p>
        )}
        {me.may_change && value.steps.length < MAX_STEPS && (
          <div class="s-buttons">
            <Button icon="plus" onPress={() => add('ring')}>
              {words.t('step.add.ring')}
            </Button>
            <Button icon="plus" onPress={() => add('manager')}>
              {words.t('step.add.manager')}
            </Button>
          </div>
        )}
        {me.may_change && value.steps.length < MAX_STEPS && (
          <SelectField
            label={words.t('step.add.other')}
            value=""
            choices={[
              { value: '', name: words.t('step.add.choose') },
              ...OTHER_KINDS.map((kind) => ({ value: kind, name: words.t(`step.${kind}`) })),
            ]}
            onChange={(kind) => kind && add(kind as StepKind)}
          />
        )}
        <SelectField
          label={words.t('scenarios.final')}
          hint={words.t('scenarios.final.hint')}
          value={value.final}
          fault={fault('final')}
          choices={[
            { value: 'no_answer', name: words.t('final.no_answer') },
            { value: 'busy', name: words.t('final.busy') },
          ]}
          onChange={(final) => set({ final })}
        />
      </FormCard>
      {item && <WhoRings scenario={item.value.id} />}
    </>
  );
}

/** What the manager's steps have where they do not say it themselves. */
function PersonalManager(): JSX.Element {
  const { words, me } = useDesk();
  const form = useArea('personal_manager');
  const { value, set, fault } = form;
  return (
    <FormCard form={form} title={words.t('manager.title')} note={words.t('manager.note')}>
      {me.crm === 'amocrm' && (
        <RadioField
          label={words.t('manager.source')}
          inline
          value={value.source}
          choices={[
            { value: 'contact', name: words.t('manager.source.contact') },
            { value: 'deal', name: words.t('manager.source.deal') },
          ]}
          onChange={(source) => set({ source })}
        />
      )}
      <Toggle
        label={words.t('manager.check_seen_today')}
        hint={words.t('manager.check_seen_today.hint')}
        on={value.check_seen_today}
        onChange={(on) => set({ check_seen_today: on })}
      />
      <NumberField
        label={words.t('manager.wait_s')}
        hint={words.t('manager.wait_s.hint')}
        unit={words.t('unit.s')}
        least={0.2}
        most={15}
        step={0.1}
        value={value.wait_s}
        fault={fault('wait_s')}
        onChange={(wait_s) => set({ wait_s: wait_s ?? 0 })}
      />
    </FormCard>
  );
}
