/** Outgoing calls, recording, the working day: one area each. */
import type { JSX } from 'preact';
import { showNumber } from '../../i18n';
import { Banner } from '../../ui/Notices';
import { useStore } from '../../ui/hooks';
import { useArea } from '../areas';
import { useDesk } from '../context';
import { NumberField, RadioField, SelectField, Toggle } from '../fields';
import { FormCard } from '../form';
import { named } from './People';

export function Outgoing(): JSX.Element {
  const { words, book } = useDesk();
  const page = useStore(book.page);
  const form = useArea('outgoing');
  const { value, set, fault } = form;
  return (
    <FormCard form={form} title={words.t('outgoing.title')} note={words.t('outgoing.note')}>
      <Toggle
        label={words.t('outgoing.click_to_call')}
        on={value.click_to_call}
        onChange={(on) => set({ click_to_call: on })}
      />
      <SelectField
        label={words.t('outgoing.default_caller_id')}
        hint={words.t('outgoing.default_caller_id.hint')}
        value={value.default_caller_id ?? ''}
        fault={fault('default_caller_id')}
        choices={[
          { value: '', name: words.t('outgoing.none') },
          ...page['virtual-numbers'].map((item) => ({
            value: item.value.number,
            name: named(showNumber(item.value.number), item.value.name),
          })),
        ]}
        onChange={(chosen) =>
          set({
            default_caller_id: chosen || null,
            ...(chosen ? {} : { override_caller_id: false }),
          })
        }
      />
      {value.default_caller_id === null && (
        <Banner kind="warning">{words.t('outgoing.none.warning')}</Banner>
      )}
      <Toggle
        label={words.t('outgoing.override_caller_id')}
        hint={words.t('outgoing.override_caller_id.hint')}
        on={value.override_caller_id}
        fault={fault('override_caller_id')}
        disabled={value.default_caller_id === null}
        onChange={(on) => set({ override_caller_id: on })}
      />
      <Toggle
        label={words.t('outgoing.last_used')}
        hint={words.t('outgoing.last_used.hint')}
        on={value.last_used}
        disabled={value.override_caller_id}
        onChange={(on) => set({ last_used: on })}
      />
      <Toggle
        label={words.t('outgoing.two_stage')}
        hint={words.t('outgoing.two_stage.hint')}
        on={value.two_stage}
        onChange={(on) => set({ two_stage: on })}
      />
      <RadioField
        label={words.t('outgoing.ring_order')}
        inline
        value={value.ring_order}
        choices={[
          { value: 'in_order', name: words.t('devices.in_order') },
          { value: 'all', name: words.t('devices.all') },
        ]}
        onChange={(ring_order) => set({ ring_order })}
      />
      <NumberField
        label={words.t('outgoing.ring_s')}
        unit={words.t('unit.s')}
        least={5}
        most={120}
        value={value.ring_s}
        fault={fault('ring_s')}
        onChange={(seconds) => set({ ring_s: seconds ?? 0 })}
      />
    </FormCard>
  );
}

export function Recording(): JSX.Element {
  const { words } = useDesk();
  const form = useArea('recording');
  const { value, set, fault } = form;
  return (
    <FormCard form={form} title={words.t('section.recording')} note={words.t('recording.note')}>
      <Toggle
        label={words.t('recording.on')}
        on={value.on}
        onChange={(on) => set({ on })}
      />
      <Toggle
        label={words.t('recording.announce')}
        hint={words.t('recording.announce.hint')}
        on={value.announce}
        disabled={!value.on && !value.announce}
        onChange={(announce) => set({ announce })}
      />
      <Toggle
        label={words.t('recording.to_crm')}
        hint={words.t('recording.to_crm.hint')}
        on={value.to_crm}
        disabled={!value.on && value.to_crm}
        onChange={(to_crm) => set({ to_crm })}
      />
      <NumberField
        label={words.t('recording.keep_days')}
        hint={words.t('recording.keep_days.hint')}
        unit={words.t('unit.days')}
        least={1}
        most={3650}
        value={value.keep_days}
        fault={fault('keep_days')}
        onChange={(days) => set({ keep_days: days ?? 0 })}
      />
      <NumberField
        label={words.t('recording.pause_limit_s')}
        hint={words.t('recording.pause_limit_s.hint')}
        unit={words.t('unit.s')}
        least={10}
        most={600}
        value={value.pause_limit_s}
        fault={fault('pause_limit_s')}
        onChange={(seconds) => set({ pause_limit_s: seconds ?? 0 })}
      />
    </FormCard>
  );
}

export function Workday(): JSX.Element {
  const { words, me, book } = useDesk();
  const form = useArea('workday');
  const { value, set } = form;
  const kept = book.area('workday');
  const told = kept.value.import_on && kept.value.write_on;
  if (me.crm === 'amocrm') return <p class="empty">{words.t('workday.not_here')}</p>;
  return (
    <FormCard form={form} title={words.t('section.workday')} note={words.t('workday.note')}>
      <Toggle
        label={words.t('workday.import_on')}
        hint={words.t('workday.import_on.hint')}
        on={value.import_on}
        onChange={(on) => set({ import_on: on })}
      />
      <Toggle
        label={words.t('workday.write_on')}
        hint={words.t('workday.write_on.hint')}
        on={value.write_on}
        onChange={(on) => set({ write_on: on })}
      />
      {value.import_on && value.write_on && !told && (
        <Banner kind="warning">{words.t('workday.both')}</Banner>
      )}
      {value.import_on &&
        kept.warnings.map((warning) => (
          <Banner key={warning} kind="warning">
            {warning}
          </Banner>
        ))}
    </FormCard>
  );
}
