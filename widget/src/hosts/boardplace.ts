/** Where the board is, seen from the settings in the same frame, and back. */

const AMOCRM = { settings: '/amocrm/settings', board: '/amocrm/board' } as const;
/** What a page of ours in a portal says to be, once its form is gone (`backend/api/pages.py`). */
const PLACEMENT = 'PLACEMENT';

export function boardPlace(settings: string): string {
  const place = new URL(settings);
  if (place.pathname === AMOCRM.settings) place.pathname = AMOCRM.board;
  else place.searchParams.set(PLACEMENT, 'BOARD');
  return place.href;
}

export function settingsPlace(board: string): string {
  const place = new URL(board);
  if (place.pathname === AMOCRM.board) place.pathname = AMOCRM.settings;
  else place.searchParams.set(PLACEMENT, 'DEFAULT');
  return place.href;
}
