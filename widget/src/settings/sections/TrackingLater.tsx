/** Call tracking's page, fetched when somebody looks at it: few do, and the others load less. */
import type { ComponentType, JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { Button } from '../../ui/Button';
import { useDesk } from '../context';

export function TrackingLater(): JSX.Element {
  const { words } = useDesk();
  const [section, setSection] = useState<ComponentType | null>(null);
  const [failed, setFailed] = useState(false);
  const load = (): void => {
    setFailed(false);
    import('./Tracking').then(
      (loaded) => setSection(() => loaded.Tracking),
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
}
