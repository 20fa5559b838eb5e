/** Groups people are rung by, and teams: who is led by whom. */
import type { JSX } from 'preact';
import { Button } from '../../ui/Button';
import { useStore } from '../../ui/hooks';
import type { Group, GroupItem, Team, TeamItem } from '../api';
import { useDesk } from '../context';
import { TextField } from '../fields';
import { FormCard } from '../form';
import { ItemTable, ListAndItem, NEW, RemoveButton, useItem } from '../items';
import { PeoplePicker } from '../PeoplePicker';

const GROUP: Group = { id: '', name: '', extension: null, members: [] };
const TEAM: Team = { id: '', name: '', crm_id: null, members: [], heads: [] };

interface Opened {
  readonly open: string | null;
  readonly onOpen: (key: string | null) => void;
}

export function Groups({ open, onOpen }: Opened): JSX.Element {
  const { words, book, me } = useDesk();
  const page = useStore(book.page);
  const names = (ids: readonly string[]): string => ids.map((id) => book.nameOf(id)).join(', ');
  return (
    <ListAndItem
      list="groups"
      open={open}
      onOpen={onOpen}
      form={(item, made) => <GroupForm item={item} onMade={made} onGone={() => onOpen(null)} />}
      table={() => (
        <section class="s-card s-card-table" aria-label={words.t('section.groups')}>
          <p class="muted s-intro">{words.t('groups.note')}</p>
          <ItemTable
            list="groups"
            caption={words.t('section.groups')}
            items={page.groups}
            name={(item) => item.value.name}
            under={(item) => (
              <span class="s-narrow">
                {[item.value.extension, words.t('groups.count', { n: item.value.members.length })]
                  .filter(Boolean)
                  .join(' · ')}
              </span>
            )}
            empty={words.t('groups.empty')}
            onOpen={onOpen}
            columns={[
              { title: 'column.extension', cell: (item) => item.value.extension ?? '—' },
              { title: 'column.members', cell: (item) => names(item.value.members) || '—' },
            ]}
          />
          {me.may_change && (
            <div class="s-save" data-dirty>
              <Button icon="plus" onPress={() => onOpen(NEW)}>
                {words.t('groups.add')}
              </Button>
            </div>
          )}
        </section>
      )}
    />
  );
}

function GroupForm(props: {
  item: GroupItem | null;
  onMade: (key: string) => void;
  onGone: () => void;
}): JSX.Element {
  const { words } = useDesk();
  const { item } = props;
  const form = useItem('groups', item, GROUP, props.onMade);
  const { value, set, fault } = form;
  return (
    <FormCard
      form={form}
      always={item === null}
      title={item?.value.name ?? words.t('groups.new')}
      extra={
        item && (
          <RemoveButton
            list="groups"
            keyOf={item.value.id}
            version={item.version}
            name={item.value.name}
            onGone={props.onGone}
          />
        )
      }
    >
      <div class="s-pair">
        <TextField
          label={words.t('item.name')}
          value={value.name}
          fault={fault('name')}
          onChange={(name) => set({ name })}
        />
        <TextField
          label={words.t('groups.extension')}
          hint={words.t('groups.extension.hint')}
          value={value.extension ?? ''}
          short
          fault={fault('extension')}
          onChange={(typed) => set({ extension: typed.trim() || null })}
        />
      </div>
      <PeoplePicker
        label={words.t('groups.members')}
        hint={words.t('groups.members.hint')}
        chosen={value.members}
        faults={form.within('members')}
        onChange={(members) => set({ members })}
      />
    </FormCard>
  );
}

export function Teams({ open, onOpen }: Opened): JSX.Element {
  const { words, book, me } = useDesk();
  const page = useStore(book.page);
  const names = (ids: readonly string[]): string => ids.map((id) => book.nameOf(id)).join(', ');
  return (
    <ListAndItem
      list="teams"
      open={open}
      onOpen={onOpen}
      form={(item, made) => <TeamForm item={item} onMade={made} onGone={() => onOpen(null)} />}
      table={() => (
        <section class="s-card s-card-table" aria-label={words.t('section.teams')}>
          <p class="muted s-intro">{words.t('teams.note')}</p>
          <ItemTable
            list="teams"
            caption={words.t('section.teams')}
            items={page.teams}
            name={(item) => item.value.name}
            under={(item) => (
              <>
                {item.value.crm_id !== null && words.t('teams.imported')}
                <span class="s-narrow">
                  {item.value.crm_id !== null && item.value.heads.length > 0 && ' · '}
                  {names(item.value.heads)}
                </span>
              </>
            )}
            empty={words.t('teams.empty')}
            onOpen={onOpen}
            columns={[
              { title: 'column.heads', cell: (item) => names(item.value.heads) || '—' },
              {
                title: 'column.members',
                cell: (item) => words.t('groups.count', { n: item.value.members.length }),
              },
            ]}
          />
          {me.may_change && (
            <div class="s-save" data-dirty>
              <Button icon="plus" onPress={() => onOpen(NEW)}>
                {words.t('teams.add')}
              </Button>
            </div>
          )}
        </section>
      )}
    />
  );
}

function TeamForm(props: {
  item: TeamItem | null;
  onMade: (key: string) => void;
  onGone: () => void;
}): JSX.Element {
  const { words } = useDesk();
  const { item } = props;
  const form = useItem('teams', item, TEAM, props.onMade);
  const { value, set, fault } = form;
  return (
    <FormCard
      form={form}
      always={item === null}
      title={item?.value.name ?? words.t('teams.new')}
      note={value.crm_id !== null && words.t('teams.imported.note')}
      extra={
        item &&
        value.crm_id === null && (
          <RemoveButton
            list="teams"
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
      <PeoplePicker
        label={words.t('teams.heads')}
        ordered={false}
        chosen={value.heads}
        faults={form.within('heads')}
        onChange={(heads) => set({ heads })}
      />
      <PeoplePicker
        label={words.t('teams.members')}
        ordered={false}
        chosen={value.members}
        faults={form.within('members')}
        onChange={(members) => set({ members })}
      />
    </FormCard>
  );
}
