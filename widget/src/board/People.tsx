/** Everybody of the board: what they do, for how long, and what a supervisor may do about it. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { duration, showNumber } from '../i18n';
import type { AgentStatus, BoardCall, BoardPerson } from '../protocol/messages';
import { Dialog } from '../settings/Dialog';
import { SelectField, TextField } from '../settings/fields';
import { Button } from '../ui/Button';
import { useDesk } from './context';
import { Rows, useRowPx } from './Rows';
import { EVERYBODY, personRows, type PersonRow, type Wanted } from './rows';
import type { BoardWords } from './texts';
import type { Board } from './view';

const STATUSES = ['available', 'break', 'away', 'do_not_disturb', 'off_work'] as const;

export function People({ board, now }: { board: Board; now: number }): JSX.Element {
  const { words } = useDesk();
  const [wanted, setWanted] = useState<Wanted>(EVERYBODY);
  const [changing, setChanging] = useState<BoardPerson | null>(null);
  const rowPx = useRowPx();
  const rows = personRows(board, wanted, now);
  return (
    <>
      <Filter board={board} wanted={wanted} onChange={setWanted} count={rows.length} />
      {rows.length === 0 ? (
        <p class="b-none">{words.t(board.people.length ? 'people.none' : 'people.empty')}</p>
      ) : (
        <Rows
          label={words.t('tab.people')}
          columns={[
            { key: 'name', title: words.t('people.name') },
            { key: 'doing', title: words.t('people.doing') },
            { key: 'since', title: words.t('people.since') },
            { key: 'with', title: words.t('people.call') },
            { key: 'day', title: words.t('people.day') },
            { key: 'talk', title: words.t('people.talk') },
            { key: 'acts', title: words.t('people.acts'), bare: true },
          ]}
          rows={rows}
          rowPx={rowPx}
          keyOf={(row) => row.person.employee_id}
          kindOf={(row) => (row.long ? 'long' : row.doing)}
          cells={(row) => cells(row, board, words, now, setChanging)}
        />
      )}
      {changing && <ChangeStatus person={changing} onClose={() => setChanging(null)} />}
    </>
  );
}

function Filter(props: {
  board: Board;
  wanted: Wanted;
  onChange: (wanted: Wanted) => void;
  count: number;
}): JSX.Element {
  const { words } = useDesk();
  const { board, wanted, onChange } = props;
  const teams = board.setup?.teams ?? [];
  return (
    <div class="b-filter">
      <TextField
        label={words.t('filter.find')}
        bare
        placeholder={words.t('filter.find')}
        value={wanted.text}
        onChange={(text) => onChange({ ...wanted, text })}
      />
      {teams.length > 1 && (
        <SelectField
          label={words.t('filter.team')}
          bare
          value={wanted.team}
          choices={[
            { value: '', name: words.t('filter.team.all') },
            ...teams.map((team) => ({ value: team.team_id, name: team.name })),
          ]}
          onChange={(team) => onChange({ ...wanted, team })}
        />
      )}
      <SelectField
        label={words.t('filter.doing')}
        bare
        value={wanted.doing}
        choices={[
          { value: '', name: words.t('filter.doing.all') },
          ...(['talking', 'free', 'away', 'hand'] as const).map((doing) => ({
            value: doing,
            name: words.t(`filter.doing.${doing}`),
          })),
        ]}
        onChange={(doing) => onChange({ ...wanted, doing: doing as Wanted['doing'] })}
      />
      <p class="muted" role="status">
        {words.t('people.count', { n: props.count })}
      </p>
    </div>
  );
}

function cells(
  row: PersonRow,
  board: Board,
  words: BoardWords,
  now: number,
  change: (person: BoardPerson) => void,
): JSX.Element[] {
  const { person, call } = row;
  const tally = board.tallies.get(person.employee_id);
  return [
    <>
      <span class="b-strong">{person.name}</span>
      {person.extension && <span class="muted"> {person.extension}</span>}
    </>,
    <span class="b-mark">{doingText(row, words)}</span>,
    <span class="b-time">{row.since ? duration((now - Date.parse(row.since)) / 1000) : '—'}</span>,
    <span>{call ? other(call, words) : ''}</span>,
    <span class="b-time">
      {tally?.answered ?? 0} / {tally?.missed ?? 0}
    </span>,
    <span class="b-time">{duration(tally?.talk_s ?? 0)}</span>,
    <Acts row={row} change={change} />,
  ];
}

function doingText(row: PersonRow, words: BoardWords): string {
  const { person, doing } = row;
  if (doing === 'hand') return person.hand?.reason || words.t('doing.hand');
  if (person.hand?.answered_by) return words.t('doing.coming', { name: person.hand.answered_by });
  if (doing === 'not_ready') {
    const missing = (person.missing ?? []).map((part) => words.t(`missing.${part}`)).join(', ');
    return words.t('doing.not_ready', { missing });
  }
  return words.t(`doing.${doing}`);
}

export function other(call: BoardCall, words: BoardWords): string {
  return call.name ?? (call.number ? showNumber(call.number) : words.t('call.hidden'));
}

function Acts(props: { row: PersonRow; change: (person: BoardPerson) => void }): JSX.Element | null {
  const { words, client, past, modes, attempt } = useDesk();
  if (past) return null;
  const { person, call } = props.row;
  const id = person.employee_id;
  const talks = call?.talking.includes(id) ? call : null;
  const watched = talks?.watchers.some((one) => one.employee_id === id) ?? false;
  return (
    <span class="b-buttons">
      {person.hand && !person.hand.answered_by && (
        <Button
          kind="primary"
          name={words.t('act.hand.come.of', { name: person.name })}
          onPress={() => attempt(() => client.answerHand(id, false))}
        >
          {words.t('act.hand.come')}
        </Button>
      )}
      {person.hand?.answered_by && (
        <Button
          name={words.t('act.hand.done.of', { name: person.name })}
          onPress={() => attempt(() => client.answerHand(id, true))}
        >
          {words.t('act.hand.done')}
        </Button>
      )}
      {talks &&
        modes.map((mode) => (
          <Button
            key={mode}
            kind="quiet"
            name={words.t('act.watch.of', { act: words.t(`act.${mode}`), name: person.name })}
            pressed={talks.watchers.some((one) => one.employee_id === id && one.mode === mode)}
            onPress={() =>
              attempt(() => client.watch(talks.call_id, id, mode), words.t('act.ringing'))
            }
          >
            {words.t(`act.${mode}`)}
          </Button>
        ))}
      {talks && watched && modes.length > 0 && (
        <Button kind="danger" onPress={() => attempt(() => client.stopWatching(talks.call_id))}>
          {words.t('act.stop')}
        </Button>
      )}
      <Button
        kind="quiet"
        name={words.t('act.status.of', { name: person.name })}
        onPress={() => props.change(person)}
      >
        {words.t('act.status')}
      </Button>
    </span>
  );
}

function ChangeStatus({ person, onClose }: { person: BoardPerson; onClose: () => void }): JSX.Element {
  const { words, client, attempt } = useDesk();
  const [status, setStatus] = useState<AgentStatus>(
    person.status === 'available' ? 'break' : 'available',
  );
  const [reason, setReason] = useState('');
  return (
    <Dialog title={words.t('status.title', { name: person.name })} onClose={onClose}>
      <div class="b-stack">
        <SelectField
          label={words.t('status.field')}
          value={status}
          choices={STATUSES.map((one) => ({ value: one, name: words.t(`status.${one}`) }))}
          onChange={(one) => setStatus(one as AgentStatus)}
        />
        <TextField
          label={words.t('status.reason')}
          hint={words.t('status.reason.hint')}
          value={reason}
          onChange={setReason}
        />
      </div>
      <div class="s-dialog-actions">
        <Button
          kind="primary"
          disabled={!reason.trim()}
          onPress={() => {
            attempt(() => client.setStatus(person.employee_id, status, reason), words.t('act.done'));
            onClose();
          }}
        >
          {words.t('status.save')}
        </Button>
        <Button onPress={onClose}>{words.t('status.cancel')}</Button>
      </div>
    </Dialog>
  );
}
