import { REFUSAL_REASONS, type ErrorCode, type RefusalReason } from './messages';

/** `no_answer`: nothing came before the deadline. `disconnected`: the session ended meanwhile.
 * `no_microphone`: the browser would not open it. */
export type FailureCode = ErrorCode | 'no_answer' | 'disconnected' | 'no_microphone';

/** A command that was refused or never answered. The widget has a sentence for each code. */
export class CommandFailed extends Error {
  constructor(
    readonly code: FailureCode,
    message = code as string,
    /** Why a call cannot be placed, where the server says. */
    readonly reason: RefusalReason | null = null,
    /** The same as the server spelt it; other commands than those that place calls have their own. */
    readonly named: string | null = reason,
  ) {
    super(message);
    this.name = 'CommandFailed';
  }
}

export function failureCode(error: unknown): FailureCode {
  return error instanceof CommandFailed ? error.code : 'internal';
}

export function refusalOf(error: unknown): RefusalReason | null {
  return error instanceof CommandFailed ? error.reason : null;
}

/** The reason in a reply's data; one a newer server names is left to the code's sentence. */
export function reasonIn(data: unknown): RefusalReason | null {
  const named = namedIn(data);
  return REFUSAL_REASONS.find((reason) => reason === named) ?? null;
}

/** The reason in a reply's data, known here or not. */
export function namedIn(data: unknown): string | null {
  if (typeof data !== 'object' || data === null) return null;
  const named = 'reason' in data ? data.reason : 'why' in data ? data.why : null;
  return typeof named === 'string' ? named : null;
}
