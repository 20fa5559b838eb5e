import type { FunctionComponent } from 'preact';
import { useEffect, useState } from 'preact/hooks';

/**
 * A component that comes with its first use, out of what every tab loads. Where it cannot be
 * fetched nothing is drawn, and the next use asks again.
 */
export function later<Props extends object>(
  load: () => Promise<FunctionComponent<Props>>,
): FunctionComponent<Props> {
  let loaded: FunctionComponent<Props> | null = null;
  return function Later(props) {
    const [Shown, setShown] = useState(() => loaded);
    useEffect(() => {
      if (Shown) return undefined;
      let here = true;
      load().then(
        (came) => {
          loaded = came;
          if (here) setShown(() => came);
        },
        () => undefined,
      );
      return () => {
        here = false;
      };
    }, [Shown]);
    return Shown && <Shown {...props} />;
  };
}
