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
  if (typeof data !== 'object' || data === null || !('reason' in data)) return null;
  const named = data.reason;
  return REFUSAL_REASONS.find((reason) => reason === named) ?? null;
}
