/** Call tracking: whether visitors are taken in, from which sites, and with which keys. */
import type { JSX } from 'preact';
import { useEffect, useId, useMemo, useState } from 'preact/hooks';
import { Phrases, showNumber } from '../../i18n';
import { Button } from '../../ui/Button';
import { useStore } from '../../ui/hooks';
import { Banner } from '../../ui/Notices';
import type { VisitKeyItem, VisitKeysAnswer } from '../api';
import { useArea } from '../areas';
import type { Fault } from '../client';
import { useDesk } from '../context';
import { Dialog } from '../Dialog';
import { NumberField, Toggle } from '../fields';
import { FormCard } from '../form';
import { TRACKING_TEXTS, type TrackingKey } from '../tracking_texts';
import { troubleOf } from '../trouble';
import { named } from './People';

function useOwn(): Phrases<TrackingKey> {
  const { words } = useDesk();
  return useMemo(() => new Phrases(words.locale, TRACKING_TEXTS), [words.locale]);
}

export function Tracking(): JSX.Element {
  return (
    <>
      <Visits />
      <Keys />
    </>
  );
}

function Visits(): JSX.Element {
  const { words, book } = useDesk();
  const own = useOwn();
  const page = useStore(book.page);
  const form = useArea('call_tracking');
  const { value, set, fault } = form;
  const lent = page['virtual-numbers'].filter((item) => item.value.pool);
  return (
    <FormCard form={form} title={words.t('tracking.title')} note={own.t('tracking.note')}>
      <Toggle
        label={words.t('tracking.visits')}
        hint={own.t('tracking.visits.hint')}
        on={value.visits}
        onChange={(visits) => set({ visits })}
      />
      {value.visits && lent.length === 0 && (
        <Banner kind="warning">{own.t('tracking.no_pool')}</Banner>
      )}
      {lent.length > 0 && (
        <p class="s-hint">
          {own.t('tracking.pool', {
            numbers: lent
              .map((item) => named(showNumber(item.value.number), item.value.name))
              .join(', '),
          })}
        </p>
      )}
      <Origins
        value={value.origins}
        fault={fault('origins') ?? value.origins.map((_, at) => fault(`origins[${at}]`)).find(Boolean)}
        onChange={(origins) => set({ origins })}
      />
      <NumberField
        label={words.t('tracking.shown_min')}
        hint={own.t('tracking.shown_min.hint')}
        unit={words.t('unit.min')}
        least={5}
        most={1440}
        value={value.shown_min}
        fault={fault('shown_min')}
        onChange={(minutes) => set({ shown_min: minutes ?? 0 })}
      />
      <NumberField
        label={own.t('tracking.keep_days')}
        hint={own.t('tracking.keep_days.hint')}
        unit={words.t('unit.days')}
        least={1}
        most={400}
        value={value.keep_days}
        fault={fault('keep_days')}
        onChange={(days) => set({ keep_days: days ?? 0 })}
      />
    </FormCard>
  );
}

/** One site a line; what is typed stays as it is typed until it is saved. */
function Origins(props: {
  value: readonly string[];
  fault: Fault | undefined;
  onChange: (origins: string[]) => void;
}): JSX.Element {
  const { words } = useDesk();
  const own = useOwn();
  const id = useId();
  const { value, fault } = props;
  const read = (text: string): string[] => text.split(/\s+/).filter(Boolean);
  const [typed, setTyped] = useState(value.join('\n'));
  // Saved, undone or changed by somebody else: what is kept now.
  useEffect(() => {
    if (read(typed).join('\n') !== value.join('\n')) setTyped(value.join('\n'));
  }, [value]);
  return (
    <div class="s-field">
      <label for={id} class="s-label">
        {words.t('tracking.origins')}
      </label>
      <textarea
        id={id}
        class="s-lines"
        rows={3}
        value={typed}
        spellcheck={false}
        placeholder="https://example.ru"
        aria-describedby={fault ? `${id}-hint ${id}-fault` : `${id}-hint`}
        {...(fault ? { 'aria-invalid': true } : {})}
        onInput={(event) => {
          setTyped(event.currentTarget.value);
          props.onChange(read(event.currentTarget.value));
        }}
      />
      <p class="s-hint" id={`${id}-hint`}>
        {own.t('tracking.origins.hint')}
      </p>
      {fault && (
        <p class="s-fault" id={`${id}-fault`}>
          {fault.message}
        </p>
      )}
    </div>
  );
}

