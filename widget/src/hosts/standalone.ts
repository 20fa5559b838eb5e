/** A page of our own with nobody around it. */
import type { SessionToken } from '../protocol/messages';
import type { Boot } from './boot';
import type { Host } from './host';

const nothing = (): void => undefined;
const never = (): (() => void) => nothing;

export function standaloneHost(boot: Boot, session: SessionToken): Host {
  return {
    kind: 'standalone',
    api: boot.api,
    session,
    surroundings: { locale: boot.locale ?? navigator.language, theme: 'auto' },
    openUrl: (url) => void window.open(url, '_blank', 'noopener'),
    layout: nothing,
    calling: nothing,
    signIn: () => location.reload(),
    openPhone: null,
    whyOver: () => Promise.resolve(null),
    onSurroundings: never,
    onDial: never,
  };
}
