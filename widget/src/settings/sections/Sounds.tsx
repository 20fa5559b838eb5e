/** Sounds an administrator uploads, heard here before a caller hears them, and what plays them. */
import type { JSX } from 'preact';
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { Phrases } from '../../i18n';
import { Button } from '../../ui/Button';
import { useStore } from '../../ui/hooks';
import type { SoundItem, SoundsAnswer } from '../api';
import { useArea } from '../areas';
import { useDesk } from '../context';
import { Dialog } from '../Dialog';
import { SelectField } from '../fields';
import { FormCard } from '../form';
import { SOUNDS_TEXTS, type SoundsKey } from '../sounds_texts';
import { troubleOf } from '../trouble';

/** What the browser offers first; the server looks into the file itself. */
const KINDS = '.wav,.mp3,.flac,.ogg,audio/*';

function useOwn(): Phrases<SoundsKey> {
  const { words } = useDesk();
  return useMemo(() => new Phrases(words.locale, SOUNDS_TEXTS), [words.locale]);
}

export function Sounds(): JSX.Element {
  return (
    <>
      <Uploads />
      <Rescue />
    </>
  );
}

function Uploads(): JSX.Element {
  const { words, book, me } = useDesk();
  const own = useOwn();
  const file = useRef<HTMLInputElement>(null);
  const { sounds } = useStore(book.page);
  const [limits, setLimits] = useState<SoundsAnswer | null>(null);
  const [going, setGoing] = useState<SoundItem | null>(null);
  const [busy, setBusy] = useState(false);
  const [trouble, setTrouble] = useState<string | null>(null);
  const doing = async (work: () => Promise<void>): Promise<void> => {
    setBusy(true);
    setTrouble(null);
    try {
      await work();
      setLimits(await book.lookAtSounds());
    } catch (error) {
      setTrouble(troubleOf(error, words));
    } finally {
      setBusy(false);
      setGoing(null);
    }
  };
  useEffect(() => void doing(() => Promise.resolve()), []);
  const chosen = (input: HTMLInputElement): void => {
    const [picked] = input.files ?? [];
    if (!picked) return;
    void doing(() => book.client.uploadSound(picked)).then(() => {
      // The same file may be chosen once more.
      input.value = '';
    });
  };
  return (
    <section class="s-card" aria-labelledby="s-sounds">
      <header class="s-card-head">
        <h2 id="s-sounds">{own.t('sounds.title')}</h2>
        {limits && (
          <p class="muted">
            {own.t('sounds.note', { mb: limits.most_mb, seconds: limits.most_s })}
          </p>
        )}
      </header>
      {limits && sounds.length === 0 && <p class="empty">{own.t('sounds.none')}</p>}
      <ul class="s-stack-small">
        {sounds.map((sound) => (
          <li key={sound.id} class="s-box">
            <div class="s-box-head">
              <strong class="s-grow">
                {sound.name}
                <span class="muted">
                  {' · '}
                  {own.t('sounds.length', { seconds: Math.max(1, Math.round(sound.ms / 1000)) })}
                </span>
              </strong>
              {me.may_change && (
                <Button
                  kind="quiet"
                  name={own.t('sounds.delete_named', { name: sound.name })}
                  onPress={() => setGoing(sound)}
                >
                  {own.t('sounds.delete')}
                </Button>
              )}
            </div>
            <audio
              class="s-audio"
              controls
              preload="none"
              src={sound.url}
              aria-label={own.t('sounds.listen', { name: sound.name })}
            />
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
          <input
            ref={file}
            type="file"
            hidden
            accept={KINDS}
            aria-label={own.t('sounds.file')}
            onChange={(event) => chosen(event.currentTarget)}
          />
          <Button icon="plus" busy={busy} onPress={() => file.current?.click()}>
            {own.t('sounds.upload')}
          </Button>
        </div>
      )}
      {going && (
        <Dialog title={own.t('sounds.delete_title')} onClose={() => setGoing(null)}>
          <p>{own.t('sounds.delete_text', { name: going.name })}</p>
          <div class="s-dialog-actions">
            <Button
              kind="danger"
              busy={busy}
              onPress={() => void doing(() => book.client.removeSound(going.id))}
            >
              {own.t('sounds.delete')}
            </Button>
            <Button onPress={() => setGoing(null)}>{words.t('form.stay')}</Button>
          </div>
        </Dialog>
      )}
    </section>
  );
}

function Rescue(): JSX.Element {
  const { words, book } = useDesk();
  const own = useOwn();
  const { sounds } = useStore(book.page);
  const form = useArea('sounds');
  const { value, set, fault } = form;
  const kept = value.rescue_notice;
  const known = sounds.some((sound) => sound.sound === kept);
  return (
    <FormCard form={form} title={own.t('sounds.rescue')} note={own.t('sounds.rescue.note')}>
      <SelectField
        label={words.t('sounds.rescue_notice')}
        hint={own.t('sounds.rescue_notice.hint')}
        value={kept ?? ''}
        fault={fault('rescue_notice')}
        choices={[
          { value: '', name: own.t('sounds.rescue.usual') },
          ...(kept && !known
            ? [{ value: kept, name: own.t('sounds.rescue.own', { sound: kept }) }]
            : []),
          ...sounds.map((sound) => ({ value: sound.sound, name: sound.name })),
        ]}
        onChange={(sound) => set({ rescue_notice: sound || null })}
      />
    </FormCard>
  );
}
