// Written by `make protocol` from backend/api/board_shapes.py. Do not edit.

export interface DayAnswer {
  readonly day: string;
  readonly totals: TotalsAnswer;
}

export interface DeedAnswer {
  readonly at: string;
  readonly by: string;
  readonly what: string;
  readonly employee_id: string | null;
  readonly call_id: string | null;
  readonly detail: Readonly<Record<string, unknown>>;
}

/** Newest first. */
export interface DeedsAnswer {
  readonly items: readonly DeedAnswer[];
}

export interface FiguresAnswer {
  readonly totals: TotalsAnswer;
  readonly days: readonly DayAnswer[];
  readonly people: readonly PersonAnswer[];
}

export interface HourAnswer {
  readonly inbound: number;
  readonly answered: number;
  readonly lost: number;
  readonly outbound: number;
}

export interface PastAnswer {
  readonly began_at: string;
  readonly ended_at: string;
  readonly start: readonly Readonly<Record<string, unknown>>[];
  readonly events: readonly PastEvent[];
  readonly digest: string;
}

export interface PastEvent {
  readonly at: string;
  readonly push: Readonly<Record<string, unknown>>;
}

export interface PersonAnswer {
  readonly employee_id: string;
  readonly name: string;
  readonly answered: number;
  readonly missed: number;
  readonly placed: number;
  readonly reached: number;
  readonly talk_s: number;
}

export interface TotalsAnswer {
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
  readonly hours: readonly HourAnswer[];
}
