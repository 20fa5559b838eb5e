import type { Text } from '../../i18n';

/** What is said of a talk under way: apart from the other texts, loaded with the first call. */
export const ru = {
  'do.mute': 'Выключить микрофон',
  'do.unmute': 'Включить микрофон',
  'do.keypad': 'Клавиши',
  'do.transfer': 'Перевести',
  'do.complete': 'Соединить',
  'do.complete_now': 'Не ждать ответа',
  'do.cancel': 'Вернуть звонок',
  'do.merge': 'Втроём',
  'do.leave': 'Выйти из разговора',
  'do.close': 'Закрыть',
  'do.shortcut': '{action} ({keys})',
  'barred': '{action}: ваша телефонная станция этого не умеет',
  'muted': 'Микрофон выключен: вас не слышат',

  'keypad.label': 'Клавиши набора',
  'keypad.hint': 'Нажимайте цифры; # — перевод на номер',
  'keypad.to': 'Перевод на номер: {number}',
  'keypad.pass': 'Перевести',

  'box.label': 'Перевод звонка',
  'box.search': 'Имя, отдел, группа или номер',
  'box.note': 'Сообщение тому, кто примет (необязательно)',
  'box.list': 'Кому перевести',
  'box.none': 'Никого не нашлось. Наберите номер целиком.',
  'box.blind': 'Перевести сразу: {name}',
  'box.attended': 'Сначала поговорить: {name}',
  'box.blind_short': 'Сразу',
  'box.attended_short': 'Поговорить',
  'box.group': 'Группа',
  'box.outside': 'Внешний номер',
  'box.free': 'Свободен',
  'box.found': {
    one: 'Найден {n}',
    few: 'Найдено {n}',
    many: 'Найдено {n}',
    other: 'Найдено {n}',
  },

  'step.ringing': 'Переводим: {name}. Абонент слушает музыку',
  'step.calling': 'Звоним: {name}. Абонент слушает музыку',
  'step.consulting': 'Вы говорите с: {name}. Абонент слушает музыку',
  'step.swapped': 'Вы говорите с абонентом, {name} ждёт',
  'step.returning': '{name}: {why}. Звонок вернулся к вам',
  'step.failed': 'Не переведён, {name}: {why}',
  'step.offered': 'Вам переводит {by}',
  'step.consulted': '{by} советуется с вами, абонент ждёт',
  'step.waiting': '{by} говорит с абонентом, подождите',
  'step.done': 'Звонок передал(а) {by}',
  'step.other': 'Вас переводят: {name}',
  'step.seeking': 'Ищем, кто ответит',
  'step.note': '«{note}»',
  'parties': 'В разговоре: {names}',
  'parties.outside': 'внешний номер {number}',
  'parties.customer': 'абонент',

  'trouble.busy': 'занят разговором',
  'trouble.no_answer': 'не ответил',
  'trouble.declined': 'отклонил звонок',
  'trouble.unreachable': 'телефон недоступен',
  'trouble.off_work': 'не принимает звонки',
  'trouble.bad_number': 'такого номера нет',
  'trouble.no_trunk': 'нет линии для внешних звонков',
  'trouble.target_left': 'положил трубку',
  'trouble.cancelled': 'перевод отменён',
  'trouble.under_way': 'перевод уже идёт',
  'trouble.engine': 'ваша телефонная станция этого не умеет',
  'trouble.failed': 'не получилось',
  'stayed.unreachable':
    'Звук остался в прежней вкладке: станция не дозвонилась до новой. Попробуйте ещё раз.',
  'stayed.not_taken':
    'Звук остался в прежней вкладке: новая не смогла его взять. Проверьте в ней микрофон.',
  'stayed.no_sound':
    'Звук остался в прежней вкладке: в новую он не дошёл. Проверьте сеть и попробуйте ещё раз.',
  'stayed.switch':
    'Звук остался в прежней вкладке: станция не соединила с новой. Попробуйте ещё раз.',
  'stayed.transfer':
    'Звук остался в прежней вкладке: звонок переводится. Перенесите его после перевода.',
  'refused': 'Перевести не удалось: {why}. Разговор продолжается.',
  'error': 'Не получилось. Разговор продолжается, попробуйте ещё раз.',
} as const satisfies Record<string, Text>;

export type TalkKey = keyof typeof ru;
