/** Steps of scenarios as the server keeps them, read for the editor; pure. What the editor does not
 * know is left as it is. */

export type RawStep = Readonly<Record<string, unknown>>;

interface Common {
  readonly timeout_s: number;
  readonly devices: 'in_order' | 'all';
  /** Null: the server's default for the kind of step. */
  readonly ring_busy: boolean | null;
}

export interface RingStep extends Common {
  readonly kind: 'ring';
  readonly group: string | null;
  readonly employees: readonly string[];
  readonly mode: 'parallel' | 'in_turn';
}

export interface ManagerStep extends Common {
  readonly kind: 'manager';
  readonly wait_s: number | null;
  readonly check_status: boolean | null;
  readonly source: 'contact' | 'deal' | null;
}

export type Step = RingStep | ManagerStep;
export type StepKind = Step['kind'];

const TIMEOUT_S = 30;

export const BLANK_STEP: Readonly<Record<StepKind, RawStep>> = {
  ring: { employees: [], mode: 'parallel', timeout_s: TIMEOUT_S },
  manager: { manager: { timeout_s: TIMEOUT_S } },
};

export function readStep(raw: RawStep): Step {
  const manager = raw['manager'];
  if (manager !== undefined) {
    const asked = isObject(manager) ? manager : {};
    const { source } = asked;
    return {
      ...common(asked),
      kind: 'manager',
      wait_s: typeof asked['wait_s'] === 'number' ? asked['wait_s'] : null,
      check_status: maybe(asked['check_status']),
      source: source === 'contact' || source === 'deal' ? source : null,
    };
  }
  const people = raw['employees'];
  return {
    ...common(raw),
    kind: 'ring',
    group: typeof raw['group'] === 'string' ? raw['group'] : null,
    employees: Array.isArray(people) ? people.filter((one) => typeof one === 'string') : [],
    mode: raw['mode'] === 'in_turn' ? 'in_turn' : 'parallel',
  };
}

/** The step with one field changed; null takes the field away, which is the server's default. */
export function withField(raw: RawStep, field: string, value: unknown): RawStep {
  if ('manager' in raw) {
    const asked = isObject(raw['manager']) ? raw['manager'] : {};
    return { ...raw, manager: replaced(asked, field, value) };
  }
  return replaced(raw, field, value);
}

function replaced(from: RawStep, field: string, value: unknown): RawStep {
  if (value !== null) return { ...from, [field]: value };
  return Object.fromEntries(Object.entries(from).filter(([name]) => name !== field));
}

function common(raw: RawStep): Common {
  const timeout = raw['timeout_s'];
  return {
    timeout_s: typeof timeout === 'number' ? timeout : TIMEOUT_S,
    devices: raw['devices'] === 'all' ? 'all' : 'in_order',
    ring_busy: maybe(raw['ring_busy']),
  };
}

function maybe(value: unknown): boolean | null {
  return typeof value === 'boolean' ? value : null;
}

function isObject(value: unknown): value is RawStep {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
