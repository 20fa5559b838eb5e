/** Texts by code, with numbers, times and plurals of the reader's language. */
import { en } from './en';
import { ru, type Text, type TextKey } from './ru';

export type { Text, TextKey } from './ru';
export type Locale = 'ru' | 'en';
export type Params = Readonly<Record<string, string | number>>;

export const TEXTS: Readonly<Record<Locale, Readonly<Record<TextKey, Text>>>> = { ru, en };

/** Russian for the neighbours who read it and for nobody's wish; English for the rest. */
export function localeOf(wish: string | null | undefined): Locale {
  const language = (wish ?? 'ru').toLowerCase().split(/[-_]/)[0] ?? 'ru';
  return ['ru', 'be', 'kk', 'uk', 'ua', ''].includes(language) ? 'ru' : 'en';
}

/** One page's texts in the reader's language. */
export class Phrases<Key extends string> {
  readonly #plurals: Intl.PluralRules;
  readonly #time: Intl.DateTimeFormat;
  readonly #date: Intl.DateTimeFormat;

  constructor(
    readonly locale: Locale,
    private readonly texts: Readonly<Record<Locale, Readonly<Record<Key, Text>>>>,
  ) {
    this.#plurals = new Intl.PluralRules(locale);
    this.#time = new Intl.DateTimeFormat(locale, { hour: '2-digit', minute: '2-digit' });
    this.#date = new Intl.DateTimeFormat(locale, { day: 'numeric', month: 'short' });
  }

  t(key: Key, params: Params = {}): string {
    const text = this.texts[this.locale][key];
    return this.#form(text, params).replace(/\{(\w+)\}/g, (_, name: string) =>
      String(params[name] ?? ''),
    );
  }

  /** Time today, day and time otherwise. */
  when(iso: string, now: number): string {
    const at = new Date(iso);
    const time = this.#time.format(at);
    const sameDay = at.toDateString() === new Date(now).toDateString();
    return sameDay ? time : `${this.#date.format(at)}, ${time}`;
  }

  #form(text: Text, params: Params): string {
    if (typeof text === 'string') return text;
    return text[this.#plurals.select(Number(params['n'] ?? 0))] ?? text.other;
  }
}

/** The phone's own texts. */
export class Words extends Phrases<TextKey> {
  constructor(locale: Locale) {
    super(locale, TEXTS);
  }
}

/** `1:05`, `1:02:09`. */
export function duration(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const two = (n: number): string => String(n).padStart(2, '0');
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor(whole / 60) % 60;
  return hours ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
}

/** `+7 495 000-01-17` for Russian numbers; other digits stay as they came. */
export function showNumber(number: string): string {
  const parts = /^\+7(\d{3})(\d{3})(\d{2})(\d{2})$/.exec(number);
  return parts ? `+7 ${parts[1]} ${parts[2]}-${parts[3]}-${parts[4]}` : number;
}

/** The same, for the middle of a sentence: a line never ends inside the number. */
export function unbroken(number: string): string {
  return showNumber(number).replaceAll(' ', '\u00a0').replaceAll('-', '\u2011');
}
