/** Keeps the talk's controls out of what every tab loads: they come with the first call. */
import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { TalkProps } from './talk/Talk';

type Loaded = typeof import('./talk/Talk');

let loaded: Loaded | null = null;

export function TalkSlot(props: TalkProps): JSX.Element | null {
  const [talk, setTalk] = useState(loaded);
  useEffect(() => {
    if (talk) return undefined;
    let shown = true;
    // Where it cannot be loaded the call itself can still be answered, held and ended.
    import('./talk/Talk').then(
      (came) => {
        loaded = came;
        if (shown) setTalk(came);
      },
      () => undefined,
    );
    return () => {
      shown = false;
    };
  }, [talk]);
  return talk && <talk.Talk {...props} />;
}
