/** On what an employee is rung, the first one first. */
import type { JSX } from 'preact';
import { Button } from '../../ui/Button';
import { Icon } from '../../ui/icons';
import type { OwnNumber } from '../api';
import type { Fault } from '../client';
import { useDesk } from '../context';
import { moved } from '../draft';
import { SelectField, TextField, Toggle } from '../fields';
import { Movers } from '../PeoplePicker';

const KINDS = ['desk', 'sip', 'mobile'] as const;

interface Props {
  readonly slug: string;
  readonly extension: string | null;
  readonly numbers: readonly OwnNumber[];
  readonly fault: (path: string) => Fault | undefined;
  readonly onChange: (numbers: readonly OwnNumber[]) => void;
}

export function NumbersEditor({ slug, extension, numbers, fault, onChange }: Props): JSX.Element {
  const { words, me } = useDesk();
  // The place is the priority: nobody has to count.
  const placed = (list: readonly OwnNumber[]): void =>
    onChange(list.map((number, at) => ({ ...number, priority: at + 1 })));
  const set = (at: number, part: Partial<OwnNumber>): void =>
    placed(numbers.map((number, place) => (place === at ? { ...number, ...part } : number)));
  const example = `PJSIP/${slug}-${extension ?? '101'}`;
  const whole = fault('numbers');
  return (
    <div class="s-numbers">
      <p class="s-hint">{words.t('numbers.hint')}</p>
      <ol class="s-stack-small">
        {numbers.map((number, at) => {
          const name = number.label || number.endpoint || words.t('numbers.nth', { n: at + 1 });
          return (
            <li key={at} class="s-box" data-off={!number.active}>
              <div class="s-box-head">
                <span class="s-place" aria-hidden="true">
                  {at + 1}
                </span>
                <strong class="s-grow">{name}</strong>
                {me.may_change && (
                  <>
                    {numbers.length > 1 && (
                      <Movers
                        name={name}
                        at={at}
                        count={numbers.length}
                        onMove={(step) => placed(moved(numbers, at, step))}
                      />
                    )}
                    <Button
                      kind="quiet"
                      icon="close"
                      name={words.t('list.remove', { name })}
                      onPress={() => placed(numbers.filter((_, place) => place !== at))}
                    />
                  </>
                )}
              </div>
              <div class="s-three">
                <SelectField
                  label={words.t('numbers.kind')}
                  value={number.kind}
                  choices={KINDS.map((kind) => ({ value: kind, name: words.t(`kind.${kind}`) }))}
                  onChange={(kind) => set(at, { kind: kind as OwnNumber['kind'] })}
                />
                <TextField
                  label={words.t(number.kind === 'mobile' ? 'numbers.phone' : 'numbers.endpoint')}
                  value={number.endpoint}
                  placeholder={number.kind === 'mobile' ? '+79161234567' : example}
                  fault={fault(`numbers[${at}].endpoint`)}
                  onChange={(endpoint) => set(at, { endpoint: endpoint.trim() })}
                />
                <TextField
                  label={words.t('numbers.label')}
                  value={number.label}
                  fault={fault(`numbers[${at}].label`)}
                  onChange={(label) => set(at, { label })}
                />
              </div>
              <div class="s-pair">
                <Toggle
                  label={words.t('numbers.active')}
                  on={number.active}
                  onChange={(active) => set(at, { active })}
                />
                <Toggle
                  label={words.t('numbers.auto_answer')}
                  on={number.auto_answer}
                  onChange={(auto_answer) => set(at, { auto_answer })}
                />
              </div>
            </li>
          );
        })}
      </ol>
      {numbers.length === 0 && (
        <p class="s-note">
          <Icon name="phone" /> {words.t('numbers.none')}
        </p>
      )}
      {whole && <p class="s-fault">{whole.message}</p>}
      {me.may_change && (
        <Button
          icon="plus"
          onPress={() =>
            placed([
              ...numbers,
              {
                kind: numbers.length ? 'mobile' : 'desk',
                endpoint: '',
                label: '',
                priority: numbers.length + 1,
                auto_answer: false,
                active: true,
              },
            ])
          }
        >
          {words.t('numbers.add')}
        </Button>
      )}
    </div>
  );
}
