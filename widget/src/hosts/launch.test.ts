import { describe, expect, it } from 'vitest';
import { NoSession, refusal, signOn } from './launch';

const token = { token: 'session-1', expires_at: '2026-03-02T21:00:00Z' };
const badProof = { error: { code: 'bad_proof', message: '' } };

function portal(): { call: (command: string) => Promise<unknown>; asked: string[] } {
  const asked: string[] = [];
  const answers: Record<string, unknown> = {
    getInitData: { AUTH_ID: 'old', MEMBER_ID: 'm1' },
    refreshAuth: { AUTH_ID: 'fresh' },
  };
  const call = (command: string): Promise<unknown> => {
    asked.push(command);
    return Promise.resolve(answers[command]);
  };
  return { call, asked };
}

/** A server that answers in this order and writes down the proofs it was shown. */
function server(...answers: [number, unknown][]): { request: typeof fetch; proofs: unknown[] } {
  const proofs: unknown[] = [];
  const request = (_: unknown, init?: RequestInit): Promise<Response> => {
    proofs.push(JSON.parse(init?.body as string));
    const [status, body] = answers.shift() ?? [500, {}];
    return Promise.resolve(Response.json(body, { status }));
  };
  return { request, proofs };
}

describe('signing on from the portal', () => {
  it('shows the portal’s proof and takes the session', async () => {
    const { request, proofs } = server([200, token]);
    await expect(signOn(portal(), 'https://dozvon.test', request)).resolves.toEqual(token);
    expect(proofs).toEqual([{ auth_id: 'old', member_id: 'm1' }]);
  });

  it('asks the portal for a fresh proof once when the page is old', async () => {
    const around = portal();
    const { request, proofs } = server([401, badProof], [200, token]);
    await expect(signOn(around, '', request)).resolves.toEqual(token);
    expect(around.asked).toEqual(['getInitData', 'refreshAuth']);
    expect(proofs[1]).toEqual({ auth_id: 'fresh', member_id: 'm1' });
  });

  it('gives up when the fresh proof is refused too', async () => {
    const { request, proofs } = server([401, badProof], [401, badProof]);
    await expect(signOn(portal(), '', request)).rejects.toThrow(NoSession);
    expect(proofs).toHaveLength(2);
  });

  it('says why an employee gets no session', async () => {
    const refusal = { error: { code: 'not_allowed', message: '', data: { why: 'no_line' } } };
    const { request } = server([403, refusal]);
    await expect(signOn(portal(), '', request)).rejects.toEqual(new NoSession('no_line'));
  });

  it('says why a session that was taken away would not come back', async () => {
    const refused = { error: { code: 'not_allowed', message: '', data: { why: 'calls_off' } } };
    await expect(refusal(portal(), '', server([403, refused]).request)).resolves.toBe('calls_off');
    await expect(refusal(portal(), '', server([200, token]).request)).resolves.toBeNull();
    await expect(refusal(portal(), '', server([503, {}]).request)).resolves.toBeNull();
  });

  it('says so when it wants the session for the settings', async () => {
    const { request, proofs } = server([200, token]);
    await signOn(portal(), '', request, 'settings');
    expect(proofs).toEqual([{ auth_id: 'old', member_id: 'm1', for: 'settings' }]);
  });

  it.each([
    [503, 'crm_unavailable'],
    [429, 'too_many'],
  ])('does not take trouble on the server for a refusal (%i)', async (status, code) => {
    const { request } = server([status, { error: { code } }]);
    await expect(signOn(portal(), '', request)).rejects.not.toBeInstanceOf(NoSession);
  });
});
