/** Where the voice of a panel lives: in its own frame, or in the page around. */
import { systemClock } from '../protocol/clock';
import type { Phone } from '../phone';
import { isRefused, speakOutside, type Outside } from './outside';
import { startVoice, type Started, type StartOptions } from './start';

export interface BeginOptions extends StartOptions {
  readonly phone: Phone;
  /** Lets the page around speak for this frame; undefined where there is none to be asked. */
  readonly open: (() => MessagePort) | undefined;
  /** The panel was closed while this took its time. */
  readonly isOver: () => boolean;
  /** The voice to show and to order; another one where the page turned out to have none. */
  readonly began: (voice: Started | Outside) => void;
}

export async function begin(options: BeginOptions): Promise<void> {
  const { open, isOver, began } = options;
  const inFrame = (): void => {
    if (!isOver()) began(startVoice(options));
  };
  const outside =
    open && (await isRefused())
      ? await speakOutside({ siblings: SILENT, ...options, clock: systemClock, open, lost: inFrame })
      : null;
  if (!outside) inFrame();
  else if (isOver()) outside.voice.stop();
  else began(outside);
}

const SILENT = { quiet: (): void => undefined, called: (): void => undefined };
