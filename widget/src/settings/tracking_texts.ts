/** Words of call tracking's page; fetched with it. */
import type { Locale, Text } from '../i18n';

const ru = {
  'tracking.note':
    'Каждому посетителю сайт показывает свой номер, и карточка звонка говорит, откуда он пришёл и что смотрел.',
  'tracking.visits.hint': 'Без этого карточка показывает только номер и сценарий.',
  'tracking.no_pool':
    'Подменять нечем: в пуле нет номеров. Отметьте их в разделе «Виртуальные номера».',
  'tracking.pool': 'В пуле: {numbers}',
  'tracking.origins.hint':
    'По одному в строке, как их называет браузер: https://example.ru. Остальным номер не покажем.',
  'tracking.shown_min.hint': 'После последней открытой страницы, от 5 до 1440 минут.',
  'tracking.keep_days': 'Хранить данные о посетителях',
  'tracking.keep_days.hint': 'От 1 до 400 дней; старше — стираются, и из истории звонков тоже.',
  'tracking.keys': 'Ключи',
  'tracking.keys.note':
    'Ключ сайта стоит на его страницах. Серверным ключом о посещениях рассказывает ваш сервер.',
  'tracking.no_keys': 'Ключей пока нет.',
  'tracking.kind.site': 'Сайт',
  'tracking.kind.server': 'Сервер',
  'tracking.issue.site': 'Ключ для сайта',
  'tracking.issue.server': 'Ключ для сервера',
  'tracking.fresh': 'Сохраните серверный ключ сейчас, потом его не увидеть:',
  'tracking.withdraw': 'Отозвать',
  'tracking.withdraw_named': 'Отозвать: {name}',
  'tracking.withdraw_title': 'Отозвать ключ?',
  'tracking.withdraw_text.site': 'Страницы с этим ключом перестанут подменять номер.',
  'tracking.withdraw_text.server': 'Сервер с этим ключом больше не расскажет о посещениях.',
} as const satisfies Readonly<Record<string, Text>>;

export type TrackingKey = keyof typeof ru;

const en: Readonly<Record<TrackingKey, Text>> = {
  'tracking.note':
    'A site shows each visitor a number of their own, and the card of their call says where they came from and what they saw.',
  'tracking.visits.hint': 'Without it a card has the number and the scenario only.',
  'tracking.no_pool': 'There is nothing to show: no number is in the pool. Mark some in Virtual numbers.',
  'tracking.pool': 'In the pool: {numbers}',
  'tracking.origins.hint':
    'One a line, as a browser names them: https://example.org. Others are shown no number.',
  'tracking.shown_min.hint': 'After the last page they opened, 5 to 1440 minutes.',
  'tracking.keep_days': 'Keep what is known of visitors',
  'tracking.keep_days.hint': '1 to 400 days; older is erased, from the history of calls, too.',
  'tracking.keys': 'Keys',
  'tracking.keys.note':
    "A site's key stands on its pages. With a server's key your own server tells of visits.",
  'tracking.no_keys': 'There are no keys yet.',
  'tracking.kind.site': 'Site',
  'tracking.kind.server': 'Server',
  'tracking.issue.site': 'Key for a site',
  'tracking.issue.server': 'Key for a server',
  'tracking.fresh': "Keep the server's key now, it is not shown again:",
  'tracking.withdraw': 'Withdraw',
  'tracking.withdraw_named': 'Withdraw: {name}',
  'tracking.withdraw_title': 'Withdraw the key?',
  'tracking.withdraw_text.site': 'Pages with this key stop showing numbers of the pool.',
  'tracking.withdraw_text.server': 'The server with this key can tell of visits no more.',
};

export const TRACKING_TEXTS: Readonly<Record<Locale, Readonly<Record<TrackingKey, Text>>>> = { ru, en };
