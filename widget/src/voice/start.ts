/** Puts the voice of a page together. Loaded only where somebody talks in the browser. */
import type { Ringer } from '../media/ringer';
import type { Phone } from '../phone';
import { systemClock } from '../protocol/clock';
import type { SiblingsHeard } from '../tabs/agreement';
import { webLocks } from '../tabs/leader';
import { openChannel } from '../tabs/siblings';
import { DeviceMenu, keptLocally, outputsCanBeChosen, playOn } from './devices';
import { Microphone, thisPage } from './microphone';
import type { Playing } from './talks';
import { Voice } from './voice';

export interface Started {
  readonly voice: Voice;
  readonly devices: DeviceMenu;
}

export interface StartOptions {
  readonly phone: Pick<Phone, 'view' | 'askFor' | 'fail' | 'answerHere' | 'muteHere'>;
  readonly tabId: string;
  readonly ringer: Ringer;
  readonly canAsk: boolean;
  readonly siblings?: SiblingsHeard;
}

const UNHEARD: SiblingsHeard = { quiet: () => undefined, called: () => undefined };

export function startVoice(options: StartOptions): Started {
  const { phone, tabId, ringer, canAsk, siblings = UNHEARD } = options;
  const page = thisPage();
  const media = (navigator as { mediaDevices?: MediaDevices }).mediaDevices;
  const devices = new DeviceMenu(media, keptLocally('dozvon.'), outputsCanBeChosen());
  const voice = new Voice({
    phone,
    clock: systemClock,
    tabId,
    microphone: new Microphone(
      page,
      () => devices.current('microphone'),
      () => ringer.unlock(),
    ),
    devices,
    sound: ringer.unlocked,
    unlock: () => ringer.unlock(),
    loadLine: async () => (await import('./sipline')).openSipLine,
    context: () => ringer.context,
    play,
    tabs: { locks: webLocks, channel: openChannel, ...siblings },
    random: Math.random,
    canAsk,
  });
  const tune = (): void => {
    ringer.setVolume(devices.view.get().ringVolume);
    if (ringer.context) void playOn(ringer.context, devices.current('ringer'));
  };
  devices.view.watch(tune);
  tune();
  phone.answerHere = (callId) => voice.answer(callId);
  phone.muteHere = (callId, on) => voice.mute(callId, on);
  window.addEventListener('online', () => voice.networkChanged());
  window.addEventListener('pagehide', () => voice.stop());
  window.addEventListener('pageshow', ({ persisted }) => {
    if (persisted) voice.resume();
  });
  document.addEventListener('freeze', () => voice.freeze());
  document.addEventListener('resume', () => voice.resume());
  voice.start();
  return { voice, devices };
}

function play(stream: MediaStream): Playing {
  const element = new Audio();
  element.srcObject = stream;
  // While the page captures the microphone it may sound without a gesture.
  void element.play().catch(() => undefined);
  return {
    element,
    stop: () => {
      element.pause();
      element.srcObject = null;
    },
  };
}
