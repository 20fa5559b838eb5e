/** Words of the page of sounds; fetched with it. */
import type { Locale, Text } from '../i18n';

const ru = {
  'sounds.title': 'Загруженные звуки',
  'sounds.note':
    'Приветствия и объявления для сценариев: WAV или MP3, до {mb} МБ и {seconds} секунд. Клиент услышит их как по телефону — так же, как здесь.',
  'sounds.none': 'Звуков пока нет.',
  'sounds.upload': 'Загрузить звук',
  'sounds.file': 'Файл звука',
  'sounds.listen': 'Послушать: {name}',
  'sounds.length': '{seconds} с',
  'sounds.delete': 'Удалить',
  'sounds.delete_named': 'Удалить: {name}',
  'sounds.delete_title': 'Удалить звук?',
  'sounds.delete_text': '«{name}» исчезнет. Загрузить его снова можно в любой момент.',
  'sounds.rescue': 'Когда связь с сотрудником потеряна',
  'sounds.rescue.note': 'Клиент слышит это, а потом музыку, пока разговор не вернётся.',
  'sounds.rescue_notice.hint': 'Не дольше 6 секунд. Например: «Связь прервалась, сейчас вернёмся к вам».',
  'sounds.rescue.usual': 'Как настроено на сервере',
  'sounds.rescue.own': 'Звук станции: {sound}',
} satisfies Record<string, Text>;

export type SoundsKey = keyof typeof ru;

const en: Readonly<Record<SoundsKey, Text>> = {
  'sounds.title': 'Uploaded sounds',
  'sounds.note':
    'Greetings and notices for scenarios: WAV or MP3, {mb} MB and {seconds} seconds at most. Callers hear them as on the telephone, just as they sound here.',
  'sounds.none': 'There are no sounds yet.',
  'sounds.upload': 'Upload a sound',
  'sounds.file': 'Sound file',
  'sounds.listen': 'Listen: {name}',
  'sounds.length': '{seconds} s',
  'sounds.delete': 'Delete',
  'sounds.delete_named': 'Delete: {name}',
  'sounds.delete_title': 'Delete the sound?',
  'sounds.delete_text': '"{name}" will be gone. It can be uploaded again at any time.',
  'sounds.rescue': "When an operator's connection is lost",
  'sounds.rescue.note': 'The customer hears this, then music, until somebody is back.',
  'sounds.rescue_notice.hint': '6 seconds at most. For example: "We were cut off and are on our way back to you".',
  'sounds.rescue.usual': 'As the server has it',
  'sounds.rescue.own': "The switch's sound: {sound}",
};

export const SOUNDS_TEXTS: Readonly<Record<Locale, Readonly<Record<SoundsKey, Text>>>> = { ru, en };
