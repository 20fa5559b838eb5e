/** Words of the way that led a caller here; fetched with it. */
import type { Locale, Text } from './index';

const ru = {
  'visit.title': 'Путь клиента',
  'visit.of_number': 'Что означает этот номер',
  'visit.source': 'Источник',
  'visit.campaign': 'Кампания',
  'visit.keyword': 'Запрос',
  'visit.content': 'Объявление',
  'visit.site': 'Сайт',
  'visit.referrer': 'Перешёл с',
  'visit.direct': 'прямой заход',
  'visit.pages': {
    one: 'Смотрел {n} страницу',
    few: 'Смотрел {n} страницы',
    many: 'Смотрел {n} страниц',
    other: 'Смотрел {n} страницы',
  },
  'visit.landing': 'первая страница',
  'visit.unlisted': {
    one: 'дальше ещё {n} страница',
    few: 'дальше ещё {n} страницы',
    many: 'дальше ещё {n} страниц',
    other: 'дальше ещё {n} страницы',
  },
  'visit.more': {
    one: 'Ещё {n} страница',
    few: 'Ещё {n} страницы',
    many: 'Ещё {n} страниц',
    other: 'Ещё {n} страницы',
  },
  'visit.visits': {
    one: '{n} посещение: первое {first}, последнее {last}',
    few: '{n} посещения: первое {first}, последнее {last}',
    many: '{n} посещений: первое {first}, последнее {last}',
    other: '{n} посещения: первое {first}, последнее {last}',
  },
} as const satisfies Readonly<Record<string, Text>>;

export type VisitKey = keyof typeof ru;

const en: Readonly<Record<VisitKey, Text>> = {
  'visit.title': 'How they came',
  'visit.of_number': 'What this number stands for',
  'visit.source': 'Source',
  'visit.campaign': 'Campaign',
  'visit.keyword': 'Keyword',
  'visit.content': 'Ad',
  'visit.site': 'Site',
  'visit.referrer': 'Came from',
  'visit.direct': 'directly',
  'visit.pages': { one: 'Saw {n} page', other: 'Saw {n} pages' },
  'visit.landing': 'landing page',
  'visit.unlisted': { one: 'then {n} more page', other: 'then {n} more pages' },
  'visit.more': { one: '{n} more page', other: '{n} more pages' },
  'visit.visits': {
    one: '{n} visit: first {first}, last {last}',
    other: '{n} visits: first {first}, last {last}',
  },
};

export const VISIT_TEXTS: Readonly<Record<Locale, Readonly<Record<VisitKey, Text>>>> = { ru, en };
