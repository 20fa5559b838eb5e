/**
 * Signing on from a portal's frame: what the portal says of its user is shown to our server, which
 * asks the portal's authorization server whether it is true.
 *
 * The shell carries no session on purpose: it is sent from memory at once, because the portal gives
 * up on background pages that are slow.
 */
import { reconnectDelayMs } from '../protocol/backoff';
import type { Clock } from '../protocol/clock';
import { isRecord } from '../protocol/decode';
import type { SessionToken } from '../protocol/messages';
import type { Portal } from './bitrix24';

const PORTAL_TIMEOUT_MS = 15_000;
const SERVER_TIMEOUT_MS = 15_000;

/** Supervisors and administrators see the settings without a line of their own. */
export type Purpose = 'phone' | 'settings';

/** Why there is no session: `not_an_employee`, `no_line`, or the refusal's code. */
export class NoSession extends Error {
  override name = 'NoSession';
}

/** Raises NoSession when the server refuses, any other error when somebody does not answer. */
export async function signOn(
  portal: Pick<Portal, 'call'>,
  api: string,
  request: typeof fetch = (...args) => fetch(...args),
  purpose: Purpose = 'phone',
): Promise<SessionToken> {
  const init = await portal.call('getInitData', null, PORTAL_TIMEOUT_MS);
  if (!isRecord(init)) throw new Error('the portal gave no launch data');
  try {
    return await prove(init, api, request, purpose);
  } catch (error) {
    if (!(error instanceof NoSession) || error.message !== 'bad_proof') throw error;
    // The page is older than its access token (an hour): the portal has a fresh one for the asking.
    const fresh = await portal.call('refreshAuth', null, PORTAL_TIMEOUT_MS);
    if (!isRecord(fresh)) throw error;
    return prove({ ...init, AUTH_ID: fresh['AUTH_ID'] }, api, request, purpose);
  }
}

async function prove(
  init: Record<string, unknown>,
  api: string,
  request: typeof fetch,
  purpose: Purpose,
): Promise<SessionToken> {
  const response = await request(`${api}/api/bitrix24/session`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({
      auth_id: init['AUTH_ID'],
      member_id: init['MEMBER_ID'],
      ...(purpose === 'settings' ? { for: purpose } : {}),
    }),
    credentials: 'omit',
    cache: 'no-store',
    signal: AbortSignal.timeout(SERVER_TIMEOUT_MS),
  });
  const answer: unknown = await response.json();
  if (!isRecord(answer)) throw new Error('no answer');
  if (typeof answer['token'] === 'string' && typeof answer['expires_at'] === 'string') {
    return { token: answer['token'], expires_at: answer['expires_at'] };
  }
  const error = isRecord(answer['error']) ? answer['error'] : {};
  if (response.status >= 500 || response.status === 429) {
    throw new Error(`the server answered ${response.status}`);
  }
  const data = isRecord(error['data']) ? error['data'] : {};
  const why = data['why'] ?? error['code'];
  throw new NoSession(typeof why === 'string' ? why : 'refused');
}

/** Why there would be no session now; null when there would, or nobody says. */
export async function refusal(
  portal: Pick<Portal, 'call'>,
  api: string,
  request?: typeof fetch,
): Promise<string | null> {
  try {
    await signOn(portal, api, request);
    return null;
  } catch (error) {
    return error instanceof NoSession ? error.message : null;
  }
}

/**
 * The session, however long the portal or the server take: a page lives for days and must come to
 * life by itself. Null when a person has to do something first; `refused` says what.
 */
export async function signOnPatiently(
  portal: Portal,
  api: string,
  clock: Clock,
  refused: (why: string) => void,
  purpose: Purpose = 'phone',
): Promise<SessionToken | null> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await signOn(portal, api, undefined, purpose);
    } catch (error) {
      if (error instanceof NoSession) {
        refused(error.message);
        return null;
      }
      const wait = reconnectDelayMs(attempt, Math.random);
      await new Promise<void>((resolve) => clock.after(wait, resolve));
    }
  }
}
