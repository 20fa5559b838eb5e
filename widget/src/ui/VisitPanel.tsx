/** The way that led the caller here: where from, by which pages. Fetched when it is needed. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { Phrases } from '../i18n';
import { VISIT_TEXTS, type VisitKey } from '../i18n/visit';
import type { VisitPage, VisitWay } from '../protocol/messages';
import { Button } from './Button';
import { useAmbient } from './context';
import './visit.css';

/** A glance shows the landing page and the newest ones; the rest unfolds. */
const AT_A_GLANCE = 3;

export function VisitPanel({ visit }: { visit: VisitWay }): JSX.Element {
  const { words: own, skewMs } = useAmbient();
  const words = new Phrases<VisitKey>(own.locale, VISIT_TEXTS);
  const source = [visit.source, visit.medium].filter(Boolean).join(' / ');
  const facts: [VisitKey, string][] = [
    ['visit.source', source || (visit.exact ? words.t('visit.direct') : '')],
    ['visit.campaign', visit.campaign],
    ['visit.keyword', visit.keyword],
    ['visit.content', visit.content],
    ['visit.site', visit.site],
    // Who came by an advertisement came from where it stands: that says nothing new.
    ['visit.referrer', source ? '' : visit.referrer],
  ];
  const when = (iso: string): string => words.when(iso, Date.now() + skewMs);
  return (
    <section class="block visit" aria-label={words.t('visit.title')}>
      <h3>{words.t(visit.exact ? 'visit.title' : 'visit.of_number')}</h3>
      <dl class="visit-facts">
        {facts.map(
          ([key, value]) =>
            value && (
              <div key={key}>
                <dt>{words.t(key)}</dt>
                <dd>{value}</dd>
              </div>
            ),
        )}
      </dl>
      {visit.pages.length > 0 && <Pages visit={visit} words={words} when={when} />}
      {visit.visits > 1 && visit.first_at && visit.last_at && (
        <p class="muted">
          {words.t('visit.visits', {
            n: visit.visits,
            first: when(visit.first_at),
            last: when(visit.last_at),
          })}
        </p>
      )}
    </section>
  );
}

function Pages(props: {
  visit: VisitWay;
  words: Phrases<VisitKey>;
  when: (iso: string) => string;
}): JSX.Element {
  const { visit, words, when } = props;
  const [all, setAll] = useState(false);
  const { pages } = visit;
  const folded = !all && pages.length > AT_A_GLANCE;
  const shown = folded ? [...pages.slice(0, 1), ...pages.slice(1 - AT_A_GLANCE)] : pages;
  const unlisted = visit.pages_total - pages.length;
  return (
    <>
      <p class="muted">{words.t('visit.pages', { n: visit.pages_total })}</p>
      <ol class="visit-pages">
        {shown.map((page, at) => (
          <li key={`${page.at} ${page.url}`}>
            <time class="number muted" dateTime={page.at}>
              {when(page.at)}
            </time>
            <span title={page.url}>
              {page.title || path(page)}
              {at === 0 && <span class="muted"> · {words.t('visit.landing')}</span>}
              {at === 0 && !folded && unlisted > 0 && (
                <span class="muted"> · {words.t('visit.unlisted', { n: unlisted })}</span>
              )}
            </span>
          </li>
        ))}
      </ol>
      {folded && (
        <Button kind="quiet" onPress={() => setAll(true)}>
          {words.t('visit.more', { n: pages.length - AT_A_GLANCE })}
        </Button>
      )}
    </>
  );
}

function path({ url }: VisitPage): string {
  try {
    return new URL(url).pathname;
  } catch {
    return url;
  }
}
