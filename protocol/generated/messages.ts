// Written by `make protocol` from protocol/*.py. Do not edit.

export const PROTOCOL_VERSION = 1;

export const FEATURES = [
  "calls",
  "contacts",
  "statuses",
  "directory",
  "history",
  "voice",
  "board",
  "dialer",
] as const;

export const PUSH_TAGS = [
  "call.changed",
  "call.removed",
  "contact.changed",
  "contact.removed",
  "status.changed",
  "ringer.changed",
  "notice.raised",
  "outgoing.changed",
  "history.changed",
  "callbacks.changed",
  "employee.changed",
  "employee.removed",
  "switch.changed",
  "crm.changed",
  "colleague.presence_changed",
  "colleague.status_changed",
  "colleague.busy_changed",
  "groups.changed",
  "device.changed",
  "phone.changed",
  "phone.asked",
  "phone.passed",
  "colleague.phone_changed",
  "dialer.changed",
  "colleague.dialer_changed",
  "hand.changed",
  "monitored.changed",
  "board.setup_changed",
  "board.person_changed",
  "board.person_removed",
  "board.call_changed",
  "board.call_removed",
  "board.tally_changed",
  "board.counts_changed",
] as const;

export const ERROR_CODES = [
  "bad_request",
  "unknown_command",
  "not_found",
  "wrong_state",
  "not_allowed",
  "too_many",
  "expired",
  "switch_unavailable",
  "crm_unavailable",
  "crm_auth_expired",
  "crm_rejected",
  "no_device",
  "bad_ticket",
  "bad_proof",
  "internal",
] as const;

export const REFUSAL_REASONS = [
  "no_caller_id",
  "no_registered_line",
  "no_numbers",
  "numbers_off",
  "calls_off",
  "not_an_employee",
  "click_off",
  "not_picked_up",
  "caller_id_not_allowed",
  "bad_number",
  "busy",
  "no_trunk",
  "no_scenario",
  "callback_off",
  "too_late",
  "switch_away",
] as const;

export const CRM_TROUBLES = [
  "not_connected",
  "unavailable",
  "withheld",
  "unknown_number",
  "collected",
  "declined",
  "nobody_known",
  "rejected",
] as const;

export const CLOSE = {
  RESTART: 1012,
  SLOW: 4000,
  HELLO_TIMEOUT: 4001,
  SILENT: 4002,
  RESYNC: 4003,
  TICKET: 4010,
  TOO_MANY_FRAMES: 4011,
  BAD_FRAME: 4012,
  SESSION_ENDED: 4500,
  ORIGIN: 4501,
  PROTOCOL: 4502,
  REPLACED: 4503,
} as const;

export interface ActivityBrief {
  readonly id: string;
  readonly subject: string;
  readonly due_at: string | null;
  readonly overdue: boolean;
  readonly url: string;
}

/** What the agent chose (W7). It applies to every device of the employee. */
export type AgentStatus = "available" | "away" | "break" | "do_not_disturb" | "off_work";

/**
 * Take the ringing call on the agent's device.
 *
 * Reply: empty; what became of it arrives as `call.changed`. Errors: not_found, wrong_state,
 * switch_unavailable, no_device.
 */
export interface AnswerCall {
  readonly type: "call.answer";
  readonly id: string;
  readonly ttl_ms?: number;
  readonly call_id: string;
}

/** What became of one dialling of one number. */
export type AttemptOutcome = "busy" | "cancelled" | "failed" | "invalid_number" | "lost" | "no_answer" | "operator_away" | "reached" | "rejected" | "unreachable";

/** Whether inbound calls are offered while the list runs. */
export interface BlendList {
  readonly type: "dialer.blend";
  readonly id: string;
  readonly ttl_ms?: number;
  readonly on: boolean;
}

/** A live call. Entity `call:<id>`. */
export interface BoardCall {
  readonly seq: number;
  readonly type: "board.call_changed";
  readonly stream: StreamName;
  readonly entity: string;
  readonly version: number;
  readonly call_id: string;
  readonly direction: Direction;
  readonly state: CallState;
  readonly number: string;
  readonly name: string | null;
  readonly line: string | null;
  readonly scenario: string | null;
  readonly started_at: string;
  readonly answered_at: string | null;
  readonly waits_since: string | null;
  readonly talking: readonly string[];
  readonly ringing: readonly string[];
  readonly people: readonly string[];
  readonly watchers: readonly BoardWatcher[];
}

/** It is over. Removes entity `call:<id>`. */
export interface BoardCallRemoved {
  readonly seq: number;
  readonly type: "board.call_removed";
  readonly stream: StreamName;
  readonly entity: string;
  readonly version: number;
  readonly call_id: string;
}

/** The day of everybody on this board. Entity `counts`. */
export interface BoardCounts {
  readonly seq: number;
  readonly type: "board.counts_changed";
  readonly stream: StreamName;
  readonly entity: string;
  readonly version: number;
  readonly day: string;
  readonly inbound: number;
  readonly answered: number;
  readonly lost: number;
  readonly failed: number;
  readonly in_time: number;
  readonly wait_s: number;
  readonly longest_wait_s: number;
  readonly outbound: number;
  readonly reached: number;
  readonly internal: number;
  readonly talk_s: number;
  readonly hours: readonly BoardHour[];
  readonly drift: number | null;
  readonly compared_at: string | null;
}

export interface BoardHand {
  readonly reason: string;
  readonly call_id: string | null;
  readonly since: string;
  readonly answered_by: string | null;
}

/** One hour of the account's day, in the order of `BoardCounts.hours`. */
export interface BoardHour {
  readonly inbound: number;
  readonly answered: number;
  readonly lost: number;
  readonly outbound: number;
}

/** When the board turns a figure red; 0 switches one off. */
export interface BoardLimits {
  readonly waiting_s: number;
  readonly answer_s: number;
  readonly break_min: number;
  readonly lost_percent: number;
}

/** Entity `person:<id>`. */
export interface BoardPerson {
  readonly seq: number;
  readonly type: "board.person_changed";
  readonly stream: StreamName;
  readonly entity: string;
  readonly version: number;
  readonly employee_id: string;
  readonly name: string;
  readonly extension: string | null;
  readonly status: AgentStatus;
  readonly status_since: string | null;
  readonly online: boolean;
  readonly busy: "free" | "ringing" | "talking";
  readonly busy_since: string | null;
  readonly missing: readonly PhonePart[] | null;
  readonly hand: BoardHand | null;
}

