// @vitest-environment happy-dom
import { render } from 'preact';
import { act } from 'preact/test-utils';
import { afterEach, describe, expect, it } from 'vitest';
import pageJson from '../../../protocol/fixtures/history_page.json';
import { Words } from '../i18n';
import type { HistoryEntry, HistoryPage } from '../protocol/messages';
import { AmbientContext } from './context';
import { History } from './History';

const [known] = (pageJson as unknown as HistoryPage).entries as [HistoryEntry];
const root = document.createElement('div');

async function show(...entries: HistoryEntry[]): Promise<void> {
  const ambient = { words: new Words('ru'), openUrl: () => undefined, myId: 'e', skewMs: 0 };
  const nothing = () => undefined;
  await act(() => {
    render(
      <AmbientContext.Provider value={ambient}>
        <History
          history={{ phase: 'ready', entries, next: null }}
          onMore={nothing}
          onRetry={nothing}
          onRedial={nothing}
        />
      </AmbientContext.Provider>,
      root,
    );
  });
}

function button(name: string): HTMLElement {
  return root.querySelector(`button[aria-label^="${name}"]`) as HTMLElement;
}

afterEach(async () => {
  await act(() => {
    render(null, root);
  });
});

describe('a call in the history', () => {
  it('is loaded and played only when somebody wants to hear it', async () => {
    await show(known);
    expect(root.querySelector('audio')).toBeNull();
    await act(() => {
      button('Прослушать').click();
    });
    expect(root.querySelector('audio')?.getAttribute('src')).toBe(known.recording_url);
    await act(() => {
      button('Закрыть запись').click();
    });
    expect(root.querySelector('audio')).toBeNull();
  });

  it('offers nothing to hear where there is nothing', async () => {
    await show({ ...known, recording: 'gone', recording_url: null });
    expect(button('Прослушать')).toBeNull();
  });

  it('says when the CRM does not have it, and why', async () => {
    await show({ ...known, crm: 'refused', crm_reason: 'withheld' });
    expect(root.textContent).toContain('Звонка нет в CRM: номер звонившего скрыт');
    await show({ ...known, crm: 'refused', crm_reason: 'rejected', crm_said: '400: bad phone' });
    expect(root.textContent).toContain('CRM ответила отказом (400: bad phone)');
    await show({ ...known, crm: 'waiting', crm_reason: 'not_connected' });
    expect(root.textContent).toContain('Ещё не в CRM: администратору нужно');
    await show({ ...known, crm: 'waiting', recording: 'waiting' });
    expect(root.textContent).toContain('Передаём в CRM');
    expect(root.textContent).toContain('Запись готовится');
    await show(known);
    expect(root.textContent).not.toContain('CRM');
  });

  it('says nothing strange of a reason a later server names', async () => {
    for (const crm_reason of ['of_next_year', null]) {
      await show({ ...known, crm: 'refused', crm_reason });
      expect(root.textContent).toContain('Звонка нет в CRM: спросите администратора');
      expect(root.textContent).not.toContain('of_next_year');
    }
  });
});
