/**
 * Full jitter: a random wait below a doubling ceiling. After a restart thousands of tabs come back;
 * equal waits would bring them back together.
 */
const FIRST_MS = 500;
const CEILING_MS = 30_000;

export function reconnectDelayMs(attempt: number, random: () => number): number {
  const ceiling = Math.min(CEILING_MS, FIRST_MS * 2 ** Math.min(attempt, 16));
  return Math.round(random() * ceiling);
}
