// @vitest-environment happy-dom
import { render } from 'preact';
import { act } from 'preact/test-utils';
import { afterEach, describe, expect, it } from 'vitest';
import callJson from '../../../protocol/fixtures/call.changed.json';
import pageJson from '../../../protocol/fixtures/history_page.json';
import { Words } from '../i18n';
import type { CallChanged, HistoryEntry, HistoryPage } from '../protocol/messages';
import { AmbientContext } from './context';
import { History } from './History';
import { RecordingMark } from './RecordingMark';

const call = callJson as unknown as CallChanged;
const [known] = (pageJson as unknown as HistoryPage).entries as [HistoryEntry];
const root = document.createElement('div');
const ambient = { words: new Words('ru'), openUrl: () => undefined, myId: 'e', skewMs: 0 };

async function show(recording: CallChanged['recording'], asked: boolean[] = []): Promise<void> {
  await act(() => {
    render(
      <AmbientContext.Provider value={ambient}>
        <RecordingMark
          call={{ ...call, recording }}
          busy={false}
          onPause={(on) => asked.push(on)}
        />
      </AmbientContext.Provider>,
      root,
    );
  });
}

afterEach(async () => {
  await act(() => {
    render(null, root);
  });
});

describe('the mark of a recording', () => {
  it('is not there while nobody records', async () => {
    await show(null);
    expect(root.textContent).toBe('');
  });

  it('offers a pause, and says "paused" only when the server does', async () => {
    const asked: boolean[] = [];
    await show({ paused_at: null, paused_until: null, can_pause: true }, asked);
    expect(root.textContent).toContain('Идёт запись');
    root.querySelector('button')?.click();
    expect(asked).toEqual([true]);
    expect(root.textContent).not.toContain('на паузе');
    const now = Date.now();
    await show(
      {
        paused_at: new Date(now).toISOString(),
        paused_until: new Date(now + 90_500).toISOString(),
        can_pause: true,
      },
      asked,
    );
    expect(root.textContent).toContain('Запись на паузе');
    expect(root.querySelector('.timer')?.textContent).toMatch(/^0?1:(30|29)$/);
    root.querySelector('button')?.click();
    expect(asked).toEqual([true, false]);
  });
});

describe('a switch that records by its own rules', () => {
  it('has its button greyed, with the reason', async () => {
    const asked: boolean[] = [];
    await show({ paused_at: null, paused_until: null, can_pause: false }, asked);
    const button = root.querySelector('button');
    button?.click();
    expect(asked).toEqual([]);
    expect(button?.disabled).toBe(true);
    expect(button?.getAttribute('aria-label')).toContain('по своим правилам');
  });
});

describe('pauses in the history', () => {
  it('are named with their place, length and who asked', async () => {
    const start = Date.parse(known.answered_at ?? known.started_at);
    const at = (seconds: number): string => new Date(start + seconds * 1000).toISOString();
    const pauses = [
      { began_at: at(30), ended_at: at(45), by: 'Анна' },
      { began_at: at(60), ended_at: at(61), by: '' },
    ];
    const nothing = (): undefined => undefined;
    await act(() => {
      render(
        <AmbientContext.Provider value={ambient}>
          <History
            history={{ phase: 'ready', entries: [{ ...known, pauses }], next: null }}
            onMore={nothing}
            onRetry={nothing}
            onRedial={nothing}
          />
        </AmbientContext.Provider>,
        root,
      );
    });
    expect(root.textContent).toMatch(/Пауза записи на 0?0:30, 0?0:15: Анна/);
    expect(root.textContent).toMatch(/Пауза записи на 0?1:00, 0?0:01/);
  });
});
