import type { Text } from '../i18n';
import type { OwnKey } from './own_ru';

export const ownEn: Readonly<Record<OwnKey, Text>> = {
  'trouble.unreachable': 'The server did not answer. Nothing is lost: check the network and try again.',
  'trouble.unknown': 'That did not work. Try again, or ask whoever runs the server.',
  'trouble.again': 'Try again',
  'form.saved': 'Saved',
  'device.phone': 'Softphone or IP phone',
  'device.browser': 'Browser',
  'kind.desk': 'Desk phone',
  'kind.sip': 'Softphone',
  'kind.mobile': 'Mobile',
  'profile.title': 'My phone',
  'profile.status': 'Status',
  'profile.source': 'Who changes the status',
  'profile.source.me': 'Only me',
  'profile.source.day': 'I and my working day in Bitrix24',
  'profile.source.mixed':
    'This week both you here and the working day in Bitrix24 changed your status. The last change counts; choose one place to avoid surprises.',
  'profile.source.day.hint': 'Day begun: available. Paused: a break. Ended: off work.',
  'profile.device': 'Take calls with',
  'profile.device.phone.hint': 'Calls come to the phones below; the call card is in the CRM.',
  'profile.device.browser.hint': 'Talk in the browser, with a headset.',
  'profile.numbers': 'My phones, in the order they ring',
  'profile.no_numbers': 'No phones. Ask your administrator to give you a number.',
  'profile.extension': 'Extension {extension}',
  'profile.ask': 'An administrator changes numbers and role.',
};
