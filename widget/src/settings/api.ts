// Written by `make protocol` from backend/api/settings_shapes.py. Do not edit.

/** One area of settings. `warnings` are sentences in the asker's language. */
export interface AreaAnswer {
  readonly area: string;
  readonly version: string;
  readonly value: Readonly<Record<string, unknown>>;
  readonly warnings: readonly string[];
}

export interface AreasAnswer {
  readonly areas: readonly AreaAnswer[];
}

/** Something of ours over there. `lost`: how often it was found gone and bound anew. */
export interface BindingAnswer {
  readonly name: string;
  readonly state: string;
  readonly detail: string;
  readonly lost: number;
  readonly checked_at: string;
  readonly since: string;
}

/**
 * The supervisors' board.
 *
 * `monitoring`: supervisors may listen to talks; off by default, since the law of many places
 * wants people told of it first. `tell_operators`: whoever is listened to sees it at once.
 * `waiting_s`, `break_min`, `lost_percent`: what turns red, 0 nothing. `answer_s`: an answer
 * counts as in time within this; 0: every answer does. `keep_days`: how far one can look back.
 */
export interface BoardSettings {
  readonly monitoring: boolean;
  readonly tell_operators: boolean;
  readonly waiting_s: number;
  readonly answer_s: number;
  readonly break_min: number;
  readonly lost_percent: number;
  readonly keep_days: number;
}

/**
 * Visitors of the account's sites and the numbers they are shown.
 *
 * `visits`: pages and numbers are taken in, and cards show the caller's way. `shown_min`: how long
 * a number of the pool stays a visitor's after the last page they saw. `keep_days`: how long
 * anything of a visitor stays, their way on a kept call included. `origins`: sites whose pages may
 * ask for numbers, exactly as a browser names them (`https://example.org`).
 */
export interface CallTrackingSettings {
  readonly visits: boolean;
  readonly shown_min: number;
  readonly keep_days: number;
  readonly origins: readonly string[];
}

/**
 * `state`: the account has no cloud, one of its `own`, or one that whoever runs the `server`
 * looks after. `addresses` may be chosen. `in_use`: its calls come over it. What the cloud is to
 * send to (`events_url`, `route_url`) has a secret in it and is told to administrators only.
 */
export interface CloudAnswer {
  readonly state: "none" | "own" | "server";
  readonly version: string;
  readonly value: CloudValue;
  readonly addresses: readonly string[];
  readonly key_set: boolean;
  readonly in_use: boolean;
  readonly events_url: string;
  readonly route_url: string;
}

/** What a look at the cloud found, and what it has. */
export interface CloudCheckAnswer {
  readonly findings: readonly CloudFinding[];
  readonly phones: readonly CloudPhoneItem[];
  readonly numbers: readonly CloudNumberItem[];
}

export interface CloudFinding {
  readonly weight: "fail" | "ok" | "warn";
  readonly code: string;
  readonly text: string;
}

export interface CloudNumberItem {
  readonly number: string;
  readonly name: string;
  readonly working: boolean;
}

/** What becomes different; the first one makes the connection. */
export interface CloudPatch {
  readonly address?: string;
  readonly key?: string;
  readonly hold?: string;
  readonly recording?: "cloud" | "dozvon";
}

/** `endpoint` is how it is written with an employee here. */
export interface CloudPhoneItem {
  readonly name: string;
  readonly number: string;
  readonly endpoint: string;
  readonly active: boolean;
  readonly registered: boolean | null;
}

/**
 * What is set. `key` is never told: empty in every answer, and sent empty it stays. `hold` is
 * what whoever waits hears, `media:<id>` or `tts:<text>`; empty: as the server has it.
 */
export interface CloudValue {
  readonly address: string;
  readonly key: string;
  readonly hold: string;
  readonly recording: "cloud" | "dozvon";
}

