import { describe, expect, it } from 'vitest';
import { CRM_TROUBLES, ERROR_CODES, REFUSAL_REASONS } from '../protocol/messages';
import { duration, localeOf, showNumber, TEXTS, unbroken, Words, type TextKey } from '.';

const keys = Object.keys(TEXTS.ru) as TextKey[];

/** The parameters a text uses, over all its plural forms. */
function parameters(text: (typeof TEXTS)['ru'][TextKey]): string[] {
  const forms = typeof text === 'string' ? [text] : Object.values(text);
  return [...new Set(forms.flatMap((form) => form.match(/\{\w+\}/g) ?? []))].sort();
}

describe('texts', () => {
  it('exist in every language under the same keys', () => {
    expect(Object.keys(TEXTS.en).sort()).toEqual([...keys].sort());
  });

  it.each(keys)('%s uses the same parameters in every language', (key) => {
    expect(parameters(TEXTS.en[key])).toEqual(parameters(TEXTS.ru[key]));
  });

  it.each(ERROR_CODES)('has a sentence for the error %s', (code) => {
    expect(keys).toContain(`error.${code}`);
  });

  it.each(REFUSAL_REASONS)('says what to do about a call refused for %s', (reason) => {
    expect(keys).toContain(`refused.${reason}`);
  });

  it.each(CRM_TROUBLES)('says why the CRM does not have a call: %s', (trouble) => {
    expect(keys).toContain(`crm_trouble.${trouble}`);
  });

  it('has every plural form its language asks for', () => {
    for (const locale of ['ru', 'en'] as const) {
      const wanted = new Intl.PluralRules(locale).resolvedOptions().pluralCategories;
      for (const key of keys) {
        const text = TEXTS[locale][key];
        if (typeof text !== 'string') expect(Object.keys(text), key).toEqual(expect.arrayContaining(wanted));
      }
    }
  });
});

describe('words', () => {
  it.each([
    [1, '1 коллега'],
    [3, '3 коллеги'],
    [5, '5 коллег'],
    [11, '11 коллег'],
    [21, '21 коллега'],
  ])('counts %i in Russian', (n, text) => {
    expect(new Words('ru').t('colleagues.count', { n })).toBe(text);
  });

  it('puts parameters in', () => {
    const text = new Words('en').t('removed.answered_elsewhere', { name: 'Ann', by: 'Bob' });
    expect(text).toBe('Ann: answered by Bob');
  });

  it('shows times of other days with their day', () => {
    const words = new Words('en');
    const now = Date.parse('2026-03-02T12:00:00');
    expect(words.when('2026-03-02T09:15:00', now)).not.toContain('Mar');
    expect(words.when('2026-02-27T09:15:00', now)).toContain('Feb 27');
  });

  it.each([
    [65.9, '1:05'],
    [3_729, '1:02:09'],
    [-3, '0:00'],
  ])('writes %d seconds', (seconds, text) => {
    expect(duration(seconds)).toBe(text);
  });

  it('groups Russian numbers and leaves others alone', () => {
    expect(showNumber('+74950000117')).toBe('+7 495 000-01-17');
    expect(showNumber('+4930123456')).toBe('+4930123456');
    expect(showNumber('101')).toBe('101');
    expect(unbroken('+74950000117')).toBe('+7\u00a0495\u00a0000\u201101\u201117');
  });

  it.each([
    ['ru-RU', 'ru'],
    ['kz', 'en'],
    ['ua', 'ru'],
    ['en', 'en'],
    [null, 'ru'],
  ])('reads %s as %s', (wish, locale) => {
    expect(localeOf(wish)).toBe(locale);
  });
});
