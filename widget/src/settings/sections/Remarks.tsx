/** People of the CRM who were left out, or came in otherwise than they are there: who and why. */
import type { JSX } from 'preact';
import { Link } from '../../ui/Button';
import type { SyncRemark } from '../api';
import { useDesk } from '../context';

export function Remarks({ remarks }: { remarks: readonly SyncRemark[] }): JSX.Element {
  const { words, openUrl } = useDesk();
  const out = remarks.filter((remark) => remark.left_out);
  const inside = remarks.filter((remark) => !remark.left_out);
  return (
    <>
      {out.length > 0 && group(out, words.t('remarks.out', { n: out.length }))}
      {inside.length > 0 && group(inside, words.t('remarks.in', { n: inside.length }))}
    </>
  );

  function group(list: readonly SyncRemark[], title: string): JSX.Element {
    return (
      <details class="s-details" open={list.length <= 5}>
        <summary>{title}</summary>
        <ul class="s-rows">
          {list.map((remark, at) => (
            <li key={at} class="s-remark">
              <span>
                {remark.url ? (
                  <Link href={remark.url} open={openUrl}>
                    {remark.name || words.t('remarks.nameless')}
                  </Link>
                ) : (
                  remark.name || words.t('remarks.nameless')
                )}
              </span>
              <span class="muted">{remark.text}</span>
            </li>
          ))}
        </ul>
      </details>
    );
  }
}
