import { describe, expect, it } from 'vitest';
import { Session, SessionOver } from './session';

const HANDED = { token: 'pages', expires_at: '2026-03-02T10:00:00Z' };
const OWN = { token: 'windows', expires_at: '2026-03-02T21:00:00Z' };

describe('a session of its own for a second window', () => {
  it('is asked for with the one handed over, and used from then on', async () => {
    const asked: [string, string | null][] = [];
    const session = new Session('https://dozvon.test', HANDED, (input, init) => {
      const { url, headers } = new Request(input, init);
      asked.push([new URL(url).pathname, headers.get('Authorization')]);
      return Promise.resolve(
        Response.json(asked.length === 1 ? OWN : { ticket: 'ticket-0123456789', url: '/ws' }),
      );
    });
    expect(await session.part()).toEqual(OWN);
    expect(session.expiresAt).toBe(Date.parse(OWN.expires_at));
    await session.buyTicket();
    expect(asked).toEqual([
      ['/api/window/session', 'Bearer pages'],
      ['/api/ticket', 'Bearer windows'],
    ]);
  });

  it('is refused where the one handed over is over', async () => {
    const refusing = (): Promise<Response> => Promise.resolve(new Response('', { status: 403 }));
    const session = new Session('https://dozvon.test', HANDED, refusing);
    await expect(session.part()).rejects.toBeInstanceOf(SessionOver);
  });
});
