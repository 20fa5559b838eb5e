/** Steps that ring nobody of ours: a number outside, the clock, messages, call-backs, an end. */
import type { JSX } from 'preact';
import { useStore } from '../../ui/hooks';
import type { Fault } from '../client';
import { useDesk } from '../context';
import { NumberField, RadioField, SelectField, TextField } from '../fields';
import {
  OWN_WEEK,
  UPLOADS,
  type Ending,
  type HoursStep,
  type ManagerStep,
  type MessageStep,
  type RingStep,
  type Step,
} from '../steps';
import { DaysField, WeekFields } from './Hours';

type Other = Exclude<Step, RingStep | ManagerStep>;

interface Props {
  readonly step: Other;
  /** The scenario the step is in; it cannot go on with itself. */
  readonly scenario: string;
  readonly set: (field: string, value: unknown) => void;
  readonly faultAt: (inside: string) => Fault | undefined;
}

export function OtherStep(props: Props): JSX.Element {
  const { words } = useDesk();
  const { step, set, faultAt } = props;
  switch (step.kind) {
    case 'external':
      return (
        <div class="s-pair">
          <TextField
            label={words.t('step.external.number')}
            hint={words.t('step.external.hint')}
            value={step.number}
            fault={faultAt('.external')}
            onChange={(number) => set('number', number)}
          />
          <NumberField
            label={words.t('step.timeout')}
            unit={words.t('unit.s')}
            least={5}
            most={600}
            value={step.timeout_s}
            onChange={(seconds) => set('timeout_s', seconds)}
          />
        </div>
      );
    case 'hours':
      return <Hours {...props} step={step} />;
    case 'message':
      return <Message {...props} step={step} />;
    case 'voicemail':
      return (
        <>
          <p class="s-hint">{words.t('step.voicemail.hint')}</p>
          <div class="s-pair">
            <NumberField
              label={words.t('step.voicemail.max_s')}
              unit={words.t('unit.s')}
              least={5}
              most={600}
              value={step.max_s}
              onChange={(seconds) => set('max_s', seconds)}
            />
            <Told group={step.group} fault={faultAt('.voicemail.group')} set={set} />
          </div>
        </>
      );
    case 'callback':
      return (
        <>
          <p class="s-hint">{words.t('step.callback.hint')}</p>
          <Told group={step.group} fault={faultAt('.callback.group')} set={set} />
        </>
      );
    case 'hangup':
      return (
        <RadioField<Ending>
          label={words.t('step.hangup.how')}
          inline
          value={step.how}
          choices={[
            { value: 'busy', name: words.t('final.busy') },
            { value: 'no_answer', name: words.t('final.no_answer') },
            { value: 'normal', name: words.t('final.normal') },
          ]}
          onChange={(how) => set('hangup', how)}
        />
      );
  }
}

/** An uploaded sound by name, or the switch's own. */
function Message({ step, set, faultAt }: Props & { step: MessageStep }): JSX.Element {
  const { words, book, me } = useDesk();
  const { sounds } = useStore(book.page);
  const uploaded = step.sound.startsWith(UPLOADS);
  const fault = faultAt('.message.sound');
  const gone = uploaded && !sounds.some((sound) => sound.sound === step.sound);
  return (
    <>
      <SelectField
        label={words.t('step.message.which')}
        value={uploaded ? step.sound : ''}
        fault={uploaded ? fault : undefined}
        choices={[
          ...sounds.map((sound) => ({ value: sound.sound, name: sound.name })),
          ...(gone ? [{ value: step.sound, name: step.sound }] : []),
          { value: '', name: words.t('step.message.of_switch') },
        ]}
        onChange={(sound) => set('sound', sound)}
      />
      {!uploaded && (
        <TextField
          label={words.t('step.message.sound')}
          hint={words.t('step.message.hint', { folder: `dozvon/${me.slug}` })}
          value={step.sound}
          fault={fault}
          onChange={(sound) => set('sound', sound)}
        />
      )}
    </>
  );
}

function Told(props: {
  group: string | null;
  fault: Fault | undefined;
  set: Props['set'];
}): JSX.Element {
  const { words, book } = useDesk();
  const { groups } = useStore(book.page);
  return (
    <SelectField
      label={words.t('step.told')}
      value={props.group ?? ''}
      fault={props.fault}
      choices={[
        { value: '', name: words.t('step.told.rung') },
        ...groups.map(({ value }) => ({ value: value.id, name: value.name })),
      ]}
      onChange={(group) => props.set('group', group || null)}
    />
  );
}

function Hours({ step, scenario, set, faultAt }: Props & { step: HoursStep }): JSX.Element {
  const { words, book, me } = useDesk();
  const { scenarios } = useStore(book.page);
  return (
    <>
      <SelectField
        label={words.t('step.hours.closed')}
        value={step.closed ?? ''}
        fault={faultAt('.hours.closed')}
        choices={[
          { value: '', name: words.t('step.hours.end') },
          ...scenarios
            .filter(({ value }) => value.id !== scenario)
            .map(({ value }) => ({
              value: value.id,
              name: words.t('step.hours.go_on', { name: value.name }),
            })),
        ]}
        onChange={(closed) => set('closed', closed || null)}
      />
      <RadioField
        label={words.t('step.hours.calendar')}
        inline
        value={step.week ? 'own' : 'account'}
        choices={[
          { value: 'account', name: words.t('step.hours.account') },
          { value: 'own', name: words.t('step.hours.own') },
        ]}
        onChange={(which) => set('week', which === 'own' ? OWN_WEEK : null)}
      />
      {step.week && (
        <>
          <WeekFields week={step.week} onChange={(week) => set('week', week)} />
          <DaysField
            days={step.days}
            fault={undefined}
            onChange={(days) => set('days', Object.keys(days).length ? days : null)}
          />
          <TextField
            label={words.t('step.hours.timezone')}
            hint={words.t('step.hours.timezone.hint', { zone: me.timezone })}
            value={step.timezone}
            onChange={(zone) => set('timezone', zone.trim() || null)}
          />
        </>
      )}
    </>
  );
}