/** Removes entity `person:<id>`. */
export interface BoardPersonRemoved {
  readonly seq: number;
  readonly type: "board.person_removed";
  readonly stream: StreamName;
  readonly entity: string;
  readonly version: number;
  readonly employee_id: string;
}

/** What the board is about. Entity `setup`. */
export interface BoardSetup {
  readonly seq: number;
  readonly type: "board.setup_changed";
  readonly stream: StreamName;
  readonly entity: string;
  readonly version: number;
  readonly teams: readonly BoardTeam[];
  readonly limits: BoardLimits;
  readonly modes: readonly ("barge" | "listen" | "whisper")[];
  readonly tells_operators: boolean;
  readonly timezone: string;
  readonly keeps_days: number;
}

/** One person's day. Entity `tally:<id>`. */
export interface BoardTally {
  readonly seq: number;
  readonly type: "board.tally_changed";
  readonly stream: StreamName;
  readonly entity: string;
  readonly version: number;
  readonly employee_id: string;
  readonly answered: number;
  readonly missed: number;
  readonly placed: number;
  readonly reached: number;
  readonly talk_s: number;
}

export interface BoardTeam {
  readonly team_id: string;
  readonly name: string;
  readonly members: readonly string[];
}

/** Who listens to whom in a call. */
export interface BoardWatcher {
  readonly by: string;
  readonly mode: "barge" | "listen" | "whisper";
  readonly employee_id: string;
}

/** A call as this agent sees it. Entity `call:<id>`, stream `me`. */
export interface CallChanged {
  readonly seq: number;
  readonly type: "call.changed";
  readonly stream: StreamName;
  readonly entity: string;
  readonly version: number;
  readonly call_id: string;
  readonly direction: Direction;
  readonly state: CallState;
  readonly number: string;
  readonly name: string | null;
  readonly virtual_number: string | null;
  readonly virtual_number_name: string | null;
  readonly scenario: string | null;
  readonly my_leg: LegState;
  readonly device: string | null;
  readonly rung: readonly Who[];
  readonly answered_by: Who | null;
  readonly started_at: string;
  readonly answered_at: string | null;
  readonly ended_at: string | null;
  readonly outcome: Outcome | null;
  readonly cause: HangupCause | null;
  readonly actions: readonly ("answer" | "decline" | "dismiss" | "hangup" | "hold" | "unhold")[];
  readonly extension: string | null;
  readonly message: string | null;
  readonly extension_dialed: boolean | null;
  readonly visit: VisitWay | null;
  readonly muted: boolean;
  readonly parties: readonly CallParty[];
  readonly transfer: TransferStep | null;
  readonly rescue: "returning" | "seeking" | null;
  readonly controls: readonly ("keypad" | "leave" | "merge" | "mute" | "swap" | "transfer_attended" | "transfer_blind" | "transfer_cancel" | "transfer_complete" | "unmute")[];
  readonly barred: readonly ("keypad" | "leave" | "merge" | "mute" | "swap" | "transfer_attended" | "transfer_blind" | "transfer_cancel" | "transfer_complete" | "unmute")[];
  readonly recording: RecordingMark | null;
  readonly voice_stayed: "no_sound" | "not_taken" | "switch" | "transfer" | "unreachable" | null;
}

/** Somebody who is part of a call, as the others see it. */
export interface CallParty {
  readonly kind: "customer" | "employee" | "outside";
  readonly name: string | null;
  readonly number: string;
  readonly leg: LegState;
  readonly apart: boolean;
  readonly muted: boolean;
  readonly employee_id: string | null;
}

/** The call is no longer this agent's. Removes entity `call:<id>`. */
export interface CallRemoved {
  readonly seq: number;
  readonly type: "call.removed";
  readonly stream: StreamName;
  readonly entity: string;
  readonly version: number;
  readonly call_id: string;
  readonly reason: "abandoned" | "answered_elsewhere" | "declined" | "dismissed" | "over" | "timed_out";
  readonly by: Who | null;
  readonly number: string;
  readonly name: string | null;
}

/**
 * A call as a whole.
 *
 * ringing ──► talking ◄──► held
 *    │           │           │
 *    └───────────┴───────────┴──► ended
 */
export type CallState = "ended" | "held" | "ringing" | "talking";

export interface CallbackItem {
  readonly call_id: string;
  readonly number: string;
  readonly name: string | null;
  readonly virtual_number: string | null;
  readonly reason: CallbackReason;
  readonly at: string;
  readonly recording_url: string | null;
  readonly crm: "none" | "refused" | "waiting" | "written";
  readonly crm_reason: string | null;
  readonly crm_said: string | null;
}

/** Why a customer waits to be called back. */
export type CallbackReason = "asked" | "lost" | "voicemail";

/** Who waits to be called back by this agent, newest first. Entity `callbacks`, stream `me`. */
export interface CallbacksChanged {
  readonly seq: number;
  readonly type: "callbacks.changed";
  readonly stream: StreamName;
  readonly entity: string;
  readonly version: number;
  readonly total: number;
  readonly items: readonly CallbackItem[];
}

/** Take the call back. Errors: not_found, wrong_state, switch_unavailable. */
export interface CancelTransfer {
  readonly type: "call.transfer_cancel";
  readonly id: string;
  readonly ttl_ms?: number;
  readonly call_id: string;
}

/**
 * Say which of several matches the caller is; remembered for the number (feature 9).
 *
 * Errors: not_found.
 */
export interface ChooseContact {
  readonly type: "contact.choose";
  readonly id: string;
  readonly ttl_ms?: number;
  readonly call_id: string;
  readonly kind: RecordKind;
  readonly record_id: string;
}

/** Entity `busy:<employee id>`, stream `colleagues`. */
export interface ColleagueBusyChanged {
  readonly seq: number;
  readonly type: "colleague.busy_changed";
  readonly stream: StreamName;
  readonly entity: string;
  readonly version: number;
  readonly employee_id: string;
  readonly busy: "free" | "ringing" | "talking";
  readonly since: string;
}

/** Whether a colleague works through a list. Entity `dialer:<employee id>`, `colleagues`. */
export interface ColleagueDialerChanged {
  readonly seq: number;
  readonly type: "colleague.dialer_changed";
  readonly stream: StreamName;
  readonly entity: string;
  readonly version: number;
  readonly employee_id: string;
  readonly on_list: boolean;
  readonly blend: boolean;
  readonly since: string;
  readonly list_id: string | null;
  readonly list_name: string | null;
}

