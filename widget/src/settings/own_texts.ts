import type { Locale, Text } from '../i18n';
import { ownEn } from './own_en';
import { ownRu, type OwnKey } from './own_ru';

export type { OwnKey } from './own_ru';

/** Apart from the settings' texts, so that an operator's page does not load them. */
export const OWN_TEXTS: Readonly<Record<Locale, Readonly<Record<OwnKey, Text>>>> = {
  ru: ownRu,
  en: ownEn,
};
