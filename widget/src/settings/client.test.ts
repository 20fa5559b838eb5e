import { describe, expect, it } from 'vitest';
import { Refused, SettingsClient, Unreachable } from './client';

interface Asked {
  readonly method: string;
  readonly url: string;
  readonly headers: Record<string, string>;
  readonly body: unknown;
}

type Answer = readonly [status: number, body: unknown] | 'silence';

function client(...answers: Answer[]): { client: SettingsClient; asked: Asked[]; renewed: () => number } {
  const asked: Asked[] = [];
  let renewals = 0;
  const made = new SettingsClient({
    api: 'https://phone.test',
    session: { token: 'first', expires_at: '' },
    locale: () => 'en',
    renew: () => {
      renewals += 1;
      return Promise.resolve({ token: `fresh-${renewals}`, expires_at: '' });
    },
    request: (url, init) => {
      asked.push({
        method: init?.method ?? 'GET',
        url: url instanceof Request ? url.url : url.toString(),
        headers: init?.headers as Record<string, string>,
        body: typeof init?.body === 'string' ? JSON.parse(init.body) : null,
      });
      const answer = answers[Math.min(asked.length, answers.length) - 1];
      if (!answer || answer === 'silence') return Promise.reject(new TypeError('no network'));
      const [status, body] = answer;
      return Promise.resolve(new Response(body === null ? null : JSON.stringify(body), { status }));
    },
  });
  return { client: made, asked, renewed: () => renewals };
}

const refusal = (why: string | null, faults: unknown[] = []): unknown => ({
  error: { code: 'x', message: 'Say what to do', data: { ...(why ? { why } : {}), faults } },
});

describe('the door', () => {
  it('names the version it saw and the reader', async () => {
    const { client: door, asked } = client([200, { version: 'v2' }]);
    await door.saveArea('crm', { on: false }, 'v1');
    expect(asked).toEqual([
      {
        method: 'PATCH',
        url: 'https://phone.test/api/v1/settings/crm',
        headers: {
          Authorization: 'Bearer first',
          'Accept-Language': 'en',
          'Content-Type': 'application/json',
          'If-Match': '"v1"',
        },
        body: { on: false },
      },
    ]);
  });

  it('puts keys into addresses as they must be written', async () => {
    const { client: door, asked } = client([200, {}]);
    await door.item('virtual-numbers', '+74951230001');
    expect(asked[0]?.url).toBe('https://phone.test/api/v1/virtual-numbers/%2B74951230001');
  });

  it('says with the server what is wrong and where', async () => {
    const faults = [
      { path: 'numbers[0].endpoint', code: 'bad_mobile', message: 'A mobile needs a number' },
      { path: 'numbers[0].endpoint', code: 'other', message: 'Second' },
      'nonsense',
    ];
    const { client: door } = client([400, refusal('invalid', faults)]);
    const error = await door.save('employees', 'anna', {}, 'v').catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(Refused);
    expect((error as Refused).message).toBe('Say what to do');
    expect([...(error as Refused).faults]).toEqual([
      ['numbers[0].endpoint', { code: 'bad_mobile', message: 'A mobile needs a number' }],
    ]);
  });

  it.each([
    [401, null],
    [403, null],
  ])('renews a session that ended (%i) and repeats the request', async (status, why) => {
    const { client: door, asked, renewed } = client([status, refusal(why)], [200, { version: 'v' }]);
    await door.saveMe({ workday_import: false }, 'v');
    expect(asked.map((one) => one.headers['Authorization'])).toEqual(['Bearer first', 'Bearer fresh-1']);
    expect(asked[1]?.body).toEqual({ workday_import: false });
    expect(renewed()).toBe(1);
  });

  it('asks the CRM once however many requests find out', async () => {
    const gone: Answer = [403, refusal(null)];
    const { client: door, renewed } = client(gone, gone, gone, [200, {}]);
    await Promise.all([door.me(), door.connection(), door.areas()]);
    expect(renewed()).toBe(1);
  });

  it('takes a no for a no', async () => {
    const { client: door, renewed } = client([403, refusal('administrators_only')]);
    await expect(door.synchronise()).rejects.toBeInstanceOf(Refused);
    expect(renewed()).toBe(0);
  });

  it.each<[string, Answer]>([
    ['silence', 'silence'],
    ['a fault of the server', [502, {}]],
    ['too many', [429, refusal('slow')]],
  ])('tells %s from a refusal', async (_, answer) => {
    const { client: door } = client(answer);
    await expect(door.me()).rejects.toBeInstanceOf(Unreachable);
  });

  it('understands that nothing is left to say', async () => {
    const { client: door } = client([204, null]);
    await expect(door.remove('groups', 'sales', 'v')).resolves.toBeUndefined();
  });
});
