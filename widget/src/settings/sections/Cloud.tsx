/** The account's own cloud: address and key, where it is to send to, and a look at it. */
import type { JSX } from 'preact';
import { useEffect, useId, useMemo, useState } from 'preact/hooks';
import { Phrases, showNumber } from '../../i18n';
import { Button } from '../../ui/Button';
import { Banner } from '../../ui/Notices';
import type { CloudAnswer, CloudCheckAnswer, CloudValue } from '../api';
import { CLOUD_TEXTS, type CloudKey } from '../cloud_texts';
import { useDesk } from '../context';
import { RadioField, SelectField, TextField } from '../fields';
import { FormCard, useForm } from '../form';
import { troubleOf } from '../trouble';
import { named } from './People';

function useOwn(): Phrases<CloudKey> {
  const { words } = useDesk();
  return useMemo(() => new Phrases(words.locale, CLOUD_TEXTS), [words.locale]);
}

export function Cloud(): JSX.Element {
  const { words, book, me } = useDesk();
  const own = useOwn();
  const [cloud, setCloud] = useState<CloudAnswer | null>(null);
  const [trouble, setTrouble] = useState<string | null>(null);
  const load = async (): Promise<void> => {
    setTrouble(null);
    try {
      setCloud(await book.client.cloud());
    } catch (error) {
      setTrouble(troubleOf(error, words));
    }
  };
  useEffect(() => void load(), []);
  if (trouble) {
    return (
      <p class="s-trouble" role="alert">
        {trouble} <Button onPress={() => void load()}>{words.t('trouble.again')}</Button>
      </p>
    );
  }
  if (!cloud) return <p class="empty">{words.t('page.loading')}</p>;
  if (cloud.state === 'server') return <Banner kind="info">{own.t('cloud.server')}</Banner>;
  return (
    <>
      <Access cloud={cloud} onSaved={setCloud} />
      {cloud.events_url && <Door cloud={cloud} />}
      {cloud.state === 'own' && me.may_change && <Look />}
    </>
  );
}

function Access(props: { cloud: CloudAnswer; onSaved: (now: CloudAnswer) => void }): JSX.Element {
  const { book } = useDesk();
  const own = useOwn();
  const { cloud } = props;
  const form = useForm<CloudValue>({
    name: 'cloud',
    kept: cloud,
    send: async (patch, version) => {
      const now = await book.client.saveCloud(patch, version);
      props.onSaved(now);
      return now;
    },
    again: () => book.client.cloud(),
    took: () => undefined,
  });
  const { value, set, fault } = form;
  const addresses = cloud.addresses.map((address) => ({
    value: address,
    name: address.replace(/^https?:\/\//, ''),
  }));
  return (
    <FormCard form={form} title={own.t('cloud.title')} note={own.t('cloud.note')}>
      {cloud.state === 'own' && (
        <Banner kind={cloud.in_use ? 'info' : 'warning'}>
          {own.t(cloud.in_use ? 'cloud.used' : 'cloud.unused')}
        </Banner>
      )}
      <SelectField
        label={own.t('cloud.address')}
        value={value.address}
        choices={value.address ? addresses : [{ value: '', name: own.t('cloud.address.none') }, ...addresses]}
        fault={fault('address')}
        onChange={(address) => set({ address })}
      />
      <TextField
        label={own.t('cloud.key')}
        hint={own.t(cloud.key_set ? 'cloud.key.kept' : 'cloud.key.hint')}
        secret
        value={value.key}
        fault={fault('key')}
        onChange={(key) => set({ key })}
      />
      <TextField
        label={own.t('cloud.hold')}
        hint={own.t('cloud.hold.hint')}
        value={value.hold}
        fault={fault('hold')}
        onChange={(hold) => set({ hold })}
      />
      <RadioField
        label={own.t('cloud.recording')}
        value={value.recording}
        choices={(['cloud', 'dozvon'] as const).map((who) => ({
          value: who,
          name: own.t(`cloud.recording.${who}`),
          hint: own.t(`cloud.recording.${who}.hint`),
        }))}
        fault={fault('recording')}
        onChange={(recording) => set({ recording })}
      />
    </FormCard>
  );
}

/** What is written into the cloud's console by hand. */
function Door({ cloud }: { cloud: CloudAnswer }): JSX.Element {
  const own = useOwn();
  const id = useId();
  return (
    <section class="s-card" aria-labelledby={id}>
      <header class="s-card-head">
        <h2 id={id}>{own.t('cloud.door')}</h2>
        <p class="muted">{own.t('cloud.door.note')}</p>
      </header>
      <dl class="s-facts">
        <dt>{own.t('cloud.events')}</dt>
        <dd>
          <code class="s-code">{cloud.events_url}</code>
        </dd>
        <dt>{own.t('cloud.route')}</dt>
        <dd>
          <code class="s-code">{cloud.route_url}</code>
        </dd>
      </dl>
    </section>
  );
}

function Look(): JSX.Element {
  const { words, book } = useDesk();
  const own = useOwn();
  const id = useId();
  const [told, setTold] = useState<CloudCheckAnswer | null>(null);
  const [busy, setBusy] = useState(false);
  const [trouble, setTrouble] = useState<string | null>(null);
  const look = async (): Promise<void> => {
    setBusy(true);
    setTrouble(null);
    try {
      setTold(await book.client.checkCloud());
    } catch (error) {
      setTrouble(troubleOf(error, words));
    } finally {
      setBusy(false);
    }
  };
  return (
    <section class="s-card" aria-labelledby={id}>
      <header class="s-card-head">
        <h2 id={id}>{own.t('cloud.look')}</h2>
        <p class="muted">{own.t('cloud.look.note')}</p>
      </header>
      <div role="status">
        {told && (
          <ul class="s-rows">
            {told.findings.map((one) => (
              <li key={`${one.code} ${one.text}`}>
                <span class={one.weight === 'ok' ? 'muted' : 's-bad'}>
                  {own.t(`cloud.weight.${one.weight}`)}
                </span>
                <span class="s-grow">{one.text}</span>
              </li>
            ))}
          </ul>
        )}
      </div>
      {told && <Found told={told} />}
      {trouble && (
        <p class="s-trouble" role="alert">
          {trouble}
        </p>
      )}
      <div class="s-save" data-dirty>
        <Button icon="retry" busy={busy} onPress={() => void look()}>
          {own.t('cloud.check')}
        </Button>
      </div>
    </section>
  );
}

/** What the cloud has: as it is written with people and numbers here. */
function Found({ told }: { told: CloudCheckAnswer }): JSX.Element {
  const own = useOwn();
  return (
    <>
      {told.phones.length > 0 && (
        <details class="s-details">
          <summary>{own.t('cloud.phones')}</summary>
          <ul class="s-rows">
            {told.phones.map((phone) => (
              <li key={phone.endpoint}>
                <span class="s-grow">
                  {phone.name} <code>{phone.endpoint}</code>
                </span>
                {!phone.active && <span class="s-bad">{own.t('cloud.off')}</span>}
                {phone.registered === false && <span class="muted">{own.t('cloud.away')}</span>}
              </li>
            ))}
          </ul>
        </details>
      )}
      {told.numbers.length > 0 && (
        <details class="s-details">
          <summary>{own.t('cloud.numbers')}</summary>
          <ul class="s-rows">
            {told.numbers.map((number) => (
              <li key={number.number}>
                <span class="s-grow">{named(showNumber(number.number), number.name)}</span>
                {!number.working && <span class="s-bad">{own.t('cloud.off')}</span>}
              </li>
            ))}
          </ul>
        </details>
      )}
    </>
  );
}