/**
 * What a colleague's browser lacks to be called on. Entity `phone:<employee id>`, stream
 * `colleagues`; absent for those who talk on telephones.
 */
export interface ColleaguePhoneChanged {
  readonly seq: number;
  readonly type: "colleague.phone_changed";
  readonly stream: StreamName;
  readonly entity: string;
  readonly version: number;
  readonly employee_id: string;
  readonly missing: readonly PhonePart[];
  readonly since: string;
}

/** Entity `presence:<employee id>`, stream `colleagues`. */
export interface ColleaguePresenceChanged {
  readonly seq: number;
  readonly type: "colleague.presence_changed";
  readonly stream: StreamName;
  readonly entity: string;
  readonly version: number;
  readonly employee_id: string;
  readonly online: boolean;
  readonly since: string;
}

/** Entity `status:<employee id>`, stream `colleagues`. */
export interface ColleagueStatusChanged {
  readonly seq: number;
  readonly type: "colleague.status_changed";
  readonly stream: StreamName;
  readonly entity: string;
  readonly version: number;
  readonly employee_id: string;
  readonly status: AgentStatus;
  readonly since: string;
}

/**
 * Leave the call to the target; while that still rings, without waiting for it.
 *
 * Errors: not_found, wrong_state, switch_unavailable.
 */
export interface CompleteTransfer {
  readonly type: "call.transfer_complete";
  readonly id: string;
  readonly ttl_ms?: number;
  readonly call_id: string;
}

/** What is known of the caller. Entity `contact:<call id>`, stream `me`. */
export interface ContactChanged {
  readonly seq: number;
  readonly type: "contact.changed";
  readonly stream: StreamName;
  readonly entity: string;
  readonly version: number;
  readonly call_id: string;
  readonly crm: CrmKind | null;
  readonly lookup: LookupState;
  readonly matches: readonly ContactMatch[];
  readonly chosen: RecordRef | null;
  readonly create_url: string | null;
}

/** One record the number belongs to, with what is open on it. */
export interface ContactMatch {
  readonly record: RecordRef;
  readonly name: string;
  readonly company: string | null;
  readonly url: string;
  readonly responsible: string | null;
  readonly deals: readonly DealBrief[];
  readonly activities: readonly ActivityBrief[];
}

/** Goes with the card. Removes entity `contact:<call id>`. */
export interface ContactRemoved {
  readonly seq: number;
  readonly type: "contact.removed";
  readonly stream: StreamName;
  readonly entity: string;
  readonly version: number;
  readonly call_id: string;
}

/** How the CRM answers. Entity `crm`, stream `account`. */
export interface CrmChanged {
  readonly seq: number;
  readonly type: "crm.changed";
  readonly stream: StreamName;
  readonly entity: string;
  readonly version: number;
  readonly crm: CrmKind;
  readonly state: "auth_expired" | "down" | "ok" | "slow";
  readonly since: string;
}

export type CrmKind = "amocrm" | "bitrix24";

export interface DealBrief {
  readonly id: string;
  readonly title: string;
  readonly funnel: string;
  readonly stage: string;
  readonly stage_color: string | null;
  readonly amount: string | null;
  readonly url: string;
}

/**
 * Stop ringing here; the scenario goes on without this agent.
 *
 * Errors: not_found, wrong_state, switch_unavailable.
 */
export interface DeclineCall {
  readonly type: "call.decline";
  readonly id: string;
  readonly ttl_ms?: number;
  readonly call_id: string;
}

/** Where this employee talks (B21, W13). Entity `device`, stream `me`. */
export interface DeviceChanged {
  readonly seq: number;
  readonly type: "device.changed";
  readonly stream: StreamName;
  readonly entity: string;
  readonly version: number;
  readonly device: "browser" | "phone";
}

/**
 * Ring the agent's device, then `target` (W11, W14).
 *
 * The call's id is derived from the command's, so a repeated frame dials once.
 * Reply: {call_id}. Errors: no_device, wrong_state (already on a call), switch_unavailable; their
 * data may hold a `reason` (`RefusalReason`).
 */
export interface Dial {
  readonly type: "call.dial";
  readonly id: string;
  readonly ttl_ms?: number;
  readonly target: string;
  readonly source?: "click" | "colleagues" | "history" | "keypad" | "redial";
  readonly caller_id?: string | null;
  readonly record_kind?: RecordKind | null;
  readonly record_id?: string | null;
  readonly extension?: string | null;
}

/**
 * Dial whoever is shown, now. Errors: not_found, wrong_state (`why`: stale when another hand
 * has the item by now; a `WaitReason` or an `ItemReason` otherwise).
 */
export interface DialItem {
  readonly type: "dialer.dial";
  readonly id: string;
  readonly ttl_ms?: number;
  readonly item_id: string;
  readonly fence: number;
  readonly number?: string | null;
}

export interface Dialed {
  readonly call_id: string;
}

/** How far this employee is with his list. Entity `dialer`, stream `me`. */
export interface DialerChanged {
  readonly seq: number;
  readonly type: "dialer.changed";
  readonly stream: StreamName;
  readonly entity: string;
  readonly version: number;
  readonly state: RunState;
  readonly since: string;
  readonly current: DialerList | null;
  readonly in_hand: DialerInHand | null;
  readonly blend: boolean;
  readonly dispositions: readonly DialerDisposition[];
  readonly waits: WaitReason | null;
  readonly refusal: RefusalReason | null;
  readonly next_at: string | null;
}

/** What stands between a list and its start: rows with a reason, the first 200. */
export interface DialerCheck {
  readonly counts: DialerCounts;
  readonly refused: readonly DialerItem[];
  readonly waits: readonly DialerItem[];
}

/** loaded = waiting + in_hand + done + excluded, at every instant (R5). */
export interface DialerCounts {
  readonly loaded: number;
  readonly waiting: number;
  readonly in_hand: number;
  readonly done: number;
  readonly excluded: number;
}

export interface DialerDisposition {
  readonly id: string;
  readonly name: string;
  readonly effect: DispositionEffect;
  readonly reached: boolean;
}

