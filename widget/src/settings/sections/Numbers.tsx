/** The numbers callers dial: what happens on them, and what the CRM is told of them. */
import type { JSX } from 'preact';
import { showNumber } from '../../i18n';
import { useStore } from '../../ui/hooks';
import type { VirtualNumberItem } from '../api';
import { useDesk } from '../context';
import { SelectField, TextField, Toggle } from '../fields';
import { FormCard } from '../form';
import { ItemTable, ListAndItem, useItem } from '../items';

export function Numbers(props: {
  open: string | null;
  onOpen: (key: string | null) => void;
}): JSX.Element {
  const { words, book } = useDesk();
  const page = useStore(book.page);
  const scenario = (id: string | null): string =>
    page.scenarios.find((item) => item.value.id === id)?.value.name ?? words.t('vnumbers.nothing');
  return (
    <ListAndItem
      list="virtual-numbers"
      open={props.open}
      onOpen={props.onOpen}
      form={(item) => item && <NumberForm item={item} />}
      table={() => (
        <section class="s-card s-card-table" aria-label={words.t('section.numbers')}>
          <p class="muted s-intro">{words.t('vnumbers.note')}</p>
          <ItemTable
            list="virtual-numbers"
            caption={words.t('section.numbers')}
            first="column.number"
            items={page['virtual-numbers']}
            name={(item) => showNumber(item.value.number)}
            under={(item) => (
              <>
                {item.value.name}
                <span class="s-narrow"> · {scenario(item.value.scenario)}</span>
              </>
            )}
            empty={words.t('vnumbers.empty')}
            onOpen={props.onOpen}
            columns={[
              { title: 'column.scenario', cell: (item) => scenario(item.value.scenario) },
              {
                title: 'column.crm_line',
                cell: (item) => words.t(item.value.crm_line ? 'yes' : 'no'),
              },
            ]}
          />
        </section>
      )}
    />
  );
}

/** For call tracking: what the number stands for when nobody is known to have been shown it. */
const STANDS_FOR = ['source', 'medium', 'campaign', 'site'] as const;

function NumberForm({ item }: { item: VirtualNumberItem }): JSX.Element {
  const { words, book } = useDesk();
  const page = useStore(book.page);
  const form = useItem('virtual-numbers', item, item.value, () => undefined);
  const { value, set, fault } = form;
  const tracking = page.areas.get('call_tracking')?.value['visits'] === true;
  const tracked = tracking || value.pool || STANDS_FOR.some((field) => value[field]);
  return (
    <FormCard form={form} title={showNumber(item.value.number)}>
      <TextField
        label={words.t('item.name')}
        hint={words.t('vnumbers.name.hint')}
        value={value.name}
        fault={fault('name')}
        onChange={(name) => set({ name })}
      />
      <SelectField
        label={words.t('vnumbers.scenario')}
        value={value.scenario ?? ''}
        fault={fault('scenario')}
        choices={[
          { value: '', name: words.t('vnumbers.nothing') },
          ...page.scenarios.map(({ value: one }) => ({ value: one.id, name: one.name })),
        ]}
        onChange={(chosen) => set({ scenario: chosen || null })}
      />
      <Toggle
        label={words.t('vnumbers.crm_line')}
        hint={words.t('vnumbers.crm_line.hint')}
        on={value.crm_line}
        fault={fault('crm_line')}
        onChange={(crm_line) => set({ crm_line })}
      />
      {value.crm_line && (
        <TextField
          label={words.t('vnumbers.label')}
          hint={words.t('vnumbers.label.hint')}
          value={value.label}
          fault={fault('label')}
          onChange={(label) => set({ label })}
        />
      )}
      {tracked && (
        <>
          <Toggle
            label={words.t('vnumbers.pool')}
            hint={words.t('vnumbers.pool.hint')}
            on={value.pool}
            fault={fault('pool')}
            onChange={(pool) => set({ pool })}
          />
          {STANDS_FOR.map((field) => (
            <TextField
              key={field}
              label={words.t(`vnumbers.${field}`)}
              {...(field === 'source' ? { hint: words.t('vnumbers.source.hint') } : {})}
              value={value[field]}
              fault={fault(field)}
              onChange={(text) => set({ [field]: text })}
            />
          ))}
        </>
      )}
    </FormCard>
  );
}
