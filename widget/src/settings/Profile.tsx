/** The employee's own page: status, where it comes from, and on what they talk (B21). */
import type { JSX } from 'preact';
import { useEffect, useMemo, useState } from 'preact/hooks';
import { showNumber, type Phrases, type Words } from '../i18n';
import type { Phone } from '../phone';
import { ownStatus } from '../state/selectors';
import { ConnectionBar } from '../ui/ConnectionBar';
import { AmbientContext } from '../ui/context';
import { Button } from '../ui/Button';
import { Banner } from '../ui/Notices';
import { useStore } from '../ui/hooks';
import { StatusPicker } from '../ui/StatusPicker';
import type { Me } from './api';
import { Refused, type SettingsClient } from './client';
import { RadioField } from './fields';
import { troubleOf } from './trouble';
import type { OwnKey } from './own_texts';

interface Props {
  readonly phone: Phone;
  readonly client: SettingsClient;
  readonly words: Words;
  readonly texts: Phrases<OwnKey>;
  readonly signIn: () => void;
  readonly openUrl: (url: string) => void;
}

/** Saved as it is chosen: there are two choices and nothing to compose. */
export function Profile({ phone, client, words, texts, signIn, openUrl }: Props): JSX.Element {
  const view = useStore(phone.view);
  const [me, setMe] = useState<Me | null>(null);
  const [trouble, setTrouble] = useState<string | null>(null);
  const [saved, setSaved] = useState(false);
  const load = async (): Promise<void> => {
    setTrouble(null);
    try {
      setMe(await client.me());
    } catch (error) {
      setTrouble(troubleOf(error, texts));
    }
  };
  useEffect(() => void load(), [client]);
  const choose = async (patch: Partial<Pick<Me, 'device' | 'workday_import'>>): Promise<void> => {
    if (!me) return;
    const before = me;
    setMe({ ...me, ...patch });
    setSaved(false);
    setTrouble(null);
    try {
      setMe(await saving(patch, before));
      setSaved(true);
    } catch (error) {
      setMe(before);
      setTrouble(troubleOf(error, texts));
    }
  };
  /** Of one's own choice the newest counts, whatever an administrator changed beside it. */
  const saving = async (patch: object, before: Me): Promise<Me> => {
    try {
      return await client.saveMe(patch, before.version);
    } catch (error) {
      if (!(error instanceof Refused) || error.why !== 'changed_meanwhile') throw error;
      return client.saveMe(patch, (await client.me()).version);
    }
  };
  const ambient = useMemo(
    () => ({ words, myId: view.you?.employee_id ?? null, skewMs: view.skewMs, openUrl }),
    [words, view.you, view.skewMs, openUrl],
  );
  return (
    <AmbientContext.Provider value={ambient}>
      <main class="s-page s-profile">
        <h1 class="s-heading">{texts.t('profile.title')}</h1>
        {view.connection.phase !== 'online' && (
          <ConnectionBar
            connection={view.connection}
            onRetry={() => phone.connectNow()}
            onSignIn={signIn}
          />
        )}
        <section class="s-card" aria-labelledby="p-status">
          <h2 id="p-status">{texts.t('profile.status')}</h2>
          <StatusPicker
            status={ownStatus(view.state)}
            busy={view.pending.has('status')}
            onChoose={(status, reason) => void phone.setStatus(status, reason)}
          />
          {view.notices
            .filter((notice) => notice.kind === 'failed')
            .map((notice) => (
              <Banner key={notice.id} kind="danger">
                {words.t(`error.${notice.code}`)}
              </Banner>
            ))}
          {me?.workday_offered && (
            <RadioField
              label={texts.t('profile.source')}
              value={me.workday_import ? 'day' : 'me'}
              choices={[
                { value: 'me', name: texts.t('profile.source.me') },
                {
                  value: 'day',
                  name: texts.t('profile.source.day'),
                  hint: texts.t('profile.source.day.hint'),
                },
              ]}
              onChange={(chosen) => void choose({ workday_import: chosen === 'day' })}
            />
          )}
          {me?.workday_mixed && me.workday_import && (
            <Banner kind="warning">{texts.t('profile.source.mixed')}</Banner>
          )}
        </section>
        {me && (
          <section class="s-card" aria-label={texts.t('profile.device')}>
            <RadioField
              label={texts.t('profile.device')}
              value={me.device}
              choices={[...new Set([...me.devices, me.device])].map((device) => ({
                value: device,
                name: texts.t(`device.${device}`),
                hint: texts.t(`profile.device.${device}.hint`),
              }))}
              onChange={(device) => void choose({ device })}
            />
            <h3 class="s-label">{texts.t('profile.numbers')}</h3>
            {me.numbers.length > 0 ? (
              <ol class="s-chosen">
                {me.numbers.map((number, at) => (
                  <li key={number.endpoint}>
                    <span class="s-place" aria-hidden="true">
                      {at + 1}
                    </span>
                    <span class="s-grow">{number.label || showNumber(number.endpoint)}</span>
                    <span class="muted">{texts.t(`kind.${number.kind}`)}</span>
                  </li>
                ))}
              </ol>
            ) : (
              <p class="s-note">{texts.t('profile.no_numbers')}</p>
            )}
            <p class="muted">
              {me.extension && `${texts.t('profile.extension', { extension: me.extension })}. `}
              {texts.t('profile.ask')}
            </p>
          </section>
        )}
        <p class="s-save-state" role="status">
          {saved ? texts.t('form.saved') : ''}
        </p>
        {trouble && (
          <p class="s-trouble" role="alert">
            {trouble} <Button onPress={() => void load()}>{texts.t('trouble.again')}</Button>
          </p>
        )}
      </main>
    </AmbientContext.Provider>
  );
}