/** Whoever is before the operator. */
export interface DialerInHand {
  readonly item: DialerItem;
  readonly since: string;
  readonly until: string | null;
  readonly press: boolean;
  readonly call_id: string | null;
  readonly number: string | null;
  readonly callback: boolean;
}

/** One person of a list. */
export interface DialerItem {
  readonly id: string;
  readonly fence: number;
  readonly phase: ItemPhase;
  readonly name: string;
  readonly numbers: readonly DialerNumber[];
  readonly record: DialerRecord | null;
  readonly reason: ItemReason | null;
  readonly reason_text: string | null;
  readonly same_as: string | null;
  readonly due_at: string | null;
  readonly mine: boolean;
  readonly disposition: string | null;
  readonly note: string;
  readonly outcome: AttemptOutcome | null;
  readonly attempts: number;
  readonly zone: string | null;
}

export interface DialerItems {
  readonly items: readonly DialerItem[];
  readonly next: string | null;
}

export interface DialerList {
  readonly id: string;
  readonly name: string;
  readonly purpose: ListPurpose;
  readonly mode: ListMode;
  readonly state: ListState;
  readonly team: boolean;
  readonly preview_s: number;
  readonly wrap_up_s: number;
  readonly counts: DialerCounts;
  readonly may_edit: boolean;
  readonly source: string;
  readonly taken: number | null;
  readonly offered: number | null;
}

/** Newest first, without those put away. */
export interface DialerLists {
  readonly lists: readonly DialerList[];
}

export interface DialerNumber {
  readonly number: string;
  readonly refusal: ItemReason | null;
  readonly last: AttemptOutcome | null;
  readonly attempts: number;
}

export interface DialerRecord {
  readonly kind: "company" | "contact" | "deal" | "lead";
  readonly id: string;
  readonly url: string | null;
}

export type Direction = "inbound" | "internal" | "outbound";

/** Put away the card of an ended call in every tab. Errors: not_found, wrong_state. */
export interface DismissCall {
  readonly type: "call.dismiss";
  readonly id: string;
  readonly ttl_ms?: number;
  readonly call_id: string;
}

/**
 * What came of it. May be said in the talk and in the wrap-up, and again: the last word
 * counts. Errors: bad_request (`why`: callback_at, disposition), not_found, wrong_state.
 */
export interface DisposeItem {
  readonly type: "dialer.dispose";
  readonly id: string;
  readonly ttl_ms?: number;
  readonly item_id: string;
  readonly fence: number;
  readonly disposition: string;
  readonly note?: string;
  readonly callback_at?: string | null;
  readonly callback_mine?: boolean;
}

export type DispositionEffect = "callback" | "do_not_call" | "done" | "repeat";

/** Entity `employee:<id>`, stream `account`. */
export interface EmployeeChanged {
  readonly seq: number;
  readonly type: "employee.changed";
  readonly stream: StreamName;
  readonly entity: string;
  readonly version: number;
  readonly employee_id: string;
  readonly name: string;
  readonly extension: string | null;
  readonly position: string | null;
  readonly department: string | null;
}

/** Removes entity `employee:<id>`. */
export interface EmployeeRemoved {
  readonly seq: number;
  readonly type: "employee.removed";
  readonly stream: StreamName;
  readonly entity: string;
  readonly version: number;
  readonly employee_id: string;
}

/** Why a command was refused. The widget has a sentence for each, in each language. */
export type ErrorCode = "bad_proof" | "bad_request" | "bad_ticket" | "crm_auth_expired" | "crm_rejected" | "crm_unavailable" | "expired" | "internal" | "no_device" | "not_allowed" | "not_found" | "switch_unavailable" | "too_many" | "unknown_command" | "wrong_state";

/** What a widget may say it understands in `hello`; pushes of other features are not sent. */
export type Feature = "board" | "calls" | "contacts" | "dialer" | "directory" | "history" | "statuses" | "voice";

/**
 * The customer was reached, or need not be called. A talk with the number says it by itself.
 *
 * Reply: empty; the list arrives as `callbacks.changed`. Errors: not_found.
 */
export interface FinishCallback {
  readonly type: "callback.done";
  readonly id: string;
  readonly ttl_ms?: number;
  readonly call_id: string;
}

export interface GroupBrief {
  readonly group_id: string;
  readonly name: string;
  readonly extension: string | null;
}

/** The account's groups a call can be passed to. Entity `groups`, stream `account`. */
export interface GroupsChanged {
  readonly seq: number;
  readonly type: "groups.changed";
  readonly stream: StreamName;
  readonly entity: string;
  readonly version: number;
  readonly groups: readonly GroupBrief[];
}

/** The agent's own raised hand. Entity `hand`, stream `me`. */
export interface HandChanged {
  readonly seq: number;
  readonly type: "hand.changed";
  readonly stream: StreamName;
  readonly entity: string;
  readonly version: number;
  readonly raised: boolean;
  readonly reason: string;
  readonly call_id: string | null;
  readonly since: string;
  readonly answered_by: string | null;
}

/** End the talk. Errors: not_found, wrong_state, switch_unavailable. */
export interface HangUpCall {
  readonly type: "call.hangup";
  readonly id: string;
  readonly ttl_ms?: number;
  readonly call_id: string;
}

/** Why a leg ended, in our words; adapters map Q.850 and SIP onto them. */
export type HangupCause = "answered_elsewhere" | "busy" | "cancelled" | "congestion" | "failure" | "invalid_number" | "lost_contact" | "no_answer" | "normal" | "rejected" | "unreachable";

/** The first frame of a client: the one-time ticket, what it understands, where it stopped. */
export interface Hello {
  readonly type: "hello";
  readonly ticket: string;
  readonly protocol: number;
  readonly features?: readonly string[];
  readonly streams?: Readonly<Record<string, readonly [string, number]>>;
  readonly tab?: string;
  readonly visible?: boolean;
  readonly sound?: boolean;
  readonly locale?: string;
}

/** The history has a newer call: ask again if it is on screen. Entity `history`, `me`. */
export interface HistoryChanged {
  readonly seq: number;
  readonly type: "history.changed";
  readonly stream: StreamName;
  readonly entity: string;
  readonly version: number;
  readonly last_call_id: string | null;
}

