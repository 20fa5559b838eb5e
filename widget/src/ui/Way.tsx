/**
 * The way that led the caller here (W4). What a tab loads before a call has a line of it; the rest
 * is fetched with the first call that has a way, and a tab whose server moved on keeps the line.
 */
import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { VisitWay } from '../protocol/messages';
import { useAmbient } from './context';

type Panel = (props: { visit: VisitWay }) => JSX.Element;

export function Way({ visit, small }: { visit: VisitWay; small: boolean }): JSX.Element | null {
  const { words } = useAmbient();
  const [panel, setPanel] = useState<Panel | null>(null);
  useEffect(() => {
    if (small) return;
    import('./VisitPanel').then(
      (loaded) => setPanel(() => loaded.VisitPanel),
      () => undefined,
    );
  }, [small]);
  if (panel && !small) {
    const Shown = panel;
    return <Shown visit={visit} />;
  }
  const line = wayLine(visit);
  return line ? <p class="muted">{words.t('card.way', { way: line })}</p> : null;
}

/** What says most comes first. */
export function wayLine(visit: VisitWay): string {
  const source = [visit.source, visit.medium].filter(Boolean).join(' / ');
  return [source, visit.campaign, visit.keyword && `«${visit.keyword}»`, visit.site]
    .filter(Boolean)
    .join(' · ');
}
