/** One step of a scenario: whom it rings, how and for how long. */
import type { JSX } from 'preact';
import { Button } from '../../ui/Button';
import { useStore } from '../../ui/hooks';
import type { Fault } from '../client';
import { useDesk } from '../context';
import { NumberField, RadioField, SelectField } from '../fields';
import { Movers, PeoplePicker } from '../PeoplePicker';
import {
  readStep,
  withField,
  type ManagerStep,
  type Mode,
  type RawStep,
  type RingStep,
} from '../steps';
import { OtherStep } from './OtherSteps';

interface Props {
  readonly raw: RawStep;
  /** The scenario it is in. */
  readonly scenario: string;
  readonly at: number;
  readonly count: number;
  readonly faultAt: (inside: string) => Fault | undefined;
  readonly within: (inside: string) => readonly Fault[];
  readonly onChange: (raw: RawStep) => void;
  readonly onMove: (step: number) => void;
  readonly onRemove: () => void;
}

export function StepEditor(props: Props): JSX.Element {
  const { words, me } = useDesk();
  const { raw, at, count, faultAt } = props;
  const step = readStep(raw);
  const name = words.t('step.nth', { n: at + 1 });
  const set = (field: string, value: unknown): void => props.onChange(withField(raw, field, value));
  const whole = faultAt('');
  return (
    <li class="s-box s-step" data-bad={whole !== undefined}>
      <div class="s-box-head">
        <span class="s-place" aria-hidden="true">
          {at + 1}
        </span>
        <h4 class="s-grow">
          <span class="sr">{name}: </span>
          {words.t(`step.${step.kind}`)}
        </h4>
        {me.may_change && (
          <>
            {count > 1 && <Movers name={name} at={at} count={count} onMove={props.onMove} />}
            <Button
              kind="quiet"
              icon="close"
              name={words.t('list.remove', { name })}
              onPress={props.onRemove}
            />
          </>
        )}
      </div>
      {whole && (
        <p class="s-fault" role="alert" tabIndex={-1} aria-invalid="true">
          {stepFault(whole)}
        </p>
      )}
      {step.kind === 'ring' ? (
        <Ring {...props} step={step} set={set} />
      ) : step.kind === 'manager' ? (
        <Manager step={step} set={set} />
      ) : (
        <OtherStep step={step} scenario={props.scenario} set={set} faultAt={faultAt} />
      )}
      {(step.kind === 'ring' || step.kind === 'manager') && <How step={step} set={set} />}
    </li>
  );

  /** The server speaks of the file's fields; here there are none by those names. */
  function stepFault(fault: Fault): string {
    if (fault.code === 'step_rings_nobody') return words.t('fault.step_rings_nobody');
    if (fault.code === 'step_timeout') return words.t('fault.step_timeout');
    if (fault.code === 'step_wait') return words.t('fault.step_wait');
    return fault.message;
  }
}

function How({ step, set }: { step: RingStep | ManagerStep; set: Set }): JSX.Element {
  const { words } = useDesk();
  return (
    <>
      <div class="s-pair">
        <NumberField
          label={words.t(
            step.kind === 'ring' && step.mode !== 'parallel' ? 'step.timeout.each' : 'step.timeout',
          )}
          unit={words.t('unit.s')}
          least={5}
          most={600}
          value={step.timeout_s}
          onChange={(seconds) => set('timeout_s', seconds)}
        />
        <SelectField
          label={words.t('step.devices')}
          value={step.devices}
          choices={[
            { value: 'in_order', name: words.t('devices.in_order') },
            { value: 'all', name: words.t('devices.all') },
          ]}
          onChange={(devices) => set('devices', devices)}
        />
      </div>
      <SelectField
        label={words.t('step.ring_busy')}
        value={step.ring_busy === null ? '' : String(step.ring_busy)}
        choices={[
          {
            value: '',
            name: words.t(
              step.kind === 'ring' && step.mode === 'parallel'
                ? 'step.ring_busy.usual_yes'
                : 'step.ring_busy.usual_no',
            ),
          },
          { value: 'true', name: words.t('yes') },
          { value: 'false', name: words.t('no') },
        ]}
        onChange={(chosen) => set('ring_busy', chosen === '' ? null : chosen === 'true')}
      />
    </>
  );
}

type Set = (field: string, value: unknown) => void;

function Ring({ step, set, faultAt, within }: Props & { step: RingStep; set: Set }): JSX.Element {
  const { words, book } = useDesk();
  const { groups } = useStore(book.page);
  return (
    <>
      <SelectField
        label={words.t('step.group')}
        value={step.group ?? ''}
        fault={faultAt('.group')}
        choices={[
          { value: '', name: words.t('step.no_group') },
          ...groups.map(({ value }) => ({ value: value.id, name: value.name })),
        ]}
        onChange={(group) => set('group', group || null)}
      />
      <PeoplePicker
        label={words.t('step.employees')}
        chosen={step.employees}
        faults={employeeFaults()}
        onChange={(employees) => set('employees', employees.length ? employees : null)}
      />
      <RadioField<Mode>
        label={words.t('step.mode')}
        inline
        value={step.mode}
        choices={[
          { value: 'parallel', name: words.t('mode.parallel') },
          { value: 'in_turn', name: words.t('mode.in_turn') },
          { value: 'longest_idle', name: words.t('mode.longest_idle') },
        ]}
        onChange={(mode) => set('mode', mode)}
      />
    </>
  );

  function employeeFaults(): Fault[] {
    return step.employees.flatMap((_, at) => [...within(`.employees[${at}]`)]);
  }
}

function Manager({ step, set }: { step: ManagerStep; set: Set }): JSX.Element {
  const { words, book, me } = useDesk();
  const account = book.area('personal_manager').value;
  return (
    <>
      <p class="s-hint">{words.t('step.manager.hint')}</p>
      <div class="s-pair">
        <NumberField
          label={words.t('manager.wait_s')}
          hint={words.t('step.as_account')}
          unit={words.t('unit.s')}
          least={0.2}
          most={15}
          step={0.1}
          value={step.wait_s}
          placeholder={String(account.wait_s)}
          onChange={(seconds) => set('wait_s', seconds)}
        />
        <SelectField
          label={words.t('manager.check_seen_today')}
          value={step.check_status === null ? '' : String(step.check_status)}
          choices={[
            {
              value: '',
              name: words.t('step.account_value', {
                value: words.t(account.check_seen_today ? 'yes' : 'no'),
              }),
            },
            { value: 'true', name: words.t('yes') },
            { value: 'false', name: words.t('no') },
          ]}
          onChange={(chosen) => set('check_status', chosen === '' ? null : chosen === 'true')}
        />
      </div>
      {me.crm === 'amocrm' && (
        <SelectField
          label={words.t('manager.source')}
          value={step.source ?? ''}
          choices={[
            {
              value: '',
              name: words.t('step.account_value', {
                value: words.t(`manager.source.${account.source}`),
              }),
            },
            { value: 'contact', name: words.t('manager.source.contact') },
            { value: 'deal', name: words.t('manager.source.deal') },
          ]}
          onChange={(chosen) => set('source', chosen || null)}
        />
      )}
    </>
  );
}
