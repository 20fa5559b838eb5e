/** Sections that few look at, fetched when somebody does: the others load less. */
import type { ComponentType, JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { Button } from '../../ui/Button';
import { useDesk } from '../context';

function later(fetch: () => Promise<ComponentType>): () => JSX.Element {
  return function Later(): JSX.Element {
    const { words } = useDesk();
    const [section, setSection] = useState<ComponentType | null>(null);
    const [failed, setFailed] = useState(false);
    const load = (): void => {
      setFailed(false);
      fetch().then(
        (loaded) => setSection(() => loaded),
        () => setFailed(true),
      );
    };
    useEffect(load, []);
    if (section) {
      const Section = section;
      return <Section />;
    }
    if (!failed) return <p class="empty">{words.t('page.loading')}</p>;
    return (
      <p class="s-trouble" role="alert">
        {words.t('trouble.unreachable')} <Button onPress={load}>{words.t('trouble.again')}</Button>
      </p>
    );
  };
}

export const TrackingLater = later(async () => (await import('./Tracking')).Tracking);
export const CloudLater = later(async () => (await import('./Cloud')).Cloud);
export const SoundsLater = later(async () => (await import('./Sounds')).Sounds);
