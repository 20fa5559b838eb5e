import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Ringer } from './ringer';

describe('the ring tone', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  function rung(): { ringer: Ringer; volumes: { value: number }[] } {
    const volumes: { value: number }[] = [];
    const context = {
      state: 'suspended',
      destination: {},
      createGain: () => {
        const gain = { value: 0 };
        volumes.push(gain);
        return { gain, connect: () => undefined, disconnect: () => undefined };
      },
    };
    return { ringer: new Ringer(() => context as unknown as AudioContext), volumes };
  }

  it('is unlocked by the end of a press: a banner that goes must not move the button under it', () => {
    const done: string[] = [];
    const context = { state: 'suspended', resume: () => Promise.resolve(done.push('resumed')) };
    const page = new EventTarget();
    const undo = new Ringer(() => context as unknown as AudioContext).arm(page);
    page.dispatchEvent(new Event('pointerdown'));
    expect(done).toEqual([]);
    page.dispatchEvent(new Event('pointerup'));
    page.dispatchEvent(new Event('keydown'));
    expect(done).toEqual(['resumed', 'resumed']);
    undo();
    page.dispatchEvent(new Event('pointerup'));
    expect(done.length).toBe(2);
  });

  it('becomes louder and quieter while it rings', () => {
    const { ringer, volumes } = rung();
    ringer.ring(true);
    ringer.setVolume(0.1);
    expect(volumes.map(({ value }) => value)).toEqual([0.1]);
    ringer.ring(false);
    ringer.setVolume(1);
    expect(volumes[0]?.value).toBe(0.1);
  });

  it('stays soft beside a talk, whatever the volume', () => {
    const { ringer, volumes } = rung();
    ringer.ring(true, true);
    const before = volumes[0]?.value ?? 0;
    ringer.setVolume(0.35);
    expect(volumes[0]?.value).toBeCloseTo(before / 2);
  });
});