/**
 * The CRM. `state`: `none`, `off` (switched off here), else the connection's own. `reconnect`:
 * where an administrator gives access again, while it is lost and the CRM has a page for it.
 * `acting`: whose access is used, where it is not that of who connected.
 */
export interface ConnectionAnswer {
  readonly crm: string | null;
  readonly on: boolean;
  readonly state: string;
  readonly text: string;
  readonly address: string | null;
  readonly connected_by: string | null;
  readonly connected_at: string | null;
  readonly acting: string | null;
  readonly renewed_at: string | null;
  readonly bindings: readonly BindingAnswer[];
  readonly reconnect: string | null;
  readonly sync: SyncAnswer | null;
}

/**
 * What takes place in the CRM.
 *
 * `on`: off means no card, no look-up and nothing written; calls themselves go on, and scenario
 * steps that ask the CRM give up at once. `call_tracking`: virtual numbers marked `crm_line` are
 * sent as sources, which Bitrix24 allows only while `callback_form` is on.
 * `unknown_to_unsorted`: amoCRM is told of calls whose number it does not know. `callback_tasks`:
 * whoever is to be called back is a task there, too.
 */
export interface CrmSettings {
  readonly on: boolean;
  readonly callback_form: boolean;
  readonly call_tracking: boolean;
  readonly unknown_to_unsorted: boolean;
  readonly callback_tasks: boolean;
}

/**
 * A person. Of whoever has a `crm_user_id` the CRM owns name, e-mail, position, department
 * and whether they still work here.
 */
export interface Employee {
  readonly id: string;
  readonly name: string;
  readonly email: string | null;
  readonly position: string | null;
  readonly department: string | null;
  readonly crm_user_id: string | null;
  readonly active: boolean;
  readonly role: "administrator" | "operator" | "supervisor";
  readonly role_by_hand: boolean;
  readonly extension: string | null;
  readonly calls_enabled: boolean;
  readonly caller_id: string | null;
  readonly caller_id_choice: boolean;
  readonly workday_import: boolean;
  readonly workday_write: boolean;
  readonly device: "browser" | "phone";
  readonly numbers: readonly OwnNumber[];
}

/** `owned_by_crm`: the fields that are changed in the CRM. */
export interface EmployeeItem {
  readonly version: string;
  readonly value: Employee;
  readonly owned_by_crm: readonly string[];
}

/** Found by `id`, or by `email` where no id is given. */
export interface EmployeePatch {
  readonly id?: string;
  readonly name?: string;
  readonly email?: string | null;
  readonly position?: string | null;
  readonly department?: string | null;
  readonly crm_user_id?: string | null;
  readonly active?: boolean;
  readonly role?: "administrator" | "operator" | "supervisor";
  readonly role_by_hand?: boolean;
  readonly extension?: string | null;
  readonly calls_enabled?: boolean;
  readonly caller_id?: string | null;
  readonly caller_id_choice?: boolean;
  readonly workday_import?: boolean;
  readonly workday_write?: boolean;
  readonly device?: "browser" | "phone";
  readonly numbers?: readonly NumberPatch[];
}

export interface EmployeesAnswer {
  readonly items: readonly EmployeeItem[];
  readonly sync: SyncAnswer | null;
}

export interface ErrorAnswer {
  readonly error: ErrorBody;
}

