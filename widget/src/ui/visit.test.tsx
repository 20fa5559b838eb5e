// @vitest-environment happy-dom
import { render } from 'preact';
import { act } from 'preact/test-utils';
import { afterEach, describe, expect, it, vi } from 'vitest';
import callJson from '../../../protocol/fixtures/call.changed.json';
import { Words, type Locale } from '../i18n';
import type { CallChanged, VisitWay } from '../protocol/messages';
import { AmbientContext } from './context';
import { Way, wayLine } from './Way';

const visit = (callJson as unknown as CallChanged).visit as VisitWay;
const root = document.createElement('div');

async function show(way: VisitWay, locale: Locale = 'ru', small = false): Promise<void> {
  const ambient = { words: new Words(locale), openUrl: () => undefined, myId: 'e', skewMs: 0 };
  await act(() => {
    render(
      <AmbientContext.Provider value={ambient}>
        <Way visit={way} small={small} />
      </AmbientContext.Provider>,
      root,
    );
  });
  if (!small) await vi.waitFor(() => expect(root.querySelector('section')).not.toBeNull());
}

afterEach(async () => {
  await act(() => {
    render(null, root);
  });
});

function pages(n: number, total = n): VisitWay {
  const page = visit.pages[0];
  if (!page) throw new Error('the golden visit has pages');
  return {
    ...visit,
    pages: Array.from({ length: n }, (_, at) => ({ ...page, title: `P${at}`, url: `https://s/${at}` })),
    pages_total: total,
  };
}

describe("the caller's way", () => {
  it('says where they came from and what they saw', async () => {
    await show(visit);
    const said = root.textContent;
    for (const words of ['yandex / cpc', 'Светильники, весна', 'купить светильник оптом', 'svet.example']) {
      expect(said).toContain(words);
    }
    expect(said).toContain('Каталог · первая страница');
    expect(said).toContain('3 посещения: первое');
  });

  it('folds a long way and unfolds it', async () => {
    await show(pages(8, 30), 'en');
    const titles = (): (string | null)[] =>
      [...root.querySelectorAll('li span[title]')].map((span) => span.firstChild?.textContent ?? null);
    expect(titles()).toEqual(['P0', 'P6', 'P7']);
    const more = [...root.querySelectorAll('button')].find((b) => b.textContent === '5 more pages');
    await act(() => {
      more?.click();
    });
    expect(titles()).toHaveLength(8);
    expect(root.textContent).toContain('then 22 more pages');
    expect(root.querySelector('button')).toBeNull();
  });

  it('tells what a number stands for when no visitor is known', async () => {
    const own = { ...pages(0), exact: false, medium: '', source: 'щит', visits: 0 };
    await show(own);
    expect(root.querySelector('h3')?.textContent).toBe('Что означает этот номер');
    expect(root.textContent).not.toContain('прямой заход');
    expect(root.querySelector('ol')).toBeNull();
  });

  it('is a line where there is little room', async () => {
    await show(visit, 'ru', true);
    expect(root.querySelector('section')).toBeNull();
    expect(root.textContent).toContain(wayLine(visit));
    expect(wayLine({ ...visit, source: '', medium: '', campaign: '', keyword: '', site: '' })).toBe('');
  });
});
