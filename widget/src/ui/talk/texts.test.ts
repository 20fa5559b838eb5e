import { describe, expect, it } from 'vitest';
import { TALK_TEXTS, TalkWords, type TalkKey } from './words';

const keys = Object.keys(TALK_TEXTS.ru) as TalkKey[];

function parameters(text: (typeof TALK_TEXTS)['ru'][TalkKey]): string[] {
  const forms = typeof text === 'string' ? [text] : Object.values(text);
  return [...new Set(forms.flatMap((form) => form.match(/\{\w+\}/g) ?? []))].sort();
}

describe('texts of a talk', () => {
  it('exist in both languages with the same parameters', () => {
    expect(Object.keys(TALK_TEXTS.en).sort()).toEqual([...keys].sort());
    for (const key of keys) {
      expect(parameters(TALK_TEXTS.en[key]), key).toEqual(parameters(TALK_TEXTS.ru[key]));
    }
  });

  it('have a sentence for a reason only a later server knows', () => {
    expect(new TalkWords('en').why('struck_by_lightning')).toBe('it did not work');
    expect(new TalkWords('ru').why('busy')).toBe('занят разговором');
  });
});
