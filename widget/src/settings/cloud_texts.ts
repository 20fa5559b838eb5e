/** Words of the cloud's page; fetched with it. */
import type { Locale, Text } from '../i18n';

const ru = {
  'cloud.title': 'Своя облачная телефония',
  'cloud.note':
    'Звонки идут через облако UIS или CoMagic, карточки, статусы и история — здесь. Понадобится бессрочный ключ с правами на Call API и Data API.',
  'cloud.server': 'Облако этого аккаунта ведёт администратор сервера: ключ и адрес меняет он.',
  'cloud.address': 'Адрес Call API',
  'cloud.address.none': 'Выберите…',
  'cloud.key': 'Ключ',
  'cloud.key.kept': 'Ключ сохранён, показать его нельзя. Впишите другой, чтобы заменить.',
  'cloud.key.hint': 'Из личного кабинета облака, показывается там один раз.',
  'cloud.hold': 'Что слышит тот, кто ждёт на удержании',
  'cloud.hold.hint': 'tts:текст или media:номер файла в облаке. Пусто — как на всём сервере.',
  'cloud.recording': 'Кто ведёт запись разговоров',
  'cloud.recording.cloud': 'Облако по своим правилам',
  'cloud.recording.cloud.hint': 'Паузы записи нет.',
  'cloud.recording.dozvon': 'Dozvon своими командами',
  'cloud.recording.dozvon.hint':
    'Есть пауза записи. В карточках сотрудников облака запись должна быть выключена.',
  'cloud.used': 'Звонки аккаунта идут через это облако.',
  'cloud.unused':
    'Подключение есть, но звонки идут не через него: линию и номера на него переводит администратор сервера.',
  'cloud.door': 'Адреса для личного кабинета облака',
  'cloud.door.note': 'В них секрет: не показывайте их посторонним.',
  'cloud.events': 'Уведомления',
  'cloud.route': 'Интерактивная обработка',
  'cloud.look': 'Проверка',
  'cloud.look.note': 'Спросит облако и ничего не изменит.',
  'cloud.check': 'Проверить',
  'cloud.weight.ok': 'Хорошо',
  'cloud.weight.warn': 'Обратите внимание',
  'cloud.weight.fail': 'Исправьте',
  'cloud.phones': 'Линии сотрудников в облаке',
  'cloud.numbers': 'Виртуальные номера облака',
  'cloud.off': 'выключена',
  'cloud.away': 'телефон не подключён',
} as const satisfies Readonly<Record<string, Text>>;

export type CloudKey = keyof typeof ru;

const en: Readonly<Record<CloudKey, Text>> = {
  'cloud.title': 'Cloud telephony of your own',
  'cloud.note':
    'Calls go through the UIS or CoMagic cloud; cards, statuses and history are here. It takes a permanent key with the rights for Call API and Data API.',
  'cloud.server': 'Whoever runs the server looks after this account’s cloud: key and address are theirs to change.',
  'cloud.address': 'Address of Call API',
  'cloud.address.none': 'Choose…',
  'cloud.key': 'Key',
  'cloud.key.kept': 'A key is kept and cannot be shown. Write another one to replace it.',
  'cloud.key.hint': 'From the cloud’s console, which shows it once.',
  'cloud.hold': 'What whoever is on hold hears',
  'cloud.hold.hint': 'tts:text or media:id of a file over there. Empty: as on the whole server.',
  'cloud.recording': 'Who records talks',
  'cloud.recording.cloud': 'The cloud, by its rules',
  'cloud.recording.cloud.hint': 'A recording cannot be paused.',
  'cloud.recording.dozvon': 'Dozvon, by its commands',
  'cloud.recording.dozvon.hint':
    'A recording can be paused. In the cards of the cloud’s employees recording must be off.',
  'cloud.used': 'The account’s calls come over this cloud.',
  'cloud.unused':
    'It is connected, but calls do not come over it: whoever runs the server moves line and numbers there.',
  'cloud.door': 'Addresses for the cloud’s console',
  'cloud.door.note': 'They have a secret in them: keep them to yourselves.',
  'cloud.events': 'Notifications',
  'cloud.route': 'Interactive processing',
  'cloud.look': 'Check',
  'cloud.look.note': 'It asks the cloud and changes nothing.',
  'cloud.check': 'Check now',
  'cloud.weight.ok': 'Good',
  'cloud.weight.warn': 'Mind this',
  'cloud.weight.fail': 'Correct this',
  'cloud.phones': 'Lines of the cloud’s employees',
  'cloud.numbers': 'The cloud’s virtual numbers',
  'cloud.off': 'off',
  'cloud.away': 'no telephone there',
};

export const CLOUD_TEXTS: Readonly<Record<Locale, Readonly<Record<CloudKey, Text>>>> = { ru, en };
