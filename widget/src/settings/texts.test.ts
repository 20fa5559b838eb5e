import { describe, expect, it } from 'vitest';
import { FIELD_TEXTS, SETTINGS_TEXTS, type SettingsKey } from './texts';

const keys = Object.keys(SETTINGS_TEXTS.ru) as SettingsKey[];

function parameters(key: SettingsKey, locale: 'ru' | 'en'): string[] {
  const text = SETTINGS_TEXTS[locale][key];
  const forms = typeof text === 'string' ? [text] : Object.values(text);
  return [...new Set(forms.flatMap((form) => form.match(/\{\w+\}/g) ?? []))].sort();
}

describe('texts of the settings', () => {
  it('exist in every language under the same keys', () => {
    expect(Object.keys(SETTINGS_TEXTS.en).sort()).toEqual([...keys].sort());
  });

  it.each(keys)('%s uses the same parameters in every language', (key) => {
    expect(parameters(key, 'en')).toEqual(parameters(key, 'ru'));
  });

  it('have every plural form their language asks for', () => {
    for (const locale of ['ru', 'en'] as const) {
      const wanted = new Intl.PluralRules(locale).resolvedOptions().pluralCategories;
      for (const key of keys) {
        const text = SETTINGS_TEXTS[locale][key];
        if (typeof text !== 'string') expect(Object.keys(text), key).toEqual(expect.arrayContaining(wanted));
      }
    }
  });

  it('name the fields of everything that is kept', () => {
    for (const key of Object.values(FIELD_TEXTS)) expect(keys).toContain(key);
  });
});
