/**
 * One of several tabs does a thing: whoever holds the lock named for it.
 *
 * A Web Lock goes to the next waiting tab by itself when its holder closes or crashes. Storage of a
 * framed page is partitioned by the portal around it, and so are locks: tabs of one portal see each
 * other. Where locks are refused (storage blocked) every tab leads; doing a thing twice must then
 * be harmless, and the commands sent have ids derived from what they are about.
 */
export interface Locks {
  request(
    name: string,
    options: { signal: AbortSignal },
    held: () => Promise<void>,
  ): Promise<unknown>;
}

/** Calls `lead` when this tab's turn comes; the result gives the turn up. */
export function takeTurns(name: string, lead: () => void, locks: Locks | undefined): () => void {
  const abort = new AbortController();
  let release: () => void = () => undefined;
  const over = new Promise<void>((resolve) => {
    release = resolve;
  });
  if (!locks) {
    lead();
    return release;
  }
  let led = false;
  locks
    .request(name, { signal: abort.signal }, () => {
      led = true;
      lead();
      return over;
    })
    .catch(() => {
      if (!abort.signal.aborted && !led) lead();
    });
  return () => {
    if (!led) abort.abort();
    release();
  };
}

/** What tabs of this browser hold now; null where nobody can say. */
export async function namesHeld(
  locks: Pick<LockManager, 'query'> | undefined,
): Promise<string[] | null> {
  try {
    const { held } = (await locks?.query()) ?? {};
    return held ? held.flatMap(({ name }) => (name === undefined ? [] : [name])) : null;
  } catch {
    return null;
  }
}

/** Holds the name for as long as the page lives, together with whoever else does. */
export function holdTogether(name: string, locks: LockManager | undefined): void {
  locks?.request(name, { mode: 'shared' }, () => new Promise(() => undefined)).catch(() => undefined);
}

/** Absent outside secure contexts, and refused where storage is blocked. */
export function webLocks(): LockManager | undefined {
  return 'locks' in navigator ? navigator.locks : undefined;
}
