import type { ErrorCode } from './messages';

/** `no_answer`: nothing came before the deadline. `disconnected`: the session ended meanwhile. */
export type FailureCode = ErrorCode | 'no_answer' | 'disconnected';

/** A command that was refused or never answered. The widget has a sentence for each code. */
export class CommandFailed extends Error {
  constructor(
    readonly code: FailureCode,
    message = code as string,
  ) {
    super(message);
    this.name = 'CommandFailed';
  }
}

export function failureCode(error: unknown): FailureCode {
  return error instanceof CommandFailed ? error.code : 'internal';
}
