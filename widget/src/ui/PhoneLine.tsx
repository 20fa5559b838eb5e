/** The phone in the browser: ready, or what is missing and the button that mends it. */
import type { JSX } from 'preact';
import { useMemo } from 'preact/hooks';
import { Phrases } from '../i18n';
import type { View } from '../phone';
import { phoneState } from '../state/selectors';
import type { Store } from '../state/store';
import type { DeviceChoice, DeviceMenu, DeviceUse } from '../voice/devices';
import { talksOverNetworks } from '../voice/microphone';
import type { Verdict } from '../voice/quality';
import { phoneLook, type Mend } from '../voice/readiness';
import { VOICE_TEXTS, type VoiceTextKey } from '../voice/texts';
import type { Voice, VoiceView } from '../voice/voice';
import { Button } from './Button';
import { useAmbient } from './context';
import { useStore } from './hooks';
import { Banner } from './Notices';
import { lacksText } from './words';

/** What is drawn of the voice: loaded with it. */
export interface VoiceParts {
  readonly controls: VoiceControls;
  readonly Line: typeof PhoneLine;
  readonly Sound: typeof LegSound;
}

export interface VoiceControls {
  readonly voice: Pick<Voice, 'allowMicrophone' | 'take'> & { readonly view: Store<VoiceView> };
  readonly devices: Pick<DeviceMenu, 'view' | 'choose' | 'setRingVolume'>;
}

type Said = Phrases<VoiceTextKey>;

interface Props {
  readonly view: View;
  readonly controls: VoiceControls;
  readonly tabId: string;
  /** The page lives only as long as a page of the CRM. */
  readonly passing: boolean;
  readonly openWindow: (() => void) | null;
  readonly unlock: () => void;
  /** This page is the phone's own window. */
  readonly isWindow: boolean;
}

export function PhoneLine(props: Props): JSX.Element | null {
  const { view, controls, tabId, passing, openWindow, unlock, isWindow } = props;
  const { words } = useAmbient();
  const said = useSaid();
  const voice = useStore(controls.voice.view);
  if (!voice.on) return null;
  const box = <DevicesBox devices={controls.devices} said={said} alone={voice.alone} />;
  if (view.connection.phase !== 'online') {
    // Nothing is known of the phone, but a talk may go on, and its headset be changed.
    return (
      <section class="phone-line" aria-label={said.t('phone.label')}>
        {box}
      </section>
    );
  }
  const told = phoneState(view.state);
  const look = phoneLook({
    told,
    tabId,
    microphone: voice.looked ? voice.microphone : null,
    noLine: voice.noLine,
    secure: window.isSecureContext,
    talks: talksOverNetworks(),
    hasWindow: openWindow !== null,
    passing,
  });
  const act: Record<Mend, () => void> = {
    allow: () => void controls.voice.allowMicrophone(),
    sound: unlock,
    take: () => void controls.voice.take(),
    window: () => openWindow?.(),
  };
  const text = said.t(look.text, { why: lacksText(told?.missing ?? [], words) });
  const [first, ...rest] = look.mends;
  const button = (mend: Mend): string => said.t(`phone.do.${mend}`);
  return (
    <section class="phone-line" aria-label={said.t('phone.label')}>
      {isWindow && <p class="window-note">{said.t('phone.window_note')}</p>}
      {look.tone === 'missing' ? (
        <Banner
          kind="warning"
          icon="phone"
          {...(first ? { action: button(first), onAction: act[first] } : {})}
        >
          {text}
        </Banner>
      ) : (
        <div class={`phone-state phone-${look.tone}`}>
          <p role="status">
            <span class="dot" aria-hidden="true" />
            {text}
          </p>
          {first && <Button kind="quiet" onPress={act[first]}>{button(first)}</Button>}
        </div>
      )}
      {rest.map((mend) => (
        <Button key={mend} onPress={act[mend]}>
          {button(mend)}
        </Button>
      ))}
      {box}
    </section>
  );
}

function useSaid(): Said {
  const { words } = useAmbient();
  return useMemo(() => new Phrases(words.locale, VOICE_TEXTS), [words.locale]);
}

const USES: readonly DeviceUse[] = ['microphone', 'speaker', 'ringer'];

interface DevicesProps {
  readonly devices: VoiceControls['devices'];
  readonly said: Said;
  /** Tabs of this browser cannot agree with each other. */
  readonly alone: boolean;
}

function DevicesBox({ devices, said, alone }: DevicesProps): JSX.Element {
  const { inputs, outputs, chosen, ringVolume, canChooseOutput, lasts } = useStore(devices.view);
  const box = (
    <details class="devices">
      <summary>{said.t('devices.title')}</summary>
      {USES.map((use) =>
        use === 'microphone' || canChooseOutput ? (
          <DeviceSelect
            key={use}
            name={said.t(`devices.${use}`)}
            choices={use === 'microphone' ? inputs : outputs}
            chosen={chosen[use]}
            said={said}
            onChoose={(id) => devices.choose(use, id)}
          />
        ) : null,
      )}
      <label class="device">
        <span>{said.t('devices.volume')}</span>
        <input
          type="range"
          min="0"
          max="100"
          step="5"
          value={Math.round(ringVolume * 100)}
          onInput={(event) => devices.setRingVolume(Number(event.currentTarget.value) / 100)}
        />
      </label>
      {alone && <p class="muted">{said.t('devices.alone')}</p>}
    </details>
  );
  return (
    <>
      {!lasts && <p class="muted storage-note">{said.t('devices.forgotten')}</p>}
      {box}
    </>
  );
}

function DeviceSelect(props: {
  name: string;
  choices: readonly DeviceChoice[];
  chosen: string | null;
  said: Said;
  onChoose: (id: string | null) => void;
}): JSX.Element {
  const { name, choices, chosen, said, onChoose } = props;
  return (
    <label class="device">
      <span>{name}</span>
      <select
        value={chosen ?? ''}
        onChange={(event) => onChoose(event.currentTarget.value || null)}
      >
        <option value="">{said.t('devices.system')}</option>
        {chosen !== null && !choices.some(({ id }) => id === chosen) && (
          <option value={chosen}>{said.t('devices.unplugged')}</option>
        )}
        {choices.map(({ id, label }, place) => (
          <option key={id} value={id}>
            {label || said.t('devices.unnamed', { n: place + 1 })}
          </option>
        ))}
      </select>
    </label>
  );
}

function verdictText({ fault, side }: Verdict, said: Said): string {
  if (!fault) return said.t('quality.good');
  const what = said.t(`quality.${fault}`);
  // A silent microphone names its own cure.
  return side && fault !== 'microphone_silent' ? `${what}: ${said.t(`quality.side_${side}`)}` : what;
}

/** How a talk in this tab sounds, and whose side is at fault when it does not. */
export function LegSound({ callId }: { callId: string }): JSX.Element | null {
  const { legs } = useAmbient();
  const said = useSaid();
  const leg = legs?.[callId];
  if (!leg) return null;
  const { verdict, speaksMuted } = leg;
  return (
    <div class="leg-sound">
      <p class={`quality quality-${verdict.bars}`} role="status">
        {verdictText(verdict, said)}
      </p>
      {speaksMuted && (
        <p class="speaks-muted" role="alert">
          {said.t('voice.speaks_muted')}
        </p>
      )}
    </div>
  );
}
