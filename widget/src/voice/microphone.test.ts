import { describe, expect, it } from 'vitest';
import { settle } from '../testing';
import { Microphone, type MicrophonePage } from './microphone';

type Opens = (constraints: MediaStreamConstraints | undefined) => Promise<MediaStream>;

class Track {
  stopped = false;
  stop(): void {
    this.stopped = true;
  }
}

function opened(track = new Track()): MediaStream {
  return { getTracks: () => [track] } as unknown as MediaStream;
}

const refuses = (name: string): Opens => () => Promise.reject(new DOMException('no', name));

function page(change: Partial<MicrophonePage> & { opens?: Opens; permission?: MicrophonePage['permission'] }) {
  const { opens = () => Promise.resolve(opened()), ...rest } = change;
  return {
    secure: true,
    media: { getUserMedia: opens },
    allowed: () => true,
    permission: () => Promise.resolve(null),
    ...rest,
  } satisfies MicrophonePage;
}

function granted(state: PermissionState): MicrophonePage['permission'] {
  const permission = { state, addEventListener: () => undefined };
  return () => Promise.resolve(permission as unknown as PermissionStatus);
}

describe('the microphone', () => {
  it.each([
    ['blocked', page({ secure: false })],
    ['blocked', page({ media: undefined })],
    ['blocked', page({ allowed: () => false, permission: granted('denied') })],
    ['denied', page({ allowed: () => null, permission: granted('denied') })],
    ['ask', page({ permission: granted('prompt') })],
    ['ask', page({ permission: () => Promise.resolve(null) })],
    ['granted', page({ permission: granted('granted') })],
    ['absent', page({ permission: granted('granted'), opens: refuses('NotFoundError') })],
    ['absent', page({ permission: granted('granted'), opens: refuses('NotReadableError') })],
  ])('is found to be %s without asking anybody', async (state, around) => {
    const microphone = new Microphone(around);
    expect(await microphone.check()).toBe(state);
    expect(microphone.state.get()).toBe(state);
  });

  it('never opens where the browser would ask', async () => {
    let asked = 0;
    const opens: Opens = () => {
      asked += 1;
      return Promise.resolve(opened());
    };
    await new Microphone(page({ opens, permission: granted('prompt') })).check();
    expect(asked).toBe(0);
  });

  it('is let go of after the proof', async () => {
    const track = new Track();
    const around = page({ opens: () => Promise.resolve(opened(track)), permission: granted('granted') });
    await new Microphone(around).check();
    expect(track.stopped).toBe(true);
  });

  it('asks on a click and keeps the answer', async () => {
    const no = new Microphone(page({ opens: refuses('NotAllowedError') }));
    expect(await no.request()).toBe('denied');
    const yes = new Microphone(page({}));
    expect(await yes.request()).toBe('granted');
    await settle();
    expect(yes.state.get()).toBe('granted');
  });

  it('may be asked for again when its person closed the question without an answer', async () => {
    const opens = refuses('NotAllowedError');
    const closed = new Microphone(page({ opens, permission: granted('prompt') }));
    expect(await closed.request()).toBe('ask');
    await expect(closed.open()).rejects.toThrow();
    expect(closed.state.get()).toBe('ask');
    const forbidden = new Microphone(page({ opens, permission: granted('denied') }));
    expect(await forbidden.request()).toBe('denied');
  });

  it('takes another when the chosen one was unplugged', async () => {
    const asked: unknown[] = [];
    const opens: Opens = (constraints) => {
      const audio = constraints?.audio as MediaTrackConstraints;
      asked.push(audio.deviceId ?? null);
      return audio.deviceId
        ? Promise.reject(new DOMException('gone', 'OverconstrainedError'))
        : Promise.resolve(opened());
    };
    await new Microphone(page({ opens }), () => 'headset').open();
    expect(asked).toEqual([{ exact: 'headset' }, null]);
  });

  it('names a failure at the call', async () => {
    const microphone = new Microphone(page({ opens: refuses('NotFoundError') }));
    await expect(microphone.open()).rejects.toThrow();
    expect(microphone.state.get()).toBe('absent');
  });
});