function Keys(): JSX.Element {
  const { words, book, me } = useDesk();
  const own = useOwn();
  const [keys, setKeys] = useState<VisitKeysAnswer | null>(null);
  const [fresh, setFresh] = useState<VisitKeyItem | null>(null);
  const [going, setGoing] = useState<VisitKeyItem | null>(null);
  const [busy, setBusy] = useState(false);
  const [trouble, setTrouble] = useState<string | null>(null);
  const load = async (): Promise<void> => setKeys(await book.client.visitKeys());
  const doing = async (work: () => Promise<void>): Promise<void> => {
    setBusy(true);
    setTrouble(null);
    try {
      await work();
      await load();
    } catch (error) {
      setTrouble(troubleOf(error, words));
    } finally {
      setBusy(false);
      setGoing(null);
    }
  };
  useEffect(() => void doing(() => Promise.resolve()), []);
  const issue = (kind: VisitKeyItem['kind']): void =>
    void doing(async () => {
      const key = await book.client.issueVisitKey(kind);
      setFresh(kind === 'server' ? key : null);
    });
  return (
    <section class="s-card" aria-labelledby="s-keys">
      <header class="s-card-head">
        <h2 id="s-keys">{own.t('tracking.keys')}</h2>
        <p class="muted">{own.t('tracking.keys.note')}</p>
      </header>
      {fresh?.key && (
        <Banner kind="warning">
          {own.t('tracking.fresh')} <code class="s-code">{fresh.key}</code>
        </Banner>
      )}
      {keys?.items.length === 0 && <p class="empty">{own.t('tracking.no_keys')}</p>}
      <ul class="s-stack-small">
        {keys?.items.map((key) => (
          <li key={key.id} class="s-box">
            <div class="s-box-head">
              <strong class="s-grow">
                {named(own.t(`tracking.kind.${key.kind}`), key.name)}
                <span class="muted"> · {words.when(key.created_at, Date.now())}</span>
              </strong>
              {me.may_change && (
                <Button
                  kind="quiet"
                  name={own.t('tracking.withdraw_named', {
                    name: named(own.t(`tracking.kind.${key.kind}`), key.name),
                  })}
                  onPress={() => setGoing(key)}
                >
                  {own.t('tracking.withdraw')}
                </Button>
              )}
            </div>
            {key.key && <code class="s-code">{snippet(keys.script, key.key)}</code>}
          </li>
        ))}
      </ul>
      {trouble && (
        <p class="s-trouble" role="alert">
          {trouble}
        </p>
      )}
      {me.may_change && (
        <div class="s-save" data-dirty>
          <Button icon="plus" busy={busy} onPress={() => issue('site')}>
            {own.t('tracking.issue.site')}
          </Button>
          <Button icon="plus" busy={busy} onPress={() => issue('server')}>
            {own.t('tracking.issue.server')}
          </Button>
        </div>
      )}
      {going && (
        <Dialog title={own.t('tracking.withdraw_title')} onClose={() => setGoing(null)}>
          <p>{own.t(`tracking.withdraw_text.${going.kind}`)}</p>
          <div class="s-dialog-actions">
            <Button
              kind="danger"
              busy={busy}
              onPress={() =>
                void doing(async () => {
                  await book.client.withdrawVisitKey(going.id);
                  if (fresh?.id === going.id) setFresh(null);
                })
              }
            >
              {own.t('tracking.withdraw')}
            </Button>
            <Button onPress={() => setGoing(null)}>{words.t('form.stay')}</Button>
          </div>
        </Dialog>
      )}
    </section>
  );
}

/** What a site's pages have in them. */
function snippet(script: string, key: string): string {
  return `<script async src="${script}" data-key="${key}"></script>`;
}