export interface HistoryEntry {
  readonly call_id: string;
  readonly direction: Direction;
  readonly number: string;
  readonly name: string | null;
  readonly started_at: string;
  readonly answered_at: string | null;
  readonly ended_at: string;
  readonly talk_s: number;
  readonly outcome: Outcome;
  readonly cause: HangupCause | null;
  readonly mine: boolean;
  readonly answered_by: Who | null;
  readonly virtual_number: string | null;
  readonly record: RecordRef | null;
  readonly record_url: string | null;
  readonly notes: readonly StepNote[];
  readonly crm: "none" | "refused" | "waiting" | "written";
  readonly crm_reason: string | null;
  readonly crm_said: string | null;
  readonly recording: "gone" | "none" | "ready" | "waiting";
  readonly recording_url: string | null;
  readonly message: string | null;
  readonly callback: "done" | "none" | "open";
  readonly visit: VisitWay | null;
  readonly pauses: readonly RecordingPause[];
  readonly transfers: readonly PastTransfer[];
}

export interface HistoryPage {
  readonly entries: readonly HistoryEntry[];
  readonly next: string | null;
}

/**
 * Put the customer on music (`on`) or come back. Asking for the present state does nothing.
 *
 * Errors: not_found, wrong_state, switch_unavailable.
 */
export interface HoldCall {
  readonly type: "call.hold";
  readonly id: string;
  readonly ttl_ms?: number;
  readonly call_id: string;
  readonly on: boolean;
}

/** As browsers take it: RTCIceServer. */
export interface IceServer {
  readonly urls: readonly string[];
  readonly username: string | null;
  readonly credential: string | null;
}

/**
 * Where one person of a list is.
 *
 * waiting ──► shown ──► dialling ──► talking ──► wrap_up ──► done
 *    ▲          │           └────────────────────▲  │
 *    │          └──► waiting (nobody was dialled)   ├──► later ──► shown
 *    └── repeated ◄─────────────────────────────────┘
 * excluded: never dialled, or not any more; `reason` says why.
 *
 * loaded = waiting and later + shown, dialling, talking and wrap_up + done + excluded, always.
 */
export type ItemPhase = "dialling" | "done" | "excluded" | "later" | "shown" | "talking" | "waiting" | "wrap_up";

/** Why a person is not dialled, or not now. */
export type ItemReason = "attempts_spent" | "bad_number" | "do_not_call" | "in_other_hands" | "list_closed" | "no_consent" | "no_number" | "opted_out" | "outside_hours" | "record_gone" | "removed" | "same_person" | "too_soon";

/** Leave a talk of three to the others. Errors: not_found, wrong_state, switch_unavailable. */
export interface LeaveCall {
  readonly type: "call.leave";
  readonly id: string;
  readonly ttl_ms?: number;
  readonly call_id: string;
}

/** One party's connection: dialing ► ringing ► up ► ended, never back. */
export type LegState = "dialing" | "ended" | "ringing" | "up";

/** Past calls of this agent, newest first. Reply: `HistoryPage`. */
export interface ListHistory {
  readonly type: "history.list";
  readonly id: string;
  readonly ttl_ms?: number;
  readonly before?: string | null;
  readonly limit?: number;
}

/** The people of a list, in its order. Reply: `DialerItems`. Errors: not_found. */
export interface ListItems {
  readonly type: "dialer.items";
  readonly id: string;
  readonly ttl_ms?: number;
  readonly list_id: string;
  readonly after?: string | null;
  readonly limit?: number;
  readonly part?: "all" | "done" | "excluded" | "in_hand" | "waiting";
}

/**
 * The lists this employee may work on: own ones, and those of his groups. Reply:
 * `DialerLists`.
 */
export interface ListLists {
  readonly type: "dialer.lists";
  readonly id: string;
  readonly ttl_ms?: number;
}

export type ListMode = "preview" | "progressive";

/**
 * What the calls of a list are for. Chosen by a person when it is made; there is no default,
 * for the law asks more of advertising.
 */
export type ListPurpose = "advertising" | "service";

export type ListState = "closed" | "finished" | "open" | "paused";

/** How far the search for the caller is. All four are drawn differently on the card (W3). */
export type LookupState = "found" | "looking" | "not_found" | "unavailable";

/** Help is no longer needed. Reply: empty; without a raised hand nothing happens. */
export interface LowerHand {
  readonly type: "hand.lower";
  readonly id: string;
  readonly ttl_ms?: number;
}

/** All three hear each other. Errors: not_found, wrong_state, switch_unavailable. */
export interface MergeCall {
  readonly type: "call.merge";
  readonly id: string;
  readonly ttl_ms?: number;
  readonly call_id: string;
}

/** What a tab knows of its microphone. */
export type Microphone = "absent" | "ask" | "blocked" | "denied" | "granted";

/**
 * Somebody listens to the agent's talk, where the account's rules say that he is told. Entity
 * `monitored`, stream `me`.
 */
export interface MonitoredChanged {
  readonly seq: number;
  readonly type: "monitored.changed";
  readonly stream: StreamName;
  readonly entity: string;
  readonly version: number;
  readonly mode: "barge" | "listen" | "whisper" | null;
  readonly by: string;
  readonly call_id: string | null;
}

/** Put a row before another one, or last. Errors: not_found, wrong_state. */
export interface MoveItem {
  readonly type: "dialer.move";
  readonly id: string;
  readonly ttl_ms?: number;
  readonly list_id: string;
  readonly item_id: string;
  readonly before?: string | null;
}

/**
 * Have the talk on this leg go on in the tab that is the phone now (M14). The leg goes on
 * talking until the sound of the other one is up; asked by the tab that has the talk.
 *
 * Reply: empty, when the voice is there. Errors: not_found, wrong_state with a `reason`
 * (`StayReason`), which the card shows as well: the talk goes on where it was.
 */
export interface MoveVoice {
  readonly type: "call.move_voice";
  readonly id: string;
  readonly ttl_ms?: number;
  readonly call_id: string;
  readonly leg_id: string;
}

/**
 * Let nobody hear this agent, or everybody again. Asking for the present state does nothing.
 *
 * Errors: not_found, wrong_state, switch_unavailable.
 */
export interface MuteCall {
  readonly type: "call.mute";
  readonly id: string;
  readonly ttl_ms?: number;
  readonly call_id: string;
  readonly on: boolean;
}

/** End the wrap-up before its time. Errors: as of `dialer.dial`. */
export interface NextItem {
  readonly type: "dialer.next";
  readonly id: string;
  readonly ttl_ms?: number;
  readonly item_id: string;
  readonly fence: number;
}

