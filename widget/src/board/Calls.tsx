/** Live calls: those who wait first. */
import type { JSX } from 'preact';
import { duration, showNumber } from '../i18n';
import type { BoardCall } from '../protocol/messages';
import { useDesk } from './context';
import { other } from './People';
import { Rows, useRowPx } from './Rows';
import { callRows } from './rows';
import type { BoardWords } from './texts';
import type { Board } from './view';

export function Calls({ board, now }: { board: Board; now: number }): JSX.Element {
  const { words } = useDesk();
  const rowPx = useRowPx();
  const rows = callRows(board);
  const names = new Map(board.people.map((person) => [person.employee_id, person.name]));
  const waiting = board.setup?.limits.waiting_s ?? 0;
  if (rows.length === 0) return <p class="b-none">{words.t('calls.none')}</p>;
  return (
    <Rows
      label={words.t('tab.calls')}
      columns={[
        { key: 'name', title: words.t('calls.who') },
        { key: 'doing', title: words.t('calls.state') },
        { key: 'since', title: words.t('calls.time') },
        { key: 'with', title: words.t('calls.people') },
        { key: 'line', title: words.t('calls.line') },
      ]}
      rows={rows}
      rowPx={rowPx}
      keyOf={(call) => call.call_id}
      kindOf={(call) => kind(call, waiting, now)}
      cells={(call) => [
        <>
          <span class="b-strong">{other(call, words)}</span>
          {call.name && call.number && <span class="muted"> {showNumber(call.number)}</span>}
        </>,
        <span class="b-mark">{stateText(call, names, words)}</span>,
        <span class="b-time">{duration((now - since(call)) / 1000)}</span>,
        <span>{call.talking.map((id) => names.get(id) ?? id).join(', ')}</span>,
        <span>{call.line ?? ''}</span>,
      ]}
    />
  );
}

function since(call: BoardCall): number {
  return Date.parse(call.waits_since ?? call.answered_at ?? call.started_at);
}

function kind(call: BoardCall, waiting: number, now: number): string {
  if (!call.waits_since) return call.state;
  return waiting > 0 && now - since(call) >= waiting * 1000 ? 'late' : 'waiting';
}

function stateText(call: BoardCall, names: Map<string, string>, words: BoardWords): string {
  const parts = [];
  const ringing = call.ringing.map((id) => names.get(id) ?? id).join(', ');
  if (call.state === 'held') parts.push(words.t('call.held'));
  else if (call.state === 'talking') parts.push(words.t('call.talking'));
  else if (ringing) parts.push(words.t('call.ringing', { names: ringing }));
  else parts.push(words.t('call.waiting'));
  if (call.direction === 'outbound') parts.push(words.t('call.outbound'));
  if (call.direction === 'internal') parts.push(words.t('call.internal'));
  parts.push(...call.watchers.map((one) => words.t('call.watched', { name: one.by })));
  return parts.join(' · ');
}
