/** Our own line icons, 20 × 20; always beside words or an accessible name. */
import type { JSX } from 'preact';

const PATHS = {
  answer: 'M4 3h3l1.5 4L6.6 8.4a9 9 0 0 0 5 5L13 11.5l4 1.5v3a1.5 1.5 0 0 1-1.6 1.5A13.5 13.5 0 0 1 2.5 4.6 1.5 1.5 0 0 1 4 3z',
  hangup: 'M2.5 11.5c4.4-4 10.6-4 15 0l-1.9 2.6-3.3-1.2v-2.2a9 9 0 0 0-4.6 0v2.2l-3.3 1.2z',
  hold: 'M7 4.5v11M13 4.5v11',
  play: 'M6.5 4.5v11l8.5-5.5z',
  close: 'M5 5l10 10M15 5L5 15',
  down: 'M5 8l5 5 5-5',
  up: 'M5 12l5-5 5 5',
  search: 'M9 3.5a5.5 5.5 0 1 0 0 11 5.5 5.5 0 0 0 0-11zM13 13l4 4',
  inbound: 'M15 5L6 14M6 7v7h7',
  outbound: 'M5 15l9-9M7 6h7v7',
  missed: 'M4 6l6 6 6-6M4 6v5M4 6h5',
  internal: 'M3 10h14M6 6.5L2.8 10 6 13.5M14 6.5l3.2 3.5-3.2 3.5',
  open: 'M8 4.5H4.5v11h11V12M11.5 3.5h5v5M16 4l-7 7',
  plus: 'M10 4v12M4 10h12',
  retry: 'M15.5 7A6.5 6.5 0 1 0 16.5 11M16 3v4.5h-4.5',
  bell: 'M5 14V9a5 5 0 0 1 10 0v5l1.5 1.5h-13zM8.5 17.5h3',
  mic: 'M10 2.5a2.5 2.5 0 0 0-2.5 2.5v4a2.5 2.5 0 0 0 5 0V5A2.5 2.5 0 0 0 10 2.5zM5 9a5 5 0 0 0 10 0M10 14v3.5',
  mic_off: 'M12.5 9V5a2.5 2.5 0 0 0-5 0v4M5 9a5 5 0 0 0 10 0M10 14v3.5M3 3l14 14',
  keypad: 'M5 4h.01M10 4h.01M15 4h.01M5 9h.01M10 9h.01M15 9h.01M5 14h.01M10 14h.01M15 14h.01',
  transfer: 'M3 6h12M12 3l3 3-3 3M17 14H5M8 11l-3 3 3 3',
  phone: 'M6.5 2.5h7a1 1 0 0 1 1 1v13a1 1 0 0 1-1 1h-7a1 1 0 0 1-1-1v-13a1 1 0 0 1 1-1zM9 15h2',
} as const;

export type IconName = keyof typeof PATHS;

const FILLED: ReadonlySet<IconName> = new Set(['answer', 'hangup', 'play']);

export function Icon({ name }: { name: IconName }): JSX.Element {
  return (
    <svg
      class={`icon${FILLED.has(name) ? ' icon-filled' : ''}`}
      viewBox="0 0 20 20"
      width="20"
      height="20"
      aria-hidden="true"
      focusable="false"
    >
      <path d={PATHS[name]} />
    </svg>
  );
}
