/** What is said of the phone in the browser: loaded with it. */
import type { Locale } from '../i18n';

const ru = {
  'phone.label': 'Телефон в браузере',
  'phone.ready': 'Телефон готов: звонки принимает эта вкладка',
  'phone.sound':
    'Браузер не даёт этой вкладке звучать. Нажмите кнопку, иначе звонка не будет слышно.',
  'phone.registering': 'Телефон подключается к станции…',
  'phone.no_line':
    'Станция не даёт линий для браузера, сюда звонки не придут. Скажите администратору.',
  'phone.elsewhere': 'Голос в другой вкладке или окне. Управлять звонком можно отсюда.',
  'phone.elsewhere_missing': 'Телефон в другой вкладке не готов: {why}.',
  'phone.microphone_ask': 'Разрешите микрофон, чтобы принимать звонки в браузере.',
  'phone.microphone_denied':
    'Микрофон запрещён. Разрешите его в настройках сайта (значок слева от адреса) и обновите страницу.',
  'phone.microphone_absent': 'Микрофон не найден. Подключите гарнитуру и проверьте ещё раз.',
  'phone.microphone_blocked':
    'Страница вокруг или правила браузера не дают микрофон. Откройте её в другом браузере или скажите администратору.',
  'phone.no_webrtc':
    'Этот браузер не умеет говорить по сети (нет WebRTC), сюда звонки не придут. Откройте CRM в другом браузере или выберите телефон.',
  'phone.microphone_insecure':
    'Браузер даёт микрофон только страницам по https. Попросите администратора открыть Dozvon по https.',
  'phone.microphone_blocked_window':
    'CRM не даёт этой странице микрофон. Откройте телефон в отдельном окне.',
  'phone.do.allow': 'Разрешить микрофон',
  'phone.do.sound': 'Включить звук',
  'phone.do.window': 'Открыть окно телефона',
  'phone.do.take': 'Перенести звук сюда',
  'phone.window_note':
    'Это окно — ваш телефон. Не закрывайте его, пока работаете: страницы CRM могут меняться, разговор останется.',
  'devices.title': 'Микрофон и звук',
  'devices.microphone': 'Микрофон',
  'devices.speaker': 'Голос собеседника',
  'devices.ringer': 'Звонок',
  'devices.volume': 'Громкость звонка',
  'devices.system': 'Как в системе',
  'devices.unnamed': 'Устройство {n}',
  'devices.unplugged': 'Выбранное (отключено)',
  'devices.forgotten':
    'Браузер запрещает хранить данные на этой странице: выбор действует, пока она открыта. Чтобы он сохранялся, разрешите сторонние данные для Dozvon или откройте окно телефона.',
  'devices.alone':
    'Браузер не даёт вкладкам договориться между собой, поэтому вкладку для звонков выбирает только сервер.',
  'voice.speaks_muted': 'Вас не слышно: микрофон выключен',
  'quality.good': 'Связь хорошая',
  'quality.microphone_silent': 'Микрофон молчит: проверьте гарнитуру',
  'quality.nothing_received': 'Звук собеседника не доходит',
  'quality.uplink_loss': 'Вас слышно с пропусками',
  'quality.downlink_loss': 'Голос собеседника приходит с пропусками',
  'quality.jitter': 'Голос собеседника приходит неровно',
  'quality.delay': 'Голос идёт с задержкой',
  'quality.side_here': 'проверьте свой интернет',
  'quality.side_network': 'дело в сети между вами и собеседником',
  'quality.side_there': 'дело на стороне собеседника',
} as const;

export type VoiceTextKey = keyof typeof ru;

const en: Record<VoiceTextKey, string> = {
  'phone.label': 'Phone in the browser',
  'phone.ready': 'Phone ready: this tab takes the calls',
  'phone.sound':
    'The browser keeps this tab silent. Press the button, or you will not hear it ring.',
  'phone.registering': 'The phone is connecting to the switch…',
  'phone.no_line':
    'The switch gives no lines to browsers, so no calls come here. Tell your administrator.',
  'phone.elsewhere': 'The voice is in another tab or window. You can control the call from here.',
  'phone.elsewhere_missing': 'The phone in the other tab is not ready: {why}.',
  'phone.microphone_ask': 'Allow the microphone to take calls in the browser.',
  'phone.microphone_denied':
    'The microphone is forbidden. Allow it in the site settings (the icon left of the address) and reload the page.',
  'phone.microphone_absent': 'No microphone was found. Plug in a headset and check again.',
  'phone.microphone_blocked':
    'The page around, or a rule of the browser, gives no microphone. Open it in another browser or tell your administrator.',
  'phone.no_webrtc':
    'This browser cannot talk over the network (no WebRTC), no calls come here. Open the CRM in another browser, or choose a telephone.',
  'phone.microphone_insecure':
    'Browsers give the microphone to https pages only. Ask your administrator to serve Dozvon over https.',
  'phone.microphone_blocked_window':
    'The CRM gives this page no microphone. Open the phone in a window of its own.',
  'phone.do.allow': 'Allow the microphone',
  'phone.do.sound': 'Turn sound on',
  'phone.do.window': 'Open the phone window',
  'phone.do.take': 'Bring the audio here',
  'phone.window_note':
    'This window is your phone. Keep it open while you work: pages of the CRM may change, the talk stays.',
  'devices.title': 'Microphone and sound',
  'devices.microphone': 'Microphone',
  'devices.speaker': 'Their voice',
  'devices.ringer': 'Ring tone',
  'devices.volume': 'Ring volume',
  'devices.system': 'As the system has it',
  'devices.unnamed': 'Device {n}',
  'devices.unplugged': 'The chosen one (unplugged)',
  'devices.forgotten':
    'The browser forbids this page to keep data: your choice lasts while it is open. To keep it, allow third-party data for Dozvon or open the phone window.',
  'devices.alone':
    'The browser keeps these tabs from agreeing with each other, so the server alone chooses the one for calls.',
  'voice.speaks_muted': 'They cannot hear you: the microphone is muted',
  'quality.good': 'Good connection',
  'quality.microphone_silent': 'The microphone is silent: check the headset',
  'quality.nothing_received': 'Their sound does not arrive',
  'quality.uplink_loss': 'They hear you with gaps',
  'quality.downlink_loss': 'Their voice comes with gaps',
  'quality.jitter': 'Their voice comes unevenly',
  'quality.delay': 'The voice is delayed',
  'quality.side_here': 'check your internet',
  'quality.side_network': 'the network between you is at fault',
  'quality.side_there': 'the fault is on their side',
};

export const VOICE_TEXTS: Readonly<Record<Locale, Readonly<Record<VoiceTextKey, string>>>> = { ru, en };
