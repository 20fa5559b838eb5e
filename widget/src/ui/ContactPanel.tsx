/** What the CRM said of the caller: four states that look different (W2–W4). */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type {
  ActivityBrief,
  ContactChanged,
  ContactMatch,
  DealBrief,
  RecordRef,
} from '../protocol/messages';
import { Button, Link } from './Button';
import { useAmbient } from './context';
import { Icon } from './icons';

interface Props {
  readonly contact: ContactChanged;
  readonly match: ContactMatch | null;
  readonly busy: boolean;
  readonly onChoose: (record: RecordRef) => void;
  readonly onRetry: () => void;
}

export function ContactPanel({ contact, match, busy, onChoose, onRetry }: Props): JSX.Element | null {
  const { words } = useAmbient();
  const [choosing, setChoosing] = useState(false);
  switch (contact.lookup) {
    case 'looking':
      return (
        <p class="lookup" role="status">
          <span class="spinner" aria-hidden="true" />
          {words.t('contact.looking')}
        </p>
      );
    case 'not_found':
      return (
        <div class="lookup lookup-unknown" role="status">
          <p>{words.t('contact.not_found')}</p>
          <CreateLink url={contact.create_url} />
        </div>
      );
    case 'unavailable':
      return (
        <div class="lookup lookup-trouble" role="status">
          <p>{words.t('contact.unavailable')}</p>
          <Button icon="retry" busy={busy} onPress={onRetry}>
            {words.t('contact.retry')}
          </Button>
        </div>
      );
    case 'found':
      if (!match || choosing) {
        return (
          <Choice
            matches={contact.matches}
            chosen={match}
            busy={busy}
            onChoose={(record) => {
              setChoosing(false);
              onChoose(record);
            }}
          />
        );
      }
      return (
        <div class="contact">
          {match.responsible && (
            <p class="muted">{words.t('contact.responsible', { name: match.responsible })}</p>
          )}
          <Deals deals={match.deals} contactUrl={match.url} />
          {match.activities.length > 0 && <Activities activities={match.activities} />}
          {contact.matches.length > 1 && (
            <Button kind="quiet" onPress={() => setChoosing(true)}>
              {words.t('contact.change')}
            </Button>
          )}
        </div>
      );
  }
}

function CreateLink({ url }: { url: string | null }): JSX.Element | null {
  const { words, openUrl } = useAmbient();
  if (!url) return null;
  return (
    <Link class="button button-plain" href={url} open={openUrl}>
      <Icon name="plus" />
      <span>{words.t('contact.create')}</span>
    </Link>
  );
}

function Choice(props: {
  matches: readonly ContactMatch[];
  chosen: ContactMatch | null;
  busy: boolean;
  onChoose: (record: RecordRef) => void;
}): JSX.Element {
  const { words } = useAmbient();
  const found = words.t('contact.matches', { n: props.matches.length });
  return (
    <fieldset class="choice">
      <legend>{words.t('contact.choose', { found })}</legend>
      {props.matches.map((match) => (
        <button
          type="button"
          key={`${match.record.kind}:${match.record.id}`}
          class="choice-row"
          aria-pressed={match === props.chosen}
          aria-disabled={props.busy}
          onClick={() => {
            if (!props.busy) props.onChoose(match.record);
          }}
        >
          <span class="choice-name">{match.name}</span>
          <span class="muted">
            {[words.t(`contact.kind.${match.record.kind}`), match.company, match.responsible]
              .filter(Boolean)
              .join(' · ')}
          </span>
        </button>
      ))}
    </fieldset>
  );
}

/** More than fits at a glance is folded away. */
const AT_A_GLANCE = 3;

function Deals(props: { deals: readonly DealBrief[]; contactUrl: string }): JSX.Element {
  const { words, openUrl } = useAmbient();
  const [all, setAll] = useState(false);
  if (props.deals.length === 0) {
    return (
      <p class="muted">
        {words.t('contact.no_deals')}.{' '}
        <Link href={props.contactUrl} open={openUrl}>
          {words.t('contact.open')}
        </Link>
      </p>
    );
  }
  const shown = all ? props.deals : props.deals.slice(0, AT_A_GLANCE);
  return (
    <div class="block">
      <h3>{words.t('contact.deals')}</h3>
      <ul class="rows">
        {shown.map((deal) => (
          <li key={deal.id} class="row">
            <span class="row-main">
              <Link href={deal.url} open={openUrl}>
                {deal.title}
              </Link>
              {deal.amount && <span class="amount">{deal.amount}</span>}
            </span>
            <span class="chip">
              <span class="swatch" style={{ background: safeColor(deal.stage_color) }} />
              {deal.funnel} · {deal.stage}
            </span>
          </li>
        ))}
      </ul>
      <More hidden={props.deals.length - shown.length} onShow={() => setAll(true)} />
    </div>
  );
}

function Activities({ activities }: { activities: readonly ActivityBrief[] }): JSX.Element {
  const { words, openUrl, skewMs } = useAmbient();
  const [all, setAll] = useState(false);
  const shown = all ? activities : activities.slice(0, AT_A_GLANCE);
  return (
    <div class="block">
      <h3>{words.t('contact.activities')}</h3>
      <ul class="rows">
        {shown.map((activity) => (
          <li key={activity.id} class="row row-inline">
            <Link href={activity.url} open={openUrl}>
              {activity.subject}
            </Link>
            <span class={activity.overdue ? 'due due-late' : 'due'}>
              {activity.overdue && `${words.t('contact.overdue')} · `}
              {activity.due_at
                ? words.t('contact.due', {
                    when: words.when(activity.due_at, Date.now() + skewMs),
                  })
                : words.t('contact.no_due')}
            </span>
          </li>
        ))}
      </ul>
      <More hidden={activities.length - shown.length} onShow={() => setAll(true)} />
    </div>
  );
}

function More({ hidden, onShow }: { hidden: number; onShow: () => void }): JSX.Element | null {
  const { words } = useAmbient();
  if (hidden <= 0) return null;
  return (
    <Button kind="quiet" onPress={onShow}>
      {words.t('contact.more', { n: hidden })}
    </Button>
  );
}

/** The CRM's colour is a stranger's text: only a hex colour reaches the style. */
function safeColor(color: string | null): string {
  return color && /^#[0-9a-f]{3,8}$/i.test(color) ? color : 'var(--muted)';
}
