/** Days that differ from the week, a line each; pure. */
import { hoursOf, type Days } from '../steps';

export function daysOf(text: string): Record<string, string[]> {
  const found: Record<string, string[]> = {};
  for (const line of text.split('\n')) {
    const [day, ...hours] = line.trim().split(/\s+/);
    if (day) found[day] = hoursOf(hours.join(' '));
  }
  return found;
}

export function linesOf(days: Days): string {
  return Object.entries(days)
    .map(([day, hours]) => [day, hours.join(', ')].filter(Boolean).join(' '))
    .join('\n');
}
