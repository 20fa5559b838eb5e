/** Steps of scenarios as the server keeps them, read for the editor; pure. What the editor does not
 * know is left as it is. */

export type RawStep = Readonly<Record<string, unknown>>;

interface Common {
  readonly timeout_s: number;
  readonly devices: 'in_order' | 'all';
  /** Null: the server's default for the kind of step. */
  readonly ring_busy: boolean | null;
}

export type Mode = 'parallel' | 'in_turn' | 'longest_idle';
export type Ending = 'busy' | 'no_answer' | 'normal';

export interface RingStep extends Common {
  readonly kind: 'ring';
  readonly group: string | null;
  readonly employees: readonly string[];
  readonly mode: Mode;
}

export interface ManagerStep extends Common {
  readonly kind: 'manager';
  readonly wait_s: number | null;
  readonly check_status: boolean | null;
  readonly source: 'contact' | 'deal' | null;
}

export interface ExternalStep {
  readonly kind: 'external';
  readonly number: string;
  readonly timeout_s: number;
}

export interface HoursStep {
  readonly kind: 'hours';
  /** The scenario outside working hours; null: the call ends. */
  readonly closed: string | null;
  /** The step's own week; null: the account's calendar. */
  readonly week: Week | null;
  /** Of its own calendar. */
  readonly days: Days;
  /** Of its own calendar; '' is the account's. */
  readonly timezone: string;
}

export interface MessageStep {
  readonly kind: 'message';
  readonly sound: string;
}

export interface VoicemailStep {
  readonly kind: 'voicemail';
  readonly max_s: number;
  readonly group: string | null;
}

export interface CallbackStep {
  readonly kind: 'callback';
  readonly group: string | null;
}

export interface EndStep {
  readonly kind: 'hangup';
  readonly how: Ending;
}

export type Step =
  | RingStep
  | ManagerStep
  | ExternalStep
  | HoursStep
  | MessageStep
  | VoicemailStep
  | CallbackStep
  | EndStep;
export type StepKind = Step['kind'];

/** Hours of each weekday, `mon` to `sun`; a missing day is closed. */
export type Week = Readonly<Record<string, readonly string[]>>;
/** Dates that differ, `2026-11-03` or each year's `01-01`; without hours they are closed. */
export type Days = Readonly<Record<string, readonly string[]>>;
export const WEEKDAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;

/** Names of uploaded sounds begin so; others are the switch's. */
export const UPLOADS = 'uploads/';

const TIMEOUT_S = 30;
const SPEECH_S = 120;
const OFFICE = ['09:00-18:00'];

export const BLANK_STEP: Readonly<Record<StepKind, RawStep>> = {
  ring: { employees: [], mode: 'parallel', timeout_s: TIMEOUT_S },
  manager: { manager: { timeout_s: TIMEOUT_S } },
  external: { external: { number: '+', timeout_s: TIMEOUT_S } },
  hours: { hours: {} },
  message: { message: { sound: '' } },
  voicemail: { voicemail: { max_s: SPEECH_S } },
  callback: { callback: {} },
  hangup: { hangup: 'busy' },
};

export const STEP_KINDS = Object.keys(BLANK_STEP) as StepKind[];

export const OWN_WEEK: Week = { mon: OFFICE, tue: OFFICE, wed: OFFICE, thu: OFFICE, fri: OFFICE };

export function readStep(raw: RawStep): Step {
  const kind = STEP_KINDS.find((name) => name !== 'ring' && name in raw);
  const asked = kind && isObject(raw[kind]) ? raw[kind] : {};
  switch (kind) {
    case 'manager': {
      const { source } = asked;
      return {
        ...common(asked),
        kind,
        wait_s: typeof asked['wait_s'] === 'number' ? asked['wait_s'] : null,
        check_status: maybe(asked['check_status']),
        source: source === 'contact' || source === 'deal' ? source : null,
      };
    }
    case 'external':
      return { kind, number: text(asked['number']), timeout_s: seconds(asked['timeout_s'], TIMEOUT_S) };
    case 'hours':
      return {
        kind,
        closed: text(asked['closed']) || null,
        week: weekOf(asked['week']),
        days: tableOf(asked['days']),
        timezone: text(asked['timezone']),
      };
    case 'message':
      return { kind, sound: text(asked['sound']) };
    case 'voicemail':
      return {
        kind,
        max_s: seconds(asked['max_s'], SPEECH_S),
        group: text(asked['group']) || null,
      };
    case 'callback':
      return { kind, group: text(asked['group']) || null };
    case 'hangup': {
      const how = raw['hangup'];
      return { kind, how: how === 'no_answer' || how === 'normal' ? how : 'busy' };
    }
    default:
      return ringing(raw);
  }
}

function ringing(raw: RawStep): RingStep {
  const { employees: people, mode } = raw;
  return {
    ...common(raw),
    kind: 'ring',
    group: text(raw['group']) || null,
    employees: Array.isArray(people) ? people.filter((one) => typeof one === 'string') : [],
    mode: mode === 'in_turn' || mode === 'longest_idle' ? mode : 'parallel',
  };
}

/** The step with one field changed; null takes the field away, which is the server's default. */
export function withField(raw: RawStep, field: string, value: unknown): RawStep {
  const kind = STEP_KINDS.find((name) => name !== 'ring' && name in raw);
  if (kind === 'hangup') return { hangup: value };
  if (kind) {
    const asked = isObject(raw[kind]) ? raw[kind] : {};
    if (kind === 'hours' && field === 'week' && value === null) {
      // Without a week of its own it has no calendar of its own.
      return { ...raw, hours: replaced(replaced(replaced(asked, 'week', null), 'days', null), 'timezone', null) };
    }
    return { ...raw, [kind]: replaced(asked, field, value) };
  }
  return replaced(raw, field, value);
}

function weekOf(value: unknown): Week | null {
  if (!isObject(value)) return null;
  const kept = tableOf(value);
  return Object.fromEntries(WEEKDAYS.flatMap((day) => (kept[day] ? [[day, kept[day]]] : [])));
}

function tableOf(value: unknown): Days {
  const found: Record<string, readonly string[]> = {};
  for (const [name, hours] of Object.entries(isObject(value) ? value : {})) {
    if (Array.isArray(hours)) found[name] = hours.filter((one) => typeof one === 'string');
  }
  return found;
}

/** `09:00-13:00, 14:00-18:00` as a list; nothing is a closed day. */
export function hoursOf(written: string): string[] {
  return written
    .split(/[,;]/)
    .map((one) => one.trim().replace(/\s*[-–—]\s*/, '-'))
    .filter(Boolean);
}

function replaced(from: RawStep, field: string, value: unknown): RawStep {
  if (value !== null) return { ...from, [field]: value };
  return Object.fromEntries(Object.entries(from).filter(([name]) => name !== field));
}

function common(raw: RawStep): Common {
  return {
    timeout_s: seconds(raw['timeout_s'], TIMEOUT_S),
    devices: raw['devices'] === 'all' ? 'all' : 'in_order',
    ring_busy: maybe(raw['ring_busy']),
  };
}

function seconds(value: unknown, usual: number): number {
  return typeof value === 'number' ? value : usual;
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function maybe(value: unknown): boolean | null {
  return typeof value === 'boolean' ? value : null;
}

function isObject(value: unknown): value is RawStep {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