/**
 * A call the agent asked for in the CRM could not be placed. Entity `notice`, stream `me`: the
 * newest one; tabs show it while it is fresh.
 */
export interface NoticeRaised {
  readonly seq: number;
  readonly type: "notice.raised";
  readonly stream: StreamName;
  readonly entity: string;
  readonly version: number;
  readonly reason: RefusalReason;
  readonly number: string;
  readonly at: string;
}

/** How a call ended, weakest first: a stronger one is never replaced by a weaker (R2). */
export type Outcome = "answered" | "failed" | "lost";

/**
 * Which of the account's numbers the agent may show to whom he calls. Entity `outgoing`,
 * stream `me`.
 */
export interface OutgoingChanged {
  readonly seq: number;
  readonly type: "outgoing.changed";
  readonly stream: StreamName;
  readonly entity: string;
  readonly version: number;
  readonly default: string | null;
  readonly numbers: readonly OutgoingNumber[];
}

export interface OutgoingNumber {
  readonly number: string;
  readonly name: string | null;
}

/** One transfer of a call that is over. */
export interface PastTransfer {
  readonly at: string;
  readonly by: string;
  readonly target: string;
  readonly reason: TransferTrouble | null;
  readonly note: string | null;
}

/**
 * Silence in the recording (`on`), or no more of it. The recording keeps its length.
 *
 * Asking for the present state does nothing. Errors: not_found, wrong_state (nobody records, or
 * the agent does not talk), switch_unavailable: then it is recorded as before.
 */
export interface PauseRecording {
  readonly type: "call.pause_recording";
  readonly id: string;
  readonly ttl_ms?: number;
  readonly call_id: string;
  readonly on: boolean;
}

/**
 * Another tab pressed the button: the phone is to do it. Entity `phone_asked`, stream `me`;
 * the newest one, which counts only while it is fresh.
 */
export interface PhoneAsked {
  readonly seq: number;
  readonly type: "phone.asked";
  readonly stream: StreamName;
  readonly entity: string;
  readonly version: number;
  readonly call_id: string;
  readonly leg_id: string;
  readonly act: "answer";
  readonly at: string;
}

/** Which of the employee's tabs is the phone, and what it lacks. Entity `phone`, stream `me`. */
export interface PhoneChanged {
  readonly seq: number;
  readonly type: "phone.changed";
  readonly stream: StreamName;
  readonly entity: string;
  readonly version: number;
  readonly tab: string | null;
  readonly missing: readonly PhonePart[];
}

/** Reply of `phone.register`. Good until `expires_at`, or until another tab registers. */
export interface PhoneCredentials {
  readonly ws_url: string;
  readonly username: string;
  readonly password: string;
  readonly display_name: string;
  readonly ice_servers: readonly IceServer[];
  readonly expires_at: string;
  readonly domain: string;
  readonly codecs: readonly string[];
}

/** What a phone in the browser lacks to be called on (M3). */
export type PhonePart = "microphone_absent" | "microphone_ask" | "microphone_blocked" | "microphone_denied" | "registration" | "socket" | "sound" | "tab";

/**
 * A call could not be rung here for want of what `phone.changed` names, and nothing else of
 * the employee's was there to ring. Entity `phone_passed`, stream `me`: the newest one.
 */
export interface PhonePassed {
  readonly seq: number;
  readonly type: "phone.passed";
  readonly stream: StreamName;
  readonly entity: string;
  readonly version: number;
  readonly number: string;
  readonly at: string;
}

export interface Ping {
  readonly type: "ping";
  readonly n: number;
}

/** Answers a `Ping`. The server measures presence by these, never by client timers (R10). */
export interface Pong {
  readonly type: "pong";
  readonly n: number;
}

/**
 * Ask a supervisor for help without a word to the customer (M17).
 *
 * Reply: empty; the hand arrives as `hand.changed`.
 */
export interface RaiseHand {
  readonly type: "hand.raise";
  readonly id: string;
  readonly ttl_ms?: number;
  readonly reason?: string;
  readonly call_id?: string | null;
}

/** A record of the CRM that a phone number can belong to. */
export type RecordKind = "company" | "contact" | "lead";

export interface RecordRef {
  readonly kind: RecordKind;
  readonly id: string;
}

/** The talk is being recorded; silence while `paused_at` is set. */
export interface RecordingMark {
  readonly paused_at: string | null;
  readonly paused_until: string | null;
  readonly can_pause: boolean;
}

/** When a recording was silent, and who asked; an empty name: somebody who has left. */
export interface RecordingPause {
  readonly began_at: string;
  readonly ended_at: string;
  readonly by: string;
}

/**
 * Read the records anew, of one row or of all, and check them. Reply: `DialerCheck`.
 *
 * Errors: not_found, crm_unavailable.
 */
export interface RefreshList {
  readonly type: "dialer.refresh";
  readonly id: string;
  readonly ttl_ms?: number;
  readonly list_id: string;
  readonly item_id?: string | null;
}

/**
 * Why a call cannot be placed. It travels in the data of a refused command and in notices.
 *
 * The first four are those the operator is told of by name (L1299-L1307).
 */
export type RefusalReason = "bad_number" | "busy" | "callback_off" | "caller_id_not_allowed" | "calls_off" | "click_off" | "no_caller_id" | "no_numbers" | "no_registered_line" | "no_scenario" | "no_trunk" | "not_an_employee" | "not_picked_up" | "numbers_off" | "switch_away" | "too_late";

/**
 * What the line is registered with, new each time: what was issued before is void.
 *
 * Reply: `PhoneCredentials`. Errors: wrong_state (this tab is not the phone), no_device (the
 * switch has no such line), switch_unavailable.
 */
export interface RegisterPhone {
  readonly type: "phone.register";
  readonly id: string;
  readonly ttl_ms?: number;
}

/** This tab is no phone any more, or does not want to be one. */
export interface ReleasePhone {
  readonly type: "phone.release";
  readonly id: string;
  readonly ttl_ms?: number;
}

/** Take a row off the list. Errors: not_found, wrong_state (in hand). */
export interface RemoveItem {
  readonly type: "dialer.remove";
  readonly id: string;
  readonly ttl_ms?: number;
  readonly list_id: string;
  readonly item_id: string;
}

/** Exchange the session token for a fresh one. Reply: `SessionToken`. */
export interface RenewSession {
  readonly type: "session.renew";
  readonly id: string;
  readonly ttl_ms?: number;
}

