import { describe, expect, it } from 'vitest';
import { settle } from '../../testing';
import { Pressed } from './pressed';

describe('keys pressed quickly', () => {
  const sent: string[] = [];
  let done: { resolve: (what: unknown) => void; reject: (error: Error) => void };
  const send = (digits: string): Promise<unknown> => {
    sent.push(digits);
    return new Promise((resolve, reject) => (done = { resolve, reject }));
  };

  it('travel in their order, none of them lost, those that waited together', async () => {
    sent.length = 0;
    const keys = new Pressed();
    for (const key of '1234#') void keys.press(key, send);
    expect(sent).toEqual(['1']);
    done.resolve(null);
    await settle();
    expect(sent).toEqual(['1', '234#']);
    done.resolve(null);
    await settle();
    void keys.press('5', send);
    expect(sent).toEqual(['1', '234#', '5']);
  });

  it('end where one did not arrive: what follows would mean something else', async () => {
    sent.length = 0;
    const keys = new Pressed();
    const first = keys.press('1', send);
    void keys.press('2', send);
    done.reject(new Error('away'));
    await expect(first).rejects.toThrow('away');
    void keys.press('3', send);
    expect(sent).toEqual(['1', '3']);
  });
});
