import type { Text } from '../i18n';

/** Texts of the employee's own page; the settings have them, too. */
export const ownRu = {
  'trouble.unreachable':
    'Сервер не ответил. Ничего не потеряно: проверьте связь и повторите.',
  'trouble.unknown': 'Не получилось. Повторите; если не поможет, обратитесь к тому, кто ведёт сервер.',
  'trouble.again': 'Повторить',
  'form.saved': 'Сохранено',
  'device.phone': 'Софтфон или IP-телефон',
  'device.browser': 'Браузер',
  'kind.desk': 'Настольный',
  'kind.sip': 'Софтфон',
  'kind.mobile': 'Мобильный',
  'profile.title': 'Мой телефон',
  'profile.status': 'Статус',
  'profile.source': 'Кто меняет статус',
  'profile.source.me': 'Только я',
  'profile.source.day': 'Я и мой рабочий день в Битрикс24',
  'profile.source.mixed':
    'На этой неделе статус меняли и вы здесь, и рабочий день в Битрикс24. Действует последнее изменение; чтобы не удивляться, выберите одно место.',
  'profile.source.day.hint': 'Начали день — доступны, пауза — перерыв, закончили — не работаете.',
  'profile.device': 'Управлять звонками через',
  'profile.device.phone.hint': 'Звонки приходят на телефоны ниже; карточка звонка — в CRM.',
  'profile.device.browser.hint': 'Говорите прямо в браузере, с гарнитурой.',
  'profile.numbers': 'Мои телефоны, по порядку вызова',
  'profile.no_numbers': 'Телефонов нет. Попросите администратора назначить вам номер.',
  'profile.extension': 'Внутренний номер {extension}',
  'profile.ask': 'Номера и роль меняет администратор.',
} as const satisfies Record<string, Text>;

export type OwnKey = keyof typeof ownRu;