/**
 * Put those not reached back among those who wait. Reply: empty. Errors: not_found,
 * wrong_state (`why`: nothing_left).
 */
export interface RepeatList {
  readonly type: "dialer.repeat";
  readonly id: string;
  readonly ttl_ms?: number;
  readonly list_id: string;
  readonly outcomes?: readonly AttemptOutcome[];
}

/** Answers one command. `result` only for questions (`history.list`, `stream.subscribe`). */
export interface Reply {
  readonly type: "reply";
  readonly id: string;
  readonly ok: boolean;
  readonly result: unknown | null;
  readonly error: ReplyError | null;
}

export interface ReplyError {
  readonly code: ErrorCode;
  readonly message: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/**
 * What this tab has proven of itself; the server chooses by it which tab is the phone, and
 * tells what is missing before a call is lost to it. Whether it may sound is in `tab.report`.
 */
export interface ReportPhone {
  readonly type: "phone.report";
  readonly id: string;
  readonly ttl_ms?: number;
  readonly microphone: Microphone;
  readonly connected?: boolean;
  readonly registered?: boolean;
  readonly talking?: boolean;
}

/** Whether this tab is in front and may sound; the server picks the one that rings (W9). */
export interface ReportTab {
  readonly type: "tab.report";
  readonly id: string;
  readonly ttl_ms?: number;
  readonly visible: boolean;
  readonly sound: boolean;
}

/**
 * Put the list away: whoever waits is not called any more. Errors: not_found, wrong_state
 * (somebody is in hand).
 */
export interface ResetList {
  readonly type: "dialer.reset";
  readonly id: string;
  readonly ttl_ms?: number;
  readonly list_id: string;
}

/** The server will close in a moment on purpose; come back after `in_ms` plus jitter. */
export interface Restarting {
  readonly type: "restarting";
  readonly in_ms: number;
}

/** Ask the CRM about the caller again. Errors: not_found. */
export interface RetryLookup {
  readonly type: "contact.retry";
  readonly id: string;
  readonly ttl_ms?: number;
  readonly call_id: string;
}

/** Which of the agent's tabs sounds. Entity `ringer`, stream `me`. */
export interface RingerChanged {
  readonly seq: number;
  readonly type: "ringer.changed";
  readonly stream: StreamName;
  readonly entity: string;
  readonly version: number;
  readonly tab: string | null;
}

/**
 * How far one employee is with working through lists.
 *
 * idle ──► running ──► stopping ──► stopped ──► running
 *             └──────► finished
 */
export type RunState = "finished" | "idle" | "running" | "stopped" | "stopping";

/**
 * Let the other side hear these keys; a comma is a pause of a second. Heard once, whatever
 * happens to the frame. Errors: not_found, wrong_state, switch_unavailable.
 */
export interface SendKeys {
  readonly type: "call.dtmf";
  readonly id: string;
  readonly ttl_ms?: number;
  readonly call_id: string;
  readonly digits: string;
}

export interface SessionToken {
  readonly token: string;
  readonly expires_at: string;
}

/** Choose one's own status (W7). Reply: empty; the change arrives as `status.changed`. */
export interface SetStatus {
  readonly type: "status.set";
  readonly id: string;
  readonly ttl_ms?: number;
  readonly status: AgentStatus;
  readonly reason?: string | null;
}

/** Pass whoever is shown over: to the end of the list. Errors: as of `dialer.dial`. */
export interface SkipItem {
  readonly type: "dialer.skip";
  readonly id: string;
  readonly ttl_ms?: number;
  readonly item_id: string;
  readonly fence: number;
}

/**
 * Begin, or go on with a list; on another computer too.
 *
 * Reply: empty; what is put before the operator arrives as `dialer.changed`. Errors: not_found,
 * wrong_state (`why`: closed, paused, nothing_left, in_hand).
 */
export interface StartList {
  readonly type: "dialer.start";
  readonly id: string;
  readonly ttl_ms?: number;
  readonly list_id: string;
  readonly blend?: boolean;
}

/** The agent's own status. Entity `status`, stream `me`. */
export interface StatusChanged {
  readonly seq: number;
  readonly type: "status.changed";
  readonly stream: StreamName;
  readonly entity: string;
  readonly version: number;
  readonly status: AgentStatus;
  readonly since: string;
  readonly source: StatusSource;
  readonly reason: string | null;
}

/** Who set a status. A machine never makes a person more available than they chose (R9). */
export type StatusSource = "crm" | "person" | "supervisor" | "system";

/** What became of a scenario's step that asked the CRM for the customer's manager. */
export interface StepNote {
  readonly step: number;
  readonly manager: Who | null;
  readonly reason: StepReason | null;
}

/** Why a call was not forwarded to the customer's own manager (B13, A11). */
export type StepReason = "busy" | "crm_failed" | "declined" | "late" | "no_answer" | "no_integration" | "no_manager" | "not_an_employee" | "not_in_today" | "off_work" | "unreachable";

/** Take nothing more. Whoever is only shown goes back; a talk is finished first. */
export interface StopList {
  readonly type: "dialer.stop";
  readonly id: string;
  readonly ttl_ms?: number;
}

/**
 * Streams a session can follow; `me` and `account` always, the rest while on screen. `board`:
 * only sessions that were opened for one.
 */
export type StreamName = "account" | "board" | "colleagues" | "me";

/** The stream has another history now (its epoch changed): start it over from `start`. */
export interface StreamReset {
  readonly type: "stream.reset";
  readonly stream: StreamName;
  readonly start: StreamStart;
}

/**
 * Where a stream begins for this session.
 *
 * `recovered`: `pushes` are exactly those missed since the position sent. Otherwise they are the
 * snapshot: forget the stream's entities and apply these.
 */
export interface StreamStart {
  readonly epoch: string;
  readonly seq: number;
  readonly recovered: boolean;
  readonly pushes: readonly unknown[];
}

/** Follow a stream while it is on screen. Reply: `StreamStart`. */
export interface Subscribe {
  readonly type: "stream.subscribe";
  readonly id: string;
  readonly ttl_ms?: number;
  readonly stream: StreamName;
  readonly position?: readonly [string, number] | null;
}

/** Whether the telephone switch is reachable. Entity `switch`, stream `account`. */
export interface SwitchChanged {
  readonly seq: number;
  readonly type: "switch.changed";
  readonly stream: StreamName;
  readonly entity: string;
  readonly version: number;
  readonly connected: boolean;
  readonly since: string;
}

/** Bring the voice to this tab (M14). Errors: wrong_state (its microphone is not granted). */
export interface TakePhone {
  readonly type: "phone.take";
  readonly id: string;
  readonly ttl_ms?: number;
}

/**
 * The sound of this leg, which was rung to take a talk over, is up in both directions. Without
 * such a leg nothing happens.
 */
export interface TakeVoice {
  readonly type: "call.take_voice";
  readonly id: string;
  readonly ttl_ms?: number;
  readonly call_id: string;
  readonly leg_id: string;
}

/**
 * Pass the talk on. Exactly one target is named; the other party hears music.
 *
 * `blind`: the agent is free at once, and is rung again if nobody takes the call. `attended`: he
 * talks with the target first, then completes, merges or cancels. Reply: empty; what became of it
 * arrives as `call.changed`. Errors: not_found, wrong_state, bad_request, no_device,
 * switch_unavailable: then the talk goes on as it was.
 */
export interface TransferCall {
  readonly type: "call.transfer";
  readonly id: string;
  readonly ttl_ms?: number;
  readonly call_id: string;
  readonly kind: "attended" | "blind";
  readonly employee_id?: string | null;
  readonly group?: string | null;
  readonly number?: string | null;
  readonly crm_user?: string | null;
  readonly note?: string | null;
}

/** How far a transfer is, or what became of the last one. */
export interface TransferStep {
  readonly kind: "attended" | "blind";
  readonly phase: "consulting" | "done" | "failed" | "returning" | "ringing" | "seeking";
  readonly role: "other" | "sender" | "target";
  readonly target: string;
  readonly by: string;
  readonly reason: TransferTrouble | null;
  readonly note: string | null;
  readonly swapped: boolean;
}

/** Why a transfer came to nothing, or cannot begin. The talk itself is never lost to it. */
export type TransferTrouble = "bad_number" | "busy" | "cancelled" | "declined" | "engine" | "failed" | "no_answer" | "no_trunk" | "off_work" | "target_left" | "under_way" | "unreachable";

/**
 * The operator writes: the wrap-up does not end in the middle of a word. Sent every few
 * seconds at most; asked in vain it changes nothing.
 */
export interface TypeOn {
  readonly type: "dialer.typing";
  readonly id: string;
  readonly ttl_ms?: number;
  readonly item_id: string;
  readonly fence: number;
}

/** Stop following. `me` and `account` cannot be left. */
export interface Unsubscribe {
  readonly type: "stream.unsubscribe";
  readonly id: string;
  readonly ttl_ms?: number;
  readonly stream: StreamName;
}

/** `title` may be empty. */
export interface VisitPage {
  readonly url: string;
  readonly title: string;
  readonly at: string;
}

/**
 * Empty text is unknown. `exact`: the caller was shown this number on a page; otherwise it is
 * what the number itself stands for, and there are no pages.
 */
export interface VisitWay {
  readonly exact: boolean;
  readonly site: string;
  readonly source: string;
  readonly medium: string;
  readonly campaign: string;
  readonly keyword: string;
  readonly content: string;
  readonly referrer: string;
  readonly landing: string;
  readonly pages: readonly VisitPage[];
  readonly pages_total: number;
  readonly visits: number;
  readonly first_at: string | null;
  readonly last_at: string | null;
}

/** Why nothing is put before the operator, or not dialled, right now. */
export type WaitReason = "callbacks" | "closed" | "no_device" | "no_trunk" | "not_ready" | "offline" | "on_call" | "others" | "outside_hours" | "paused" | "refused" | "status" | "switch_away" | "too_soon" | "vanished";

export interface Welcome {
  readonly type: "welcome";
  readonly session: string;
  readonly protocol: number;
  readonly features: readonly Feature[];
  readonly you: You;
  readonly server_time: string;
  readonly session_expires_at: string;
  readonly ping_interval_s: number;
  readonly streams: Readonly<Record<string, StreamStart>>;
}

export interface Who {
  readonly employee_id: string;
  readonly name: string;
}

export interface You {
  readonly account_id: string;
  readonly employee_id: string;
  readonly name: string;
  readonly extension: string | null;
  readonly is_supervisor: boolean;
}

export type Command =
  | AnswerCall
  | DeclineCall
  | HangUpCall
  | HoldCall
  | Dial
  | DismissCall
  | ChooseContact
  | RetryLookup
  | SetStatus
  | ListHistory
  | FinishCallback
  | Subscribe
  | Unsubscribe
  | ReportTab
  | RenewSession
  | TransferCall
  | CompleteTransfer
  | CancelTransfer
  | MergeCall
  | LeaveCall
  | MuteCall
  | SendKeys
  | PauseRecording
  | ReportPhone
  | RegisterPhone
  | TakePhone
  | ReleasePhone
  | MoveVoice
  | TakeVoice
  | ListLists
  | ListItems
  | StartList
  | StopList
  | BlendList
  | DialItem
  | SkipItem
  | NextItem
  | TypeOn
  | DisposeItem
  | RemoveItem
  | MoveItem
  | RefreshList
  | RepeatList
  | ResetList
  | RaiseHand
  | LowerHand;

export type Push =
  | CallChanged
  | CallRemoved
  | ContactChanged
  | ContactRemoved
  | StatusChanged
  | RingerChanged
  | NoticeRaised
  | OutgoingChanged
  | HistoryChanged
  | CallbacksChanged
  | EmployeeChanged
  | EmployeeRemoved
  | SwitchChanged
  | CrmChanged
  | ColleaguePresenceChanged
  | ColleagueStatusChanged
  | ColleagueBusyChanged
  | GroupsChanged
  | DeviceChanged
  | PhoneChanged
  | PhoneAsked
  | PhonePassed
  | ColleaguePhoneChanged
  | DialerChanged
  | ColleagueDialerChanged
  | HandChanged
  | MonitoredChanged
  | BoardSetup
  | BoardPerson
  | BoardPersonRemoved
  | BoardCall
  | BoardCallRemoved
  | BoardTally
  | BoardCounts;

export type ServerFrame =
  | Welcome
  | Reply
  | Ping
  | StreamReset
  | Restarting
  | Push;

export type ClientFrame =
  | Hello
  | Pong
  | Command;
