/** What the person is told about the connection (feature: four states, in words). */

export type StopReason = 'session_ended' | 'origin' | 'protocol' | 'replaced';

/**
 *   connecting ──► online ──► waiting ──► connecting …
 *                    │           ▲
 *                    │        offline (the machine has no network)
 *                    └──► stopped (4500–4999: the server asked us to stay away)
 */
export type Connection =
  | { readonly phase: 'connecting'; readonly first: boolean }
  | { readonly phase: 'online' }
  | { readonly phase: 'waiting'; readonly retryAt: number }
  | { readonly phase: 'offline' }
  | { readonly phase: 'stopped'; readonly reason: StopReason };

export function mayReturn(code: number): boolean {
  return code < 4500 || code > 4999;
}
