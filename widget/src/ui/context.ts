import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import { Words } from '../i18n';
import type { VoiceView } from '../voice/voice';
import type { LegSound } from './PhoneLine';

/** The reader's language and where links go: the same for every component of a page. */
export interface Ambient {
  readonly words: Words;
  readonly openUrl: (url: string) => void;
  /** This employee's id; null before the first welcome. */
  readonly myId: string | null;
  /** Server's clock minus ours. */
  readonly skewMs: number;
  /** Talks whose sound is in this tab. */
  readonly legs?: VoiceView['legs'];
  /** Draws one of them; loaded with the voice. */
  readonly LegSound?: typeof LegSound | undefined;
}

export const AmbientContext = createContext<Ambient>({
  words: new Words('ru'),
  openUrl: () => undefined,
  myId: null,
  skewMs: 0,
});

export function useAmbient(): Ambient {
  return useContext(AmbientContext);
}