/** `data` may have `faults` (a list of FaultAnswer), `why` and `version`. */
export interface ErrorBody {
  readonly code: string;
  readonly message: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** `path` is the way inside what was sent; `message` in the asker's language. */
export interface FaultAnswer {
  readonly path: string;
  readonly code: string;
  readonly message: string;
}

/** `members` in ringing order. */
export interface Group {
  readonly id: string;
  readonly name: string;
  readonly extension: string | null;
  readonly members: readonly string[];
}

export interface GroupItem {
  readonly version: string;
  readonly value: Group;
}

/** `members` are ids or e-mails of employees, in ringing order. */
export interface GroupPatch {
  readonly id: string;
  readonly name?: string;
  readonly extension?: string | null;
  readonly members?: readonly string[];
}

export interface GroupsAnswer {
  readonly items: readonly GroupItem[];
}

/**
 * When the account works, for scenario steps that ask it (`domain.working_hours`).
 *
 * `week`: hours by weekday, `mon` to `sun`; one that is missing is closed. `days`: dates that
 * differ, `2026-11-04` or each year's `01-01`; without hours they are closed. The clock is that of
 * the account's time zone.
 */
export interface HoursSettings {
  readonly week: Readonly<Record<string, readonly string[]>>;
  readonly days: Readonly<Record<string, readonly string[]>>;
}

/** How calls leave a switch: `{number}` or `{digits}` in `endpoint` stand for the number. */
export interface Line {
  readonly switch: string;
  readonly endpoint: string;
  readonly caller_id: string | null;
}

/** How calls leave a switch; changed by whoever runs the server. */
export interface LineItem {
  readonly version: string;
  readonly value: Line;
}

export interface LinesAnswer {
  readonly items: readonly LineItem[];
}

export interface LogAnswer {
  readonly items: readonly LogLine[];
}

/** One change. `before` null: it was made; `after` null: it was removed. */
export interface LogLine {
  readonly at: string;
  readonly who: string;
  readonly subject: string;
  readonly before: Readonly<Record<string, unknown>> | null;
  readonly after: Readonly<Record<string, unknown>> | null;
}

/**
 * Who asks and what they may do. `no_phone`: why they may not phone, `calls_off` or `no_line`;
 * '' when they may. `device`: where they talk, of `devices`. `workday_offered`: the CRM's working
 * day can set the status here, and does for whoever has `workday_import`; `workday_mixed` when
 * they changed it here as well lately. `numbers` ring in this order.
 */
export interface Me {
  readonly employee_id: string;
  readonly name: string;
  readonly role: "administrator" | "operator" | "supervisor";
  readonly may_see: boolean;
  readonly may_change: boolean;
  readonly no_phone: string;
  readonly crm: string | null;
  readonly timezone: string;
  readonly slug: string;
  readonly version: string;
  readonly extension: string | null;
  readonly device: "browser" | "phone";
  readonly devices: readonly ("browser" | "phone")[];
  readonly workday_offered: boolean;
  readonly workday_import: boolean;
  readonly workday_mixed: boolean;
  readonly numbers: readonly MyNumber[];
}

export interface MyNumber {
  readonly kind: "desk" | "mobile" | "sip";
  readonly label: string;
  readonly endpoint: string;
}

/** A whole number: lists of numbers are replaced. Without `priority` its place counts. */
export interface NumberPatch {
  readonly kind: "desk" | "mobile" | "sip";
  readonly endpoint: string;
  readonly label?: string;
  readonly priority?: number;
  readonly auto_answer?: boolean;
  readonly active?: boolean;
}

/**
 * Calls that begin with a click.
 *
 * `default_caller_id`: one of the account's virtual numbers, shown to the called party when the
 * employee has no registered line. `override_caller_id`: always show that one, whatever a line
 * or an employee has. `last_used`: in place of the default the number this customer was in touch
 * with last, unless it is a toll-free one. `two_stage`: without the softphone, ring the employee's
 * own number first.
 * `ring_order` and `ring_s`: how the employee's numbers are rung, and for how long each.
 */
export interface OutgoingSettings {
  readonly click_to_call: boolean;
  readonly default_caller_id: string | null;
  readonly override_caller_id: boolean;
  readonly last_used: boolean;
  readonly two_stage: boolean;
  readonly ring_order: "all" | "in_order";
  readonly ring_s: number;
}

/**
 * One thing of an employee's that can ring; the lowest `priority` is tried first.
 *
 * `endpoint` is in the switch's own words (`PJSIP/anna`); a mobile may also be a plain number,
 * which is dialled through the account's line.
 */
export interface OwnNumber {
  readonly kind: "desk" | "mobile" | "sip";
  readonly endpoint: string;
  readonly label: string;
  readonly priority: number;
  readonly auto_answer: boolean;
  readonly active: boolean;
}

/**
 * What everybody may choose of their own. `workday_import`: whether the CRM's working day sets
 * one's status.
 */
export interface OwnPatch {
  readonly device?: "browser" | "phone";
  readonly workday_import?: boolean;
}

/**
 * Who comes from the CRM.
 *
 * `skip_departments` are the CRM's ids; `skip_external` leaves out partners and clients who were
 * let into the CRM. `admins_rule`: the CRM's administrators become administrators here, unless
 * somebody set their role by hand.
 */
export interface PeopleSettings {
  readonly sync: boolean;
  readonly skip_departments: readonly string[];
  readonly skip_external: boolean;
  readonly admins_rule: boolean;
}

/**
 * Whom a scenario's manager step asks for.
 *
 * `source`: the responsible user of the contact or of its active deal. `check_seen_today`: only
 * somebody who was in the CRM today. `wait_s`: how long the CRM's answer is waited for where a
 * step does not say.
 */
export interface PersonalManagerSettings {
  readonly source: "contact" | "deal";
  readonly check_seen_today: boolean;
  readonly wait_s: number;
}

/**
 * `announce`: callers are told before they are recorded. `to_crm`: CRMs get what was recorded,
 * a copy or a link; the history plays it either way. `keep_days`: how long audio stays.
 * `pause_limit_s`: a pause an employee asked for, for the digits of a card, ends by itself then.
 */
export interface RecordingSettings {
  readonly on: boolean;
  readonly announce: boolean;
  readonly to_crm: boolean;
  readonly keep_days: number;
  readonly pause_limit_s: number;
}

/** `steps` as `domain.scenario` reads them. */
export interface ScenarioConfig {
  readonly id: string;
  readonly name: string;
  readonly steps: readonly Readonly<Record<string, unknown>>[];
  readonly final: string;
}

export interface ScenarioItem {
  readonly version: string;
  readonly value: ScenarioConfig;
}

/** `steps` are replaced whole; their employees are ids or e-mails. */
export interface ScenarioPatch {
  readonly id: string;
  readonly name?: string;
  readonly steps?: readonly Readonly<Record<string, unknown>>[];
  readonly final?: string;
}

export interface ScenariosAnswer {
  readonly items: readonly ScenarioItem[];
}

/** An uploaded sound. `sound` is what a step or a setting names it by. */
export interface SoundItem {
  readonly id: string;
  readonly sound: string;
  readonly name: string;
  readonly ms: number;
  readonly url: string;
  readonly created_at: string;
  readonly created_by: string;
}

/** `most_s`, `most_mb`: how long a sound may be, and how large its file. */
export interface SoundsAnswer {
  readonly items: readonly SoundItem[];
  readonly most_s: number;
  readonly most_mb: number;
}

/**
 * What people outside hear from us.
 *
 * `rescue_notice`: what a customer whose operator was lost is told before the music; an uploaded
 * sound (`uploads/…`) or one of the switch's, null is what the server has (`rescue_notice`).
 */
export interface SoundsSettings {
  readonly rescue_notice: string | null;
}

/** The newest reading of the CRM's people. `text` says how it went. */
export interface SyncAnswer {
  readonly state: string;
  readonly asked_by: string;
  readonly started_at: string;
  readonly finished_at: string | null;
  readonly counts: Readonly<Record<string, number>>;
  readonly remarks: readonly SyncRemark[];
  readonly text: string;
}

/**
 * A reading of the CRM's people, or a look at what is bound there, is queued; `GET /connection`
 * tells what became of it.
 */
export interface SyncAsked {
  readonly state: "queued";
}

/**
 * Somebody of the CRM who was left out, or came in otherwise than they are there.
 * `text` says why, in the asker's language.
 */
export interface SyncRemark {
  readonly reason: string;
  readonly name: string;
  readonly url: string;
  readonly left_out: boolean;
  readonly text: string;
}

/** Who is led by whom. `crm_id`: the department it was imported from. */
export interface Team {
  readonly id: string;
  readonly name: string;
  readonly crm_id: string | null;
  readonly members: readonly string[];
  readonly heads: readonly string[];
}

export interface TeamItem {
  readonly version: string;
  readonly value: Team;
}

/** `members` and `heads` are ids or e-mails of employees. */
export interface TeamPatch {
  readonly id: string;
  readonly name?: string;
  readonly crm_id?: string | null;
  readonly members?: readonly string[];
  readonly heads?: readonly string[];
}

export interface TeamsAnswer {
  readonly items: readonly TeamItem[];
}

/**
 * A number callers dial. `crm_line`: told to the CRM as a line of ours.
 *
 * For call tracking: `pool` lends it to visitors of sites, one at a time; `site`, `source`,
 * `medium` and `campaign` are what it stands for where no visitor was shown it, '' nothing.
 */
export interface VirtualNumber {
  readonly number: string;
  readonly name: string;
  readonly switch: string;
  readonly scenario: string | null;
  readonly crm_line: boolean;
  readonly label: string;
  readonly pool: boolean;
  readonly site: string;
  readonly source: string;
  readonly medium: string;
  readonly campaign: string;
}

export interface VirtualNumberItem {
  readonly version: string;
  readonly value: VirtualNumber;
}

/** `switch` may be left out where the account has one line only. */
export interface VirtualNumberPatch {
  readonly number: string;
  readonly name?: string;
  readonly switch?: string;
  readonly scenario?: string | null;
  readonly crm_line?: boolean;
  readonly label?: string;
  readonly pool?: boolean;
  readonly site?: string;
  readonly source?: string;
  readonly medium?: string;
  readonly campaign?: string;
}

export interface VirtualNumbersAnswer {
  readonly items: readonly VirtualNumberItem[];
}

/**
 * A key of call tracking. `key` is its text: always of a site's, of a server's only in the
 * answer that issues it.
 */
export interface VisitKeyItem {
  readonly id: string;
  readonly kind: "server" | "site";
  readonly name: string;
  readonly key: string | null;
  readonly created_at: string;
  readonly created_by: string;
}

/** What is sent to have a key issued. */
export interface VisitKeyPatch {
  readonly kind: "server" | "site";
  readonly name?: string;
}

/** `server`: our address; `script`: what a site's pages load. */
export interface VisitKeysAnswer {
  readonly items: readonly VisitKeyItem[];
  readonly server: string;
  readonly script: string;
}

/**
 * What a call that nobody answers would meet at `at`, in order. No lines: nothing would ring,
 * the number has no scenario.
 */
export interface WhoRingsAnswer {
  readonly at: string;
  readonly lines: readonly WhoRingsLine[];
}

/**
 * One thing that would happen. `step` is its place in the scenario from 1, 0 its end; `rings`:
 * somebody's phone would ring by it.
 */
export interface WhoRingsLine {
  readonly step: number;
  readonly code: string;
  readonly rings: boolean;
  readonly employee_id: string | null;
  readonly text: string;
}

/**
 * The CRM's working day and our status. Both are for those employees who have them on, too.
 *
 * Off by default: where nobody opens a working day, importing it would silence every phone.
 */
export interface WorkdaySettings {
  readonly import_on: boolean;
  readonly write_on: boolean;
}

export interface AreaValues {
  readonly crm: CrmSettings;
  readonly outgoing: OutgoingSettings;
  readonly recording: RecordingSettings;
  readonly people: PeopleSettings;
  readonly workday: WorkdaySettings;
  readonly hours: HoursSettings;
  readonly personal_manager: PersonalManagerSettings;
  readonly call_tracking: CallTrackingSettings;
  readonly sounds: SoundsSettings;
  readonly board: BoardSettings;
}
