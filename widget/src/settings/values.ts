/** Fields and values in words, for the log and for what somebody else changed. */
import { showNumber, type Phrases } from '../i18n';
import type { ConnectionAnswer } from './api';
import type { Book } from './book';
import type { SettingsKey } from './texts';
import { FIELD_TEXTS } from './texts';

/** `subject` as the log names it: fields of different things may have one name. */
export function fieldName(field: string, words: Phrases<SettingsKey>, subject = ''): string {
  const key = FIELD_TEXTS[`${subject.split(':')[0] ?? ''}.${field}`] ?? FIELD_TEXTS[field];
  return key ? words.t(key) : field;
}

/** Short: of a list its names, of what has no name nothing more than that it is there. */
export function shown(value: unknown, words: Phrases<SettingsKey>, book: Book): string {
  if (value === null || value === undefined || value === '') return words.t('value.none');
  if (typeof value === 'boolean') return words.t(value ? 'yes' : 'no');
  if (typeof value === 'number') return String(value);
  if (typeof value === 'string') return named(value);
  if (Array.isArray(value)) {
    if (value.length === 0) return words.t('value.none');
    return value.map((one: unknown) => shown(one, words, book)).join(', ');
  }
  const fields = value as Readonly<Record<string, unknown>>;
  const label = fields['label'] ?? fields['name'];
  if (typeof label === 'string' && label) return label;
  if (typeof fields['endpoint'] === 'string') return fields['endpoint'];
  if ('manager' in fields) return words.t('step.manager');
  return [fields['group'], fields['employees']]
    .filter((part) => part !== undefined && part !== null)
    .map((part) => shown(part, words, book))
    .join(', ');

  function named(text: string): string {
    const page = book.page.get();
    const known =
      page.employees.find((item) => item.value.id === text) ??
      page.groups.find((item) => item.value.id === text) ??
      page.scenarios.find((item) => item.value.id === text);
    if (known) return known.value.name;
    if (text === 'operator' || text === 'supervisor' || text === 'administrator') {
      return words.t(`role.${text}`);
    }
    if (text === 'no_answer' || text === 'busy') return words.t(`final.${text}`);
    if (text === 'in_order' || text === 'all') return words.t(`devices.${text}`);
    return showNumber(text);
  }
}

/** A user's own page in the CRM, where it has one we know the address of. */
export function usersPage(connection: ConnectionAnswer | null, id: string): string | null {
  if (connection?.crm !== 'bitrix24' || !connection.address) return null;
  return `${new URL(connection.address).origin}/company/personal/user/${encodeURIComponent(id)}/`;
}
