/** The phone in the browser: ready, or what is missing and the button that mends it. */
import type { JSX } from 'preact';
import type { TextKey, Words } from '../i18n';
import type { View } from '../phone';
import { phoneState } from '../state/selectors';
import type { Store } from '../state/store';
import type { DeviceChoice, DeviceMenu, DeviceUse } from '../voice/devices';
import { PART_TEXTS, phoneLook, type Mend } from '../voice/readiness';
import type { Voice, VoiceView } from '../voice/voice';
import { Button } from './Button';
import { useAmbient } from './context';
import { useStore } from './hooks';
import { Banner } from './Notices';

export interface VoiceControls {
  readonly voice: Pick<Voice, 'allowMicrophone' | 'take'> & { readonly view: Store<VoiceView> };
  readonly devices: DeviceMenu;
}

interface Props {
  readonly view: View;
  readonly controls: VoiceControls;
  readonly tabId: string;
  /** The page lives only as long as a page of the CRM. */
  readonly passing: boolean;
  readonly openWindow: (() => void) | null;
  readonly unlock: () => void;
}

export function PhoneLine(props: Props): JSX.Element | null {
  const { view, controls, tabId, passing, openWindow, unlock } = props;
  const { words } = useAmbient();
  const voice = useStore(controls.voice.view);
  if (!voice.on || view.connection.phase !== 'online') return null;
  const told = phoneState(view.state);
  const look = phoneLook({
    told,
    tabId,
    microphone: voice.microphone,
    hasWindow: openWindow !== null,
    passing,
  });
  const act: Record<Mend, () => void> = {
    allow: () => void controls.voice.allowMicrophone(),
    sound: unlock,
    take: () => void controls.voice.take(),
    window: () => openWindow?.(),
  };
  const why = (told?.missing ?? []).map((part) => words.t(PART_TEXTS[part])).join(', ');
  const text = words.t(look.text, { why });
  const [first, ...rest] = look.mends;
  const button = (mend: Mend): string => words.t(`phone.do.${mend}`);
  return (
    <section class="phone-line" aria-label={words.t('phone.label')}>
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
      <DevicesBox devices={controls.devices} words={words} />
    </section>
  );
}

const USES: readonly DeviceUse[] = ['microphone', 'speaker', 'ringer'];

function DevicesBox({ devices, words }: { devices: DeviceMenu; words: Words }): JSX.Element {
  const { inputs, outputs, chosen, ringVolume, canChooseOutput } = useStore(devices.view);
  return (
    <details class="devices">
      <summary>{words.t('devices.title')}</summary>
      {USES.map((use) =>
        use === 'microphone' || canChooseOutput ? (
          <DeviceSelect
            key={use}
            name={words.t(`devices.${use}`)}
            choices={use === 'microphone' ? inputs : outputs}
            chosen={chosen[use]}
            words={words}
            onChoose={(id) => devices.choose(use, id)}
          />
        ) : null,
      )}
      <label class="device">
        <span>{words.t('devices.volume')}</span>
        <input
          type="range"
          min="0"
          max="100"
          step="5"
          value={Math.round(ringVolume * 100)}
          onInput={(event) => devices.setRingVolume(Number(event.currentTarget.value) / 100)}
        />
      </label>
    </details>
  );
}

function DeviceSelect(props: {
  name: string;
  choices: readonly DeviceChoice[];
  chosen: string | null;
  words: Words;
  onChoose: (id: string | null) => void;
}): JSX.Element {
  const { name, choices, chosen, words, onChoose } = props;
  return (
    <label class="device">
      <span>{name}</span>
      <select
        value={chosen ?? ''}
        onChange={(event) => onChoose(event.currentTarget.value || null)}
      >
        <option value="">{words.t('devices.system')}</option>
        {choices.map(({ id, label }, place) => (
          <option key={id} value={id}>
            {label || words.t('devices.unnamed', { n: place + 1 })}
          </option>
        ))}
      </select>
    </label>
  );
}

/** How a talk in this tab sounds, and whose side is at fault when it does not. */
export function LegSound({ callId }: { callId: string }): JSX.Element | null {
  const { words, legs } = useAmbient();
  const leg = legs?.[callId];
  if (!leg) return null;
  const { verdict, speaksMuted } = leg;
  const key: TextKey = verdict.fault ? `quality.${verdict.fault}` : 'quality.good';
  return (
    <div class="leg-sound">
      <p class={`quality quality-${verdict.bars}`} role="status">
        {words.t(key)}
      </p>
      {speaksMuted && (
        <p class="speaks-muted" role="alert">
          {words.t('voice.speaks_muted')}
        </p>
      )}
    </div>
  );
}
